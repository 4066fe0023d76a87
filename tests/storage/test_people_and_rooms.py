"""messages, accounts, members, bans, ballots."""

from __future__ import annotations

import pytest

from bridge.storage import accounts, ballots, bans, members, messages
from bridge.storage.accounts import Account
from bridge.storage.ballots import BallotRow
from bridge.storage.bans import Ban
from bridge.storage.errors import BadValue
from bridge.storage.store import Store
from tests.support.transactions import on

ALICE, BOB = b"a" * 20, b"b" * 20


async def test_messages_and_their_events(store: Store) -> None:
    one, two = b"1" * 16, b"2" * 16
    await store.write(lambda tx: messages.remember(tx, one, "matrix", "!r", "$z", 1))
    await store.write(lambda tx: messages.remember(tx, one, "matrix", "!r", "$a", 1, own=True))
    assert not await store.write(lambda tx: messages.remember(tx, two, "matrix", "!r", "$z", 2, own=True))
    assert await store.read(lambda tx: messages.events_of(tx, one)) == [
        ("matrix", "!r", "$z"),
        ("matrix", "!r", "$a"),
    ]
    assert await store.read(lambda tx: messages.message_of(tx, "matrix", "!r", "$z")) == one
    assert await store.read(lambda tx: messages.message_of(tx, "matrix", "!other", "$z")) is None
    own = [await store.read(on(messages.is_own, "matrix", "!r", e)) for e in ("$z", "$a", "$x")]
    assert own == [False, True, False]
    assert await store.write(lambda tx: messages.prune(tx, 2, limit=1)) == 1
    assert await store.read(lambda tx: messages.events_of(tx, one)) == [("matrix", "!r", "$a")]


async def test_accounts(store: Store) -> None:
    await store.write(lambda tx: accounts.put(tx, "matrix", "@b", ALICE, "B", 1))
    await store.write(lambda tx: accounts.put(tx, "matrix", "@a", ALICE, "old", 1))
    await store.write(lambda tx: accounts.put(tx, "matrix", "@a", ALICE, "A", 2))
    await store.write(lambda tx: accounts.put(tx, "discord", "1", BOB, "Bob", 1))
    a, b = Account("matrix", "@a", ALICE, "A"), Account("matrix", "@b", ALICE, "B")
    bob = Account("discord", "1", BOB, "Bob")
    assert await store.read(lambda tx: accounts.by_user(tx, "matrix", "@a")) == a
    assert await store.read(lambda tx: accounts.by_user(tx, "discord", "@a")) is None
    assert await store.read(lambda tx: accounts.by_address(tx, ALICE)) == [a, b]
    assert await store.read(accounts.all) == [bob, a, b]
    assert await store.write(lambda tx: accounts.drop(tx, "matrix", "@a"))
    assert not await store.write(lambda tx: accounts.drop(tx, "matrix", "@a"))
    assert await store.read(accounts.all) == [bob, b]


async def test_names_of_members(store: Store) -> None:
    for name in ("Old", "Alice 🦊"):
        await store.write(on(members.set_name, "g", ALICE, name))
    await store.write(lambda tx: members.set_name(tx, "h", BOB, "Bob"))
    assert await store.read(lambda tx: members.names(tx, "g")) == {ALICE: "Alice 🦊"}


@pytest.mark.parametrize("name", ["x" * 1025, "nul\x00", "half \udc00 pair", 7])
async def test_hostile_names_are_refused(store: Store, name: str) -> None:
    with pytest.raises(BadValue):
        await store.write(lambda tx: members.set_name(tx, "g", ALICE, name))


async def test_hostile_numbers_and_bytes_are_refused(store: Store) -> None:
    with pytest.raises(BadValue):
        await store.write(lambda tx: ballots.record(tx, "g", 2**63, b"", 1))
    with pytest.raises(BadValue):
        await store.write(lambda tx: ballots.record(tx, "g", 1, b"", float("inf")))
    with pytest.raises(BadValue):
        await store.write(lambda tx: bans.record(tx, "g", bytes(21), "", 1))
    with pytest.raises(BadValue):
        await store.write(lambda tx: bans.record(tx, "g", "text", "", 1))  # type: ignore[arg-type]


async def test_bans(store: Store) -> None:
    await store.write(lambda tx: bans.record(tx, "g", BOB, "spam", 2))
    await store.write(lambda tx: bans.record(tx, "g", ALICE, "x" * 100_000, 1))
    await store.write(lambda tx: bans.record(tx, "g", BOB, "more spam", 3))
    assert await store.read(lambda tx: bans.is_banned(tx, "g", BOB))
    assert not await store.read(lambda tx: bans.is_banned(tx, "h", BOB))
    assert (await store.read(lambda tx: bans.all_of(tx, "g")))[1] == Ban(BOB, "more spam", 3)
    assert await store.write(lambda tx: bans.lift(tx, "g", BOB))
    assert not await store.write(lambda tx: bans.lift(tx, "g", BOB))
    assert not await store.read(lambda tx: bans.is_banned(tx, "g", BOB))


async def test_ballots(store: Store) -> None:
    for ballot_id, time in ((7, 1), (4_000_000_000, 2), (5, 3)):
        await store.write(on(ballots.record, "g", ballot_id, b"%d" % ballot_id, time))
    assert not await store.write(lambda tx: ballots.record(tx, "g", 7, b"again", 9))
    assert await store.write(lambda tx: ballots.close(tx, "g", 7, b"", 10))
    assert not await store.write(lambda tx: ballots.close(tx, "g", 7, b"other result", 11))
    assert not await store.write(lambda tx: ballots.close(tx, "h", 5, b"", 11))
    open_ids = [row.ballot_id for row in await store.read(lambda tx: ballots.open_ones(tx, "g"))]
    assert open_ids == [4_000_000_000, 5]
    assert await store.read(lambda tx: ballots.over(tx, "g")) == [BallotRow(7, b"7", 1, b"", 10)]
    assert await store.write(lambda tx: ballots.prune(tx, 10)) == 0
    assert await store.write(lambda tx: ballots.prune(tx, 11)) == 1
    assert await store.read(lambda tx: ballots.over(tx, "g")) == []
    assert len(await store.read(lambda tx: ballots.open_ones(tx, "g"))) == 2
