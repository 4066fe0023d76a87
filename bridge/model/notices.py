"""What the group tells the rooms: emitted by the engine, worded by `bridge.rooms`, shown by adapters.

A notice holds facts, not text. Addresses are 20 bytes, times Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.model.message import ChatMessage


class State(StrEnum):
    """The seed's three states."""

    WORKING = "working"
    WAITING = "waiting"
    VOTING = "voting"


class ChangeKind(StrEnum):
    """What a batch may do to the group."""

    ADD = "add"
    REMOVE = "remove"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """One change of a batch: whom it concerns, who asked for it (address or empty), and why."""

    kind: ChangeKind
    subject: bytes
    requester: bytes = b""
    reason: str = ""
    name: str = ""
    """Display name that the subject gave themselves; untrusted text."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A message for the rooms. `waiting`: not yet in the group, only in this bridge's rooms."""

    message: ChatMessage
    waiting: bool = False
    late: bool = False
    """Its predecessor never came; order is not certain."""


@dataclass(frozen=True, slots=True)
class ChatSent:
    """A message that was `waiting` has gone to the group."""

    message_id: bytes


@dataclass(frozen=True, slots=True)
class ChatDropped:
    """A waiting message will never reach the group, and why."""

    message_id: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class BallotOpened:
    """A vote has begun. `voters` = n at opening; `deadline` in Unix seconds."""

    ballot_id: int
    changes: tuple[ChangeNote, ...]
    steward: bytes
    voters: tuple[bytes, ...]
    deadline: int


@dataclass(frozen=True, slots=True)
class BallotTally:
    """A vote came in."""

    ballot_id: int
    voter: bytes
    yes: bool
    yes_count: int
    no_count: int
    voters: int


@dataclass(frozen=True, slots=True)
class BallotClosed:
    """The result: `passed`, how many voted which way of how many, and whether the deadline decided."""

    ballot_id: int
    changes: tuple[ChangeNote, ...]
    passed: bool
    yes_count: int
    no_count: int
    voters: int
    by_deadline: bool
    reason: str = ""
    """`chain_unreachable`: not decided, because the chain that counts was not heard from in time."""


@dataclass(frozen=True, slots=True)
class MembersChanged:
    """A commit was adopted. `banned` are removals by a ballot (to be enforced), `left` own leaves."""

    epoch: int
    added: tuple[bytes, ...]
    banned: tuple[bytes, ...]
    left: tuple[bytes, ...]
    reasons: tuple[tuple[bytes, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SelfRemoved:
    """This bridge's own leaf was removed: it reads the group no more."""

    epoch: int


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The steward state machine moved. `deadline` 0: none (Working)."""

    old: State
    new: State
    deadline: int
    is_steward: bool
    cause: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of one person's request. `code` is stable (see `bridge.rooms.commands.sentences`)."""

    reply_to: str
    code: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Something received was refused: the error's code and a text for the log."""

    code: str
    detail: str


Notice = (
    Chat
    | ChatSent
    | ChatDropped
    | BallotOpened
    | BallotTally
    | BallotClosed
    | MembersChanged
    | SelfRemoved
    | StateChanged
    | Answer
    | Refused
)
