"""How long to wait after failures in a row."""

from __future__ import annotations

import random

FIRST = 0.5
"""Seconds after the first failure."""
CAP = 60.0
"""Seconds at most; nio's own ceiling (max_timeout_retry_wait_time)."""


class Backoff:
    """Doubles with every failure, with jitter of ±50 % so that many clients do not come back at once."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, no secret
        self.failures = 0

    def failed(self, at_least: float = 0.0) -> float:
        """Count a failure; returns seconds to wait, never fewer than the server asked for."""
        delay = min(CAP, FIRST * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return max(at_least, delay * self._rng.uniform(0.5, 1.5))

    def succeeded(self) -> None:
        """Start anew."""
        self.failures = 0
