"""What the adapter remembers."""

from __future__ import annotations

import pytest

from adapters.discord.store import KEPT_PER_PLACE, KEPT_SENDS, SLACK, Seen, Sent, Store, digest
from bridge.model.adapter import DeliveryError
from tests.support.memory_store import MemoryStore


@pytest.fixture
def store() -> Store:
    return Store()


def test_an_intent_has_no_message_until_it_was_made(store: Store) -> None:
    store.intend(Sent("k", 0, 5, 9, "d", 3, "lead", "tail"))
    assert store.sent("k", 0) == Sent("k", 0, 5, 9, "d", 3, "lead", "tail", None)
    assert store.parts("77") == []
    store.made("k", 0, 77)
    assert store.is_own(77)
    assert store.event_of(77) == "77"
    assert store.place_of(77) == 5
    assert store.is_own_webhook(9)
    assert not store.is_own_webhook(8)


def test_the_parts_of_a_message_are_one_event(store: Store) -> None:
    for part, message in enumerate((70, 71, 72)):
        store.intend(Sent("k", part, 5, 0, "d", 3))
        store.made("k", part, message)
    assert [each.message for each in store.parts("70")] == [70, 71, 72]
    assert store.event_of(72) == "70"
    store.retire("k", 2)
    assert store.is_own(72)
    assert [each.message for each in store.parts("70")] == [70, 71]


async def loaded(rows: MemoryStore) -> Store:
    store = Store()
    store.attach(rows)
    await store.load()
    return store


async def test_it_survives_a_restart() -> None:
    rows = MemoryStore()
    first = await loaded(rows)
    for change in (
        first.intend(Sent("k", 0, 5, 0, "d", 3)),
        first.intend(Sent("l", 0, 5, 8, "d", 3)),
        first.made("l", 0, 11),
        first.changed("l", 0, "e"),
        first.saw(Seen(12, 5, "x", 1, "Alice", False)),
        first.keep_webhook(5, 99),
        first.note_reaction(12, 1, "x", True, 1),
        first.lend_reaction(12, "y", "a"),
        first.note_ban(1, 2, True, 1),
    ):
        await first.save(change)
    second = await loaded(rows)
    assert second.sent("k", 0) == Sent("k", 0, 5, 0, "d", 3)
    assert second.parts("11") == [Sent("l", 0, 5, 8, "e", 3, message=11)]
    assert second.seen(12) == Seen(12, 5, "x", 1, "Alice", False)
    assert (second.webhook(5), second.latest(5)) == (99, 12)
    assert second.is_own_webhook(8)
    assert second.reaction_news(12, 1, "x", True) == 0
    assert second.return_reaction(12, "y", "a")[0]
    assert second.ban_news(1, 2, True) == 0
    await second.save(second.retire("l", 0))
    await second.save(second.forget("k", 0))
    third = await loaded(rows)
    assert (third.sent("k", 0), third.sent("l", 0)) == (None, None)
    assert third.is_own(11)


async def test_rows_are_bounded_as_the_memory_is() -> None:
    rows = MemoryStore()
    store = await loaded(rows)
    for message in range(1, KEPT_PER_PLACE + 200):
        await store.save(store.saw(Seen(message, 5, "x", 1, "Alice", False)))
    stored = await rows.read(lambda at: at.count("seen"))
    assert KEPT_PER_PLACE <= stored <= KEPT_PER_PLACE + SLACK
    assert (await loaded(rows)).seen_since(5, 0) == store.seen_since(5, 0)


def test_the_oldest_sends_are_forgotten(store: Store) -> None:
    for message in range(1, KEPT_SENDS + 2 * SLACK):
        store.intend(Sent(f"k{message}", 0, 5, 0, "d", 3))
        store.made(f"k{message}", 0, message)
    assert KEPT_SENDS <= len(store.messages()) <= KEPT_SENDS + SLACK
    assert not store.is_own(1)
    assert store.is_own(KEPT_SENDS + SLACK)


def test_old_messages_are_forgotten(store: Store) -> None:
    for message in range(1, 3 * KEPT_PER_PLACE):
        store.saw(Seen(message, 5, "x", 1, "Alice", False))
    kept = store.seen_since(5, 0)
    assert KEPT_PER_PLACE <= len(kept) <= KEPT_PER_PLACE + 64
    assert kept[-1].message == 3 * KEPT_PER_PLACE - 1


def test_a_reaction_that_comes_again_is_news_and_a_doubled_event_is_not(store: Store) -> None:
    assert store.reaction_news(1, 2, "x", False) == 0
    for count in (1, 2):
        assert store.reaction_news(1, 2, "x", True) == count
        store.note_reaction(1, 2, "x", True, count)
        assert store.reaction_news(1, 2, "x", True) == 0
        assert store.reaction_news(1, 2, "x", False) == count
        store.note_reaction(1, 2, "x", False, count)


def test_a_shared_reaction_goes_with_its_last_owner(store: Store) -> None:
    store.lend_reaction(1, "x", "a")
    store.lend_reaction(1, "x", "b")
    assert not store.return_reaction(1, "x", "a")[0]
    assert store.return_reaction(1, "x", "b")[0]


def test_bans_are_news_once(store: Store) -> None:
    assert store.ban_news(1, 2, True) == 1
    store.note_ban(1, 2, True, 1)
    assert store.ban_news(1, 2, True) == 0
    assert store.ban_news(1, 2, False) == 2


def test_ids_that_are_none_find_nothing(store: Store) -> None:
    for wrong in ("", "x", "i:5", "9" * 30, "5:edit:1"):
        assert store.parts(wrong) == []


async def test_without_a_store_it_says_so(store: Store) -> None:
    with pytest.raises(DeliveryError, match="no store"):
        await store.load()


def test_digests_tell_texts_apart() -> None:
    assert digest("a", "b") != digest("ab", "")
    assert digest("a") == digest("a")
