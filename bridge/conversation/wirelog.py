"""What went over the wire lately: a bounded map of digests to times."""

from __future__ import annotations

from collections import OrderedDict


class WireLog:
    """Remembers the last `most` digests and when each was seen last (Unix seconds)."""

    def __init__(self, most: int = 8_192) -> None:
        self._times: OrderedDict[bytes, float] = OrderedDict()
        self._most = most

    def note(self, digest: bytes, now: float) -> None:
        """This payload is on the wire now."""
        self._times[digest] = now
        self._times.move_to_end(digest)
        while len(self._times) > self._most:
            self._times.popitem(last=False)

    def since(self, digest: bytes, time: float) -> bool:
        """Whether it was seen at `time` or later."""
        return self._times.get(digest, float("-inf")) >= time

    def digests(self, time: float) -> list[bytes]:
        """Those seen at `time` or later, oldest first."""
        return [digest for digest, at in self._times.items() if at >= time]

    def clear(self) -> None:
        """Forget all."""
        self._times.clear()
