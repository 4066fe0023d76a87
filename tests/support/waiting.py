"""How tests wait: the one place that decides when a test gives up.

A number of seconds says nothing about a machine that is busy with something else: what takes one second when
it is quiet takes twenty when it is not. So nothing here has a fixed end. A wait goes on while what it sees
moves, and when nothing has moved for FIRST seconds a *reference start* is measured: how long this machine
needs, at this moment, to start Python and import the bridge. A wait fails only when nothing has moved for
FIRST and STARTS of those, by a measurement taken after that time ran out; load that came meanwhile is in it.

    await until(lambda: group.epoch == 3, seen=group.status)     a condition
    async with guard(): await queue.get()                        anything that is awaited
    subprocess.run(command, timeout=limit())                     what blocks, and takes seconds
    await pause(2)                                               what must *not* happen has time to happen
    async with attempt(2): await queue.get()                     one try of several

tests/test_waits.py finds limits that are written as numbers elsewhere.
"""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar, overload

T = TypeVar("T")

FIRST: Final = 30.0
"""Seconds without a change before the machine is measured: what the clocks of a protocol may take."""
STARTS: Final = 60
"""Reference starts without a change, after those, before a wait fails: one to two minutes when it is quiet."""
LONGEST: Final = 10
"""A wait whose view changes for ever fails after this many patiences."""
FRESH: Final = 300.0
"""Seconds for which `limit` trusts a measurement."""
STEP: Final = 0.02

_ROOT: Final = Path(__file__).resolve().parent.parent.parent
_REFERENCE: Final = (sys.executable, "-c", "import bridge.process.run")


class Stuck(AssertionError):
    """Nothing moved any more; the text says what was seen last."""


def reference_start() -> float:
    """Seconds which starting Python with the bridge takes on this machine, now."""
    began = time.monotonic()
    subprocess.run(_REFERENCE, cwd=_ROOT, check=True, capture_output=True)
    return time.monotonic() - began


class _Limit:
    """The last measurement, for waits that cannot be extended once they have begun."""

    def __init__(self) -> None:
        self._start = 0.0
        self._measured = -FRESH

    def seconds(self, starts: int) -> float:
        if time.monotonic() - self._measured >= FRESH:
            self._start = reference_start()
            self._measured = time.monotonic()
        return FIRST + starts * self._start


_LIMIT: Final = _Limit()


def limit(starts: int = 2 * STARTS) -> float:
    """Seconds for a call that blocks and takes its limit beforehand (`timeout=`).

    Twice a wait's patience: load may come after the measurement, and this limit cannot grow with it. What is
    long work says how many reference starts it may take.
    """
    return _LIMIT.seconds(starts)


class Patience:
    """Whether to go on waiting. `look` at every turn; when `tired`, `measure` decides.

    `clock` and `start` (seconds of a reference start) are handed in by tests of this class only.
    """

    def __init__(
        self,
        seen: Callable[[], object] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        start: Callable[[], float] = reference_start,
    ) -> None:
        self._seen = seen
        self._clock = clock
        self._start = start
        self._began = self._moved = clock()
        self._patience = FIRST
        self.last = ""

    def look(self) -> None:
        """Note what is seen now."""
        if self._seen is None:
            return
        now = str(self._seen())
        if now != self.last:
            self.last, self._moved = now, self._clock()

    @property
    def tired(self) -> bool:
        """Whether nothing has moved for the patience that is known so far."""
        now = self._clock()
        return now - self._moved > self._patience or now - self._began > LONGEST * self._patience

    def measure(self) -> None:
        """Measure the machine (blocks). Raises Stuck when it is fast enough to have shown something."""
        before = self._clock()
        patience = FIRST + STARTS * self._start()
        # The measuring itself is not held against the wait.
        self._moved += self._clock() - before
        self._patience = patience
        if self.tired:
            raise Stuck(f"nothing moved for {before - self._moved:.0f} s; seen last: {self.last or 'nothing'}")


@overload
async def until(
    condition: Callable[[], Awaitable[T | None]],
    what: str = "",
    *,
    seen: Callable[[], object] | None = None,
    every: float = STEP,
) -> T: ...
@overload
async def until(
    condition: Callable[[], T | None],
    what: str = "",
    *,
    seen: Callable[[], object] | None = None,
    every: float = STEP,
) -> T: ...
async def until(
    condition: Callable[[], object],
    what: str = "",
    *,
    seen: Callable[[], object] | None = None,
    every: float = STEP,
) -> object:
    """Wait until `condition()` (awaited when it can be) is true, and return it.

    `what` is waited for, in words. `seen`: what is watched for movement and told on failure; without it, what
    the condition gives. Raises Stuck.
    """
    value: object = None
    patience = Patience(seen or (lambda: value))
    while True:
        result = condition()
        found = await result if inspect.isawaitable(result) else result
        if found:
            return found
        value = found
        patience.look()
        if patience.tired:
            await _measure(patience, what)
        await asyncio.sleep(every)


def until_now(
    condition: Callable[[], T], what: str = "", *, seen: Callable[[], object] | None = None, every: float = STEP
) -> T:
    """`until` for code without an event loop: blocks. Raises Stuck."""
    patience = Patience(seen)
    while not (found := condition()):
        patience.look()
        if patience.tired:
            try:
                patience.measure()
            except Stuck as stuck:
                raise Stuck(f"{what}: {stuck}") from None
        time.sleep(every)
    return found


@asynccontextmanager
async def guard(what: str = "", *, seen: Callable[[], object] | None = None) -> AsyncIterator[None]:
    """A limit for whatever is awaited inside. Raises Stuck there."""
    patience = Patience(seen)
    reason: list[Stuck] = []

    async def watch(bound: asyncio.Timeout) -> None:
        while True:
            await asyncio.sleep(0.1)
            patience.look()
            if patience.tired:
                try:
                    await _measure(patience, what)
                except Stuck as stuck:
                    reason.append(stuck)
                    bound.reschedule(asyncio.get_running_loop().time())
                    return

    try:
        async with asyncio.timeout(None) as bound:
            watching = asyncio.create_task(watch(bound))
            try:
                yield
            finally:
                watching.cancel()
    except TimeoutError:
        if not reason:  # somebody else's
            raise
        raise reason[0] from None


async def within(awaitable: Awaitable[T], what: str = "") -> T:
    """Await it under a guard. Raises Stuck."""
    async with guard(what):
        return await awaitable


def block(seconds: float) -> None:
    """Hold up this thread, and with it an event loop: a fault for what is to notice it."""
    time.sleep(seconds)


async def pause(seconds: float) -> None:
    """Let time pass so that what must not happen could. On a busy machine it shows less, but never fails."""
    await asyncio.sleep(seconds)


def attempt(seconds: float) -> asyncio.Timeout:
    """One try of several: when its TimeoutError comes the test does not fail, it tries again."""
    return asyncio.timeout(seconds)


async def _measure(patience: Patience, what: str) -> None:
    try:
        await asyncio.to_thread(patience.measure)
    except Stuck as stuck:
        raise Stuck(f"{what}: {stuck}" if what else str(stuck)) from None
