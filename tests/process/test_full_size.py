"""A bridge's life at full size: what it costs does not grow with what it has done, nor does its file.

Messages go the whole way of a real one: the inbox, the worker, the conversation with its engine and MLS, the
fan-out, the deliveries. Only platform and network are null. The clock jumps, so that two months of ageing pass
in the run, and the pruner works as in real life.

`FULL_SIZE` messages (30,000; `make soak` has 100,000), in `CHUNKS` chunks of equal size. Compared are medians
of the chunks' CPU time in the last and in the second tenth (the first fills caches): CPU time, because others
use the machine too. It still varies by some percent with caches and clock rates, so when the last tenth is
dearer than `DEARER` times, another tenth is sent and measured, up to `TRIES` times: noise passes, growth does
not.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bridge.conversation.groups import Groups
from bridge.conversation.manager import Manager
from bridge.conversation.services import Services
from bridge.model.adapter import AdapterHealth, Capabilities, InboundMessage, Inbox, Outgoing
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body
from bridge.process.compose import mls_factory
from bridge.process.pruner import DAY, Pruner
from bridge.protocol.engine import EngineConfig
from bridge.rooms.commands.router import Router
from bridge.rooms.commands.sentences import say
from bridge.rooms.mirror import Mirror
from bridge.storage.size import database_bytes
from bridge.storage.store import Store
from bridge.waku.memory import MemoryHub, MemoryTransport
from tests.support.conversations import ALICE, GROUP, KEY, NAME, POLICY
from tests.support.mirrors import wallet_address
from tests.support.world import Wallets

SIZE: Final = int(os.environ.get("FULL_SIZE", "30000"))
CHUNKS: Final = 100
TENTH: Final = CHUNKS // 10
DAYS: Final = 2.0
"""Between chunks: the whole run has 200 days, `KEEP_DAYS` of which are a twelfth."""
KEEP_DAYS: Final = 16.0
AT_ONCE: Final = 50
"""Messages handed over together, as after a pause of the network."""
DEARER: Final = 1.2
TRIES: Final = 3
ROOMS: Final = (RoomRef("null", "a"), RoomRef("null", "b"))


class Null:
    """A platform that shows everything at once and keeps nothing."""

    platform = "null"

    def __init__(self) -> None:
        self.sent = 0
        self.changed = asyncio.Condition()

    async def start(self, inbox: Inbox) -> None:
        """Nothing to connect."""

    async def run(self) -> None:
        """Nothing to receive."""

    async def stop(self) -> None:
        """Nothing to stop."""

    def describe(self, room: RoomRef) -> Capabilities:
        return Capabilities()

    def health(self) -> AdapterHealth:
        return AdapterHealth("ok")

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        return []

    async def send(self, message: Outgoing) -> str:
        async with self.changed:
            self.sent += 1
            self.changed.notify_all()
        return f"own-{self.sent}"


class Life:
    """The bridge, its clock, and how many messages it has had."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ahead = 0.0
        self.said = 0
        self.null = Null()
        links = dict.fromkeys(ROOMS, GROUP)
        router = Router(wallet_address)
        self.groups = Groups()
        self.mirror = Mirror(store, {"null": self.null}, self.groups, links, router, say, clock=self.clock)
        hub = MemoryHub()
        self.transport, self.peer = MemoryTransport(hub), MemoryTransport(hub)
        wallets = Wallets(ALICE)
        self.manager = Manager(
            Services(
                store=store,
                transport=self.transport,
                signer=wallets,
                fanout=self.mirror,
                open_mls=mls_factory(wallets),
                clock=self.clock,
                entropy=secrets.token_bytes,
                random=lambda: 0.5,
                meta=secrets.token_bytes(8),
            )
        )
        self.pruner = Pruner(store, KEEP_DAYS, self.clock)
        self.running: asyncio.Task[None]

    def clock(self) -> float:
        return time.time() + self.ahead

    async def open(self) -> None:
        await self.peer.start()  # somebody to publish to
        await self.transport.start()
        await self.manager.open([EngineConfig(NAME, ALICE.address, True, POLICY)])
        self.groups.put(self.manager.groups[GROUP])

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.manager.run())
            tasks.create_task(self.mirror.run())

    async def chunk(self, count: int) -> float:
        """Send messages, age, prune; returns the CPU seconds that it took."""
        before = time.process_time()
        for start in range(0, count, AT_ONCE):
            some = [self._message() for _ in range(min(AT_ONCE, count - start))]
            await self.mirror.accept("null", str(self.said), some)
            delivered = asyncio.create_task(self._delivered())
            # A part that fails must not leave the test waiting.
            await asyncio.wait({delivered, self.running}, return_when=asyncio.FIRST_COMPLETED)
            if self.running.done():
                delivered.cancel()
                self.running.result()
        self.ahead += DAYS * DAY
        await self.pruner.round()
        await self.manager.forget_old()
        return time.process_time() - before

    def _message(self) -> InboundMessage:
        self.said += 1
        author = Author("null", f"user-{self.said % 40}", f"User {self.said % 40}")
        text = Body(f"message {self.said}: what people write to each other, of the usual length")
        return InboundMessage(f"event-{self.said}", ROOMS[0], author, text, int(self.clock() * 1000))

    async def _delivered(self) -> None:
        async with self.null.changed:
            await self.null.changed.wait_for(lambda: self.null.sent >= self.said)


async def test_a_message_costs_the_same_after_many_and_the_file_stops_growing(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/bridge.db", KEY)
    life = Life(store)
    await life.open()
    running = life.running = asyncio.create_task(life.run())
    costs, sizes = [], []
    try:
        for _ in range(CHUNKS):
            costs.append(await life.chunk(SIZE // CHUNKS))
            sizes.append(await store.read(database_bytes))
        early = statistics.median(costs[TENTH : 2 * TENTH])
        for _ in range(TRIES):
            late = statistics.median(costs[-TENTH:])
            if late <= DEARER * early:
                break
            costs += [await life.chunk(SIZE // CHUNKS) for _ in range(TENTH)]
        each = 1e3 * early * CHUNKS / SIZE
        print(f"{SIZE} messages: {each:.2f} ms each, then {late / early:.2f} times that; {sizes[-1]} bytes")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await life.transport.stop()
        await store.close()
    assert late <= DEARER * early, f"{early:.3f} s, later {late:.3f} s"
    # What is kept is reached after a fifth; afterwards rows go as they come.
    assert max(sizes[CHUNKS // 2 :]) <= 1.1 * max(sizes[: CHUNKS // 2]), sizes
