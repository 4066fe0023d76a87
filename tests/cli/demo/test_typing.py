"""What is typed in the demo, and how keys become lines."""

from __future__ import annotations

import pytest

from bridge.cli.demo.people import PEOPLE, Become, NotUnderstood, Said, parse
from bridge.cli.demo.screen import LineEditor, shown_name
from bridge.ops.report import Group

ALICE, BOB = PEOPLE["alice"], PEOPLE["bob"]


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("hello", Said(ALICE, "hello")),
        ("bob: hello", Said(BOB, "hello")),
        (" Bob : hello: you", Said(BOB, "hello: you")),
        ("note: this", Said(ALICE, "note: this")),
        ("/as bob", Become(BOB)),
        ("/ban f39f", Said(ALICE, "/ban f39f")),
        ("bob: !vote 3 yes", Said(BOB, "!vote 3 yes")),
    ],
)
def test_lines(line: str, meaning: Said | Become) -> None:
    assert parse(line, ALICE) == meaning


@pytest.mark.parametrize("line", ["", "bob:", "/as", "/as dave"])
def test_what_means_nothing(line: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(line, ALICE)


def test_keys_become_lines() -> None:
    editor = LineEditor()
    keys = "hxé".encode()
    assert list(editor.feed(keys[:-1])) == []
    assert list(editor.feed(keys[-1:])) == []
    assert editor.text == "hxé"
    assert list(editor.feed(b"\x7f\x7fi\nnext\x15\t\x1b")) == ["hi", "\t"]
    assert editor.text == ""


def test_a_voter_without_a_name_is_not_shown_as_a_bridge() -> None:
    group = Group("g", "demls:g@0x01", "working", 0.0, 1, True, ("0x01", "0x0203", "0x04"), ("0x0203", "0x04"),
                  0, 0, {"0x04": "Bob"}, {}, None)  # fmt: skip
    assert [shown_name(group, member) for member in group.members] == ["a bridge", "0x0203...", "Bob"]
