"""The publisher: in order, until it is out, and no row deleted before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bridge.conversation.outbox import MOST_IN_MEMORY, Outbox
from bridge.conversation.tuning import Tuning
from bridge.storage import outbox
from bridge.storage.outbox import OutboxRow
from bridge.storage.store import Store, Tx
from bridge.waku.errors import NoPeers, TooLarge, TransportDown, TransportError
from tests.support.conversations import KEY
from tests.support.waiting import until

QUICK = Tuning(retry_first=0.001, retry_most=0.01)
SLOW = Tuning(retry_first=3_600, retry_most=3_600)


class Wire:
    """Where it is published; `errors` are raised first, one per try."""

    def __init__(self, *errors: TransportError) -> None:
        self.errors = list(errors)
        self.out: list[bytes] = []

    async def send(self, topic: str, payload: bytes) -> None:
        if self.errors:
            raise self.errors.pop(0)
        assert topic == "/t"
        self.out.append(payload)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/outbox.db", KEY)
    yield opened
    await opened.close()


async def add(store: Store, *payloads: bytes, group: str = "room") -> list[OutboxRow]:
    return await store.write(lambda tx: [outbox.add(tx, group, "/t", payload, 1) for payload in payloads])


async def left(store: Store) -> list[bytes]:
    return [row.payload for row in await store.read(lambda tx: outbox.pending(tx, "room"))]


@asynccontextmanager
async def running(box: Outbox) -> AsyncIterator[None]:
    task = asyncio.create_task(box.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def empty(store: Store) -> bool:
    return not await left(store)


async def test_publishes_what_an_earlier_process_left_then_what_comes(store: Store) -> None:
    wire = Wire()
    await add(store, *(str(number).encode() for number in range(150)))
    await add(store, b"of another group", group="other")
    box = Outbox(store, "room", wire.send, QUICK)
    async with running(box):
        await until(lambda: empty(store), "all out")
        box.put(await add(store, b"more"))
        await until(lambda: empty(store), "the new one is out")
    assert wire.out == [*(str(number).encode() for number in range(150)), b"more"]


async def test_tries_again_without_overtaking(store: Store) -> None:
    wire = Wire(NoPeers("nobody"), TransportDown("down"), NoPeers("nobody"))
    await add(store, b"a", b"b")
    async with running(Outbox(store, "room", wire.send, QUICK)):
        await until(lambda: empty(store), "all out")
    assert wire.out == [b"a", b"b"]


async def test_a_regained_peer_ends_the_wait(store: Store) -> None:
    wire = Wire(NoPeers("nobody"))
    await add(store, b"a")
    box = Outbox(store, "room", wire.send, SLOW)
    async with running(box):
        await until(lambda: not wire.errors, "tried")
        assert wire.out == []
        box.retry()
        await until(lambda: wire.out == [b"a"], "out")


async def test_what_can_never_go_does_not_block_the_rest(store: Store) -> None:
    wire = Wire(TooLarge(200_000, 148_000))
    await add(store, b"huge", b"b")
    async with running(Outbox(store, "room", wire.send, SLOW)):
        await until(lambda: empty(store), "nothing left")
    assert wire.out == [b"b"]


async def test_what_is_not_out_stays(store: Store) -> None:
    wire = Wire()
    await add(store, b"a", b"b")

    async def send(topic: str, payload: bytes) -> None:
        if payload == b"b":
            await asyncio.Event().wait()
        await wire.send(topic, payload)

    async with running(Outbox(store, "room", send, QUICK)):
        await until(lambda: wire.out == [b"a"], "the first is out")
        assert await left(store) == [b"a", b"b"]
    assert await left(store) == [b"b"]  # stopped in order, so the first need not go out again


async def test_a_flood_while_the_table_is_read_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire()
    box = Outbox(store, "room", wire.send, QUICK)
    flood = [b"%d" % number for number in range(MOST_IN_MEMORY + 1)]
    plain_read = store.read

    async def read(work: Callable[[Tx], Any]) -> Any:
        found = await plain_read(work)
        if not found and not wire.out:
            box.put(await add(store, *flood))
        return found

    monkeypatch.setattr(store, "read", read)
    async with running(box):
        await until(lambda: len(wire.out) == len(flood), "all out")
    assert wire.out == flood
