"""An own commit that waits for its record on a chain: kept beyond a restart, in the table `mls_pending`.

The row holds the keys of the next epoch: a secret like a group state, and like that encrypted at rest.
"""

from __future__ import annotations

from typing import Final

import msgspec

from bridge._native import MlsStore
from bridge.protocol.ports import Address

_TABLE: Final = "mls_pending"


class KeptCommit(msgspec.Struct, frozen=True):
    """`content` as `MlsBuilt.export` gives it; made in `epoch` at `time` (Unix seconds)."""

    content: bytes
    epoch: int
    time: int
    removed: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"KeptCommit(epoch {self.epoch})"


class KeptCommits:
    """At most one for the own leaf."""

    def __init__(self, store: MlsStore, own: Address) -> None:
        self._store = store
        self._own = own

    def put(self, commit: KeptCommit) -> None:
        """Keep it, in place of an earlier one."""
        self._store.put(_TABLE, self._own, msgspec.msgpack.encode(commit))

    def get(self) -> KeptCommit | None:
        """The commit. Raises msgspec.MsgspecError for a row of another version."""
        row = self._store.get(_TABLE, self._own)
        return None if row is None else msgspec.msgpack.decode(row, type=KeptCommit)

    def drop(self) -> None:
        """Forget it."""
        self._store.delete(_TABLE, self._own)
