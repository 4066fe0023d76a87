"""What the engine remembers: plain data, stored with every event (`GroupEngine.snapshot`).

Ballots, batches and messages are kept in their wire form, so that one codec checks them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from bridge.model.notices import State
from bridge.protocol.chain import ChainDomain
from bridge.protocol.engine.chain_memory import ChainMemory
from bridge.protocol.engine.queued import QueuedChange
from bridge.protocol.ports import Address
from bridge.protocol.types import GroupName, GroupPolicy

MAX_QUEUED_CHANGES: Final = 1_000
MAX_QUEUED_ADDS: Final = 500
"""Strangers may ask to be added: they must not leave members without room for a ban or a leave."""
MAX_WAITING_CHAT: Final = 10_000
MAX_FUTURE: Final = 256
MAX_FUTURE_BYTES: Final = 1_000_000
MAX_HELD: Final = 1_024
MAX_HELD_BYTES: Final = 4_000_000
"""Of messages that wait for Working, and likewise of chat that waits for its predecessor."""
MAX_KNOWN_IDS: Final = 2_048
MAX_SIGNATURES: Final = 1_000
"""Wallets asked at one time; a person has a few open questions at most."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """One group of one bridge. `policy` is set for the creator only; the others learn it by the Welcome."""

    name: GroupName
    own: Address
    create: bool
    policy: GroupPolicy | None = None
    chain: ChainDomain | None = None
    """Where the group's contracts are; None: contract coordination cannot be taken part in."""


@dataclass(slots=True)
class OpenBallot:
    """The vote in progress. `proposal` and `votes` in wire form; `items`: the steward's queue entries."""

    proposal: bytes
    voters: list[bytes]
    votes: list[bytes] = field(default_factory=list)
    items: list[QueuedChange] = field(default_factory=list)
    reminded: bool = False


@dataclass(slots=True)
class PendingRequest:
    """What a person of this bridge asked for and has not got yet.

    `kind`: add, remove, leave; policy and invite for changes that a member proposes.
    """

    kind: str
    address: bytes
    reply_to: str = ""
    name: str = ""
    requester: bytes = b""
    reason: str = ""
    since: float = 0.0
    last_sent: float = 0.0
    tries: int = 0
    key_package: bytes = b""
    key_package_at: float = 0.0
    claim: bytes = b""
    policy: bytes = b""


@dataclass(slots=True)
class WaitingChat:
    """A message that waits for Working. `message` in wire form (ConversationMessage without `after`)."""

    message: bytes
    leaf: bytes
    message_id: bytes


@dataclass(slots=True)
class HeldMessage:
    """An opened group message that the present state does not allow yet."""

    sender: bytes
    epoch: int
    plaintext: bytes


@dataclass(slots=True)
class HeldChat:
    """A chat message whose predecessor has not come."""

    sender: bytes
    plaintext: bytes
    after: bytes
    until: float


@dataclass(slots=True)
class HeldBatch:
    """A batch whose certificate needs its deadline to have passed."""

    payload: bytes
    until: float


@dataclass(slots=True)
class HeldWelcome:
    """A Welcome for somebody whose key package is public, whose commit has not come. InvitationToJoin."""

    payload: bytes
    until: float


@dataclass(slots=True)
class PendingSignature:
    """What happens when a wallet has signed `message`. `purpose` names the continuation."""

    purpose: str
    data: bytes
    address: bytes
    reply_to: str = ""
    message: bytes = b""
    typed: str = ""
    """JSON of EIP-712 data that is signed in place of `message`; `digest` is its 32-byte hash."""
    digest: bytes = b""


@dataclass(slots=True)
class OwnPackage:
    """The latest key package that somebody of this bridge wants to publish, or has published.

    `package` is empty until his wallet stands behind the leaf; its private part is with MLS.
    """

    at: float
    """When it was made (or wished for), Unix seconds."""
    reply_to: str = ""
    package: bytes = b""
    asked: bytes = b""
    """Digest of what was signed, once the chain has been asked; empty before."""
    is_spent: bool = False
    """The chain did not take it: the next one must be another."""


@dataclass(slots=True)
class EngineState:
    """Everything. Deadlines and times are Unix seconds."""

    machine: str = State.WORKING.value
    deadline: float = 0.0
    steward: bytes = b""
    removed: bool = False
    joined_epoch: int = 0
    queue: list[QueuedChange] = field(default_factory=list)
    collected: list[QueuedChange] = field(default_factory=list)
    ballot: OpenBallot | None = None
    expecting: int = 0
    """Ballot id whose batch is expected after YES (others); 0 none."""
    requests: list[PendingRequest] = field(default_factory=list)
    announced: bytes = b""
    """The latest accepted GroupAnnouncement, wire form."""
    announced_epoch: int = 0
    chat: list[WaitingChat] = field(default_factory=list)
    held: list[HeldMessage] = field(default_factory=list)
    early: list[HeldMessage] = field(default_factory=list)
    """Votes that came before their ballot."""
    held_chat: list[HeldChat] = field(default_factory=list)
    held_batches: list[HeldBatch] = field(default_factory=list)
    future: list[bytes] = field(default_factory=list)
    """app_msg payloads of later epochs."""
    known_ids: list[bytes] = field(default_factory=list)
    last_chat: bytes = b""
    last_chat_epoch: int = 0
    last_chat_at: float = 0.0
    signatures: dict[int, PendingSignature] = field(default_factory=dict)
    next_token: int = 1
    timers: dict[str, int] = field(default_factory=dict)
    rejoins: dict[bytes, float] = field(default_factory=dict)
    """When each address last rejoined (steward's limit)."""
    used_claims: list[bytes] = field(default_factory=list)
    """Signatures of leave and rejoin claims that were carried out."""
    last_commit: float = 0.0
    last_time: float = 0.0
    """When something of this group was last received: where a catch-up starts."""
    closed_ballots: list[int] = field(default_factory=list)
    reasons: dict[bytes, str] = field(default_factory=dict)
    chain: ChainMemory = field(default_factory=ChainMemory)
    packages: dict[bytes, OwnPackage] = field(default_factory=dict)
    """By owner; for as long as a Welcome may come for one of them."""
    welcomes: list[HeldWelcome] = field(default_factory=list)


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final[Any] = msgspec.msgpack.Decoder(EngineState)


def encode_state(state: EngineState) -> bytes:
    """Serialise; the inverse of `decode_state`."""
    return _encoder.encode(state)


def decode_state(blob: bytes) -> EngineState:
    """Restore. Raises msgspec.ValidationError for a blob of another version."""
    state: EngineState = _decoder.decode(blob)
    return state
