"""Group commit: isolation of works, order, commit failures, cancellation, closing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import text

from bridge.storage import counters, outbox, seen
from bridge.storage.errors import CommitFailed, StorageFault, StorageUnavailable, StoreClosed
from bridge.storage.store import Store, Tx
from tests.support.transactions import on
from tests.support.waiting import limit

R = TypeVar("R")


class Gate:
    """Holds the writer inside a transaction, so that a test decides what waits in the queue."""

    def __init__(self, store: Store) -> None:
        self._open = threading.Event()
        entered = threading.Event()

        def hold(_tx: Tx) -> None:
            entered.set()
            assert self._open.wait(limit())

        self.task = asyncio.ensure_future(store.write(hold))
        self.entered = asyncio.to_thread(entered.wait, limit())

    async def release(self) -> None:
        self._open.set()
        await self.task


async def shut(store: Store) -> Gate:
    gate = Gate(store)
    assert await gate.entered
    return gate


def enqueue(store: Store, *works: Callable[[Tx], R]) -> list[asyncio.Task[R]]:
    return [asyncio.ensure_future(store.write(work)) for work in works]


async def test_write_returns_the_result_and_read_sees_it(store: Store) -> None:
    row = await store.write(lambda tx: outbox.add(tx, "g", "/t", b"x", 1))
    assert await store.read(lambda tx: outbox.pending(tx, "g")) == [row]


async def test_all_works_that_wait_share_one_commit_in_order(store: Store) -> None:
    gate = await shut(store)
    tasks = enqueue(store, *(on(outbox.add, "g", "/t", b"%d" % n, 1) for n in range(50)))
    await asyncio.sleep(0)
    before = store.commits
    await gate.release()
    rows = await asyncio.gather(*tasks)
    assert store.commits == before + 2  # the gate's transaction, then all fifty
    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert [row.payload for row in await store.read(lambda tx: outbox.pending(tx, "g"))] == [
        b"%d" % n for n in range(50)
    ]


async def test_a_work_that_raises_takes_back_only_itself(store: Store) -> None:
    def bad(tx: Tx) -> None:
        counters.add(tx, "g", "bad")
        raise KeyError("mine")

    gate = await shut(store)
    tasks = enqueue(
        store, lambda tx: counters.add(tx, "g", "first"), bad, lambda tx: counters.add(tx, "g", "last")
    )
    await asyncio.sleep(0)
    await gate.release()
    first, failed, last = await asyncio.gather(*tasks, return_exceptions=True)
    assert first is None
    assert last is None
    assert isinstance(failed, KeyError)
    assert await store.read(lambda tx: counters.all_of(tx, "g")) == {"first": 1, "last": 1}


async def test_a_failed_commit_fails_every_work_of_the_transaction(store: Store) -> None:
    """A deferred foreign key is checked at COMMIT: a real commit that fails."""

    def tables(tx: Tx) -> None:
        tx.conn.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        tx.conn.execute(text("CREATE TABLE child (p INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"))

    await store.write(tables)
    gate = await shut(store)
    tasks = enqueue(
        store,
        lambda tx: counters.add(tx, "g", "innocent"),
        lambda tx: tx.conn.execute(text("INSERT INTO child VALUES (7)")).rowcount,
    )
    await asyncio.sleep(0)
    await gate.release()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [CommitFailed, CommitFailed]
    assert isinstance(outcomes[0], CommitFailed)
    assert outcomes[0].retry
    assert await store.read(lambda tx: counters.all_of(tx, "g")) == {}
    await store.write(lambda tx: counters.add(tx, "g", "after"))
    assert await store.read(lambda tx: counters.all_of(tx, "g")) == {"after": 1}


async def test_nothing_is_acknowledged_when_the_database_drops_the_transaction(store: Store) -> None:
    """As SQLite may do by itself on a full disk or an IO error."""

    def lost(tx: Tx) -> None:
        tx.conn.connection.cursor().execute("ROLLBACK")
        raise KeyError("after it")

    gate = await shut(store)
    tasks = enqueue(store, lambda tx: counters.add(tx, "g", "innocent"), lost)
    await asyncio.sleep(0)
    await gate.release()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [CommitFailed, CommitFailed]
    assert await store.read(lambda tx: counters.all_of(tx, "g")) == {}
    assert await store.write(lambda tx: seen.mark(tx, "g", b"d", 1))


async def test_a_full_disk_is_a_passing_error(sqlite_store: Store) -> None:
    store = sqlite_store
    await store.write(lambda tx: tx.conn.execute(text("PRAGMA max_page_count = 60")).all())
    with pytest.raises(StorageUnavailable):
        await store.write(lambda tx: outbox.add(tx, "g", "/t", bytes(5_000_000), 1))
    await store.write(lambda tx: tx.conn.execute(text("PRAGMA max_page_count = 1000000")).all())
    await store.write(lambda tx: outbox.add(tx, "g", "/t", bytes(5_000_000), 1))
    assert len(await store.read(lambda tx: outbox.pending(tx, "g"))) == 1


async def test_cancelled_before_it_began_a_work_is_dropped(store: Store) -> None:
    gate = await shut(store)
    tasks = enqueue(store, *(on(counters.add, "g", f"c{n}") for n in range(3)))
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.sleep(0)
    await gate.release()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert await store.read(lambda tx: counters.all_of(tx, "g")) == {"c0": 1, "c2": 1}


async def test_cancelled_while_it_runs_a_work_is_finished(store: Store) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        counters.add(tx, "g", "slow")
        entered.set()
        assert go_on.wait(limit())

    task = asyncio.ensure_future(store.write(slow))
    assert await asyncio.to_thread(entered.wait, limit())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await store.write(lambda tx: counters.add(tx, "g", "next"))
    assert await store.read(lambda tx: counters.all_of(tx, "g")) == {"next": 1, "slow": 1}


async def test_close_finishes_what_waits_and_refuses_the_rest(url: str, store: Store) -> None:
    gate = await shut(store)
    (task,) = enqueue(store, lambda tx: counters.add(tx, "g", "waiting"))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(store.close())
    await gate.release()
    await closing
    await task
    await store.close()
    with pytest.raises(StoreClosed):
        await store.write(lambda tx: counters.add(tx, "g", "late"))
    with pytest.raises(StoreClosed):
        await store.read(lambda tx: counters.all_of(tx, "g"))
    again = await Store.open(url, bytes(range(32)))
    assert await again.read(lambda tx: counters.all_of(tx, "g")) == {"waiting": 1}
    await again.close()


async def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(StorageFault, match=r"readonly|read-only"):
        await store.read(lambda tx: counters.add(tx, "g", "c"))


async def test_a_read_sees_no_uncommitted_work(store: Store) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        counters.add(tx, "g", "slow")
        entered.set()
        assert go_on.wait(limit())

    task = asyncio.ensure_future(store.write(slow))
    assert await asyncio.to_thread(entered.wait, limit())
    assert await store.read(lambda tx: counters.all_of(tx, "g")) == {}
    go_on.set()
    await task
    assert await store.read(lambda tx: counters.all_of(tx, "g")) == {"slow": 1}


async def test_works_that_no_future_could_carry(store: Store) -> None:
    async def coroutine(_tx: Tx) -> None: ...

    with pytest.raises(TypeError, match="coroutine"):
        _ = await store.write(coroutine)
    with pytest.raises(StorageFault, match="StopIteration"):
        await store.write(lambda _tx: next(iter(())))
    with pytest.raises(StorageFault, match="StopIteration"):
        await store.read(lambda _tx: next(iter(())))


async def test_errors_show_no_stored_values(store: Store) -> None:
    with pytest.raises(StorageFault) as caught:
        await store.write(
            lambda tx: tx.conn.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": "private words"})
        )
    assert "private words" not in f"{caught.value!r} {caught.value.__cause__!r}"
