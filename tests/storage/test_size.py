"""The size of the database grows with what is in it."""

from __future__ import annotations

from bridge.storage import groups, size
from bridge.storage.store import Store


async def test_it_grows(store: Store) -> None:
    before = await store.read(size.database_bytes)
    await store.write(lambda tx: groups.save_state(tx, "g", bytes(1_000_000)))
    after = await store.read(size.database_bytes)
    assert before > 0
    assert after - before > 900_000, "free pages may have taken some"
