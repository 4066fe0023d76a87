"""What the shell of a group offers to, and asks of, its neighbours. Types only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bridge.model.ids import RoomRef
from bridge.model.notices import Notice
from bridge.protocol.engine import BallotStatus, EngineStatus, SignatureStatus
from bridge.protocol.events import (
    CastVote,
    ChainSeen,
    IntentFailed,
    JoinMember,
    LeaveMember,
    ProposeAdd,
    ProposePolicy,
    PublishPackage,
    RequestBan,
    SendChat,
    Signed,
)
from bridge.storage.store import Tx

__all__ = [
    "BallotStatus",
    "CastVote",
    "ChainSeen",
    "Fanout",
    "GroupHandle",
    "GroupStatus",
    "IntentFailed",
    "JoinMember",
    "LeaveMember",
    "ProposeAdd",
    "ProposePolicy",
    "PublishPackage",
    "Request",
    "RequestBan",
    "SendChat",
    "SignatureStatus",
    "Signed",
    "Signer",
]

Request = (
    SendChat
    | JoinMember
    | LeaveMember
    | RequestBan
    | CastVote
    | Signed
    | ProposePolicy
    | ProposeAdd
    | PublishPackage
    | ChainSeen
    | IntentFailed
)


@dataclass(frozen=True, slots=True)
class GroupStatus(EngineStatus):
    """One group as this bridge sees it now: the engine's word, and what only the shell knows."""

    transport: str = ""
    """Health of the way to Waku, in words."""
    chain: str = ""
    """Health of the way to the chain, in words; empty where there is none."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """How often something was refused, by error code, since the group exists here."""


class Signer(Protocol):
    """Wallets that this process may sign with (`bridge.identity.book.AddressBook`)."""

    def sign(self, address: bytes, message: bytes) -> bytes | None:
        """EIP-191 signature (65 bytes) by a hosted or the own wallet; None when the wallet is not here."""

    def sign_typed(self, address: bytes, data: str) -> bytes | None:
        """The same for EIP-712 data (JSON as `eth_signTypedData_v4` takes it)."""


class Fanout(Protocol):
    """Where notices go (`bridge.rooms`)."""

    def write(self, tx: Tx, group: str, notices: Sequence[Notice], now: float) -> frozenset[RoomRef]:
        """Store what follows from `notices`, inside the transaction that changed the group. No IO.

        Returns the rooms that got something.
        """

    def committed(self, group: str, notices: Sequence[Notice], rooms: frozenset[RoomRef]) -> None:
        """A transaction with these notices (maybe none) is committed; `rooms` as `write` returned them.

        On the event loop; must not block.
        """


class GroupHandle(Protocol):
    """A group, for those who make requests of it (`bridge.conversation.conversation.Conversation`)."""

    name: str

    async def submit(self, request: Request, also: Callable[[Tx], None] | None = None) -> None:
        """Hand over a request; returns when it is durable. `also` runs in the same transaction.

        Raises the LocalError of a refused request (then `also` is not run).
        """

    def status(self) -> GroupStatus:
        """The group now, without IO."""
