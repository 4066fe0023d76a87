"""The way in: from the stream to the inbox, in order, each event once, nothing skipped by a crash.

The position moves only together with the events it covers. Pages of a gap are handed over under the old
position; if we die in between they come again and the inbox drops those it knows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from adapters.matrix.cursor import Cursor
from adapters.matrix.errors import MatrixRejected, TokenRevoked
from adapters.matrix.fields import identifier, mapping
from adapters.matrix.http import new_backoff
from adapters.matrix.inbound import PLATFORM, Malformed, Translator
from adapters.matrix.invites import Invites
from adapters.matrix.people import People
from adapters.matrix.rooms import STATE_TYPES, Rooms
from adapters.matrix.stream import Event, News, RoomNews, Stream
from bridge.model.adapter import AdapterHealth, DeliveryError, Inbound, Inbox, RetryLater
from bridge.model.ids import RoomRef

MAX_ACCEPT: Final = 500
"""Events per hand-over, so that one transaction stays small."""

POSITION_SECONDS: Final = 30.0
"""How old the stored position may get while nothing but our own echoes comes: they are skipped if they come
again after a crash, so each of them need not cost a transaction."""

PATIENCE: Final = 6
"""Failures in a row (about half a minute) after which a person whose power cannot be seen counts as no
administrator, so that one broken room does not hold up the account for ever."""

log: Final = structlog.get_logger(__name__)


class SyncLoop:
    """Receives for one account until cancelled."""

    def __init__(
        self,
        account: str,
        *,
        stream: Stream,
        translator: Translator,
        rooms: Rooms,
        people: People,
        invites: Invites,
    ) -> None:
        self._account = account
        self._stream = stream
        self._translator = translator
        self._rooms = rooms
        self._people = people
        self._invites = invites
        self._backoff = new_backoff()
        self._warned_encrypted: set[str] = set()
        self._stored_at = -POSITION_SECONDS
        """Loop time at which the position was last stored."""
        self.counts: Counter[str] = Counter()
        """received, own, malformed, failed, encrypted: what became of events."""
        self.polls = 0
        """Answers taken in full."""
        self.health = AdapterHealth("down", "not started")

    async def begin(self, inbox: Inbox) -> None:
        """Find the position: the stored one, or now (history is not replayed). Take open invitations."""
        self._inbox = inbox
        try:
            stored = Cursor.load(await inbox.cursor(self._account))
        except ValueError as error:
            raise DeliveryError("the stored Matrix position is damaged; restore the database") from error
        now = await self._stream.survey()
        self._invites.add(now.invites)
        self._cursor = stored or Cursor(now.next_batch, frozenset(room.room_id for room in now.joined))
        if stored is None:
            await inbox.accept(self._account, self._cursor.dump(), ())
        self.health = AdapterHealth("ok")

    async def run(self) -> None:
        """Poll until cancelled. Passing trouble is waited out; a refusal (token revoked) is raised."""
        while True:
            self._translator.patient = self._backoff.failures < PATIENCE
            try:
                await self._take(await self._stream.news(self._cursor.since))
            except RetryLater as trouble:
                delay = self._backoff.failed(trouble.after)
                self.health = AdapterHealth("degraded", str(trouble))
                log.warning("cannot sync yet", error=str(trouble), seconds=round(delay, 1))
                await asyncio.sleep(delay)
            except DeliveryError as refusal:
                self.health = AdapterHealth("down", str(refusal))
                raise
            else:
                self.polls += 1
                self._backoff.succeeded()
                self.health = AdapterHealth("ok")

    async def _take(self, news: News) -> None:
        """Hand over one answer and move the position."""
        self._invites.add(news.invites)
        self._invites.joined(room.room_id for room in news.joined)
        for room in (*news.joined, *news.left):
            self._learn_state(room.room_id, room.state)
        events = [
            found for room in (*news.joined, *news.left) for found in await self._room(room, news.next_batch)
        ]
        rooms = self._cursor.rooms | {room.room_id for room in news.joined}
        rooms -= {room.room_id for room in news.left}
        after = Cursor(news.next_batch, rooms)
        now = asyncio.get_running_loop().time()
        if events or after.rooms != self._cursor.rooms or now - self._stored_at > POSITION_SECONDS:
            await self._accept(events, after)
            self._stored_at = now
        self._cursor = after

    async def _room(self, room: RoomNews, until: str) -> list[Inbound]:
        """A room's events. Those of a gap but the last page are handed over at once."""
        ref = RoomRef(PLATFORM, room.room_id)
        if not self._inbox.linked(ref):
            return []
        present = room.room_id in self._cursor.rooms
        if not room.limited:
            return await self._translate(ref, self._while_present(room.events, present))
        self.counts["gaps"] += 1
        found: list[Inbound] = []
        missing = {str(event.get("event_id")): event for event in self._while_present(room.events, present)}
        try:
            async for page in self._stream.pages(room.room_id, self._cursor.since, until):
                await self._accept(found, self._cursor)
                found = await self._translate(ref, self._while_present(page, present))
                present = self._presence(page, present)
                for event in page:
                    missing.pop(str(event.get("event_id")), None)
        except TokenRevoked:
            raise
        except MatrixRejected as refusal:
            # Thrown out of the room, say: what the answer itself holds is all that can be had.
            self.counts["gaps_refused"] += 1
            log.warning("missed messages cannot be fetched", room=str(ref), error=str(refusal))
        # The pages hold it all; should a server leave out the newest, they are not lost.
        return found + await self._translate(ref, missing.values())

    async def _accept(self, events: Sequence[Inbound], cursor: Cursor) -> None:
        """Hand over in portions; all but the last keep the old position."""
        while len(events) > MAX_ACCEPT:
            await self._inbox.accept(self._account, self._cursor.dump(), events[:MAX_ACCEPT])
            events = events[MAX_ACCEPT:]
        if events or cursor != self._cursor:
            await self._inbox.accept(self._account, cursor.dump(), events)

    async def _translate(self, room: RoomRef, events: Iterable[Event]) -> list[Inbound]:
        found = (await self._one(room, event) for event in events)
        return [each async for each in found if each is not None]

    async def _one(self, room: RoomRef, event: Event) -> Inbound | None:
        """Translate one event. Whatever is wrong with it, the next one is still read."""
        # The mirror speaks by this account alone; what it made is recognised once more when it is worked off.
        if event.get("sender") == self._account:
            self._learn_state(room.room_id, (event,))
            self.counts["own"] += 1
            return None
        try:
            self._learn_state(room.room_id, (event,))
            if event.get("type") == "m.room.encrypted":
                self._warn_encrypted(room)
                return None
            translated = await self._translator.translate(room, event)
        except DeliveryError:
            raise
        except Malformed as error:
            self.counts["malformed"] += 1
            log.info("malformed event skipped", event_id=_shown(event), room=str(room), error=str(error))
            return None
        except Exception:
            # Never let one hostile event stop the room: it would come again at every start.
            self.counts["failed"] += 1
            log.exception("event skipped", event_id=_shown(event), room=str(room))
            return None
        self.counts["received"] += translated is not None
        return translated

    def _learn_state(self, room_id: str, events: Iterable[Event]) -> None:
        """Names and changed powers, wherever they turn up."""
        for event in events:
            if event.get("type") in STATE_TYPES and isinstance(event.get("state_key"), str):
                self._rooms.forget(room_id)
            user = identifier(event.get("state_key"), "@")
            if event.get("type") == "m.room.member" and user and _membership(event) == "join":
                self._people.learn(room_id, user, mapping(event, "content"))

    def _while_present(self, events: Iterable[Event], present: bool) -> list[Event]:
        """The events from when the bot was in the room; a past from before its join is not ours."""
        kept = []
        for event in events:
            present = self._presence((event,), present)
            if present:
                kept.append(event)
        return kept

    def _presence(self, events: Iterable[Event], present: bool) -> bool:
        for event in events:
            if event.get("type") == "m.room.member" and event.get("state_key") == self._account:
                present = _membership(event) == "join"
        return present

    def _warn_encrypted(self, room: RoomRef) -> None:
        self.counts["encrypted"] += 1
        if room.room_id not in self._warned_encrypted:
            self._warned_encrypted.add(room.room_id)
            log.warning(
                "encrypted; its messages cannot be read: link a room without encryption", room=str(room)
            )


def _membership(event: Event) -> object:
    return mapping(event, "content").get("membership")


def _shown(event: Event) -> str:
    """An event's id for the log: whatever the server sent, and not more than fits into a line."""
    return repr(event.get("event_id"))[:100]
