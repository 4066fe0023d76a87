"""A batch of events: what counts as known afterwards."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.conversation.batch import Batch
from bridge.conversation.intake import Intake, Received
from bridge.conversation.turn import Outcome
from bridge.model.notices import Refused
from bridge.protocol.errors import Malformed, QueueFull
from bridge.protocol.events import Topic

NOW = 1_800_000_000.0


def refused(code: str) -> Outcome:
    """All that comes of an event is a refusal."""
    return Outcome(notices=[Refused(code, "")], refused=Counter({code: 1}))


def batch(outcome: Outcome) -> Batch:
    """One of a group whose engine answers everything with `outcome`."""
    runner = SimpleNamespace(handle=lambda _event, _now: outcome)
    loaded: Any = SimpleNamespace(runner=runner, joined=True)
    intake = Intake("room")
    return Batch("room", loaded, intake, lambda *_: True, lambda _: pytest.fail("no request"), set())


def test_what_there_was_no_room_for_may_come_again() -> None:
    """Neither marked as seen nor named to peers as known: history has to bring it again."""
    taken = batch(refused(QueueFull.code))
    taken.run(Received(Topic.APP, b"\0\1mls"), NOW)
    assert (taken.marks, taken.spare, taken.archived) == ([], [], [])


def test_what_is_refused_for_good_is_not_asked_for_again() -> None:
    taken = batch(refused(Malformed.code))
    received = Received(Topic.APP, b"\0\1mls")
    taken.run(received, NOW)
    assert taken.marks == []
    assert taken.spare == [Intake("room").keys(received)[1]]
