"""Declarations of commands, and the values that they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.commands import BadValue, CommandSpec, Kind, Parameter, Value, find

EACH = [
    Parameter("x", Kind.CHOICE, "it", words=("yes",)) if kind is Kind.CHOICE else Parameter("x", kind, "it")
    for kind in Kind
]


@given(st.sampled_from(EACH), st.text(st.characters(exclude_characters='"'), max_size=80))
def test_reading_is_total_and_gives_a_value_of_the_kind(parameter: Parameter, text: str) -> None:
    try:
        value = parameter.read(text)
    except BadValue:
        return
    assert parameter.check(value) == value
    assert parameter.read(parameter.write(value).strip('"')) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.BALLOT, -1),
        (Kind.BALLOT, "7"),
        (Kind.BALLOT, 2**64),
        (Kind.DURATION, 10**9),
        (Kind.WALLET, "0x" + "00" * 20),
        (Kind.WALLET, bytes(21)),
        (Kind.SIGNATURE, bytes(20)),
        (Kind.MEMBER, ""),
        (Kind.MEMBER, "a\nb"),
        (Kind.MEMBER, "a" * 257),
        (Kind.MEMBER, b"a"),
        (Kind.TEXT, "a" * 1_001),
        (Kind.TEXT, 1),
    ],
)
def test_what_is_no_value(kind: Kind, value: Value) -> None:
    with pytest.raises(BadValue):
        Parameter("x", kind, "it").check(value)


@pytest.mark.parametrize("name", ["", "Vote", "a b c", "vote!", " vote", "1st"])
def test_names(name: str) -> None:
    with pytest.raises(ValueError, match="name of a command"):
        CommandSpec(name, "does it")


def test_a_declaration_that_no_text_could_follow_is_refused() -> None:
    rest = Parameter("reason", Kind.TEXT, "why", rest=True)
    with pytest.raises(ValueError, match="last"):
        CommandSpec("x", "does it", (rest, Parameter("who", Kind.MEMBER, "whom")))
    with pytest.raises(ValueError, match="different"):
        CommandSpec("x", "does it", (rest, rest))
    with pytest.raises(ValueError, match="words"):
        Parameter("x", Kind.CHOICE, "it")
    with pytest.raises(ValueError, match="name of a parameter"):
        Parameter("X y", Kind.TEXT, "it")


def test_usage() -> None:
    spec = CommandSpec(
        "do it",
        "does it",
        (
            Parameter("who", Kind.MEMBER, "whom"),
            Parameter("how", Kind.CHOICE, "how", words=("so", "not")),
            Parameter("ballot", Kind.BALLOT, "which", optional=True),
        ),
    )
    assert spec.usage("!") == "!do it <who> so|not [ballot]"
    assert find([spec], "do it") is spec
    assert find([spec], "do") is None
