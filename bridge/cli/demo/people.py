"""Who is in the demo, and the grammar of what is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GROUP: Final = "demo"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on one of the two bridges (0 or 1)."""

    name: str
    side: int

    @property
    def shown(self) -> str:
        """The display name that the terminal platform gives him."""
        return self.name.capitalize()


PEOPLE: Final = {person.name: person for person in (Person("alice", 0), Person("carol", 0), Person("bob", 1))}
ROOMS: Final = ("room-1", "room-2")
"""The one room of each bridge."""


class NotUnderstood(ValueError):
    """A typed line that means nothing here; the text says what would."""


@dataclass(frozen=True, slots=True)
class Said:
    """`person` says `text` in his room."""

    person: Person
    text: str


@dataclass(frozen=True, slots=True)
class Become:
    """What is typed from now on is typed by `person`."""

    person: Person


def parse(line: str, present: Person) -> Said | Become:
    """Read `bob: hello`, `/as bob`, or `hello` (said by `present`). Raises NotUnderstood."""
    line = line.strip()
    if line.startswith("/as"):
        return Become(_person(line.removeprefix("/as").strip()))
    name, colon, words = line.partition(":")
    if colon and name.strip().lower() in PEOPLE:
        return Said(PEOPLE[name.strip().lower()], _words(words))
    return Said(present, _words(line))


def _words(text: str) -> str:
    if not text.strip():
        raise NotUnderstood("type something, for example  alice: hello")
    return text.strip()


def _person(name: str) -> Person:
    try:
        return PEOPLE[name.lower()]
    except KeyError:
        raise NotUnderstood(f"/as is followed by one of {', '.join(PEOPLE)}") from None
