"""Two bridges in one process: real store, real MLS, real engine; only the network is in memory.

Accepted: alice's bridge has the message on disk (what a person waits for). End to end: bob's bridge has it on
disk, as a row that their room would show. Both share one process, thus one Python: two machines do better.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bridge.conversation.tuning import Tuning
from bridge.model.ids import RoomRef
from bridge.model.notices import Chat, Notice
from bridge.waku.memory import MemoryHub
from tests.bench.table import Table, milliseconds, progress, quantile
from tests.support.conversations import ALICE, BOB, Node, Shown, joined

PATIENCE = 120.0
"""Seconds until a bench that hangs is given up."""


class Room(Shown):
    """Rows as any `Shown`, and for each message the moment after its commit."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, float] = {}
        """Text of a message: when it was on disk (`perf_counter`, seconds)."""
        self._arrived = asyncio.Event()

    def committed(self, group: str, notices: Sequence[Notice], rooms: frozenset[RoomRef]) -> None:
        """Everything written so far is on disk: a group's transactions follow each other."""
        super().committed(group, notices, rooms)
        now, fresh = time.perf_counter(), _texts(self.notices)
        self.notices.clear()
        self.at.update((text, now) for text in fresh if text not in self.at)
        self._arrived.set()

    async def holds(self, texts: Sequence[str]) -> None:
        """Wait until all of these are on disk."""
        async with asyncio.timeout(PATIENCE):
            while not all(text in self.at for text in texts):
                self._arrived.clear()
                await self._arrived.wait()


def _texts(notices: Sequence[Notice]) -> list[str]:
    return [notice.message.body.plain for notice in notices if isinstance(notice, Chat)]


async def run(quick: bool) -> Table:
    """A burst (throughput), then one message at a time (latency)."""
    burst, single = (200, 20) if quick else (3_000, 200)
    with tempfile.TemporaryDirectory() as data:
        hub, room = MemoryHub(), Room()
        # As in production: the tests' hasty history requests would be measured too.
        alice = Node(ALICE, Path(data, "alice.db"), hub, create=True, tuning=Tuning())
        bob = Node(BOB, Path(data, "bob.db"), hub, tuning=Tuning(), shown=room)
        await alice.start()
        await bob.start()
        try:
            progress("bob joins alice's group")
            await joined(alice, bob)
            progress(f"alice says {burst:,} messages at once")
            rows = await _burst(alice, bob, room, burst)
            progress(f"alice says {single} messages one by one")
            rows += await _one_by_one(alice, room, single)
        finally:
            await alice.stop()
            await bob.stop()
    title = f"conversation: two bridges in one process, {burst:,} messages at once, then {single} one by one"
    return Table(title, ("figure", "value", "unit"), tuple(rows))


async def _burst(alice: Node, bob: Node, room: Room, count: int) -> list[tuple[str, str, str]]:
    texts = [f"burst {number}" for number in range(count)]
    before = alice.group.transactions, bob.group.transactions
    start = time.perf_counter()
    await asyncio.gather(*(alice.say(text) for text in texts))
    accepted = time.perf_counter() - start
    await room.holds(texts)
    shown = max(room.at[text] for text in texts) - start
    return [
        ("accepted", f"{count / accepted:,.0f}", "messages/s"),
        ("end to end", f"{count / shown:,.0f}", "messages/s"),
        ("sender's transactions", str(alice.group.transactions - before[0]), ""),
        ("receiver's transactions", str(bob.group.transactions - before[1]), ""),
    ]


async def _one_by_one(alice: Node, room: Room, count: int) -> list[tuple[str, str, str]]:
    accepted, shown = [], []
    for number in range(count):
        text = f"single {number}"
        start = time.perf_counter()
        await alice.say(text)
        accepted.append(time.perf_counter() - start)
        await room.holds([text])
        shown.append(room.at[text] - start)
    return [
        (f"{name}, {label}", milliseconds(quantile(values, part)), "ms")
        for name, values in (("accepted", accepted), ("end to end", shown))
        for label, part in (("p50", 0.5), ("p95", 0.95))
    ]
