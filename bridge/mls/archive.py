"""The archive of batches: what a lagging leaf replays, and what other members may ask for.

Kept in the table `mls_commits`, key = epoch (8 bytes, big endian) that the commit ended. Rows hold what was
on the wire anyway (ciphertext), so they add nothing to what an observer has.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from bridge._native import MlsStore

MAX_EPOCHS: Final = 200
"""Batches kept, and the most epochs that a leaf replays (protocol.md section 3)."""

MAX_AGE: Final = 7 * 24 * 3600
"""Longest time in seconds that a batch is kept and replayed (protocol.md section 3)."""

NOWHERE: Final = bytes(32)
"""Fingerprint of a batch that did not lead the own leaf anywhere."""

_TABLE: Final = "mls_commits"
_HEAD: Final = struct.Struct(">Q32sI")
_LENGTH: Final = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Batch:
    """The proposals and the commit that ended `epoch`.

    `time` is when it was made or received here (Unix seconds); `fingerprint` is the hash of the group
    context that it led to (32 bytes; `NOWHERE` if it removed the own leaf).
    """

    epoch: int
    time: int
    fingerprint: bytes
    proposals: tuple[bytes, ...]
    commit: bytes


class Archive:
    """The batches of one group. Bounded by number and age."""

    def __init__(self, store: MlsStore) -> None:
        self._store = store

    def add(self, batch: Batch) -> None:
        """Store a batch; drop those that are too many, or too old by its time."""
        self.truncate(batch.epoch)
        self._store.put(_TABLE, _key(batch.epoch), _encode(batch))
        for epoch in self.epochs():
            kept = self.get(epoch)
            if epoch > batch.epoch - MAX_EPOCHS and kept is not None and kept.time + MAX_AGE >= batch.time:
                break
            self._store.delete(_TABLE, _key(epoch))

    def truncate(self, epoch: int) -> None:
        """Drop the batches of this epoch and later: left over from a branch that was given up."""
        for later in self.epochs():
            if later >= epoch:
                self._store.delete(_TABLE, _key(later))

    def epochs(self) -> list[int]:
        """The epochs whose batches are kept, ascending."""
        return [int.from_bytes(key) for key in self._store.keys(_TABLE)]

    def get(self, epoch: int) -> Batch | None:
        """The batch that ended this epoch, if it is kept."""
        row = self._store.get(_TABLE, _key(epoch))
        return None if row is None else _decode(epoch, row)

    def fingerprints(self) -> list[tuple[int, bytes]]:
        """The epochs that batches led the own leaf to, each with the hash of its group context."""
        batches = (self.get(epoch) for epoch in self.epochs())
        return [
            (batch.epoch + 1, batch.fingerprint)
            for batch in batches
            if batch is not None and batch.fingerprint != NOWHERE
        ]


def _key(epoch: int) -> bytes:
    return epoch.to_bytes(8)


def _encode(batch: Batch) -> bytes:
    parts = (*batch.proposals, batch.commit)
    body = b"".join(_LENGTH.pack(len(part)) + part for part in parts)
    return _HEAD.pack(batch.time, batch.fingerprint, len(parts)) + body


def _decode(epoch: int, row: bytes) -> Batch:
    time, fingerprint, count = _HEAD.unpack_from(row)
    offset, parts = _HEAD.size, []
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(row, offset)
        offset += _LENGTH.size
        parts.append(row[offset : offset + length])
        offset += length
    return Batch(epoch, time, fingerprint, tuple(parts[:-1]), parts[-1])
