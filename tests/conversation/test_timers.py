"""Timers on a clock that the test sets."""

from __future__ import annotations

import asyncio

from bridge.conversation.timers import Timers


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def make() -> tuple[Clock, Timers, list[tuple[str, int]]]:
    clock, fired = Clock(), list[tuple[str, int]]()
    return clock, Timers(clock, lambda name, token: fired.append((name, token))), fired


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_fires_what_is_due_in_order_of_time_and_only_once() -> None:
    clock, timers, fired = make()
    timers.put("late", 999.0, 2)
    timers.put("first", 990.0, 1)
    timers.put("future", 5_000.0, 3)
    await turn()
    assert fired == [("first", 1), ("late", 2)]
    await turn()
    assert len(fired) == 2
    clock.now = 6_000.0
    timers.put("other", 9_000.0, 4)  # reads the clock again
    await turn()
    assert fired[2:] == [("future", 3)]
    timers.stop()


async def test_a_replaced_or_dropped_timer_does_not_fire() -> None:
    clock, timers, fired = make()
    timers.put("a", 1_010.0, 1)
    timers.put("a", 1_020.0, 2)
    timers.put("b", 1_010.0, 3)
    timers.drop("b")
    timers.drop("never set")
    clock.now = 1_015.0
    timers.put("z", 2_000.0, 9)
    await turn()
    assert fired == []
    clock.now = 1_020.0
    timers.put("z", 2_000.0, 9)
    await turn()
    assert fired == [("a", 2)]
    timers.stop()


async def test_a_fired_timer_is_current_until_replaced_or_dropped() -> None:
    _, timers, fired = make()
    timers.put("a", 1.0, 7)
    await turn()
    assert fired == [("a", 7)]
    assert timers.is_current("a", 7)
    assert not timers.is_current("a", 6)
    timers.put("a", 2_000.0, 8)
    assert not timers.is_current("a", 7)
    timers.drop("a")
    assert not timers.is_current("a", 8)


async def test_reloading_forgets_all_others() -> None:
    _, timers, fired = make()
    timers.put("gone", 2_000.0, 1)
    timers.replace_all([("kept", 10.0, 5)])
    await turn()
    assert fired == [("kept", 5)]
    assert not timers.is_current("gone", 1)
