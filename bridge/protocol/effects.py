"""What comes out of the engine; the shell performs it after (or, for crypto, inside) the transaction."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.model.notices import Notice
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
    """What is signed. All are EIP-191 personal messages over `message`."""

    VOTE = "vote"
    LEAVE = "leave"
    REJOIN = "rejoin"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Sign:
    """Have `signer`'s wallet sign `message` (EIP-191); answer with `events.Signed(token, ...)`."""

    token: int
    signer: Address
    purpose: SignPurpose
    message: bytes


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


Effect = Publish | Tell | SetTimer | CancelTimer | Sign | Announce | SealJoinRequest | OpenJoinRequest | CatchUp
