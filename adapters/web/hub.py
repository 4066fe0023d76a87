"""Who looks at which room right now, and what they must be told: the view's news, changed messages, bans."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from adapters.web import messages
from adapters.web.database import Database, Tx
from adapters.web.errors import TooMany
from bridge.model.ids import RoomRef
from bridge.model.notices import BallotClosed
from bridge.model.view import Group, GroupView, News, SendUpdate

MAX_PER_USER: Final = 8
"""Open pages of one person."""
MAX_FOLLOWERS: Final = 500
RETRY: Final = 1.0
"""Seconds until a database that failed is tried again."""
GOING_AWAY: Final = 1001
UNAUTHORISED: Final = 4401
log = structlog.get_logger("web.hub")


class Follower(Protocol):
    """An open connection that looks at a room; none of these blocks."""

    user_id: str
    session: bytes
    room: str

    def mark(self, *what: str) -> None:
        """Something is to be read again: `messages`, `group`, `results`, `me`."""

    def news(self, items: Sequence[News]) -> None:
        """The view's news of the room."""

    def end(self, code: int, text: str = "") -> None:
        """Say goodbye and close."""

    async def ended(self) -> None:
        """Returns when it is closed."""


class Hub:
    """All followers of one page."""

    def __init__(self, database: Database, view: GroupView) -> None:
        self._database = database
        self._view = view
        self._followers: set[Follower] = set()
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._groups: dict[str, tuple[int, Group | None]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._updates: dict[str, tuple[str, SendUpdate]] = {}
        self._updated = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._followers)

    def add(self, follower: Follower) -> None:
        """Raises TooMany when this person, or the page, has too many connections."""
        mine = sum(each.user_id == follower.user_id for each in self._followers)
        if self._closed or mine >= MAX_PER_USER or len(self._followers) >= MAX_FOLLOWERS:
            raise TooMany("You have too many pages open. Please close one.", 10.0)
        self._followers.add(follower)

    def remove(self, follower: Follower) -> None:
        """It is gone."""
        self._followers.discard(follower)

    def watch(self) -> Callable[[], None]:
        """Begin to listen to the view; call what is returned to stop."""
        return self._view.watch(self._news)

    def changed(self, room: str) -> None:
        """Messages of the room have changed (and that is on the disk)."""
        self._mark(room, "messages")

    def _mark(self, room: str, *what: str) -> None:
        for follower in self._in(room):
            follower.mark(*what)

    def _in(self, room: str) -> list[Follower]:
        return [each for each in self._followers if each.room == room]

    def _news(self, room: RoomRef, news: Sequence[News]) -> None:
        for item in news:
            if isinstance(item, SendUpdate):
                self._updates[item.event_id] = (room.room_id, item)
                self._updated.set()
        self._versions[room.room_id] += 1
        closed = any(isinstance(item, BallotClosed) for item in news)
        for follower in self._in(room.room_id):
            follower.news(news)
            follower.mark("group", "me", *(["results"] if closed else []))

    async def group(self, room: str) -> Group | None:
        """The room's group now; read once for all who look. Raises what the view raises."""
        async with self._locks[room]:
            version = self._versions[room]
            known = self._groups.get(room)
            if known is None or known[0] != version or known[1] is None:
                known = self._groups[room] = (version, await self._view.group(RoomRef(messages.WEB, room)))
            return known[1]

    async def run(self) -> None:
        """Write down what became of people's messages, until cancelled."""
        while True:
            await self._updated.wait()
            self._updated.clear()
            batch, self._updates = self._updates, {}
            try:
                await self._database.do(lambda tx, batch=batch: _write(tx, batch))  # type: ignore[misc]
            except Exception as error:
                # Whatever fails here, the page must go on showing the rest; newer news wins.
                log.warning("cannot write what became of messages", error=type(error).__name__)
                self._updates = {**batch, **self._updates}
                self._updated.set()
                await asyncio.sleep(RETRY)
                continue
            for room in {room for room, _ in batch.values()}:
                self.changed(room)

    def end_session(self, session: bytes) -> None:
        """A browser has signed out: its other tabs too."""
        for each in list(self._followers):
            if each.session == session:
                each.end(UNAUTHORISED, "You have signed out.")

    def expel(self, user_id: str, text: str) -> None:
        """Close all that this person has open, and say why."""
        for each in list(self._followers):
            if each.user_id == user_id:
                each.mark("me")
                each.end(UNAUTHORISED, text)

    def readmit(self, user_id: str) -> None:
        """They are banned no longer: all that was kept from them is to be read."""
        for each in list(self._followers):
            if each.user_id == user_id:
                each.mark("me", "messages", "group", "results")

    async def close(self, limit: float = 2.0) -> None:
        """Close all connections because the page stops; returns when they are closed, or after `limit` s."""
        self._closed = True
        leaving = list(self._followers)
        for each in leaving:
            each.end(GOING_AWAY)
        if leaving:
            tasks = [asyncio.create_task(each.ended()) for each in leaving]
            _, late = await asyncio.wait(tasks, timeout=limit)
            for task in late:
                task.cancel()


def _write(tx: Tx, batch: dict[str, tuple[str, SendUpdate]]) -> None:
    for event_id, (_, item) in batch.items():
        messages.set_status(tx, event_id, item.fate.value, item.reason)
