"""The reference of the commands that people write in rooms, made of their declarations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bridge.model.commands import CommandSpec, Kind, Parameter
from bridge.model.text import duration

_VALUES: Final = {
    Kind.MEMBER: "a member: name (in double quotes where it is followed by more), account or address",
    Kind.ACCOUNT: "a person: name, account or address",
    Kind.BALLOT: "a vote's number",
    Kind.WALLET: "an address: 40 hexadecimal digits, with or without 0x",
    Kind.SIGNATURE: "a signature: 130 hexadecimal digits, with or without 0x",
    Kind.COMMAND: "a command's name",
}


_INTRODUCTION: Final = """\
In a room that is linked to a group, a message that begins with `{prefix}` or `/` and the name of a command is
for the bridge and not for the room. `{prefix}` is the setting `prefix` of `[commands]`; `/` works beside it
everywhere, where the platform's own program lets it through. What names no command is an ordinary message.

Discord offers the same commands as slash commands, the page completes them; buttons give them too. On the page
an unknown `/word` is not sent but asked back; `//word`, or a space before it, sends it as text.

A command is judged by the moment in which it was written, not by that in which it arrives. A vote without a
number counts in the vote whose message it answers, or else in the one that was open then. Commands marked ⏱ are
not carried out, and their author is told, when they arrive more than {max_age} late.
"""


def page(specs: Sequence[CommandSpec], prefix: str, max_age: float) -> str:
    """The page below its title. `max_age`: seconds, see `bridge.rooms.commands.router.MAX_AGE`."""
    introduction = _INTRODUCTION.format(prefix=prefix, max_age=duration(max_age))
    return introduction + "\n".join(line for spec in specs for line in _command(spec, prefix))


def _command(spec: CommandSpec, prefix: str) -> Iterator[str]:
    yield ""
    yield f"## {prefix}{spec.name}"
    yield ""
    yield f"`{spec.usage(prefix)}`{' ⏱' if spec.is_about_now else ''}: {spec.summary}."
    if spec.parameters:
        yield ""
        yield "| parameter | value | meaning |"
        yield "| --- | --- | --- |"
        for parameter in spec.parameters:
            name = f"`{parameter.name}`" + (" (optional)" if parameter.optional else "")
            yield f"| {name} | {_value(parameter)} | {parameter.description} |"


def _value(parameter: Parameter) -> str:
    match parameter.kind:
        case Kind.CHOICE:
            aliases = "".join(f", or `{alias}` for `{word}`" for alias, word in parameter.aliases.items())
            return " or ".join(f"`{word}`" for word in parameter.words) + aliases
        case Kind.DURATION:
            return f"{parameter.low} to {parameter.high} seconds; also `90s`, `2m`, `1h`, `1d`"
        case Kind.TEXT:
            return f"at most {parameter.high} characters" + (", to the end" if parameter.rest else "")
        case kind:
            return _VALUES[kind]
