"""What goes into the engine. Everything is a value; times come beside it (`GroupEngine.handle(event, now)`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.model.message import ChatMessage
from bridge.protocol.chain import Fact
from bridge.protocol.ports import Address


class Topic(StrEnum):
    """The two subtopics of a group."""

    WELCOME = "welcome"
    APP = "app_msg"


@dataclass(frozen=True, slots=True)
class Start:
    """The bridge has started (or restarted) this group. First event of a process."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A whole Waku payload, already known not to be a duplicate (the shell drops those by hash)."""

    topic: Topic
    data: bytes


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer set by `SetTimer` is due. `token` lets the engine drop one that it replaced."""

    name: str
    token: int


@dataclass(frozen=True, slots=True)
class SendChat:
    """A person of this bridge wrote something. `leaf`: his hosted leaf, None for the bridge's own."""

    message: ChatMessage
    leaf: Address | None


@dataclass(frozen=True, slots=True)
class JoinMember:
    """Bring a hosted account into the group. `reply_to` is handed back in `Answer`.

    `reason` is shown in the ballot when this bridge is the steward (a JoinRequest carries none).
    """

    address: Address
    name: str
    reply_to: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeaveMember:
    """A hosted member (or the own leaf) wants to leave."""

    address: Address
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class RequestBan:
    """A hosted member asks for a vote to remove `target`."""

    requester: Address
    target: Address
    reason: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class CastVote:
    """A hosted member votes."""

    voter: Address
    ballot_id: int
    yes: bool
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """Answer to `effects.Sign`. `signature` empty: the wallet's owner refuses."""

    token: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class JoinRequestOpened:
    """Answer to `effects.OpenJoinRequest`: the decrypted JoinRequest (not sent when no key fits)."""

    plaintext: bytes


@dataclass(frozen=True, slots=True)
class ProposePolicy:
    """A hosted member asks for a vote on another policy (encoded as in `policy.py`)."""

    requester: Address
    policy: bytes
    reason: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class ProposeAdd:
    """A hosted member asks for a vote on taking in the owner of a published key package (bare TLS form)."""

    requester: Address
    address: Address
    key_package: bytes
    reason: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class PublishPackage:
    """Publish a key package of a hosted account on the chain: the group can add it while it is away."""

    address: Address
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class ChainSeen:
    """The chain up to `block` (its time in Unix seconds): what it says of this group, in its order."""

    block: int
    time: int
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class IntentFailed:
    """What `effects.AskChain` asked for under `key` will never happen, and why."""

    key: str
    why: str


Event = (
    Start
    | ChainSeen
    | IntentFailed
    | ProposePolicy
    | ProposeAdd
    | PublishPackage
    | Payload
    | TimerFired
    | SendChat
    | JoinMember
    | LeaveMember
    | RequestBan
    | CastVote
    | Signed
    | JoinRequestOpened
)
