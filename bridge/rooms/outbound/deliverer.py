"""Works off the delivery queues: one task per room with work, so a slow room holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import random as jitter
from typing import Final

import msgspec
import structlog

from bridge.model import backoff
from bridge.model.adapter import Adapter, DeliveryError, Rejected, RetryLater
from bridge.model.ids import RoomRef
from bridge.model.text import one_line
from bridge.rooms.outbound import payloads
from bridge.rooms.outbound.coalescer import EditCoalescer
from bridge.rooms.outbound.failures import Failures
from bridge.rooms.outbound.payloads import Ban, Edit, Payload, Post, React, Unban, Unreact
from bridge.rooms.outbound.perform import Known, Progress, perform
from bridge.rooms.tuning import Tuning
from bridge.storage import adapter_rows, deliveries, enforcements, messages, reactions
from bridge.storage.deliveries import DeliveryRow
from bridge.storage.store import Store
from bridge.storage.tx import Tx

Content = tuple[Payload, Known] | msgspec.MsgspecError
"""What a delivery holds and where in the room that is shown; or why it cannot be read."""
_MAX_ERROR: Final = 500
log: Final = structlog.get_logger("bridge.rooms.deliveries")


class Deliverer:
    """Run `run` in a task; `wake` after every commit that may have added deliveries."""

    def __init__(
        self,
        store: Store,
        adapters: Mapping[str, Adapter],
        failures: Failures,
        series: EditCoalescer,
        clock: Callable[[], float],
        tuning: Tuning,
    ) -> None:
        self._store = store
        self._adapters = adapters
        self._failures = failures
        self._series = series
        self._clock = clock
        self._tuning = tuning
        self._woken = asyncio.Event()
        self._fresh: set[RoomRef] = set()
        """Rooms that were given something since the last look."""
        self._slots = asyncio.Semaphore(tuning.sends)
        self._rooms: dict[RoomRef, asyncio.Event] = {}
        """Rooms with a task, and how it is told that there may be more."""
        self._progress: dict[int, Progress] = {}

    def wake(self, rooms: Iterable[RoomRef]) -> None:
        """These rooms have new deliveries, which are committed. On the event loop; quick."""
        self._fresh.update(rooms)
        if self._fresh:
            self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled; first what an earlier process left. Raises what the store raises."""
        left = await self._store.read(deliveries.rooms_with_work)
        self.wake(RoomRef(*place) for place in left)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._woken.wait()
                self._woken.clear()
                rooms, self._fresh = self._fresh, set()
                for room in rooms:
                    if room in self._rooms:
                        self._rooms[room].set()
                    elif room.platform in self._adapters:
                        self._rooms[room] = asyncio.Event()
                        tasks.create_task(self._work_off(room), name=f"deliveries: {room}")

    async def _work_off(self, room: RoomRef) -> None:
        """One room, until its queue is empty."""
        more = self._rooms[room]
        while True:
            more.clear()
            head = await self._store.read(lambda tx: _head(tx, room, self._clock()))
            if head.row is not None:
                wait = await self._deliver(room, head.row, head.content)
                if wait is not None:
                    await asyncio.sleep(wait)
                    continue
            elif head.more:  # put off by an earlier process
                await asyncio.sleep(self._tuning.poll)
            if not head.more and not more.is_set():
                # No await between this look and the goodbye: no wake is lost. What was committed after the read
                # wakes the room, now or as a new task.
                del self._rooms[room]
                return

    async def _deliver(self, room: RoomRef, row: DeliveryRow, content: Content) -> float | None:
        """One attempt; returns for how many seconds the room has to wait before the next; None: it is over."""
        progress = self._progress.setdefault(row.id, Progress())
        payload: Payload | None = None
        try:
            if isinstance(content, msgspec.MsgspecError):
                raise content
            payload, known = content
            if self._series.outdated(payload):
                progress.note = "a newer one follows"
            else:
                await self._perform(room, row, payload, known, progress)
        except Rejected as error:
            await self._give_up(room, row, payload, str(error))
        except DeliveryError as error:
            after = error.after if isinstance(error, RetryLater) else 0.0
            return await self._put_off(row, str(error), after)
        except TimeoutError:
            return await self._put_off(row, "the platform did not answer in time", 0.0)
        except msgspec.MsgspecError as error:
            await self._give_up(room, row, None, f"unreadable delivery: {error}")
        except Exception as error:
            # An adapter may raise DeliveryErrors only; a fault of it must not stop the other rooms.
            log.exception("adapter failed", room=str(room), kind=row.kind, delivery=row.id)
            if row.attempts < self._tuning.faults:
                return await self._put_off(row, f"{type(error).__name__}: {error}", 0.0)
            await self._give_up(room, row, payload, f"{type(error).__name__}: {error}")
        else:
            await self._finish(room, row, payload, progress)
        return None

    async def _perform(
        self, room: RoomRef, row: DeliveryRow, payload: Payload, known: Known, progress: Progress
    ) -> None:
        if isinstance(payload, Ban | Unban):
            # Before the act: the platform may report it to us before it answers.
            target = enforcements.Target(room.platform, room.room_id, payload.user_id)
            ban, now = isinstance(payload, Ban), self._clock()
            await self._store.write(lambda tx: enforcements.trying(tx, target, now, ban=ban))
        async with self._slots, asyncio.timeout(self._tuning.send_timeout):
            await perform(self._adapters[room.platform], room, row.key, payload, known, progress)

    async def _finish(self, room: RoomRef, row: DeliveryRow, payload: Payload, progress: Progress) -> None:
        """Store what was made. A crash before this repeats the delivery under the same keys."""
        now = self._clock()
        place = room.platform, room.room_id

        def work(tx: Tx) -> None:
            event_id = next(iter((*progress.events, *progress.files)), progress.other)
            deliveries.done(tx, row.id, event_id[:1024])
            adapter_rows.remember(tx, room.platform, progress.changes, now)
            for event in progress.events:
                messages.remember(tx, row.message_id, *place, event, now, own=True)
            for event in progress.files:
                messages.remember(tx, row.message_id, *place, event, now, own=True, file=True)
            if progress.other:
                # An edit or reaction shows no message, but its echo must be known as ours.
                messages.remember(tx, b"", *place, progress.other, now, own=True)
            if isinstance(payload, React) and progress.other:
                reactions.show(tx, *place, payload.target, payload.reaction, progress.other, now)
            elif isinstance(payload, Unreact) and progress.gone:
                reactions.hide(tx, *place, payload.target, payload.reaction)

        await self._store.write(work)
        self._progress.pop(row.id, None)
        self._failures.works(room)

    async def _give_up(self, room: RoomRef, row: DeliveryRow, payload: Payload | None, error: str) -> None:
        now = self._clock()
        made = self._progress.get(row.id, Progress())

        def work(tx: Tx) -> frozenset[RoomRef]:
            told = self._failures.write(tx, room, row, payload, error, now)
            adapter_rows.remember(tx, room.platform, made.changes, now)
            return told

        told = await self._store.write(work)
        self._failures.committed(room, row, error)
        self._progress.pop(row.id, None)
        self.wake(told)

    async def _put_off(self, row: DeliveryRow, error: str, after: float) -> float:
        """Store that it has to wait; returns for how long. What the platform asks for is honoured."""
        tuning = self._tuning
        own = backoff.wait(tuning.retry_first, tuning.retry_most, row.attempts + 1, jitter())  # noqa: S311
        wait = min(after, tuning.wait_most) if after > 0 else own
        error = one_line(error, _MAX_ERROR)
        at = self._clock() + wait
        await self._store.write(lambda tx: deliveries.retry(tx, row.id, at, error))
        log.info("delivery put off", room=f"{row.platform}:{row.room_id}", seconds=wait, error=error)
        return wait


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of a room's queue, if it is due, what it holds, and whether there is more than it."""

    row: DeliveryRow | None
    content: Content
    more: bool


def _head(tx: Tx, room: RoomRef, now: float) -> _Head:
    """Read all that the next delivery needs at once."""
    found = deliveries.heads(tx, room.platform, room.room_id)
    if not found or found[0][0] > now:
        return _Head(None, msgspec.MsgspecError(), bool(found))
    row = found[0][1]
    content: Content
    try:
        payload = payloads.decode(row.payload)
        content = payload, known_events(tx, room, payload)
    except msgspec.MsgspecError as error:
        content = error
    return _Head(row, content, len(found) > 1)


def known_events(tx: Tx, room: RoomRef, payload: Payload) -> Known:
    """Where in this room the payload's target is shown. Looked up late: what stands before it is done then."""
    place = room.platform, room.room_id
    if isinstance(payload, Unreact):
        return Known(
            own=tuple(
                event.event_id for event in messages.in_room(tx, payload.reaction_id, *place) if event.own
            ),
            reaction=reactions.shown(tx, *place, payload.target, payload.reaction),
            others=reactions.standing(tx, payload.target, payload.reaction, *place),
        )
    target = getattr(payload, "target", b"")
    events = messages.in_room(tx, target, *place) if target else []
    reply = thread = ""
    if isinstance(payload, Post):
        reply = payload.reply_event or _first(tx, payload.reply_to, room)
    if isinstance(payload, Post | Edit):
        thread = getattr(payload, "thread_event", "") or _first(tx, payload.thread, room)
    return Known(
        own=tuple(event.event_id for event in events if event.own and not event.file),
        theirs=tuple(event.event_id for event in events if not event.own),
        files=tuple(event.event_id for event in events if event.own and event.file),
        reply=reply,
        thread=thread,
    )


def _first(tx: Tx, message_id: bytes, room: RoomRef) -> str:
    """The first event that shows the message in the room; empty when none does."""
    if not message_id:
        return ""
    return next((event.event_id for event in messages.in_room(tx, message_id, room.platform, room.room_id)), "")
