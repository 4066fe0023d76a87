"""The receiving half that transports share: filter, echo suppression, order, bounded queue, counters.

Order: a go-waku relay validates messages concurrently and so passes them on out of order (measured: 10 % of
the messages of a burst, by up to 16 places, and some even at 10 ms distance on a busy machine). Each message
is therefore held for a moment, and what came in that moment leaves in the order of the senders' clocks. A
wrong clock can only change the order within that moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import itertools
from collections import Counter, deque
from collections.abc import Collection, Iterator
from typing import Final

from bridge.model.bounded import BoundedMap
from bridge.waku.transport import WakuMessage

MAX_WAITING: Final = 8_192
"""Messages that wait for `receive`; what comes on top is dropped and counted (our choice)."""

MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Payload bytes that wait for `receive` (our choice)."""

SETTLE: Final = 0.05
"""Seconds that a message is held by default: three times the displacement measured with go-waku 0.10."""

ECHOES_KEPT: Final = 4_096
"""Own messages remembered to recognise their echo; older echoes are dropped by the store (our choice)."""


class Inbox:
    """Messages from the network on their way to `receive`. `settle`: seconds each is held; 0 for none."""

    def __init__(self, settle: float = 0.0) -> None:
        self.counters: Counter[str] = Counter()
        self._wanted: set[str] = set()
        self._queue: deque[WakuMessage] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._own: BoundedMap[bytes, None] = BoundedMap(ECHOES_KEPT)
        self._settle = settle
        self._held: list[tuple[int, int, WakuMessage]] = []
        """A heap of (timestamp, number of arrival, message)."""
        self._due: deque[tuple[float, int]] = deque()
        """(time of the event loop at which it is due, timestamp) by arrival."""
        self._numbers = itertools.count()

    def subscribe(self, content_topics: Collection[str]) -> None:
        """Also let these content topics in."""
        self._wanted.update(content_topics)

    def sent(self, message: WakuMessage) -> None:
        """Remember an own message, by its whole content: `meta` alone may be copied by anybody.

        Called before it is published: its echo may be here before the publish returns.
        """
        self._own[_digest(message)] = None

    def put(self, message: WakuMessage) -> None:
        """Queue a message, unless nobody wants it, it is one's own, or there is no room."""
        self.counters["received"] += 1
        if message.content_topic not in self._wanted:
            self.counters["filtered"] += 1
        elif _digest(message) in self._own:
            self.counters["echoes"] += 1
        elif len(self) >= MAX_WAITING or self._bytes + len(message.payload) > MAX_WAITING_BYTES:
            self.counters["dropped"] += 1
        else:
            self._bytes += len(message.payload)
            if self._settle:
                self._hold(message)
            else:
                self._release(message)

    async def get(self) -> WakuMessage:
        """The oldest message; waits for one. Cancelling loses nothing: nothing is taken before the wait."""
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()
        message = self._queue.popleft()
        self._bytes -= len(message.payload)
        return message

    def __len__(self) -> int:
        return len(self._queue) + len(self._held)

    @property
    def wanted(self) -> frozenset[str]:
        """The content topics let in."""
        return frozenset(self._wanted)

    def snapshot(self) -> Iterator[tuple[str, int]]:
        """Names and values of the counters, and `waiting`."""
        yield from self.counters.items()
        yield "waiting", len(self)

    def _hold(self, message: WakuMessage) -> None:
        loop = asyncio.get_running_loop()
        heapq.heappush(self._held, (message.timestamp_ns, next(self._numbers), message))
        if not self._due:
            loop.call_later(self._settle, self._release_due)
        self._due.append((loop.time() + self._settle, message.timestamp_ns))

    def _release_due(self) -> None:
        """Release what was held long enough, and before each whatever is older by its sender's clock."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._due and self._due[0][0] <= now:
            _, timestamp = self._due.popleft()
            while self._held and self._held[0][0] <= timestamp:
                self._release(heapq.heappop(self._held)[2])
        if self._due:
            loop.call_at(self._due[0][0], self._release_due)

    def _release(self, message: WakuMessage) -> None:
        self._queue.append(message)
        self._filled.set()


def _digest(message: WakuMessage) -> bytes:
    """Over all that tells two messages apart: somebody else may well publish the same payload."""
    topic = message.content_topic.encode(errors="replace")
    digest = hashlib.sha256(message.timestamp_ns.to_bytes(9, signed=True))
    for part in (topic, message.meta, message.payload):
        digest.update(len(part).to_bytes(4) + part)
    return digest.digest()
