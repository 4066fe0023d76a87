"""Rate limits: token buckets per key, bounded in number, on a clock that tests can move."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from adapters.web.errors import TooMany
from bridge.model.bucket import Buckets

MAX_KEYS: Final = 10_000
"""Keys remembered per limit; the one that was quiet longest is forgotten first."""
Clock = Callable[[], float]


class Limit:
    """`burst` at once, then `per_minute`, for each key."""

    def __init__(self, burst: int, per_minute: float, text: str, clock: Clock = time.monotonic) -> None:
        self._text = text
        self._clock = clock
        self._buckets = Buckets(burst, per_minute / 60.0, MAX_KEYS)

    def take(self, key: str) -> None:
        """Use one. Raises TooMany, which uses none."""
        after = self._buckets.take(key, self._clock())
        if after:
            raise TooMany(f"{self._text} Please try again in {max(1, round(after))} s.", after)


class Limits:
    """All limits of one page."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        tries = "There were too many attempts to sign in."
        self.sign_in_address = Limit(20, 20, tries, clock)
        self.sign_in_name = Limit(6, 6, tries, clock)
        self.request = Limit(400, 3_000, "There were too many requests.", clock)
        self.say = Limit(120, 60, "You write faster than the group can read.", clock)
        self.file = Limit(60, 60, "There were too many downloads.", clock)
        self.frame = Limit(300, 1_200, "There were too many requests.", clock)
