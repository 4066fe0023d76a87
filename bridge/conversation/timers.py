"""The group's timers in memory. They are stored with the event that set them and reloaded after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

LONGEST_SLEEP: Final = 30.0
"""Seconds after which the wall clock is read again: it may have been set, or the machine slept."""


class Timers:
    """Calls `fire(name, token)` on the event loop when `clock()` has reached a timer's time; once each."""

    def __init__(self, clock: Callable[[], float], fire: Callable[[str, int], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._due: dict[str, tuple[float, int]] = {}
        self._current: dict[str, int] = {}
        self._handle: asyncio.TimerHandle | None = None

    def replace_all(self, timers: Iterable[tuple[str, float, int]]) -> None:
        """Take (name, at, token) of these timers and forget all others."""
        self._due = {name: (at, token) for name, at, token in timers}
        self._current = {name: token for name, (_, token) in self._due.items()}
        self._arm()

    def put(self, name: str, at: float, token: int) -> None:
        """Set a timer (Unix seconds); one of the same name is replaced."""
        self._due[name] = (at, token)
        self._current[name] = token
        self._arm()

    def drop(self, name: str) -> None:
        """Forget a timer; unknown names are ignored."""
        self._due.pop(name, None)
        self._current.pop(name, None)
        self._arm()

    def is_current(self, name: str, token: int) -> bool:
        """Whether this timer, which may have fired already, was not replaced or dropped since."""
        return self._current.get(name) == token

    def stop(self) -> None:
        """Fire no more."""
        self._due.clear()
        self._arm()

    def _arm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._due:
            wait = min(at for at, _ in self._due.values()) - self._clock()
            loop = asyncio.get_running_loop()
            self._handle = loop.call_at(loop.time() + min(max(wait, 0.0), LONGEST_SLEEP), self._wake)

    def _wake(self) -> None:
        self._handle = None
        now = self._clock()
        due = sorted((at, name, token) for name, (at, token) in self._due.items() if at <= now)
        for _, name, token in due:
            del self._due[name]
            self._fire(name, token)
        self._arm()
