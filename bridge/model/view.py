"""What an adapter may see and ask for beyond messages: members, ballots, state, wallets, accounts.

For adapters that show a group and not just its chat (the page), and for those that complete commands and map
mentions (Discord). The bridge gives a `GroupView` to every adapter that is `WantsView`, before `Adapter.start`.
Addresses are 20 bytes; times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from bridge.model.adapter_store import AdapterStore
from bridge.model.commands import CommandSpec
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Attachment
from bridge.model.notices import ChangeNote, Notice, State


class ViewError(Exception):
    """Something asked through the window was refused. The text is for the person who asked."""


class Key(StrEnum):
    """Who holds a member's wallet."""

    HOSTED = "hosted"
    """This bridge: it signs for them."""
    OWN = "own"
    """They themselves; their leaf lives on this bridge."""
    ELSEWHERE = "elsewhere"
    """They came by another bridge, and only that one knows."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member as a list shows them. `name` is cleaned but self-chosen: the address tells people apart."""

    address: bytes
    name: str
    key: Key
    is_bridge: bool = False
    is_steward: bool = False
    has_vote: bool = True
    accounts: tuple[UserRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Ballot:
    """The open ballot. `lines` say in words what is voted on; `voters` holds all who may vote.

    `transaction` is the hash (0x…) of the transaction that opened it, in contract coordination.
    """

    number: int
    changes: tuple[ChangeNote, ...]
    lines: tuple[str, ...]
    voters: tuple[bytes, ...]
    yes: tuple[bytes, ...]
    no: tuple[bytes, ...]
    deadline: int
    steward: bytes
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A ballot that is over. `yes`, `no` and `voters` are counts; `text` says the result in words."""

    number: int
    lines: tuple[str, ...]
    passed: bool
    yes: int
    no: int
    voters: int
    by_deadline: bool
    closed_at: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group as this bridge sees it now. `members` is empty until the bridge itself has joined.

    `deadline` 0: the state has none (Working). `coordination` is `waku` or `contract`. `transport`: health
    of the way to Waku, in words.
    """

    name: str
    full_name: str
    state: State
    deadline: float
    epoch: int
    members: tuple[Member, ...]
    queued: int
    waiting_chat: int
    ballot: Ballot | None
    coordination: str
    transport: str
    is_removed: bool = False
    """This bridge was removed from the group."""
    chain: str = ""
    """Health of the way to the chain, in words; empty in waku coordination."""


@dataclass(frozen=True, slots=True)
class MembershipStatus:
    """Where one person stands in a group. `address` is empty until they have an account (`!join`)."""

    address: bytes
    is_member: bool = False
    has_vote: bool = False
    is_banned: bool = False
    is_joining: bool = False
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """What a person's own wallet is asked to sign. `title` says in a sentence what for.

    `method` is the EIP-1193 method: `personal_sign` (`payload` is the text's bytes in hexadecimal, 0x…) or
    `eth_signTypedData_v4` (`payload` is the JSON).
    """

    request_id: str
    address: bytes
    purpose: str
    title: str
    method: str
    payload: str


class SendStatus(StrEnum):
    """What becomes of a message written in a room of this bridge."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class SendUpdate:
    """News of a message that was written here: it waits for Working, went out, or never will (`reason`)."""

    event_id: str
    fate: SendStatus
    reason: str = ""


News = Notice | SendUpdate
Listener = Callable[[RoomRef, Sequence[News]], None]
"""Called on the event loop for each linked room of the adapter's platform, after the commit; must not block.

No news: something else changed (a signing request, a connection): what is shown should be read again."""


@dataclass(frozen=True, slots=True)
class LinkOffer:
    """A platform account that somebody wants to put their own wallet (`address`) behind, by signing `text`."""

    platform: str
    name: str
    address: bytes
    text: str


class GroupView(Protocol):
    """Given to an adapter; all methods belong to the event loop."""

    prefix: str
    """Of commands: `!`."""
    commands: tuple[CommandSpec, ...]
    """For completion, help and controls; text is read by `bridge.model.command_text`."""

    async def group(self, room: RoomRef) -> Group | None:
        """The group that this room is linked to, now; None for a room that is not linked."""

    async def results(self, room: RoomRef, limit: int = 50) -> list[Result]:
        """The last ballots of the room's group, newest first."""

    async def standing(self, room: RoomRef, user: UserRef) -> MembershipStatus:
        """Where this person stands."""

    async def open_account(self, user: UserRef, name: str, address: bytes = b"") -> bytes:
        """Give a platform user an account; returns their address. Idempotent.

        `address` empty: the bridge holds their wallet. Else it is their own wallet's, whose owner the adapter
        has verified. Raises ViewError when the user has an account with another address.
        """

    async def signings(self, room: RoomRef, address: bytes) -> tuple[SigningRequest, ...]:
        """What this own wallet is asked to sign now."""

    async def sign(self, room: RoomRef, request_id: str, signature: bytes) -> None:
        """Answer a signing request; an empty signature refuses. Raises ViewError (not theirs, too late)."""

    async def link_offer(self, code: str) -> LinkOffer:
        """What the link with this code is about (see the command `!link`). Raises ViewError (too old)."""

    async def link(self, code: str, signature: bytes) -> str:
        """Put the wallet behind the account; returns what to tell the person. Raises ViewError (not signed by
        that wallet, too old, not allowed now)."""

    async def report(self) -> Mapping[str, Any]:
        """For operators: transports, peers, queues, failed deliveries, errors, versions. JSON types only."""

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """A file's content (at most `limit` bytes) from the adapter that holds it. Raises ViewError."""

    def watch(self, listener: Listener) -> Callable[[], None]:
        """Be told of what happens; call what is returned to stop."""


@runtime_checkable
class WantsView(Protocol):
    """An adapter that wants a window."""

    def attach_view(self, view: GroupView) -> None:
        """Called once, before `start`."""


@runtime_checkable
class HasSignIn(Protocol):
    """An adapter with a page of its own, where people sign in, and sign with their wallets."""

    @property
    def url(self) -> str:
        """Where people find it; '' while it does not run."""


@runtime_checkable
class FileSource(Protocol):
    """An adapter that can read files by their references."""

    def holds(self, attachment: Attachment) -> bool:
        """Whether the reference is one of this platform's (no IO)."""

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The content, at most `limit` bytes. Raises DeliveryError."""


@runtime_checkable
class Invites(Protocol):
    """A plugin whose platform has accounts of its own, opened by invitation (the page)."""

    async def invite(
        self, config: Any, store: AdapterStore, state_dir: Any, name: str, *, operator: bool
    ) -> str:
        """Make an invitation, also while the bridge runs; returns the link. Raises SettingsError.

        `config` is the plugin's own table, `store` and `state_dir` are those of its adapter.
        """
