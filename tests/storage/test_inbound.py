"""Events from the platforms."""

from __future__ import annotations

import pytest

from bridge.storage import inbound
from bridge.storage.errors import BadValue
from bridge.storage.inbound import InboundRow
from bridge.storage.store import Store
from tests.support.transactions import on


async def test_known_events_are_dropped_and_the_cursor_moves_on(store: Store) -> None:
    assert await store.read(lambda tx: inbound.cursor(tx, "@bot")) == ""
    assert (
        len(await store.write(lambda tx: inbound.accept(tx, "@bot", "s1", [("a", b"1"), ("b", b"2")], 1))) == 2
    )
    assert (
        len(await store.write(lambda tx: inbound.accept(tx, "@bot", "s2", [("b", b"2"), ("c", b"3")], 2))) == 1
    )
    assert len(await store.write(lambda tx: inbound.accept(tx, "@two", "x", [("a", b"other")], 2))) == 1
    assert await store.read(lambda tx: inbound.cursor(tx, "@bot")) == "s2"
    assert [(row.event_key, row.payload) for row in await store.read(inbound.pending)] == [
        ("a", b"1"),
        ("b", b"2"),
        ("c", b"3"),
        ("a", b"other"),
    ]


async def test_done_keeps_the_key_and_not_the_payload(store: Store) -> None:
    await store.write(lambda tx: inbound.accept(tx, "@bot", "s1", [("a", b"secret words"), ("b", b"2")], 1))
    first, second = await store.read(inbound.pending)
    await store.write(lambda tx: inbound.done(tx, first.id, "refused: " + "x" * 100_000))
    assert await store.read(inbound.pending) == [second]
    assert len(await store.write(lambda tx: inbound.accept(tx, "@bot", "s2", [("a", b"again")], 2))) == 0


async def test_retry_counts_and_keeps_the_order(store: Store) -> None:
    await store.write(lambda tx: inbound.accept(tx, "@bot", "s1", [("a", b"1"), ("b", b"2")], 1))
    first = (await store.read(inbound.pending))[0]
    await store.write(lambda tx: inbound.retry(tx, first.id, "later"))
    assert await store.read(lambda tx: inbound.pending(tx, limit=1)) == [InboundRow(first.id, "a", b"1", 1)]


async def test_cursor_and_events_are_one_transaction(store: Store) -> None:
    with pytest.raises(BadValue):
        await store.write(lambda tx: inbound.accept(tx, "@bot", "s1", [("a", b"1"), ("\ud800", b"2")], 1))
    assert await store.read(inbound.pending) == []
    assert await store.read(lambda tx: inbound.cursor(tx, "@bot")) == ""


async def test_prune_forgets_finished_events_only(store: Store) -> None:
    await store.write(lambda tx: inbound.accept(tx, "@bot", "s", [(f"{n}", b"p") for n in range(6)], 1))
    rows = await store.read(inbound.pending)
    for row in rows[:4]:
        await store.write(on(inbound.done, row.id))
    assert [await store.write(lambda tx: inbound.prune(tx, 2, limit=3)) for _ in range(3)] == [3, 1, 0]
    assert await store.read(inbound.pending) == rows[4:]
