"""Frames that the page sends over the live socket. All fields are always there."""

from __future__ import annotations

from typing import Literal

import msgspec

from bridge.model.notices import ChangeKind, State
from bridge.model.view import Key, SendStatus

VoteWord = Literal["", "yes", "no"]
Coordination = Literal["waku", "contract"]
SigningMethod = Literal["personal_sign", "eth_signTypedData_v4"]


class Author(msgspec.Struct, frozen=True):
    """Who wrote a message. `bridge`: nobody, the bridge itself speaks."""

    name: str
    platform: str
    user_id: str
    address: str
    me: bool
    bridge: bool


class ReactionCount(msgspec.Struct, frozen=True):
    """One sign under a message: how many gave it, and the names of the first of them."""

    key: str
    count: int
    names: list[str]
    mine: bool


class File(msgspec.Struct, frozen=True):
    """An attachment. `url`: where the page passes it on; `size` in bytes."""

    name: str
    url: str
    size: int
    media_type: str


class BallotNote(msgspec.Struct, frozen=True):
    """A ballot inside a message. `deadline`: Unix seconds, 0: none. `result`: '' while it is open."""

    number: int
    question: list[str]
    yes: int
    no: int
    voters: int
    deadline: int
    result: str


class Message(msgspec.Struct, frozen=True):
    """A message as one person sees it. `html` is cleaned; it is empty, or `text` says the same."""

    id: str
    position: int
    revision: int
    author: Author
    text: str
    html: str
    time_ms: int
    edited: bool
    deleted: bool
    status: SendStatus | None
    reason: str
    late: bool
    reply_to: str
    thread: str
    to_me: bool
    reactions: list[ReactionCount]
    attachments: list[File]
    ballot: BallotNote | None


class Member(msgspec.Struct, frozen=True):
    """A member of the group."""

    address: str
    name: str
    key: Key
    is_bridge: bool
    is_steward: bool
    has_vote: bool
    accounts: list[str]
    me: bool


class Voter(msgspec.Struct, frozen=True):
    """Somebody who may vote in the open ballot, and what they voted."""

    address: str
    name: str
    vote: VoteWord
    me: bool


class Ballot(msgspec.Struct, frozen=True):
    """The open ballot. `kind`: of its first change; `mine`: what the person at this browser voted."""

    number: int
    lines: list[str]
    voters: list[Voter]
    yes: int
    no: int
    deadline: int
    steward: str
    transaction: str
    kind: ChangeKind
    mine: VoteWord
    may_vote: bool


class Group(msgspec.Struct, frozen=True):
    """The group now. `now`: the bridge's clock, Unix seconds, as `deadline` (0: none)."""

    name: str
    full_name: str
    state: State
    deadline: float
    epoch: int
    joined: bool
    is_removed: bool
    members: list[Member]
    queued: int
    waiting_chat: int
    coordination: Coordination
    transport: str
    chain: str
    ballot: Ballot | None
    now: float


class Result(msgspec.Struct, frozen=True):
    """A ballot that is over."""

    number: int
    lines: list[str]
    passed: bool
    yes: int
    no: int
    voters: int
    by_deadline: bool
    closed_at: int
    text: str


class Standing(msgspec.Struct, frozen=True):
    """Where the person at this browser stands."""

    address: str
    is_member: bool
    has_vote: bool
    is_banned: bool
    is_joining: bool
    key: Key | None


class Signing(msgspec.Struct, frozen=True):
    """What the person's own wallet is asked to sign."""

    id: str
    purpose: str
    title: str
    method: SigningMethod
    payload: str


class Frame(msgspec.Struct, frozen=True, tag_field="type"):
    """What the page sends."""


class Welcome(Frame, frozen=True, tag="welcome"):
    """Answers hello. `reset`: forget what was shown; messages up to `revision` follow."""

    room: str
    revision: int
    reset: bool


class Messages(Frame, frozen=True, tag="messages"):
    """New and changed messages, ascending by revision; with them everything up to `revision` is known."""

    messages: list[Message]
    revision: int


class GroupNow(Frame, frozen=True, tag="group"):
    """The group, whole."""

    group: Group


class Results(Frame, frozen=True, tag="results"):
    """The last ballots, newest first."""

    results: list[Result]


class Me(Frame, frozen=True, tag="me"):
    """The person at this browser. `accepts`: whether what they write is taken."""

    standing: Standing
    signings: list[Signing]
    accepts: bool


class Transition(Frame, frozen=True, tag="state"):
    """The group's state machine moved."""

    old: State
    new: State
    deadline: float
    cause: str
    at_ms: int


class Done(Frame, frozen=True, tag="done"):
    """What was asked with this ref is durable."""

    ref: str


class Refused(Frame, frozen=True, tag="refused"):
    """What was asked with this ref was refused: `code` for programs, `text` for the person."""

    ref: str
    code: str
    text: str


class Bye(Frame, frozen=True, tag="bye"):
    """The last words before the page closes the socket."""

    text: str


FromPage = Welcome | Messages | GroupNow | Results | Me | Transition | Done | Refused | Bye


def encoded(frame: FromPage) -> str:
    """As it is sent."""
    return msgspec.json.encode(frame).decode()
