"""`!help [command]`: made from the table of commands."""

from __future__ import annotations

from typing import Final

from bridge.model.command_text import SLASH, nearest
from bridge.model.commands import CommandSpec, Kind, Parameter
from bridge.rooms.commands.command import Command, Context, answer
from bridge.rooms.ports import Outcome, Say


def run(context: Context) -> Outcome:
    """All commands; or those of the name that is asked for, with their parameters."""
    prefix = context.prefix
    wanted = context.text("command").removeprefix(prefix).removeprefix(SLASH)
    if not wanted:
        return Say("\n".join(_line(spec, prefix) for spec in context.specs))
    chosen = [spec for spec in context.specs if wanted in (spec.name, spec.family)]
    if not chosen:
        near = nearest(wanted, context.specs)
        hint = f"Did you mean {prefix}{near}?" if near else f"{prefix}help lists them."
        return answer("unknown_command", name=f"{prefix}{wanted}", hint=hint)
    return Say("\n".join(line for spec in chosen for line in (_line(spec, prefix), *_parameters(spec))))


def _line(spec: CommandSpec, prefix: str) -> str:
    return f"{spec.usage(prefix)} – {spec.summary}"


def _parameters(spec: CommandSpec) -> list[str]:
    return [f"  {parameter.usage}: {parameter.description}" for parameter in spec.parameters]


COMMAND: Final = Command(
    CommandSpec(
        "help",
        "show this",
        (Parameter("command", Kind.COMMAND, "which command", optional=True, rest=True),),
    ),
    run,
)
