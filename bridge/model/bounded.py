"""Maps that others may fill, and that stay small all the same."""

from __future__ import annotations

from collections import UserDict
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedMap(UserDict[K, V]):
    """At most `most` keys: what was written longest ago gives way. Reading does not count, `touch` does."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__()

    def __setitem__(self, key: K, value: V) -> None:
        # Taken out first: a dict keeps the place of a key that is written again, and order is age here.
        self.data.pop(key, None)
        self.data[key] = value
        while len(self.data) > self.most:
            del self.data[next(iter(self.data))]

    def touch(self, key: K) -> V | None:
        """The value, which counts as written now; None when it is not there."""
        if key in self.data:
            self.data[key] = self.data.pop(key)
        return self.data.get(key)
