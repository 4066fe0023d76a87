"""Delivery queues: FIFO per room, no duplicates."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bridge.storage import deliveries, schema
from bridge.storage.deliveries import DeliveryRow, Failure, RoomQueue
from bridge.storage.store import Store, Tx
from tests.support.transactions import on

KEY = bytes(range(32))


def add(tx: Tx, room: str, key: str, now: float = 1) -> int:
    """Returns the id of the room's delivery with this key."""
    deliveries.add(tx, "matrix", room, "send", b"payload " + key.encode(), key, now, b"id")
    row = (schema.deliveries.c.room_id == room) & (schema.deliveries.c.unique_key == key)
    found: int = tx.conn.execute(select(schema.deliveries.c.id).where(row)).scalar_one()
    return found


def head(tx: Tx, room: str, now: float = 100) -> DeliveryRow | None:
    return deliveries.next_due(tx, "matrix", room, now)


async def test_a_delivery_from_add_to_done(store: Store) -> None:
    row_id = await store.write(lambda tx: add(tx, "!r", "k1"))
    assert await store.read(lambda tx: head(tx, "!r")) == DeliveryRow(
        row_id, "matrix", "!r", "send", b"payload k1", "k1", b"id", 0
    )
    assert await store.read(deliveries.rooms_with_work) == [("matrix", "!r")]
    await store.write(lambda tx: deliveries.done(tx, row_id, "$event"))
    assert await store.read(lambda tx: head(tx, "!r")) is None
    assert await store.read(deliveries.rooms_with_work) == []


async def test_a_key_is_delivered_once_per_room(store: Store) -> None:
    first = await store.write(lambda tx: add(tx, "!r", "k"))
    assert await store.write(lambda tx: add(tx, "!r", "k")) == first
    assert await store.write(lambda tx: add(tx, "!other", "k")) != first
    await store.write(lambda tx: deliveries.done(tx, first, "$event"))
    assert await store.write(lambda tx: add(tx, "!r", "k")) == first  # even after it was shown
    assert await store.read(lambda tx: head(tx, "!r")) is None


async def key_of_head(store: Store, room: str, now: float = 0) -> str | None:
    found = await store.read(lambda tx: head(tx, room, now))
    return None if found is None else found.key


async def test_the_queue_waits_for_its_head_and_other_rooms_do_not(store: Store) -> None:
    first = await store.write(lambda tx: add(tx, "!slow", "k1", 7))
    await store.write(lambda tx: add(tx, "!slow", "k2", 8))
    await store.write(lambda tx: add(tx, "!quick", "k3", 9))
    await store.write(lambda tx: deliveries.retry(tx, first, 50.5, "rate limit"))
    assert await store.read(lambda tx: head(tx, "!slow", 50)) is None
    assert await key_of_head(store, "!quick", 50) == "k3"
    due = await store.read(lambda tx: head(tx, "!slow", 50.5))
    assert due is not None
    assert (due.key, due.attempts) == ("k1", 1)
    assert await store.read(deliveries.waiting) == [
        RoomQueue("matrix", "!quick", 1, 9, 0, 0.0, ""),
        RoomQueue("matrix", "!slow", 2, 7, 1, 50.5, "rate limit"),
    ]


async def test_a_failed_head_lets_the_next_one_through(store: Store) -> None:
    first = await store.write(lambda tx: add(tx, "!r", "k1"))
    await store.write(lambda tx: add(tx, "!r", "k2"))
    await store.write(lambda tx: deliveries.failed(tx, first, "forbidden"))
    await store.write(lambda tx: deliveries.retry(tx, first, 1, "too late"))  # a finished one stays finished
    assert await key_of_head(store, "!r") == "k2"


async def test_prune_leaves_what_waits(store: Store) -> None:
    ids = await store.write(lambda tx: [add(tx, "!r", f"k{n}") for n in range(5)])
    for row in ids[:3]:
        await store.write(on(deliveries.done, row, "$e"))
    assert [await store.write(lambda tx: deliveries.prune(tx, 2, limit=2)) for _ in range(3)] == [2, 1, 0]
    assert await key_of_head(store, "!r") == "k3"


steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "done", "retry", "failed"]),
        st.sampled_from(["!a", "!b"]),
        st.sampled_from("123456"),
    ),
    max_size=25,
)


@settings(max_examples=20, deadline=None)
@given(steps)
def test_each_room_is_a_queue_without_duplicates(script: list[tuple[str, str, str]]) -> None:
    queues: dict[str, list[str]] = defaultdict(list)
    ever: set[tuple[str, str]] = set()

    def step(tx: Tx, action: str, room: str, key: str) -> None:
        if action == "add":
            add(tx, room, key)
            if (room, key) not in ever:
                queues[room].append(key)
            ever.add((room, key))
            return
        row = head(tx, room)
        assert (row.key if row else None) == (queues[room][0] if queues[room] else None)
        if row is None:
            return
        if action == "retry":
            deliveries.retry(tx, row.id, 50, "later")
            return
        queues[room].pop(0)
        if action == "done":
            deliveries.done(tx, row.id, "$e")
        else:
            deliveries.failed(tx, row.id, "no")

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = await Store.open(f"sqlite:///{folder}/b.db", KEY)
            for action, room, key in script:
                await store.write(on(step, action, room, key))
            counts = {queue.room_id: queue.waiting for queue in await store.read(deliveries.waiting)}
            await store.close()
        assert counts == {room: len(keys) for room, keys in queues.items() if keys}

    asyncio.run(run())


async def test_what_was_given_up_can_be_read_the_newest_first(store: Store) -> None:
    def work(tx: Tx) -> None:
        for at, key in enumerate(("first", "second", "third"), start=1):
            row = add(tx, "r", key, at)
            if key == "second":
                deliveries.done(tx, row, "$e")
            else:
                deliveries.retry(tx, row, 2, "away")
                deliveries.failed(tx, row, f"no {key}")
        add(tx, "r", "waits")

    await store.write(work)
    first, third = (
        Failure("matrix", "r", "send", 1, f"no {key}", at) for key, at in (("first", 1), ("third", 3))
    )
    assert await store.read(deliveries.failures) == [third, first]
    assert await store.read(lambda tx: deliveries.failures(tx, 1)) == [third]


async def test_looking_for_work_does_not_read_what_waits(sqlite_store: Store) -> None:
    """At every commit: a seek in the index for each room, however much waits there."""

    def plans(tx: Tx) -> list[str]:
        found = []
        for statement in (deliveries._NEXT_ROOM, deliveries._HEADS):
            filled = statement.params(p="p", r="r")
            compiled = filled.compile(tx.conn, compile_kwargs={"literal_binds": True})
            rows = tx.conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")
            found += [row[-1] for row in rows]
        return found

    found = await sqlite_store.read(plans)
    assert len(found) == 2, found
    assert all(each.startswith("SEARCH") and "INDEX" in each for each in found), found
