"""What is stored for a group beside its rows: engine snapshot, ECIES keys, how far history is complete."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec


@dataclass(frozen=True, slots=True)
class GroupBlob:
    """One blob, encrypted at rest. `complete_until` in Unix seconds (`asking.Asker`)."""

    engine: bytes = field(repr=False)
    keys: list[bytes] = field(repr=False)
    complete_until: int


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final[Any] = msgspec.msgpack.Decoder(GroupBlob)


def encode(saved: GroupBlob) -> bytes:
    """Serialise; the inverse of `decode`."""
    return _encoder.encode(saved)


def decode(blob: bytes) -> GroupBlob:
    """Restore. Raises msgspec.DecodeError for a damaged blob or one of another version."""
    saved: GroupBlob = _decoder.decode(blob)
    return saved
