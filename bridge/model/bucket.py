"""Token buckets: a burst at once, then so many per second, for each key."""

from __future__ import annotations

from collections.abc import Hashable

from bridge.model.bounded import BoundedMap


class Buckets:
    """One limit. `most_keys` are remembered; the key that was quiet for longest begins anew, bucket full."""

    def __init__(self, burst: float, per_second: float, most_keys: int) -> None:
        self._burst = float(burst)
        self._rate = per_second
        self._left: BoundedMap[Hashable, tuple[float, float]] = BoundedMap(most_keys)

    def take(self, key: Hashable, now: float) -> float:
        """Use one: 0.0; or seconds until there is one again, and none is used. `now` in seconds, of any clock.

        A clock that goes back gives nothing and takes nothing.
        """
        left, at = self._left.get(key, (self._burst, now))
        left = min(self._burst, left + max(now - at, 0.0) * self._rate)
        # Written in both cases: somebody who keeps asking is not forgotten, and so does not begin anew.
        self._left[key] = (left - 1.0 if left >= 1.0 else left, now)
        return 0.0 if left >= 1.0 else (1.0 - left) / self._rate
