"""What a command is: one declaration, from which every way of giving it derives.

    CommandSpec ──► the text grammar, help and usage        (`bridge.model.command_text`)
                ├─► Discord's slash commands and options    (`adapters.discord.commands`)
                ├─► the page's completion, help, controls   (`adapters.web`)
                └─► docs/room-commands.md                   (`.ci/generate.py`)

A value has the type that its parameter's kind says (`Kind`), wherever it came from: `Parameter.read` makes it
of what a person wrote, `CommandSpec.check` judges a whole mapping, and `bridge.model.adapter.InboundCommand`
carries it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bridge.model.text import clean_body, one_line

Value = str | int | bytes
Arguments = Mapping[str, Value]
"""By the names of parameters; what was left out is not there."""

MAX_NAME: Final = 32
"""Characters of one word of a command's name (Discord's bound)."""
MAX_WHO: Final = 256
"""Characters of what names a person: an id of any platform is shorter."""
MAX_TEXT: Final = 1_000
"""Characters of a text that says no bound of its own."""
MAX_BALLOT: Final = 2**64 - 1
ADDRESS_BYTES: Final = 20
SIGNATURE_BYTES: Final = 65

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}( [a-z][a-z0-9-]{0,31})?")
_PARAMETER: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_HEX: Final = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2})+)")
_DURATION: Final = re.compile(r"([0-9]{1,9})(s|m|h|d)?")
_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


class BadValue(ValueError):
    """What was given is no value of its parameter, or no arguments of its command. The text says why."""


class Kind(StrEnum):
    """What a parameter is about, and so the type of its value."""

    MEMBER = "member"
    """Somebody in the group, by address, account or name: str."""
    ACCOUNT = "account"
    """Somebody known, in the group or not, named the same ways: str."""
    BALLOT = "ballot"
    """The number of a ballot: int."""
    CHOICE = "choice"
    """One of `Parameter.words`: str."""
    DURATION = "duration"
    """Seconds within `low` and `high`; people may write 120, 120s, 2m, 1h, 1d: int."""
    WALLET = "wallet"
    """An Ethereum address: 20 bytes."""
    SIGNATURE = "signature"
    """A signature of a wallet: 65 bytes."""
    COMMAND = "command"
    """The name of a command, which need not exist: str."""
    TEXT = "text"
    """Anything, on one line, at most `high` characters: str."""


PEOPLE: Final = frozenset({Kind.MEMBER, Kind.ACCOUNT})
"""Kinds whose values may have several words, the last of which only the group's names tell."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument. In a text the parameters stand in order, and an optional one may be left out.

    `rest`: takes all that is left (the last one only). `words`: of a CHOICE, `aliases` what else means one of
    them. `low`, `high`: bounds of a DURATION in seconds; `high` of a TEXT in characters.
    """

    name: str
    kind: Kind
    description: str
    optional: bool = False
    rest: bool = False
    words: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    low: int = 0
    high: int = MAX_TEXT

    def __post_init__(self) -> None:
        if not _PARAMETER.fullmatch(self.name):
            raise ValueError(f"no name of a parameter: {self.name!r}")
        if (self.kind is Kind.CHOICE) != bool(self.words):
            raise ValueError(f"{self.name}: a choice has words, and nothing else has")

    @property
    def usage(self) -> str:
        """As the help writes it: `<member>`, `[ballot]`, `yes|no`, `[hosted]`."""
        inner = "|".join(self.words) or self.name
        if self.optional:
            return f"[{inner}]"
        return inner if self.words else f"<{inner}>"

    def read(self, text: str) -> Value:
        """The value that a person wrote. Raises BadValue."""
        text = one_line(text, MAX_TEXT + 1)
        match self.kind:
            case Kind.BALLOT:
                digits = text.removeprefix("#")
                if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
                    raise BadValue(f"{self.name} is a number")
                return self.check(int(digits))
            case Kind.CHOICE:
                word = text.lower()
                return self.check(self.aliases.get(word, word))
            case Kind.DURATION:
                found = _DURATION.fullmatch(text.lower())
                if found is None:
                    raise BadValue(f"{self.name} is a number of seconds")
                return self.check(int(found[1]) * _UNITS[found[2] or ""])
            case Kind.WALLET | Kind.SIGNATURE:
                digits_found = _HEX.fullmatch(text)
                if digits_found is None:
                    raise BadValue(f"{self.name} is written in hexadecimal digits")
                return self.check(bytes.fromhex(digits_found[1]))
            case Kind.COMMAND:
                return self.check(text.lower()[:MAX_NAME])
            case Kind.TEXT:
                return self.check(one_line(text, self.high))
            case Kind.MEMBER | Kind.ACCOUNT:
                return self.check(text)

    def check(self, value: Value) -> Value:
        """The value, when it is one of this parameter. Raises BadValue."""
        match self.kind, value:
            case Kind.BALLOT, int() if 0 <= value <= MAX_BALLOT:
                return value
            case Kind.DURATION, int() if self.low <= value <= self.high:
                return value
            case Kind.DURATION, int():
                raise BadValue(f"{self.name} is from {self.low} to {self.high} seconds")
            case Kind.CHOICE, str() if value in self.words:
                return value
            case Kind.CHOICE, _:
                raise BadValue(f"{self.name} is {' or '.join(self.words)}")
            case Kind.WALLET, bytes() if len(value) == ADDRESS_BYTES:
                return value
            case Kind.SIGNATURE, bytes() if len(value) == SIGNATURE_BYTES:
                return value
            case ((Kind.MEMBER | Kind.ACCOUNT | Kind.TEXT | Kind.COMMAND), str()):
                return self._text(value)
        raise BadValue(f"that is no {self.name}")

    def _text(self, value: str) -> str:
        most = {Kind.TEXT: self.high, Kind.COMMAND: MAX_NAME * 2 + 1}.get(self.kind, MAX_WHO)
        if not value or len(value) > most:
            raise BadValue(f"{self.name} has from 1 to {most} characters")
        if value != one_line(clean_body(value), most):
            raise BadValue(f"{self.name} is one line of plain text")
        return value

    def write(self, value: Value) -> str:
        """As one would type it: `read` of it gives the value again."""
        if isinstance(value, bytes):
            return "0x" + value.hex()
        text = str(value)
        return f'"{text}"' if self.kind in PEOPLE and " " in text and not self.rest else text


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command. `name` is one word, or two where commands of one family share the first (`propose add`).

    `is_about_now`: it acts on the moment in which it was written, so one that comes much too late is refused.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    is_about_now: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"no name of a command: {self.name!r}")
        names = [parameter.name for parameter in self.parameters]
        if len(set(names)) < len(names) or any(parameter.rest for parameter in self.parameters[:-1]):
            raise ValueError(f"{self.name}: names are different, and only the last parameter takes the rest")

    @property
    def arguments(self) -> str:
        """`[ballot] yes|no`."""
        return " ".join(parameter.usage for parameter in self.parameters)

    @property
    def family(self) -> str:
        """The first word of the name."""
        return self.name.partition(" ")[0]

    def usage(self, prefix: str) -> str:
        """`!vote [ballot] yes|no`."""
        return f"{prefix}{self.name} {self.arguments}".rstrip()

    def check(self, arguments: Arguments) -> dict[str, Value]:
        """The arguments, when each is a value of a parameter and none is missing. Raises BadValue."""
        known = {parameter.name for parameter in self.parameters}
        for name in arguments:
            if name not in known:
                raise BadValue(f"{self.name} has no parameter {name[:MAX_NAME]!r}")
        checked = {}
        for parameter in self.parameters:
            if parameter.name in arguments:
                checked[parameter.name] = parameter.check(arguments[parameter.name])
            elif not parameter.optional:
                raise BadValue(f"{parameter.name} is missing")
        return checked


def find(specs: Iterable[CommandSpec], name: str) -> CommandSpec | None:
    """The command of that name."""
    return next((spec for spec in specs if spec.name == name), None)
