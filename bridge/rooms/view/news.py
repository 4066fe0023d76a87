"""What happens in the groups, told to the listeners of the adapters' windows.

`News` stands between the groups and the mirror as their `Fanout`: everything goes to the mirror first. What is
committed waits in a queue for one task (`run`), which looks up in the store which platform events the messages
are, and calls the listeners in the order of the commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from bridge.conversation.ports import Fanout, GroupHandle, GroupStatus
from bridge.model.ids import RoomRef
from bridge.model.notices import Answer, Chat, ChatDropped, ChatSent, Notice
from bridge.model.text import one_line
from bridge.model.view import Listener, SendStatus, SendUpdate
from bridge.model.view import News as Item
from bridge.rooms.ids import ReplyTo
from bridge.storage import messages
from bridge.storage.store import Store
from bridge.storage.tx import Tx

log: Final = structlog.get_logger("bridge.rooms.view")

LOOK_EVERY: Final = 1.0
"""Seconds between looks at what changes without a commit: the connection (no IO)."""
MAX_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class _Fate:
    """What a notice says of one message."""

    message_id: bytes
    fate: SendStatus
    reason: str = ""


class News:
    """One per process; `groups` is filled before `run`, which belongs in a task."""

    def __init__(
        self,
        store: Store,
        mirror: Fanout,
        groups: Mapping[str, GroupHandle],
        links: Mapping[RoomRef, str],
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._store = store
        self._mirror = mirror
        self._links = links
        self._look_every = look_every
        self._groups = groups
        self._listeners: dict[object, tuple[str, Listener]] = {}
        self._queue: asyncio.Queue[tuple[str, tuple[Notice, ...]]] = asyncio.Queue()
        self._last: dict[str, GroupStatus] = {}

    def watch(self, platform: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` for the platform's rooms from now on; returns what stops that."""
        if not self._listeners:
            self._last = {name: _shown(handle) for name, handle in self._groups.items()}
        ticket = object()
        self._listeners[ticket] = (platform, listener)

        def stop() -> None:
            self._listeners.pop(ticket, None)

        return stop

    # ---- Fanout ----

    def write(self, tx: Tx, group: str, notices: Sequence[Notice], now: float) -> frozenset[RoomRef]:
        """Store what follows from the notices."""
        return self._mirror.write(tx, group, notices, now)

    def committed(self, group: str, notices: Sequence[Notice], rooms: frozenset[RoomRef]) -> None:
        """Deliver, and tell the listeners soon."""
        self._mirror.committed(group, notices, rooms)
        if self._listeners:
            self._queue.put_nowait((group, tuple(notices)))

    # ---- telling ----

    async def run(self) -> None:
        """Tell until cancelled. Raises what the store raises."""
        while True:
            commits = await self._commits()
            told = {group for group, notices in commits if notices}
            if told:
                events = await self._store.read(partial(self._own, commits=commits))
                for group, notices in commits:
                    self._tell_commit(group, notices, events)
            self._tell_changes(told)

    async def _commits(self) -> list[tuple[str, tuple[Notice, ...]]]:
        """All that wait; none when nothing came for a while."""
        try:
            async with asyncio.timeout(self._look_every):
                commits = [await self._queue.get()]
        except TimeoutError:
            return []
        while not self._queue.empty():
            commits.append(self._queue.get_nowait())
        return commits

    def _own(
        self, tx: Tx, commits: Iterable[tuple[str, tuple[Notice, ...]]]
    ) -> dict[tuple[RoomRef, bytes], list[str]]:
        """The events by which people wrote these messages in rooms that somebody listens for."""
        found = {}
        for group, notices in commits:
            ids = {fate.message_id for fate in map(_fate, notices) if fate is not None}
            for room in self._rooms(group):
                for message_id in ids:
                    events = messages.in_room(tx, message_id, room.platform, room.room_id)
                    found[room, message_id] = [event.event_id for event in events if not event.own]
        return found

    def _rooms(self, group: str) -> list[RoomRef]:
        platforms = {platform for platform, _ in self._listeners.values()}
        return [room for room, linked in self._links.items() if linked == group and room.platform in platforms]

    def _tell_commit(
        self, group: str, notices: tuple[Notice, ...], events: Mapping[tuple[RoomRef, bytes], list[str]]
    ) -> None:
        if not notices:
            return
        for room in self._rooms(group):
            items: list[Item] = []
            for notice in notices:
                if isinstance(notice, Answer) and not _made_in(room, notice):
                    continue
                items.append(notice)
                if (fate := _fate(notice)) is not None:
                    own = events.get((room, fate.message_id), [])
                    items += [SendUpdate(event, fate.fate, fate.reason) for event in own]
            if items:
                self._call(room, items)

    def _tell_changes(self, told: set[str]) -> None:
        """Groups that look different now though no notice said so."""
        if not self._listeners:
            return
        for name, handle in self._groups.items():
            before, self._last[name] = self._last.get(name), _shown(handle)
            if self._last[name] != before and name not in told:
                for room in self._rooms(name):
                    self._call(room, [])

    def _call(self, room: RoomRef, items: list[Item]) -> None:
        for platform, listener in tuple(self._listeners.values()):
            if platform != room.platform:
                continue
            try:
                listener(room, tuple(items))
            except Exception:
                log.exception("a listener failed", room=str(room))


def _shown(handle: GroupHandle) -> GroupStatus:
    """Without the refusals: they are counted, and a flood of rubbish must not redraw every page."""
    return replace(handle.status(), refused={})


def _fate(notice: Notice) -> _Fate | None:
    match notice:
        case Chat(message, waiting):
            return _Fate(message.message_id, SendStatus.WAITING if waiting else SendStatus.SENT)
        case ChatSent(message_id):
            return _Fate(message_id, SendStatus.SENT)
        case ChatDropped(message_id, reason):
            return _Fate(message_id, SendStatus.DROPPED, one_line(reason, MAX_REASON))
        case _:
            return None


def _made_in(room: RoomRef, answer: Answer) -> bool:
    """Whether the request that is answered was made in this room: others' answers are not for it."""
    reply = ReplyTo.parse(answer.reply_to)
    return reply is not None and reply.place == room
