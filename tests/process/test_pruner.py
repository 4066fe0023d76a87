"""What is old goes, what waits stays, whatever its age."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bridge.model.adapter_store import Row
from bridge.process import pruner as module
from bridge.process.pruner import DAY, Pruner
from bridge.storage import ballots, deliveries, inbound, intents, messages, reactions, schema
from bridge.storage.adapter_rows import StoredRows
from bridge.storage.reactions import Reaction
from bridge.storage.store import Store
from bridge.storage.tx import PRUNE_ROWS, Tx

NOW = 100 * DAY
OLD, YOUNG = NOW - 31 * DAY, NOW - 29 * DAY


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/bridge.db", bytes(32))
    yield opened
    await opened.close()


def pruner(store: Store) -> Pruner:
    return Pruner(store, 30, lambda: NOW)


def fill(tx: Tx, at: float, name: str) -> None:
    """One finished and one waiting row of each kind."""
    for number in (0, 1):
        inbound.accept(tx, "a", "c", [(f"{name}{number}", b"x")], at)
        deliveries.add(tx, "matrix", "!r", "post", b"x", f"{name}{number}", at)
        ballots.record(tx, "g", hash((name, number)) % 2**31, b"x", at)
        intents.add(tx, "g", f"{name}{number}", b"x", at)
    inbound.done(tx, inbound.pending(tx)[-1].id)
    ballots.close(tx, "g", hash((name, 0)) % 2**31, b"x", at)
    intents.settle(tx, [intents.waiting(tx, 10)[-1].id], intents.State.DONE)
    second = select(schema.deliveries.c.id).where(schema.deliveries.c.unique_key == f"{name}1")
    deliveries.done(tx, tx.conn.execute(second).scalar_one(), "e")
    messages.remember(tx, name.encode(), "matrix", "!r", name, at)
    reactions.note(tx, "g", name.encode(), Reaction(b"t", "x"), at)
    reactions.show(tx, "matrix", "!r", b"t", name, "e", at)
    StoredRows(tx, "web", NOW).put("note", Row(name, b"", expires_at=at))


async def test_the_old_goes_and_what_waits_stays(store: Store) -> None:
    await store.write(lambda tx: fill(tx, OLD, "old"))
    await store.write(lambda tx: fill(tx, YOUNG, "young"))
    # Of the old: an event, a delivery, a ballot, an intent, a message, two of reactions. Of the adapter's rows
    # both, whose time is their own.
    assert await pruner(store).round() == 7 + 2
    assert await pruner(store).round() == 0
    assert [row.event_key for row in await store.read(inbound.pending)] == ["old0", "young0"]
    [queue] = await store.read(deliveries.waiting)
    assert (queue.waiting, queue.oldest) == (2, int(OLD))
    assert len(await store.read(lambda tx: ballots.open_ones(tx, "g"))) == 2
    assert len(await store.read(lambda tx: intents.waiting(tx, 10))) == 2
    assert await store.read(lambda tx: messages.message_of(tx, "matrix", "!r", "old")) is None
    assert await store.read(lambda tx: messages.message_of(tx, "matrix", "!r", "young")) == b"young"


async def test_a_round_is_made_of_small_transactions_and_ends(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROUND", 2)
    monkeypatch.setattr(module, "PAUSE", 0)
    many = range(2 * PRUNE_ROWS + 5)
    await store.write(lambda tx: [messages.remember(tx, b"m", "p", "r", str(n), OLD) for n in many])
    before = store.commits
    assert await pruner(store).round() == 2 * PRUNE_ROWS
    assert store.commits - before >= 2
    assert await pruner(store).round() == 5
