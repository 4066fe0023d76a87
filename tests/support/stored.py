"""A bridge's data folder, opened from outside: what somebody could do with the state that they kept."""

from __future__ import annotations

from pathlib import Path

from bridge._native import MlsLeaf, MlsLeafKeys, MlsStore, mls_peek
from bridge.identity.keyfile import load_key
from bridge.mls.errors import translated
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb
from bridge.storage import archive, mls_rows
from bridge.storage.store import Store

SUITE = 1


class StoredGroup:
    """One group of a stopped (or copied) bridge."""

    def __init__(self, store: Store, payloads: list[bytes], rows: list[tuple[str, bytes, bytes]]) -> None:
        self._store = store
        self._payloads = payloads
        self._mls = MlsStore(rows)

    @classmethod
    async def open(cls, data: Path, group: str) -> StoredGroup:
        """Open the database of a data folder with the key that lies beside it."""
        key = load_key(data / "storage.key", environ={})
        store = await Store.open(f"sqlite:///{data / 'bridge.db'}", key)
        found = await store.read(lambda tx: archive.since(tx, group, 0, 100_000))
        rows = await store.read(lambda tx: mls_rows.load(tx, group))
        return cls(store, [row.payload for row in found], list(rows))

    async def close(self) -> None:
        """Let go of the database."""
        await self._store.close()

    def batches(self) -> dict[int, pb.BatchProposalsMessage]:
        """The archived batches by the epoch that they end."""
        found = {}
        for data in self._payloads:
            if data[:1] == b"\0":
                continue
            message = pb.AppMessage.FromString(data)
            if message.WhichOneof("payload") == "batch_proposals_message":
                found[message.batch_proposals_message.epoch] = message.batch_proposals_message
        return found

    @property
    def epoch(self) -> int:
        """The group's epoch as this bridge last knew it."""
        return max(self.batches()) + 1

    def app_messages(self) -> list[tuple[int, bytes]]:
        """(epoch, message) of the archived MLS application messages."""
        found = []
        for data in self._payloads:
            if data[:1] == b"\0":
                _, epoch, kind = mls_peek(data)
                if kind == "application":
                    found.append((epoch, data))
        return found

    def leaf_of(self, address: Address) -> MlsLeaf:
        """A hosted member's leaf, with its keys."""
        keys = MlsLeafKeys.load(self._mls, SUITE, address)
        assert keys is not None, "this bridge has no keys of that member"
        return MlsLeaf(self._mls, keys, 5)


def open_as(leaf: MlsLeaf, message: bytes) -> bytes:
    """Decrypt with one leaf. Raises the errors of `bridge.protocol.errors`."""
    with translated():
        return leaf.open(message)[2]


def follow(leaf: MlsLeaf, batches: dict[int, pb.BatchProposalsMessage]) -> bool:
    """Replay commits as far as they go; False when one of them removed the leaf."""
    with translated():
        while (batch := batches.get(leaf.position()[1])) is not None:
            if not leaf.adopt_staged(leaf.stage(list(batch.mls_proposals), batch.commit_message)):
                return False
    return True
