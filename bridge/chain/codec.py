"""Intents and transactions as they are stored: MessagePack."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec

from bridge.protocol.chain import (
    Finalize,
    Intent,
    MarkUsed,
    OpenBallot,
    PublishKeyPackage,
    Record,
    RelayVote,
    SetRoster,
)

_KINDS: Final[dict[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (SetRoster, OpenBallot, RelayVote, Finalize, Record, PublishKeyPackage, MarkUsed)
}


def encode(intent: Intent) -> bytes:
    """As stored in `bridge.storage.intents`."""
    return msgspec.msgpack.encode([type(intent).__name__, asdict(intent)])


def decode(data: bytes) -> Intent:
    """As read back. Raises msgspec.MsgspecError, KeyError for what another version wrote."""
    kind, fields = msgspec.msgpack.decode(data, type=tuple[str, dict[str, Any]])
    intent: Intent = msgspec.convert(fields, type=_KINDS[kind])
    return intent


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction does: `data` to the contract `to` (20 bytes), with `gas` at most."""

    to: bytes
    data: bytes
    gas: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed form of a transaction. Fees in wei per gas, `signed_at` in Unix seconds."""

    raw: bytes
    hash: bytes
    max_fee: int
    tip: int
    signed_at: float


def encode_call(call: Call) -> bytes:
    """As stored in `bridge.storage.transactions`."""
    return msgspec.msgpack.encode(call)


def decode_call(data: bytes) -> Call:
    """As read back. Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(data, type=Call)


def encode_attempts(attempts: list[Attempt]) -> bytes:
    """As stored, the oldest first."""
    return msgspec.msgpack.encode(attempts)


def decode_attempts(data: bytes) -> list[Attempt]:
    """As read back. Raises msgspec.MsgspecError."""
    return msgspec.msgpack.decode(data, type=list[Attempt])
