"""One channel's or thread's way in: in order, each event once, and nothing skipped by a crash or a gap.

Gateway events wait in a queue behind the catch-up, which reads the channel's history after the stored
position and compares the newest messages with what was handed over (edits, deletions).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord
import structlog

from adapters.discord import translate
from adapters.discord.cursor import Cursor, account
from adapters.discord.errors import TROUBLE
from adapters.discord.errors import translate as translate_error
from adapters.discord.items import Arrived, CatchUp, Deleted, Item, Reacted, in_order, is_before
from adapters.discord.places import PLATFORM, Place
from adapters.discord.store import Seen, Store, together
from bridge.model.adapter import (
    DeliveryError,
    Inbound,
    InboundDelete,
    InboundReaction,
    Inbox,
    Rejected,
    RetryLater,
)
from bridge.model.adapter_store import Change
from bridge.model.backoff import Backoff
from bridge.model.ids import RoomRef
from bridge.model.message import Author

PAGE = 100
"""Messages per request of history (Discord's bound), and compared after a reconnect."""
MAX_WAITING = 5_000
"""Gateway events that may wait here; more are dropped and fetched from history instead."""
SETTLE_SECONDS = 0.1
"""How long a new message waits for older ones: the gateway promises no order, ids have one. Own choice: more
than what events are overtaken by, and too short to be noticed by people."""
FIRST_DELAY: Final = 1.0
MAX_DELAY: Final = 60.0
"""Seconds between tries to read history; own choice."""

log: Final = structlog.get_logger("adapters.discord.stream")


@dataclass(slots=True)
class Surroundings:
    """What all streams share."""

    inbox: Callable[[], Inbox]
    store: Store
    own_id: Callable[[], int]
    mirror_bots: bool
    is_command: Callable[[str], bool]
    place: Callable[[int], Place | None]
    """The channel or thread, from the cache."""
    trouble: Callable[[int, str], None]
    """What cannot be read, for `health`; '' when all is well again."""


class Stream:
    """`put` from the gateway's handlers; `run` in a task of its own."""

    def __init__(
        self, place_id: int, room: RoomRef, around: Surroundings, parent: Stream | None = None
    ) -> None:
        self._id = place_id
        self._room = room
        self._a = around
        self._parent = parent
        """Of a thread that is mirrored with its channel: the channel's stream."""
        self._queue: asyncio.Queue[Arrived] = asyncio.Queue(MAX_WAITING)
        self._held: list[Arrived] = []
        self._gap = False
        self._cursor: Cursor | None = None

    def put(self, item: Item) -> None:
        """Hand an event in; never blocks."""
        try:
            self._queue.put_nowait((asyncio.get_running_loop().time(), item))
        except asyncio.QueueFull:
            self._gap = True

    async def begin(self, place: Place | None, first: int = 0) -> Cursor:
        """The stored position; at the first time it is now, as history is not replayed.

        `first` is a message that is new (0: none). A thread opened since its channel is followed is read whole.
        """
        if self._cursor is None:
            stored = Cursor.load(await self._a.inbox().cursor(account(self._id)))
            if stored is None:
                since = await self._first_position(place, first)
                stored = Cursor(since, since)
                await self._a.inbox().accept(account(self._id), stored.dump(), ())
            self._cursor = stored
        return self._cursor

    async def _first_position(self, place: Place | None, first: int) -> int:
        if self._parent is not None and isinstance(place, discord.Thread):
            above = await self._parent.begin(self._a.place(place.parent_id))
            if self._id > above.since:
                return self._id - 1
        if first:
            return first - 1
        if place is not None and place.last_message_id:
            return place.last_message_id
        return discord.utils.time_snowflake(discord.utils.utcnow())

    async def run(self) -> None:
        """Work until cancelled. Raises what the inbox raises."""
        while True:
            for item in in_order(await self._next_items()):
                try:
                    await self._take(item)
                except RetryLater as trouble:
                    # Only reading history asks Discord for anything: it must succeed before what follows.
                    await self._again(trouble)
            if self._gap and self._queue.empty():
                self._gap = False
                self.put(CatchUp())

    async def _next_items(self) -> list[Item]:
        """The events that have waited long enough, and new messages that belong before one of them."""
        clock = asyncio.get_running_loop().time
        if not self._held:
            self._held.append(await self._queue.get())
        while not self._is_urgent():
            rest = self._held[0][0] + SETTLE_SECONDS - clock()
            if rest <= 0:
                break
            await asyncio.sleep(rest)
        while not self._queue.empty():
            self._held.append(self._queue.get_nowait())
        ripe = clock() if self._is_urgent() else clock() - SETTLE_SECONDS
        top = max((i.id for at, i in self._held if at <= ripe and isinstance(i, discord.Message)), default=0)
        taken: list[Item] = []
        later: list[Arrived] = []
        for at, item in self._held:
            if at <= ripe or is_before(item, top):
                taken.append(item)
            else:
                later.append((at, item))
        self._held = later
        return taken

    def _is_urgent(self) -> bool:
        """A catch-up waits for nothing."""
        return any(isinstance(item, CatchUp) for _, item in self._held)

    async def _again(self, trouble: RetryLater) -> None:
        backoff = Backoff(FIRST_DELAY, MAX_DELAY, random.random)
        while True:
            delay = min(MAX_DELAY, backoff.failed(trouble.after))
            self._a.trouble(self._id, str(trouble))
            log.warning("history cannot be read", place=self._id, error=str(trouble), seconds=round(delay, 1))
            await asyncio.sleep(delay)
            try:
                await self._catch_up()
            except RetryLater as again:
                trouble = again
            else:
                return

    async def _take(self, item: Item | list[discord.Message]) -> None:
        match item:
            case CatchUp():
                await self._catch_up()
            case list():
                await self.begin(self._a.place(self._id), item[0].id)
                await self._messages(item)
            case discord.RawMessageUpdateEvent():
                await self._hand_over(self._edit(item.message), [item.message])
            case Deleted():
                await self._deleted(item.messages)
            case Reacted():
                await self._reaction(item)

    # ---- new messages ----

    async def _messages(self, messages: Sequence[discord.Message]) -> None:
        """New ones, in order: what was handed over is skipped, what came late is not."""
        fresh = [m for m in messages if self._a.store.seen(m.id) is None and self._is_ours(m)]
        events = [event for message in fresh for event in self._translated(message)]
        newest = max((m.id for m in messages), default=0)
        await self._hand_over(events, fresh, newest)

    def _is_ours(self, message: discord.Message) -> bool:
        """Whether people wrote it, here, since we are here; echoes are known by ids."""
        if message.type not in translate.KINDS or (self._cursor and message.id <= self._cursor.since):
            return False
        if message.author.id == self._a.own_id() or self._a.store.is_own(message.id):
            return False
        if message.webhook_id is not None and self._a.store.is_own_webhook(message.webhook_id):
            return False
        return self._a.mirror_bots or not (message.author.bot or message.webhook_id)

    def _translated(self, message: discord.Message) -> list[Inbound]:
        """Whatever is wrong with one message, the next is still read."""
        try:
            reference = message.reference.message_id if message.reference else None
            reply = (self._a.store.event_of(reference) or str(reference)) if reference else ""
            return [translate.inbound(message, self._room, self._a.is_command, reply)]
        except DeliveryError:
            raise
        except Exception:
            log.exception("message skipped", place=self._id, message=message.id)
            return []

    def _edit(self, message: discord.Message) -> list[Inbound]:
        """Nothing when only Discord's own decoration (link previews, pins) changed."""
        if not self._is_ours(message):
            return []
        seen = self._a.store.seen(message.id)
        if seen is not None and (seen.deleted or seen.digest == translate.content_digest(message)):
            return []
        if seen is None and message.edited_at is None:
            return []
        try:
            return [translate.inbound_edit(message, self._room)]
        except Exception:
            log.exception("edit skipped", place=self._id, message=message.id)
            return []

    # ---- deletions and reactions ----

    def _deletion(self, message: int) -> InboundDelete | None:
        seen = self._a.store.seen(message)
        if self._a.store.is_own(message) or (seen and seen.deleted):
            return None
        if seen is None and (self._cursor is None or message <= self._cursor.since):
            return None
        return InboundDelete(
            event_id=f"{message}:delete",
            room=self._room,
            # Discord does not say who deleted it; who can delete here may.
            author=Author(PLATFORM, str(seen.user), seen.name) if seen else Author(PLATFORM, "0", "somebody"),
            target_event=str(message),
            time_ms=translate.moment(discord.utils.utcnow()),
        )

    async def _deleted(self, messages: Sequence[int]) -> None:
        events = [event for each in messages if (event := self._deletion(each))]
        known = [seen for message in messages if (seen := self._a.store.seen(message)) is not None]
        gone = [Seen(seen.message, seen.place, "", seen.user, seen.name, True) for seen in known]
        await self._hand_over(events, remember=[self._a.store.saw(each) for each in gone])

    async def _reaction(self, item: Reacted) -> None:
        count = self._a.store.reaction_news(item.message, item.user, item.emoji, item.present)
        if not count:
            return
        now = translate.moment(discord.utils.utcnow())
        event_id = f"{item.message}:r:{item.user}:{item.emoji}:{count}"
        event: Inbound
        if item.present:
            target = self._a.store.event_of(item.message) or str(item.message)
            event = InboundReaction(event_id, self._room, item.author, target, item.emoji, now)
        else:
            event = InboundDelete(f"{event_id}:gone", self._room, item.author, event_id, now)
        noted = self._a.store.note_reaction(item.message, item.user, item.emoji, item.present, count)
        await self._hand_over([event], remember=[noted])

    # ---- after downtime ----

    async def _catch_up(self) -> None:
        """Compare the newest messages, then read on from the position. Raises `RetryLater`."""
        place = self._a.place(self._id)
        if place is None:
            return
        cursor = await self.begin(place)
        if not _may_read(place):
            # Discord would answer with an empty history, as if all were deleted.
            self._unreadable(f"the history of channel {self._id} cannot be read")
            return
        try:
            newest = [message async for message in self._history(place, limit=PAGE)]
            await self._compare(newest)
            page: list[discord.Message] = []
            after = discord.Object(cursor.last)
            async for message in self._history(place, after=after, limit=None, oldest_first=True):
                page.append(message)
                if len(page) == PAGE:
                    await self._messages(page)
                    page = []
            await self._messages(page)
        except Rejected as refusal:
            self._unreadable(str(refusal))
        else:
            self._a.trouble(self._id, "")

    async def _history(self, place: Place, **options: Any) -> AsyncIterator[discord.Message]:
        """Messages of the channel. Raises `RetryLater` or `Rejected`."""
        try:
            async for message in place.history(**options):
                yield message
        except TROUBLE as error:
            raise translate_error(error, f"read the history of channel {self._id}") from error

    def _unreadable(self, problem: str) -> None:
        text = f"{problem}: the bot needs 'View Channel' and 'Read Message History'"
        self._a.trouble(self._id, text)
        log.warning("missed messages cannot be fetched", place=self._id, error=text)

    async def _compare(self, newest: Sequence[discord.Message]) -> None:
        """Edits and deletions that happened while we did not listen; `newest` first."""
        assert self._cursor is not None
        reached = min((m.id for m in newest), default=0) if len(newest) == PAGE else 0
        present = {message.id for message in newest}
        gone = [
            each.message for each in self._a.store.seen_since(self._id, reached) if each.message not in present
        ]
        known = [message for message in reversed(newest) if message.id <= self._cursor.last]
        await self._messages(known)
        changed = [message for message in known if self._a.store.seen(message.id) is not None]
        for message in changed:
            await self._hand_over(self._edit(message), [message])
        await self._deleted(gone)

    async def _hand_over(
        self,
        events: Sequence[Inbound],
        messages: Sequence[discord.Message] = (),
        newest: int = 0,
        remember: Sequence[Change] = (),
    ) -> None:
        """Store events, position, and what is needed to know them again."""
        before = self._cursor or await self.begin(self._a.place(self._id), newest)
        after = before.at(newest)
        changes = list(remember)
        for message in messages if events else ():
            name = message.author.display_name
            mark = translate.content_digest(message)
            changes.append(self._a.store.saw(Seen(message.id, self._id, mark, message.author.id, name, False)))
        if events or changes or after != before:
            await self._a.inbox().accept(account(self._id), after.dump(), list(events), together(*changes))
            self._cursor = after


def _may_read(place: Place) -> bool:
    me = place.guild.me
    return me is not None and place.permissions_for(me).read_message_history
