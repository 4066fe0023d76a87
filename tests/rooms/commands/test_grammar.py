"""What is a command and what is chat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.rooms.commands.grammar import Call, parse


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("!join", Call("join", "")),
        ("  !JOIN \n", Call("join", "")),
        ("!vote 12  yes", Call("vote", "12  yes")),
        ("!ban @bob:server for\nspam", Call("ban", "@bob:server for\nspam")),
        ("!joim", Call("joim", "")),
        ("!join!", Call("join!", "")),
        ("/ban 00ff", Call("ban", "00ff")),
        ("/ban", Call("ban", "")),
    ],
)
def test_commands(text: str, call: Call) -> None:
    assert parse(text, "!") == call


@pytest.mark.parametrize(
    "text", ["", "!", "!!", "! join", "!1", "!?", "hello !join", "join", "/banana", "/join", "\\!join", "/ bar"]
)
def test_chat(text: str) -> None:
    assert parse(text, "!") is None


def test_another_prefix() -> None:
    assert parse("bridge: join", "bridge: ") == Call("join", "")
    assert parse("!join", "%") is None


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    call = parse(text, "!")
    assert (call is not None) == (
        (text.strip()[:1] == "!" and text.strip()[1:2].isalpha())
        or text.strip().lower() == "/ban"
        or (text.strip()[:4].lower() == "/ban" and text.strip()[4:5].isspace())
    )
    if call is not None:
        assert len(call.name) <= 40
