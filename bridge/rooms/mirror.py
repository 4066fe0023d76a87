"""The mirror: rooms of platforms on one side, groups on the other; everything between is in the database.

`Mirror` is the adapters' `Inbox` and the groups' `Fanout`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from bridge.conversation.ports import GroupHandle
from bridge.model.adapter import Adapter, Edits, Inbound
from bridge.model.adapter_store import Change
from bridge.model.ids import RoomRef
from bridge.model.notices import Notice
from bridge.rooms.inbound import intake
from bridge.rooms.inbound.worker import Surroundings, Worker
from bridge.rooms.outbound.chat import Local
from bridge.rooms.outbound.coalescer import EditCoalescer
from bridge.rooms.outbound.deliverer import Deliverer
from bridge.rooms.outbound.failures import Failures
from bridge.rooms.outbound.fanout import Notices
from bridge.rooms.outbound.waiting_marks import PLATFORM as PARKED
from bridge.rooms.ports import Commands, Words
from bridge.rooms.tuning import Tuning
from bridge.storage import adapter_rows, deliveries, inbound, messages
from bridge.storage.deliveries import RoomQueue
from bridge.storage.inbound import InboundRow
from bridge.storage.store import Store
from bridge.storage.tx import Tx

log: Final = structlog.get_logger("bridge.rooms")


class Mirror:
    """One per process. `groups` is filled before `run`: events of rooms whose group is unknown are dropped."""

    def __init__(
        self,
        store: Store,
        adapters: Mapping[str, Adapter],
        groups: Mapping[str, GroupHandle],
        links: Mapping[RoomRef, str],
        commands: Commands,
        words: Words,
        *,
        prefix: str = "!",
        moderator_bans: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        tuning: Tuning | None = None,
    ) -> None:
        """`adapters` by platform, `links` room -> group name, `prefix` of commands (for the texts).

        `moderator_bans`: group name -> what becomes of moderators' bans there (`moderators.Setting`).
        """
        tuning = tuning or Tuning()
        self._store = store
        self._adapters = adapters
        self._links = dict(links)
        self._specs = commands.specs
        self._clock = clock
        local: dict[bytes, Local] = {}
        self._accepting: set[asyncio.Task[None]] = set()
        series = EditCoalescer()
        self._notices = Notices(self._links, words, prefix, series, local, self._can_edit)
        failures = Failures(self._notices, self._links)
        self._deliverer = Deliverer(store, adapters, failures, series, clock, tuning)
        self._worker = Worker(
            Surroundings(
                store,
                self._links,
                groups,
                commands,
                words,
                clock,
                tuning,
                local,
                self._deliverer.wake,
                self._notices.rooms,
                dict(moderator_bans or {}),
                prefix,
            )
        )

    async def run(self) -> None:
        """Work off events and deliveries until cancelled. Raises what the store raises."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._worker.run(), name="mirror: events")
            tasks.create_task(self._deliverer.run(), name="mirror: deliveries")

    async def queues(self) -> list[RoomQueue]:
        """Rooms with waiting deliveries, for the status."""
        return [queue for queue in await self._store.read(deliveries.waiting) if queue.platform != PARKED]

    def _can_edit(self, room: RoomRef) -> bool:
        adapter = self._adapters.get(room.platform)
        return isinstance(adapter, Edits) and adapter.describe(room).edit

    # ---- Inbox ----

    async def accept(
        self,
        account: str,
        cursor: str,
        events: Sequence[Inbound],
        remember: Change | None = None,
        *,
        adapter: str = "",
    ) -> None:
        """Store events (known event ids are dropped) and the account's cursor in one transaction.

        `remember` runs in it on the rows of the adapter called `adapter`.
        """
        rows = []
        for event in events:
            if event.room not in self._links:
                continue
            try:
                rows.append((intake.event_key(event), intake.encode(event, self._specs)))
            except intake.Unusable as error:
                # It can never be handled; to refuse it would hold the cursor back for ever.
                log.error("event refused", room=str(event.room), error=str(error))
        now = self._clock()

        def work(tx: Tx) -> list[InboundRow]:
            if remember is not None:
                adapter_rows.remember(tx, adapter, (remember,), now)
            return inbound.accept(tx, account, cursor, rows, now)

        # A task of its own: a caller that is cancelled after the commit would leave the rows to the next start.
        task = asyncio.create_task(self._accept(work))
        self._accepting.add(task)
        task.add_done_callback(self._accepting.discard)
        await asyncio.shield(task)

    async def _accept(self, work: Callable[[Tx], list[InboundRow]]) -> None:
        new = await self._store.write(work)
        if new:
            self._worker.put(new)

    async def cursor(self, account: str) -> str:
        """The last stored cursor of this account, '' at first."""
        return await self._store.read(lambda tx: inbound.cursor(tx, account))

    async def is_own(self, room: RoomRef, event_id: str) -> bool:
        """Whether the mirror itself made this platform event."""
        return await self._store.read(lambda tx: messages.is_own(tx, room.platform, room.room_id, event_id))

    def linked(self, room: RoomRef) -> bool:
        """Whether the configuration links this room to a group."""
        return room in self._links

    # ---- Fanout ----

    def write(self, tx: Tx, group: str, notices: Sequence[Notice], now: float) -> frozenset[RoomRef]:
        """Store what follows from the notices, in their transaction; returns the rooms that got something."""
        return self._notices.write(tx, group, notices, now)

    def committed(self, group: str, notices: Sequence[Notice], rooms: frozenset[RoomRef]) -> None:
        """That transaction is committed: deliver."""
        self._deliverer.wake(rooms)
