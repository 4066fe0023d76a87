"""seen, outbox, archive, timers, counters: what a group's shell keeps."""

from __future__ import annotations

from bridge.storage import archive, counters, outbox, seen, timers
from bridge.storage.archive import ArchiveRow
from bridge.storage.outbox import OutboxRow
from bridge.storage.store import Store
from bridge.storage.timers import TimerRow
from tests.support.transactions import on


async def test_seen_once_per_group(store: Store) -> None:
    assert await store.write(lambda tx: seen.mark(tx, "g", b"d", 5.7))
    assert not await store.write(lambda tx: seen.mark(tx, "g", b"d", 6))
    assert await store.write(lambda tx: seen.mark(tx, "h", b"d", 6))
    assert await store.read(lambda tx: seen.known(tx, "g", {b"d", b"e"})) == {b"d"}


async def test_seen_of_many(store: Store) -> None:
    digests = [n.to_bytes(4, "big") for n in range(1201)]
    await store.write(lambda tx: [seen.mark(tx, "g", digest, 1) for digest in digests])
    assert await store.read(lambda tx: seen.known(tx, "g", [*digests, b"new"])) == set(digests)


async def test_seen_is_pruned_in_bounded_steps(store: Store) -> None:
    await store.write(lambda tx: [seen.mark(tx, "g", bytes([n]), n) for n in range(10)])
    removed = [await store.write(lambda tx: seen.prune(tx, 7, limit=3)) for _ in range(4)]
    assert removed == [3, 3, 1, 0]
    assert await store.read(lambda tx: seen.known(tx, "g", [bytes([n]) for n in range(10)])) == {
        b"\x07",
        b"\x08",
        b"\x09",
    }


async def test_outbox_keeps_order_and_never_gives_an_id_twice(store: Store) -> None:
    rows = await store.write(lambda tx: [outbox.add(tx, "g", "/t", bytes([n]), 1) for n in range(3)])
    ids = [row.id for row in rows]
    await store.write(lambda tx: outbox.add(tx, "other", "/t", b"x", 1))
    assert await store.read(lambda tx: outbox.pending(tx, "g", limit=2)) == [
        OutboxRow(ids[0], "/t", b"\x00"),
        OutboxRow(ids[1], "/t", b"\x01"),
    ]
    await store.write(lambda tx: outbox.done(tx, [*ids, 12345]))
    assert await store.read(lambda tx: outbox.pending(tx, "g")) == []
    assert (await store.write(lambda tx: outbox.add(tx, "g", "/t", b"new", 1))).id > max(ids)


async def test_archive(store: Store) -> None:
    for time, digest in ((3, b"c"), (1, b"a"), (2, b"b"), (9, b"a")):
        await store.write(on(archive.add, "g", "/t", b"p" + digest, digest, time))
    await store.write(lambda tx: archive.add(tx, "h", "/t", b"x", b"a", 5))
    rows = await store.read(lambda tx: archive.since(tx, "g", 0))
    assert [(row.time, row.digest) for row in rows] == [(1, b"a"), (2, b"b"), (3, b"c")]
    assert await store.read(lambda tx: archive.since(tx, "g", 2, limit=1)) == [ArchiveRow("/t", b"pb", b"b", 2)]
    assert await store.read(lambda tx: archive.index(tx, "g", 0, 2)) == [(2, b"b"), (3, b"c")]
    named = await store.read(lambda tx: archive.named(tx, "g", [b"c", b"a", b"unknown"]))
    assert [row.digest for row in named] == [b"a", b"c"]
    assert await store.write(lambda tx: archive.prune(tx, 3, limit=1)) == 1
    assert await store.write(lambda tx: archive.prune(tx, 3)) == 1
    assert [row.digest for row in await store.read(lambda tx: archive.since(tx, "g", 0))] == [b"c"]


async def test_timers(store: Store) -> None:
    await store.write(lambda tx: timers.put(tx, "g", "vote", 20.5, 1))
    await store.write(lambda tx: timers.put(tx, "g", "epoch", 10.25, 2))
    await store.write(lambda tx: timers.put(tx, "g", "vote", 5.5, 3))
    await store.write(lambda tx: timers.put(tx, "h", "vote", 1.0, 9))
    assert await store.read(lambda tx: timers.all_of(tx, "g")) == [
        TimerRow("vote", 5.5, 3),
        TimerRow("epoch", 10.25, 2),
    ]
    await store.write(lambda tx: timers.drop(tx, "g", "vote"))
    await store.write(lambda tx: timers.drop(tx, "g", "unknown"))
    assert [row.name for row in await store.read(lambda tx: timers.all_of(tx, "g"))] == ["epoch"]


async def test_counters(store: Store) -> None:
    for code, n in (("b", 1), ("a", 2), ("b", 40)):
        await store.write(on(counters.add, "g", code, n))
    await store.write(lambda tx: counters.add(tx, "h", "b"))
    assert await store.read(lambda tx: counters.all_of(tx, "g")) == {"a": 2, "b": 41}
