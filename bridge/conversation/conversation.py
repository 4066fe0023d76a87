"""One group: feeds its engine, stores every batch of events in one transaction, then does what follows.

    receive, submit, timers ──► queue ──► batch.run (engine) ──► batch.write (one transaction)
                                                                    │ committed
                       outbox, deliveries, futures, history  ◄──────┘

Crash-only: when a transaction fails, or anything unexpected happens, the state in memory is thrown away and
loaded from the database, as after a kill. Each event of the failed batch is then tried once more, alone, so
that a poisoned one harms nobody else. One that fails again is given up: counted, stored as seen. When the
database is the trouble, nothing is given up: the exception ends the process (through the TaskGroup of `run`).
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from typing import Final

import structlog

from bridge.conversation import status
from bridge.conversation.anti_entropy import AntiEntropy
from bridge.conversation.batch import Asked, Batch, Item, Written
from bridge.conversation.intake import Intake, Received
from bridge.conversation.journal import record
from bridge.conversation.loaded import GroupRows, LoadedGroup
from bridge.conversation.outbox import Outbox
from bridge.conversation.ports import GroupStatus, Request
from bridge.conversation.services import Services
from bridge.conversation.timers import Timers
from bridge.protocol.engine import EngineConfig
from bridge.protocol.errors import QueueFull
from bridge.protocol.events import Start, TimerFired, Topic
from bridge.protocol.types import GroupName
from bridge.storage import seen
from bridge.storage.errors import StorageUnavailable
from bridge.storage.store import Tx
from bridge.waku.transport import WakuMessage

log: Final = structlog.get_logger("bridge.conversation")


class ConversationStopped(Exception):
    """The group stopped before it said that the request is stored. Ask again after the restart."""


class Conversation:
    """The shell of one group. Make it with `open`, then `run` it; all methods belong to the event loop."""

    def __init__(self, config: EngineConfig, services: Services, stored: GroupRows) -> None:
        self.name = config.name.name
        self.transactions = 0
        """Transactions committed (for the metrics: events / transactions is the group-commit factor)."""
        self._config = config
        self._services = services
        self._queue: asyncio.Queue[Item] = asyncio.Queue()
        self._intake = Intake(self.name)
        self._live = LoadedGroup.restore(config, stored, services)
        self._stopped = False
        self._timers = Timers(services.clock, self._fire)
        self._history = AntiEntropy(config.name, config.own, services, self.status)
        self._outbox = Outbox(services.store, self.name, self._history.publish, services.tuning)
        self._adopt(self._live, stored)
        self._queue.put_nowait(Start())

    @classmethod
    async def open(cls, config: EngineConfig, services: Services) -> Conversation:
        """Load the group from the store, or begin a new one."""
        stored = await services.store.read(lambda tx: GroupRows.read(tx, config.name.name))
        return cls(config, services, stored)

    # ---- what others call ----

    @property
    def full_name(self) -> GroupName:
        """The group's name with its creator."""
        return self._config.name

    def receive(self, topic: Topic, message: WakuMessage) -> None:
        """Take a message from the transport. Never blocks: under a flood it is dropped and comes by history."""
        received = self._history.receive(topic, message)
        if received is None:
            return
        if self._queue.qsize() >= self._services.tuning.queue:
            self._history.press()
            return
        self._queue.put_nowait(received)

    async def submit(self, request: Request, also: Callable[[Tx], None] | None = None) -> None:
        """Hand over a request; returns when it is durable. `also` runs in the same transaction.

        Raises the LocalError of a refused request (then `also` is not run), QueueFull, or ConversationStopped.
        """
        if self._stopped:
            raise ConversationStopped("the group has stopped")
        if self._queue.qsize() >= self._services.tuning.queue:
            raise QueueFull("too much is waiting for this group; try again in a moment")
        asked = Asked(request, also, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(asked)
        await asked.done

    def connected(self) -> None:
        """The transport has found peers (again)."""
        self._outbox.retry()
        self._history.press()

    def status(self) -> GroupStatus:
        """The group now, without IO."""
        health = self._services.transport.health()
        chain = self._services.chain_health
        told = chain(self.name) if chain else ""
        return status.of(self._live, f"{health.state.value}: {health.detail}", told)

    # ---- life ----

    async def run(self) -> None:
        """Run until cancelled. Raises what made it fail too often."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._consume(), name=f"{self.name}: events")
                tasks.create_task(self._outbox.run(), name=f"{self.name}: outbox")
                tasks.create_task(self._history.run(), name=f"{self.name}: history")
        finally:
            self._timers.stop()
            self._abandon()

    def _abandon(self) -> None:
        self._stopped = True
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if isinstance(item, Asked):
                _fail(item, ConversationStopped("the group has stopped"))

    def _fire(self, name: str, token: int) -> None:
        self._queue.put_nowait(TimerFired(name, token))

    async def _consume(self) -> None:
        while True:
            items = [await self._queue.get()]
            while len(items) < self._services.tuning.batch and not self._queue.empty():
                items.append(self._queue.get_nowait())
            try:
                await self._take(items)
            finally:
                # Cancelled, or failed for good: whoever waits must not wait for ever.
                for item in items:
                    if isinstance(item, Asked):
                        _fail(item, ConversationStopped("the group has stopped"))

    async def _take(self, items: list[Item]) -> None:
        """All in one transaction; should that fail, each alone; what fails alone too is given up."""
        if await self._attempt(items) is None:
            return
        for item in items:
            error = await self._attempt([item])
            if isinstance(error, StorageUnavailable):
                raise error  # not the event's fault: nothing is given up for it, the process ends
            if error is not None:
                await self._give_up(item, error)

    async def _attempt(self, items: list[Item]) -> Exception | None:
        """One transaction; the error if it failed, in which case the stored state is loaded again."""
        try:
            await self._transact(items)
        except Exception as error:
            # Type and place only: the text, and any local variable, may hold what somebody wrote, or a key.
            place = traceback.format_tb(error.__traceback__)
            log.error("events failed", group=self.name, events=len(items), error=type(error), place=place)
            if isinstance(error, StorageUnavailable):
                await asyncio.sleep(self._services.tuning.retry_first)
            await self._reload()
            return error
        return None

    async def _give_up(self, item: Item, error: Exception) -> None:
        log.error("event given up", group=self.name, kind=type(item).__name__)
        if isinstance(item, Asked):
            _fail(item, error)
        batch = await self._batch([item])
        batch.give_up(item)
        await self._store(batch)

    async def _reload(self) -> None:
        stored = await self._services.store.read(lambda tx: GroupRows.read(tx, self.name))
        self._intake = Intake(self.name)
        self._live = LoadedGroup.restore(self._config, stored, self._services)
        self._adopt(self._live, stored)

    def _adopt(self, live: LoadedGroup, stored: GroupRows) -> None:
        self._timers.replace_all((row.name, row.at, row.token) for row in stored.timers)
        self._history.resume(live.complete_until)

    # ---- one transaction ----

    async def _transact(self, items: list[Item]) -> None:
        batch = await self._batch(items)
        epoch = self._live.epoch
        for item in items:
            batch.run(item, self._services.clock())
        await self._store(batch)
        for asked, error in batch.denied:
            _fail(asked, error)
        for asked in batch.accepted:
            if not asked.done.done():
                asked.done.set_result(None)
        self._history.after(batch, before=epoch, now=self._live.epoch)

    async def _batch(self, items: list[Item]) -> Batch:
        """With what the store says of the payloads' digests."""
        keys = {self._intake.keys(item)[0] for item in items if isinstance(item, Received)}
        known: set[bytes] = set()
        if keys:
            known = await self._services.store.read(lambda tx: seen.known(tx, self.name, keys))
        current, admit = self._timers.is_current, self._history.admit
        return Batch(self.name, self._live, self._intake, current, admit, known)

    async def _store(self, batch: Batch) -> None:
        batch.close()
        if batch.empty:
            return
        state = self._live.snapshot(self._history.complete_until)
        fanout, now = self._services.fanout, self._services.clock()
        written = await self._services.store.write(lambda tx: batch.write(tx, state, fanout, now))
        self.transactions += 1
        self._committed(batch, written)

    def _committed(self, batch: Batch, written: Written) -> None:
        for name, timer in batch.timers.items():
            if timer is None:
                self._timers.drop(name)
            else:
                self._timers.put(name, timer.at, timer.token)
        self._live.refused += batch.refused
        record(self.name, batch.notices)
        if written.outbox:
            self._outbox.put(written.outbox)
        if batch.intents and self._services.chain_wake:
            self._services.chain_wake()
        self._services.fanout.committed(self.name, batch.notices, written.rooms)


def _fail(asked: Asked, error: Exception) -> None:
    """Tell whoever waits for this request, if they have not been told."""
    if not asked.done.done():
        asked.done.set_exception(error)
