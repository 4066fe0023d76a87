"""Asking the homeserver what is new: one long poll at a time, and the pages that a short answer leaves out.

When more events came than the timeline limit lets through, the answer is `limited` and the rest must be
fetched by /messages. We page *forwards* from the last token to the new one: the first bound is then the
position in the server's stream, so nothing that arrived in between can fall out. (Backwards from
`prev_batch`, the bound is a position in the room's graph, and an event that was sent in parallel can lie
on its other side.) Forward pages can also be handed on one by one, whatever the size of the gap.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from nio import Api, MessageDirection

from adapters.matrix.errors import AnswerTooLarge
from adapters.matrix.fields import identifier, mapping, objects, text
from adapters.matrix.http import MatrixHttp
from adapters.matrix.inbound import TIMELINE_TYPES
from adapters.matrix.rooms import STATE_TYPES
from bridge.model.adapter import Rejected, RetryLater

POLL_SECONDS: Final = 25
"""How long the server may hold the request; below the 30 s after which many proxies cut."""
GRACE_SECONDS: Final = 20.0
"""What a long poll may take beyond that."""
MAX_EMPTY_PAGES: Final = 100
"""A filtered page may be empty with more to follow; a server that only sends such is broken."""
MAX_TOKEN: Final = 4096

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RoomNews:
    """What came for one joined room."""

    room_id: str
    state: tuple[Event, ...]
    events: tuple[Event, ...]
    limited: bool


@dataclass(frozen=True, slots=True)
class News:
    """One answer of /sync. `left` are rooms the bot is in no more."""

    next_batch: str
    joined: tuple[RoomNews, ...]
    left: tuple[RoomNews, ...]
    invites: tuple[str, ...]


class Stream:
    """The account's event stream. All methods raise `RetryLater` or `Rejected`."""

    def __init__(self, http: MatrixHttp, timeline_limit: int) -> None:
        self._http = http
        self._limit = timeline_limit

    async def survey(self) -> News:
        """The position now, the joined rooms and open invitations, without any history."""
        return await self._sync(None, 0, 0)

    async def news(self, since: str) -> News:
        """Wait for what follows `since`."""
        try:
            return await self._sync(since, self._limit, POLL_SECONDS)
        except AnswerTooLarge as error:
            # Large events in many rooms: take fewer at once, the rest comes page by page.
            self._shrink()
            raise RetryLater(str(error)) from error

    async def pages(self, room_id: str, since: str, until: str) -> AsyncIterator[tuple[Event, ...]]:
        """A room's events after `since` and up to `until`, oldest first, page by page."""
        empty = 0
        token = since
        while True:
            path = Api.room_messages(
                "", room_id, token, until, MessageDirection.front, self._limit, _event_filter(self._limit)
            )
            try:
                answer = await self._http.call(path)
            except AnswerTooLarge:
                if not self._shrink():
                    raise
                continue
            chunk = tuple(objects(answer.get("chunk")))
            yield chunk
            end = text(answer.get("end"), MAX_TOKEN)
            empty = 0 if chunk else empty + 1
            if not end or end == token:
                return
            if empty > MAX_EMPTY_PAGES:
                raise RetryLater("the homeserver sends only empty pages")
            token = end

    def _shrink(self) -> bool:
        """Ask for fewer events from now on; False when it cannot be fewer."""
        before, self._limit = self._limit, max(1, self._limit // 4)
        return self._limit < before

    async def _sync(self, since: str | None, limit: int, seconds: int) -> News:
        path = Api.sync("", since, seconds * 1000, _sync_filter(limit), set_presence="offline")
        return read_sync(await self._http.call(path, seconds + GRACE_SECONDS))


def read_sync(answer: Event) -> News:
    """Read an answer of /sync. Raises `Rejected` when it has no token to go on from."""
    next_batch = text(answer.get("next_batch"), MAX_TOKEN)
    if not next_batch:
        raise Rejected("the homeserver's sync answer has no position")
    return News(
        next_batch=next_batch,
        joined=tuple(_rooms(answer, "join")),
        left=tuple(_rooms(answer, "leave")),
        invites=tuple(room for room in mapping(answer, "rooms", "invite") if identifier(room, "!")),
    )


def _rooms(answer: Event, section: str) -> list[RoomNews]:
    return [
        RoomNews(
            room_id=room_id,
            state=tuple(objects(mapping(room, "state").get("events"))),
            events=tuple(objects(mapping(room, "timeline").get("events"))),
            limited=mapping(room, "timeline").get("limited") is True,
        )
        for room_id, room in mapping(answer, "rooms", section).items()
        if identifier(room_id, "!")
    ]


def _event_filter(limit: int) -> dict[str, Any]:
    return {"limit": limit, "types": list(TIMELINE_TYPES), "lazy_load_members": True}


def _sync_filter(limit: int) -> dict[str, Any]:
    """Only what is used: no presence, receipts, typing or account data; members of those who spoke."""
    nothing: dict[str, Any] = {"types": []}
    return {
        "presence": nothing,
        "account_data": nothing,
        "room": {
            "ephemeral": nothing,
            "account_data": nothing,
            "state": {"types": [*STATE_TYPES, "m.room.member"], "lazy_load_members": True},
            "timeline": _event_filter(limit),
        },
    }
