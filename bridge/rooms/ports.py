"""What the mirror asks of the commands, which know the grammar and the words. Types only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bridge.conversation.ports import GroupStatus, Request
from bridge.model.ids import RoomRef, UserRef
from bridge.rooms.people import People
from bridge.storage.accounts import Account
from bridge.storage.tx import Tx

Words = Callable[[str, Mapping[str, str]], str]
"""(code, facts) -> the sentence that a person reads (`bridge.rooms.commands.sentences.say`)."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who gave a command, where. `account` None: he has not joined. `reply_to`: see `Answer`."""

    user: UserRef
    name: str
    room: RoomRef
    reply_to: str
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """The answer is known at once."""

    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to the group; its answer comes as a notice. `also` is stored together with it."""

    request: Request
    also: Callable[[Tx, float], None] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something is stored, and the answer comes of it: `work` gets the transaction and the time."""

    work: Callable[[Tx, float], str]


Outcome = Say | Ask | Change


class Commands(Protocol):
    """The command language (`bridge.rooms.commands.Router`). Total: neither method raises for any text."""

    def is_command(self, text: str) -> bool:
        """Whether a message is meant for the bridge and not for the room."""

    def carry_out(self, text: str, asker: Asker, group: GroupStatus, people: People, now: float) -> Outcome:
        """What a command leads to. Pure: nothing has happened yet."""
