"""Notices an event loop that hangs: a bridge that is dead must not look as if it ran.

A task on the loop beats; a thread beside it looks at the time of the last beat. When that is too long ago
the thread writes all stacks to standard error and ends the process with code 70, for the service manager
to start it again (nothing is lost: see "One transaction per event" in ARCHITECTURE.md).
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

EXIT_STALLED: Final = 70
"""EX_SOFTWARE of sysexits.h."""
BEAT: Final = 1.0
"""Seconds between beats."""


def _die() -> None:
    sys.stderr.write("the event loop hangs; all stacks follow, then the process ends\n")
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_STALLED)


class Watchdog:
    """`lag` is by how many seconds the last beat was late."""

    def __init__(
        self, limit: float, on_stall: Callable[[], None] = _die, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.lag = 0.0
        self._limit = limit
        self._on_stall = on_stall
        self._clock = clock
        self._last = clock()
        self._stop = threading.Event()

    @asynccontextmanager
    async def watching(self, beat: float = BEAT) -> AsyncIterator[None]:
        """Watch the running loop while the block runs."""
        task = asyncio.create_task(self._beat(beat), name="watchdog")
        thread = threading.Thread(target=self._look, args=(beat,), name="watchdog", daemon=True)
        self._last = self._clock()
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            task.cancel()

    async def _beat(self, beat: float) -> None:
        while True:
            before = self._clock()
            await asyncio.sleep(beat)
            self._last = self._clock()
            self.lag = max(0.0, self._last - before - beat)

    def _look(self, beat: float) -> None:
        while not self._stop.wait(beat):
            if self._clock() - self._last > self._limit:
                self._on_stall()
                return
