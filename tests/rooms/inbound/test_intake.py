"""Commands of controls, as they are stored: what is declared comes back as it was, anything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.model.adapter import InboundCommand
from bridge.model.commands import Arguments, CommandSpec, Kind, Parameter
from bridge.model.ids import RoomRef
from bridge.model.message import Author
from bridge.rooms.inbound import intake

SPEC = CommandSpec(
    "do it",
    "does it",
    (
        Parameter("who", Kind.MEMBER, "whom", optional=True),
        Parameter("ballot", Kind.BALLOT, "which", optional=True),
        Parameter("wallet", Kind.WALLET, "whose", optional=True),
        Parameter("seconds", Kind.DURATION, "how long", optional=True, high=60),
    ),
)
ROOM = RoomRef("paper", "a")


def command(arguments: Arguments, name: str = "do it", **more: str) -> InboundCommand:
    return InboundCommand("event", ROOM, Author("paper", "alice", "Alice"), name, arguments, 1_000, **more)


OPTIONAL = {
    "who": st.sampled_from(["Bob", "0x" + "11" * 20, "Carol von B"]),
    "ballot": st.integers(0, 2**64 - 1),
    "wallet": st.binary(min_size=20, max_size=20),
    "seconds": st.integers(0, 60),
}


@given(st.fixed_dictionaries({}, optional=OPTIONAL))
def test_what_is_declared_comes_back(arguments: Arguments) -> None:
    event = command(arguments, reply_to_event="card", thread_event="thread")
    assert intake.decode(intake.encode(event, [SPEC])) == event


@given(
    st.dictionaries(
        st.text(max_size=8), st.one_of(st.text(max_size=400), st.integers(), st.binary(max_size=80))
    )
)
def test_anything_else_is_refused(arguments: Arguments) -> None:
    try:
        stored = intake.encode(command(arguments), [SPEC])
    except intake.Unusable:
        return
    event = intake.decode(stored)
    assert isinstance(event, InboundCommand)
    assert SPEC.check(event.arguments) == event.arguments == arguments


@pytest.mark.parametrize("name", ["do", "it", "Do it", "", "do it " * 100])
def test_an_unknown_command_is_refused(name: str) -> None:
    with pytest.raises(intake.Unusable, match="there is no command"):
        intake.encode(command({}, name), [SPEC])


@pytest.mark.parametrize("more", [{"reply_to_event": "x" * 300}, {"thread_event": "a\0b"}])
def test_ids_are_bounded(more: dict[str, str]) -> None:
    with pytest.raises(intake.Unusable):
        intake.encode(command({}, **more), [SPEC])


def test_its_author_and_time_are_cleaned() -> None:
    event = InboundCommand("event", ROOM, Author("paper", "alice", "A\nB" * 200), "do it", {}, -5)
    stored = intake.decode(intake.encode(event, [SPEC]))
    assert isinstance(stored, InboundCommand)
    assert stored.time_ms == 0
    assert "\n" not in stored.author.display_name
