"""The one grammar of commands in text. Total: any text is a call or chat; BadValue is all that is raised.

    command   = ( prefix | "/" ) name { space argument }     at the very beginning of the text
    name      = one that exists, in upper or lower case; of two words where it has two
    argument  = in the order of the parameters; an optional one that does not fit is left out

What begins like a command but names none is chat: `!important: at nine` goes to everybody. Where a person can
be asked back before anything is sent, `unknown_slash` tells what they may have meant by `/jion`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.model.commands import MAX_NAME, PEOPLE, Arguments, BadValue, CommandSpec, Kind, Parameter, Value

SLASH: Final = "/"
"""Begins a command everywhere, whatever the prefix is: what the seed's `/ban <address>` needs."""

Boundary = Callable[[Kind, str], tuple[str, str]]
"""(MEMBER or ACCOUNT, a text that begins with somebody) -> what names them, and the text behind it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A text that names a command. `specs` has several when only the family is named (`!propose`)."""

    specs: tuple[CommandSpec, ...]
    rest: str

    def arguments(self, boundary: Boundary) -> tuple[CommandSpec, dict[str, Value]]:
        """The command and its arguments. Raises BadValue."""
        if len(self.specs) > 1:
            raise BadValue(f"{self.specs[0].family} is one of {len(self.specs)} commands")
        return self.specs[0], parse_arguments(self.specs[0], self.rest, boundary)


def read(text: str, prefix: str, specs: Sequence[CommandSpec]) -> Call | None:
    """The call, or None for chat."""
    behind = _behind(text, prefix)
    if behind is None:
        return None
    first, rest = _word(behind)
    first = first.lower()
    family = tuple(spec for spec in specs if spec.family == first)
    second, after = _word(rest)
    for spec in family:
        if spec.name == f"{first} {second.lower()}":
            return Call((spec,), after)
    alone = tuple(spec for spec in family if spec.name == first)
    return Call(alone or family, rest) if family else None


def unknown_slash(text: str, prefix: str, specs: Sequence[CommandSpec]) -> tuple[str, str] | None:
    """(the word, the nearest command or '') for a text that begins like `/word` and names no command."""
    if not text.startswith(SLASH) or not text[1:2].isalpha() or read(text, prefix, specs) is not None:
        return None
    word = _word(text[1:])[0][:MAX_NAME]
    return word, nearest(word, specs)


def nearest(word: str, specs: Sequence[CommandSpec]) -> str:
    """The name of a command that is spelt almost so, or ''."""
    close = difflib.get_close_matches(word.lower(), dict.fromkeys(spec.family for spec in specs), n=1)
    return close[0] if close else ""


def parse_arguments(spec: CommandSpec, text: str, boundary: Boundary) -> dict[str, Value]:
    """The arguments that a text holds. Raises BadValue: one is missing, is none, or something is left over."""
    found: dict[str, Value] = {}
    text = text.strip()
    for parameter in spec.parameters:
        if not text:
            if not parameter.optional:
                raise BadValue(f"{parameter.name} is missing")
            continue
        piece, rest = _piece(parameter, text, boundary)
        try:
            found[parameter.name] = parameter.read(piece)
        except BadValue:
            if not parameter.optional:
                raise
            continue  # it belongs to a later one
        text = rest.strip()
    if text:
        raise BadValue("there is more than the command takes")
    return found


def render(spec: CommandSpec, arguments: Arguments, prefix: str) -> str:
    """The command as one would type it."""
    words = [f"{prefix}{spec.name}"]
    words += [p.write(arguments[p.name]) for p in spec.parameters if p.name in arguments]
    return " ".join(words)


def plain_boundary(kind: Kind, text: str) -> tuple[str, str]:
    """Where nobody's name is known: what stands in double quotes, or one word."""
    if text.startswith('"') and '"' in text[1:]:
        name, _, rest = text[1:].partition('"')
        return name.strip(), rest
    return _word(text)


def _behind(text: str, prefix: str) -> str | None:
    """What follows the sign that begins a command. A space before it makes any text chat, by intention."""
    for sign in (prefix, SLASH):
        if sign and text.startswith(sign) and text[len(sign) : len(sign) + 1].isalpha():
            return text[len(sign) :]
    return None


def _word(text: str) -> tuple[str, str]:
    word, *rest = text.split(None, 1) or [""]
    return word, rest[0] if rest else ""


def _piece(parameter: Parameter, text: str, boundary: Boundary) -> tuple[str, str]:
    if parameter.rest:
        is_quoted = parameter.kind in PEOPLE and text.startswith('"') and text.rstrip().endswith('"')
        return text.strip().strip('"') if is_quoted else text, ""
    return boundary(parameter.kind, text) if parameter.kind in PEOPLE else _word(text)
