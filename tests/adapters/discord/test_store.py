"""What the adapter remembers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.discord.store import KEPT_PER_PLACE, Seen, Sent, Store, digest
from bridge.model.adapter import DeliveryError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "state")
    yield made
    made.close()


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


def test_it_survives_a_restart(tmp_path: Path) -> None:
    first = Store(tmp_path)
    first.intend(Sent("k", 0, 5, 0, "d", 3))
    first.saw(Seen(12, 5, "x", 1, "Alice", False))
    first.keep_webhook(5, 99)
    second = Store(tmp_path)  # the first was never closed: a crash
    assert second.sent("k", 0) is not None
    assert second.seen(12) == Seen(12, 5, "x", 1, "Alice", False)
    assert second.webhook(5) == 99
    assert second.latest(5) == 12
    first.close()
    second.close()
    assert (tmp_path / "discord.sqlite3").stat().st_mode & 0o777 == 0o600


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
    assert not store.return_reaction(1, "x", "a")
    assert store.return_reaction(1, "x", "b")


def test_bans_are_news_once(store: Store) -> None:
    assert store.ban_news(1, 2, True) == 1
    store.note_ban(1, 2, True, 1)
    assert store.ban_news(1, 2, True) == 0
    assert store.ban_news(1, 2, False) == 2


def test_ids_that_are_none_find_nothing(store: Store) -> None:
    for wrong in ("", "x", "i:5", "9" * 30, "5:edit:1"):
        assert store.parts(wrong) == []


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DeliveryError, match="cannot be made"):
        Store(tmp_path / "file" / "x").webhook(1)


def test_digests_tell_texts_apart() -> None:
    assert digest("a", "b") != digest("ab", "")
    assert digest("a") == digest("a")
