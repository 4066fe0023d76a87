"""A hanging loop is noticed; a busy one is not taken for hanging."""

from __future__ import annotations

import asyncio
import threading

from bridge.process.watchdog import Watchdog
from tests.support.waiting import block, limit


async def test_a_loop_that_hangs_is_noticed() -> None:
    stalled = threading.Event()
    async with Watchdog(0.05, stalled.set).watching(beat=0.01):
        # Blocks the loop on purpose, until the watchdog's thread notices.
        assert stalled.wait(limit())


async def test_a_loop_that_runs_is_left_alone() -> None:
    stalled = threading.Event()
    watchdog = Watchdog(60, stalled.set)
    async with watchdog.watching(beat=0.01):
        await asyncio.sleep(0.1)
    assert not stalled.is_set()


async def test_lag_is_measured() -> None:
    watchdog = Watchdog(60, lambda: None)
    async with watchdog.watching(beat=0.01):
        await asyncio.sleep(0.05)
        block(0.2)  # what is to be seen
        while watchdog.lag < 0.1:
            await asyncio.sleep(0)
