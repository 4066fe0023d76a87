"""adapter_rows, and the memory of the adapters' tests: one suite for both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from bridge.model.adapter_store import AdapterStore, Row, Rows
from bridge.storage import adapter_rows, inbound
from bridge.storage.adapter_rows import StoredAdapterStore
from bridge.storage.errors import Tampered
from bridge.storage.store import Store, Tx
from tests.support.memory_store import MemoryStore
from tests.support.servers.postgres import Postgres


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def rows(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[AdapterStore]:
    if request.param == "memory":
        yield MemoryStore(clock)
        return
    url = f"sqlite:///{tmp_path}/rows.db"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.new_database()
    store = await Store.open(url, bytes(range(32)))
    yield StoredAdapterStore(store, "web", clock)
    await store.close()


def putting(row: Row) -> Callable[[Rows], None]:
    return lambda at: at.put("note", row)


async def test_a_row_is_put_replaced_and_deleted(rows: AdapterStore) -> None:
    assert await rows.read(lambda at: at.get("note", "k")) is None
    for value in (b"one", b"two", b""):
        await rows.write(putting(Row("k", value)))
        assert await rows.read(lambda at: at.get("note", "k")) == value
    assert await rows.read(lambda at: at.get("other", "k")) is None
    assert await rows.write(lambda at: at.delete("note", "k", "never")) == 1
    assert await rows.read(lambda at: at.get("note", "k")) is None


async def test_scans_go_by_position_under_one_thing(rows: AdapterStore) -> None:
    def fill(at: Rows) -> None:
        for position in (3, 1, 2, 5, 4):
            at.put("message", Row(f"m{position}", b"v", "room", position))
        at.put("message", Row("elsewhere", b"v", "other", 3))
        at.put("change", Row("m1", b"v", "room", 1))

    await rows.write(fill)

    async def keys(**bounds: object) -> list[str]:
        found = await rows.read(lambda at: at.scan("message", **bounds))  # type: ignore[arg-type]
        return [row.key for row in found]

    assert await keys(under="room") == ["m1", "m2", "m3", "m4", "m5"]
    assert await keys(under="room", after=1, before=5) == ["m2", "m3", "m4"]
    assert await keys(under="room", newest=True, limit=2) == ["m5", "m4"]
    assert await keys(after=2, before=4) == ["elsewhere", "m3"]
    assert await rows.read(lambda at: at.count("message", "room")) == 5
    assert await rows.read(lambda at: at.count("message")) == 6
    many = await rows.read(lambda at: at.get_many("message", ["m2", "never"]))
    assert many == {"m2": Row("m2", b"v", "room", 2)}


async def test_replacing_moves_a_row(rows: AdapterStore) -> None:
    await rows.write(lambda at: at.put("change", Row("m", b"", "room", 1)))
    await rows.write(lambda at: at.put("change", Row("m", b"", "room", 7)))
    assert await rows.read(lambda at: at.scan("change", under="room")) == [Row("m", b"", "room", 7)]


async def test_trim_keeps_the_newest(rows: AdapterStore) -> None:
    def fill(at: Rows) -> None:
        for position in range(10):
            at.put("message", Row(f"m{position}", b"", "room", position))
        at.put("message", Row("elsewhere", b"", "other", 0))

    await rows.write(fill)
    assert await rows.write(lambda at: at.trim("message", "room", 3)) == 7
    assert await rows.write(lambda at: at.trim("message", "room", 3)) == 0
    assert [row.key for row in await rows.read(lambda at: at.scan("message"))] == [
        "elsewhere",
        "m7",
        "m8",
        "m9",
    ]


async def test_rows_past_their_time_are_not_read(rows: AdapterStore, clock: Clock) -> None:
    await rows.write(lambda at: at.put("session", Row("s", b"v", expires_at=1_010.0)))
    assert await rows.read(lambda at: at.get("session", "s")) == b"v"
    clock.now = 1_010.0
    assert await rows.read(lambda at: at.get("session", "s")) is None
    assert await rows.read(lambda at: at.count("session")) == 0
    assert await rows.read(lambda at: at.scan("session")) == []


async def test_a_work_that_fails_leaves_nothing(rows: AdapterStore) -> None:
    def work(at: Rows) -> None:
        at.put("note", Row("k", b"v"))
        raise LookupError("no")

    with pytest.raises(LookupError):
        await rows.write(work)
    assert await rows.read(lambda at: at.get("note", "k")) is None


async def test_adapters_do_not_see_each_other(store: Store) -> None:
    one, two = StoredAdapterStore(store, "one"), StoredAdapterStore(store, "two")
    await one.write(lambda at: at.put("note", Row("k", b"v")))
    assert await two.read(lambda at: (at.get("note", "k"), at.count("note"))) == (None, 0)


async def test_values_are_encrypted_and_bound_to_their_row(store: Store) -> None:
    rows = StoredAdapterStore(store, "one")
    await rows.write(lambda at: at.put("note", Row("k", b"a secret")))
    stored = await store.read(lambda tx: tx.conn.scalar(text("SELECT value FROM adapter_rows")))
    assert stored is not None
    assert b"secret" not in bytes(stored)
    await store.write(lambda tx: tx.conn.execute(text("UPDATE adapter_rows SET row_key = 'l'")).rowcount)
    with pytest.raises(Tampered):
        await rows.read(lambda at: at.get("note", "l"))


async def test_events_and_rows_are_stored_together_or_not_at_all(store: Store) -> None:
    def work(at: Rows) -> None:
        at.put("note", Row("k", b"v"))
        raise LookupError("no")

    def both(tx: Tx) -> None:
        inbound.accept(tx, "a", "7", [("e", b"x")], 1.0)
        adapter_rows.remember(tx, "one", [work], 1.0)

    with pytest.raises(LookupError):
        await store.write(both)
    assert await store.read(inbound.pending) == []
    assert await StoredAdapterStore(store, "one").read(lambda at: at.count("note")) == 0


async def test_prune_removes_what_is_past_its_time(store: Store) -> None:
    rows = StoredAdapterStore(store, "one")
    for key, at in (("never", 0.0), ("old", 5.0), ("young", 15.0)):
        await rows.write(putting(Row(key, b"", expires_at=at)))
    assert await store.write(lambda tx: adapter_rows.prune(tx, 10.0)) == 1
    left = await store.read(lambda tx: tx.conn.scalars(text("SELECT row_key FROM adapter_rows")).all())
    assert sorted(left) == ["never", "young"]
