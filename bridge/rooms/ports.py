"""What the mirror asks of the commands, which know the grammar and the words. Types only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bridge.conversation.ports import GroupStatus, Request
from bridge.model.adapter import Inbound, InboundCommand, InboundMessage
from bridge.model.commands import CommandSpec
from bridge.model.ids import RoomRef, UserRef
from bridge.rooms.people import People
from bridge.storage.accounts import Account
from bridge.storage.tx import Tx

Words = Callable[[str, Mapping[str, str]], str]
"""(code, facts) -> the sentence that a person reads (`bridge.rooms.commands.sentences.say`)."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who gave a command, where. `account` None: they have not joined. `reply_to`: see `Answer`."""

    user: UserRef
    name: str
    room: RoomRef
    reply_to: str
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """When, and under what, a command was written; a command may come hours later, after a downtime.

    `at`: Unix seconds by the platform's clock, never in the future. `answers`: the ballot under whose message
    (as a reply, or in the thread on it) it stands. `open_then`: the ballot that was open at `at`, as this
    bridge saw it.
    """

    at: float
    answers: int | None = None
    open_then: int | None = None


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
    """The commands (`bridge.rooms.commands.router.Router`). Total: neither method raises for any text."""

    specs: tuple[CommandSpec, ...]

    def is_command(self, event: Inbound) -> bool:
        """Whether an event is meant for the bridge and not for the room."""

    def carry_out(
        self,
        event: InboundMessage | InboundCommand,
        asker: Asker,
        group: GroupStatus,
        people: People,
        written: Written,
        now: float,
    ) -> Outcome:
        """What a command leads to. Pure: nothing has happened yet."""
