"""`!help [command]`: made from the table of commands."""

from __future__ import annotations

from bridge.rooms.commands.command import Command, Context, answer
from bridge.rooms.ports import Outcome, Say


def run(context: Context) -> Outcome:
    """All commands, or the one that is asked for."""
    wanted = context.call.rest.strip().removeprefix(context.prefix).lower()
    chosen = [command for command in context.commands if wanted in ("", command.name)]
    if not chosen:
        return answer("unknown_command", name=wanted[:32])
    return Say("\n".join(f"{command.usage(context.prefix)} – {command.summary}" for command in chosen))


COMMAND = Command("help", "[command]", "show this", run)
