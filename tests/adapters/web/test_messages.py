"""The tables: repetitions, pruning, revisions, hostile attachments."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.web import history, messages
from adapters.web.database import FILE, connect, transact
from adapters.web.errors import BadRequest, Unknown
from bridge.model.adapter import Outgoing
from bridge.model.message import Attachment, Author, Body
from tests.support.pages import ROOM

BOB = Author("matrix", "@bob:x", "Bob\u202e\n" * 50)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An open file; each statement is its own transaction."""
    made = connect(tmp_path)
    messages.open_room(made, "lobby")
    yield made
    made.close()


def out(key: str, text: str, **more: Any) -> Outgoing:
    return Outgoing(key, ROOM, Body(text), BOB, **more)


def test_a_repeated_edit_does_not_undo_a_later_one(tx: sqlite3.Connection) -> None:
    event = messages.show(tx, out("k", "a"))
    first = messages.correct(tx, out("e1", "b"), event)
    messages.correct(tx, out("e2", "c"), event)
    before = messages.revision(tx, "lobby")
    assert messages.correct(tx, out("e1", "b"), event) == first
    assert messages.revision(tx, "lobby") == before
    assert history.since(tx, "lobby", "u", 0).messages[0].text == "c"


def test_editing_what_is_gone_is_refused_and_deleting_it_is_not(tx: sqlite3.Connection) -> None:
    with pytest.raises(Unknown):
        messages.correct(tx, out("e", "b"), "gone")
    messages.erase(tx, "gone")
    event = messages.show(tx, out("k", "a"))
    messages.erase(tx, event)
    messages.correct(tx, out("e2", "b"), event)
    assert history.since(tx, "lobby", "u", 0).messages[0].text == ""


def test_changes_come_page_by_page_and_hidden_ones_are_skipped(tx: sqlite3.Connection) -> None:
    start = messages.revision(tx, "lobby")
    for i in range(130):
        messages.show(tx, out(f"k{i}", f"{i}", to_user="u2" if i % 10 == 0 else ""))
    first = history.since(tx, "lobby", "u1", start)
    assert (len(first.messages), first.more, first.reset) == (100, True, False)
    second = history.since(tx, "lobby", "u1", first.revision)
    assert (len(second.messages), second.more) == (17, False)
    assert second.revision == messages.revision(tx, "lobby")
    assert history.since(tx, "lobby", "u1", second.revision).messages == []


def test_who_was_away_for_too_long_begins_anew(tx: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "RESET_BEYOND", 5)
    start = messages.revision(tx, "lobby")
    for i in range(6):
        messages.show(tx, out(f"k{i}", f"{i}"))
    assert history.since(tx, "lobby", "u", start).reset
    assert not history.since(tx, "lobby", "u", start + 1).reset


def test_old_messages_and_refs_are_pruned(tx: sqlite3.Connection) -> None:
    file = Attachment("mxc://a", "a", "image/png", 3)
    for i in range(30):
        event = messages.show(tx, out(f"k{i}", f"{i}", attachments=(file,)))
        messages.react(tx, f"r{i}", event, "x", "u", "U")
    messages.prune(tx, "lobby", kept=10, kept_events=12)
    counts = [
        tx.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("messages", "files", "reactions", "events")
    ]
    assert counts == [10, 10, 10, 12]


def test_names_and_files_from_outside_are_cleaned(tx: sqlite3.Connection) -> None:
    files = tuple(Attachment("mxc://a", "a\r\nb\u202e.exe" * 50, "text/html\n", 3) for _ in range(30))
    messages.show(tx, out("k", "a\x00b", attachments=files))
    [seen] = history.since(tx, "lobby", "u", 0).messages
    assert seen.text == "ab"
    assert len(seen.author.name) <= 64
    assert len(seen.attachments) == messages.MAX_FILES
    for text in (seen.author.name, seen.attachments[0].name, seen.attachments[0].media_type):
        assert text.isprintable()


def test_reactions_are_bounded(tx: sqlite3.Connection) -> None:
    event = messages.show(tx, out("k", "a"))
    for i in range(messages.MAX_REACTIONS):
        messages.react(tx, f"r{i}", event, f"{i}", "u", "U")
    with pytest.raises(BadRequest):
        messages.react(tx, "more", event, "more", "u", "U")
    with pytest.raises(BadRequest):
        messages.react(tx, "more", event, "more", "u2", "U2")


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    connect(tmp_path).close()
    other = sqlite3.connect(tmp_path / FILE)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(sqlite3.DatabaseError, match="version 99"):
        connect(tmp_path)


def test_a_transaction_is_all_or_nothing(tx: sqlite3.Connection) -> None:
    def work(inner: sqlite3.Connection) -> None:
        messages.show(inner, out("k", "a"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transact(tx, work)
    assert history.since(tx, "lobby", "u", 0).messages == []
