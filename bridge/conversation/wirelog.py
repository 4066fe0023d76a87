"""What went over the wire lately: a bounded map of digests to times."""

from __future__ import annotations

from bridge.model.bounded import BoundedMap


class WireLog:
    """Remembers the last `most` digests and when each was seen last (Unix seconds)."""

    def __init__(self, most: int = 8_192) -> None:
        self._times: BoundedMap[bytes, float] = BoundedMap(most)

    def note(self, digest: bytes, now: float) -> None:
        """This payload is on the wire now."""
        self._times[digest] = now

    def since(self, digest: bytes, time: float) -> bool:
        """Whether it was seen at `time` or later."""
        return self._times.get(digest, float("-inf")) >= time

    def digests(self, time: float) -> list[bytes]:
        """Those seen at `time` or later, oldest first."""
        return [digest for digest, at in self._times.items() if at >= time]

    def clear(self) -> None:
        """Forget all."""
        self._times.clear()
