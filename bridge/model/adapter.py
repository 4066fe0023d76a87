"""The adapter interface: a small required part, optional capabilities, and what flows between them.

An adapter turns platform events into `Inbound` events and hands them over durably (`Inbox.accept`): when
the call returns they are stored together with the cursor, and the adapter may move on. In the other
direction the mirror calls `send` & co. with an idempotency key; the adapter must make a repeated call with
the same key harmless. Adapter methods raise `DeliveryError` subclasses only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from bridge.model.adapter_store import Change
from bridge.model.commands import Arguments
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Attachment, Author, Body
from bridge.model.settings import Table

T = TypeVar("T", bound=Table)


class DeliveryError(Exception):
    """A platform refused or failed. The text is for operators and users."""


class RetryLater(DeliveryError):
    """Passing trouble: try the same delivery again, not before `after` seconds (0: the mirror's backoff)."""

    def __init__(self, text: str, after: float = 0.0) -> None:
        super().__init__(text)
        self.after = after


class Rejected(DeliveryError):
    """The platform will never take this delivery (too large, forbidden, room gone)."""


class SettingsError(ValueError):
    """An adapter's setting is wrong: which key, what is wrong with it, and a line that would be right."""

    def __init__(self, key: str, problem: str, example: str) -> None:
        super().__init__(f"{key}: {problem}. Example: {example}")
        self.key = key
        self.problem = problem
        self.example = example


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a room of the platform can show or do."""

    edit: bool = False
    delete: bool = False
    react: bool = False
    reply: bool = False
    html: bool = False
    enforce: bool = False
    thread: bool = False
    ballot: bool = False
    """Shows `Outgoing.ballot` as a card with controls."""
    files: int = 0
    """Files that one message carries; they follow the text as parts of their own. 0: all come with the text."""
    max_bytes: int = 60_000
    """Largest message text in bytes of UTF-8; longer text is split by the mirror."""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """Something a person wrote in a room. `event_id` is the platform's and unique there."""

    event_id: str
    room: RoomRef
    author: Author
    body: Body
    time_ms: int
    is_admin: bool = False
    attachments: tuple[Attachment, ...] = ()
    reply_to_event: str = ""
    edits_event: str = ""
    thread_event: str = ""
    """The event that the thread hangs on, if it was written in one."""
    is_literal: bool = False
    """Never a command, whatever it begins with: its author said so."""


@dataclass(frozen=True, slots=True)
class InboundCommand:
    """Somebody used a control (button, slash command, reaction): a command that never was text.

    `name` and `arguments` as `GroupView.commands` declares them (`CommandSpec.check`); what is not declared is
    refused. `time_ms`: when it was given. `reply_to_event`: what it answers.
    """

    event_id: str
    room: RoomRef
    author: Author
    name: str
    arguments: Arguments
    time_ms: int
    reply_to_event: str = ""
    thread_event: str = ""


@dataclass(frozen=True, slots=True)
class InboundDelete:
    """A message was deleted (redacted) on the platform."""

    event_id: str
    room: RoomRef
    author: Author
    target_event: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class InboundReaction:
    """Somebody reacted to a message."""

    event_id: str
    room: RoomRef
    author: Author
    target_event: str
    key: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class InboundBan:
    """A moderator (`author`) banned somebody on the platform itself, or lifted (`lifted`) a ban."""

    event_id: str
    room: RoomRef
    author: Author
    target: UserRef
    target_name: str
    time_ms: int
    reason: str = ""
    lifted: bool = False


Inbound = InboundMessage | InboundCommand | InboundDelete | InboundReaction | InboundBan


class Inbox(Protocol):
    """Where an adapter hands over what it received."""

    async def accept(
        self, account: str, cursor: str, events: Sequence[Inbound], remember: Change | None = None
    ) -> None:
        """Store events (known event ids are dropped) and the account's cursor in one transaction.

        `remember` runs in it too, on the adapter's rows; what it raises is raised here, and nothing is stored.
        """

    async def cursor(self, account: str) -> str:
        """The last stored cursor of this account, '' at first."""

    async def is_own(self, room: RoomRef, event_id: str) -> bool:
        """Whether the mirror itself made this platform event (recognised by stored id, not by name)."""

    def linked(self, room: RoomRef) -> bool:
        """Whether the configuration links this room to a group (so: join it, mirror it)."""


@dataclass(frozen=True, slots=True)
class BallotCard:
    """A ballot for platforms that show it with controls; the message's text says the same in words.

    `yes`, `no` and `voters` are counts, `deadline` Unix seconds. `result` is empty while the ballot is open.
    """

    number: int
    question: tuple[str, ...]
    yes: int
    no: int
    voters: int
    deadline: int
    result: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to show in a room. `author` None: the bridge itself speaks (notices, answers).

    `key` is the idempotency key, ASCII, at most 64 characters, unique per delivery. `reply_to_event`,
    `thread_event` and `to_user` (answer to one person) may be empty.
    """

    key: str
    room: RoomRef
    body: Body
    author: Author | None = None
    reply_to_event: str = ""
    thread_event: str = ""
    to_user: str = ""
    attachments: tuple[Attachment, ...] = ()
    ballot: BallotCard | None = None
    waiting: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list, compare=False, repr=False)

    def remember(self, change: Change) -> None:
        """Run this on the adapter's rows in the transaction that records the delivery."""
        self.changes.append(change)


@dataclass(frozen=True, slots=True)
class AdapterHealth:
    """For `status`: `state` is ok, degraded or down."""

    state: str
    detail: str = ""


class Adapter(Protocol):
    """Required of every adapter."""

    platform: str
    """The `UserRef.platform` of its people, and what it calls its rooms by."""

    async def start(self, inbox: Inbox) -> None:
        """Connect and begin to receive. Raises DeliveryError with a text that says what to do."""

    async def run(self) -> None:
        """Receive until cancelled. Raising ends the bridge with a non-zero code."""

    async def stop(self) -> None:
        """Disconnect. Idempotent."""

    def describe(self, room: RoomRef) -> Capabilities:
        """What this room can show."""

    async def send(self, message: Outgoing) -> str:
        """Show a message; returns the platform's event id. Idempotent in `message.key`."""

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        """Try the connection; returns problems, each a sentence that says what to do. Empty: all is well."""

    def health(self) -> AdapterHealth:
        """Present state, without IO."""


@runtime_checkable
class Edits(Protocol):
    """Can change a message that it sent."""

    async def edit(self, message: Outgoing, event_id: str) -> str:
        """Replace the text of `event_id`; returns the new event's id."""


@runtime_checkable
class Deletes(Protocol):
    """Can delete a message that it sent."""

    async def delete(self, room: RoomRef, event_id: str, key: str, reason: str) -> None:
        """Delete it; deleting what is gone is no error."""


@runtime_checkable
class Reacts(Protocol):
    """Can react to a message."""

    async def react(self, room: RoomRef, event_id: str, reaction: str, key: str) -> str:
        """Add a reaction; an equal one that exists is no error."""


@runtime_checkable
class Enforces(Protocol):
    """Can remove people from a room."""

    async def ban(self, room: RoomRef, user: UserRef, reason: str) -> None:
        """Remove and keep out. Banning the banned is no error."""

    async def unban(self, room: RoomRef, user: UserRef) -> None:
        """Lift a ban. Lifting none is no error."""


class Plugin(Protocol[T]):
    """What the entry point group `bridge.adapters` names: makes adapters out of configuration.

    Importing it loads no library of the platform: `create` does, so a bridge that names others goes without.
    """

    name: str
    """The platform."""
    table: type[T]
    """Its table in the configuration."""

    def create(self, config: T, state_dir: Path) -> Adapter:
        """Make an adapter, without IO. Raises ModuleNotFoundError when its library is not installed.

        `state_dir` (made when needed, mode 0700) is the adapter's own folder for device ids and tokens.
        Raises `SettingsError`.
        """
