"""The bounded map of what was on the wire."""

from __future__ import annotations

from bridge.conversation.wirelog import WireLog


def test_knows_when_something_was_seen_last() -> None:
    log = WireLog()
    log.note(b"a", 10)
    log.note(b"b", 11)
    log.note(b"a", 12)
    assert log.since(b"a", 12)
    assert not log.since(b"a", 13)
    assert not log.since(b"c", 0)
    assert log.digests(0) == [b"b", b"a"]
    assert log.digests(12) == [b"a"]


def test_is_bounded_and_drops_what_was_not_seen_for_longest() -> None:
    log = WireLog(most=2)
    for time, name in enumerate([b"a", b"b", b"a", b"c"]):
        log.note(name, time)
    assert log.digests(0) == [b"a", b"c"]
    log.clear()
    assert log.digests(0) == []
