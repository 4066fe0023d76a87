"""Who is in the demo, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GROUP: Final = "demo"
ROOM: Final = "lobby"
"""The one room of each page."""
PORTS: Final = (4000, 4001)
"""Of the pages: the seed's FRONTEND_PORT and the next."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on one of the two bridges (0 or 1), with a test account on its page."""

    name: str
    side: int


PEOPLE: Final = {person.name: person for person in (Person("Alice", 0), Person("Carol", 0), Person("Bob", 1))}
