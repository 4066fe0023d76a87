"""How long to wait after failures in a row: the one place for it.

Each wait is twice the one before, up to a longest, times a random factor from 0.5 to 1: those who failed
together (all clients of a server that restarted) do not come back together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

DOUBLINGS: Final = 32
"""More make no difference, and numbers that a computer cannot hold."""


def wait(first: float, longest: float, failures: int, draw: float) -> float:
    """Seconds to wait after `failures` (1 or more) in a row.

    `first` and `longest` in seconds; `draw` is random, from 0 to 1.
    """
    return min(longest, first * 2.0 ** min(failures - 1, DOUBLINGS)) * (0.5 + draw / 2)


class Backoff:
    """Counts failures in a row. `random` gives numbers from 0 to 1."""

    def __init__(self, first: float, longest: float, random: Callable[[], float]) -> None:
        self._first = first
        self._longest = longest
        self._random = random
        self.failures = 0

    def failed(self, at_least: float = 0.0) -> float:
        """Count a failure; returns seconds to wait, never fewer than the other side asked for."""
        self.failures += 1
        return max(at_least, wait(self._first, self._longest, self.failures, self._random()))

    def succeeded(self) -> None:
        """Start anew."""
        self.failures = 0
