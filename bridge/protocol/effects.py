"""What comes out of the engine; the shell performs it after (or, for crypto, inside) the transaction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.model.notices import Notice
from bridge.protocol.chain import Intent
from bridge.protocol.events import Topic
from bridge.protocol.ports import Address


@dataclass(frozen=True, slots=True)
class Publish:
    """Put these bytes on a content topic (durable outbox; the very same bytes on a retry)."""

    topic: Topic
    data: bytes
    archive: bool = True
    """Keep it for members that missed it (history)."""


@dataclass(frozen=True, slots=True)
class Tell:
    """For the rooms, the page, the log."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire `TimerFired(name, token)` at `at` (Unix seconds); replaces a timer of the same name."""

    name: str
    at: float
    token: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Forget the timer."""

    name: str


class SignPurpose(StrEnum):
    """What is signed. CLAIM, PUBLISH, and VOTE in contract coordination are EIP-712 data, the others EIP-191
    personal messages."""

    BIND = "bind"
    VOTE = "vote"
    LEAVE = "leave"
    REJOIN = "rejoin"
    HISTORY = "history"
    CLAIM = "claim"
    """A leave or a rejoin, for the contract."""
    PUBLISH = "publish"
    """A key package."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Have `signer`'s wallet sign `message` (EIP-191), or `typed` (JSON of EIP-712 data) where that is given.

    Answer with `events.Signed(token, ...)`.
    The wallet may be in its owner's browser: the answer may come much later, or never.
    """

    token: int
    signer: Address
    purpose: SignPurpose
    message: bytes
    reply_to: str = ""
    """Who asked for what needs the signature: to be told when his wallet has to be asked."""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Announce:
    """Make a fresh secp256k1 key pair, keep the last 8 secrets, sign and publish a GroupAnnouncement.

    Bytes to sign: `bridge.protocol.announcements.signing_bytes(...)`.
    """

    epoch: int
    steward: Address


@dataclass(frozen=True, slots=True)
class SealJoinRequest:
    """Encrypt `plaintext` by ECIES to `recipient` (33-byte compressed key) and publish the JoinRequest."""

    recipient: bytes
    plaintext: bytes


@dataclass(frozen=True, slots=True)
class OpenJoinRequest:
    """Try the kept ECIES secrets; on success feed `events.JoinRequestOpened`."""

    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Messages are missing: ask the Store or peers for what came since `since` (Unix seconds)."""

    epoch: int
    since: int


@dataclass(frozen=True, slots=True)
class AskChain:
    """Have this done on the chain: stored with the event, done once (a known key is the same intent)."""

    intent: Intent


Effect = (
    Publish
    | Tell
    | SetTimer
    | CancelTimer
    | Sign
    | Announce
    | SealJoinRequest
    | OpenJoinRequest
    | CatchUp
    | AskChain
)
