"""Invitations: the bot goes where the configuration links a room, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import structlog
from nio import Api

from adapters.matrix.http import MatrixHttp, new_backoff
from adapters.matrix.inbound import PLATFORM
from bridge.model.adapter import Rejected, RetryLater
from bridge.model.backoff import Backoff
from bridge.model.ids import RoomRef

MAX_PENDING: Final = 1_000
"""Invitations kept; anybody can invite, so there must be an end."""
JOIN_SECONDS: Final = 90.0
"""Joining a large room of another server takes a homeserver this long (own choice)."""
LOOK_SECONDS: Final = 5.0
"""How often the links are looked at anew: a room may be linked after its invitation came."""

log: Final = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Invite:
    backoff: Backoff = field(default_factory=new_backoff)
    not_before: float = 0.0


class Invites:
    """Joins in a task of its own, so that a slow room does not hold up the others' messages."""

    def __init__(self, http: MatrixHttp) -> None:
        self._http = http
        self._pending: dict[str, _Invite] = {}
        self._news = asyncio.Event()

    def add(self, room_ids: Iterable[str]) -> None:
        """Take note of invitations; known ones are left as they are."""
        for room_id in room_ids:
            if room_id not in self._pending and len(self._pending) < MAX_PENDING:
                self._pending[room_id] = _Invite()
                self._news.set()

    def joined(self, room_ids: Iterable[str]) -> None:
        """Sync shows us in these rooms (the answer to a join may have been lost)."""
        for room_id in room_ids:
            self._pending.pop(room_id, None)

    def __len__(self) -> int:
        return len(self._pending)

    def pending(self, room_id: str) -> bool:
        """Whether the bot is invited and not in the room yet."""
        return room_id in self._pending

    async def run(self, linked: Callable[[RoomRef], bool]) -> None:
        """Join what is linked, until cancelled."""
        told: set[str] = set()
        while True:
            self._news.clear()
            for room_id in list(self._pending):
                if linked(RoomRef(PLATFORM, room_id)):
                    await self._join(room_id)
                elif room_id not in told and len(told) < MAX_PENDING:
                    told.add(room_id)
                    log.info("invitation ignored: the configuration does not link this room", room=room_id)
            try:
                await asyncio.wait_for(self._news.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue

    async def _join(self, room_id: str) -> None:
        """One attempt, unless it is too early for it; refusals end it, passing trouble does not."""
        invite, now = self._pending.get(room_id), asyncio.get_running_loop().time()
        if invite is None or now < invite.not_before:
            return
        try:
            await self._http.call(Api.join("", room_id), JOIN_SECONDS)
        except RetryLater as trouble:
            invite.not_before = now + invite.backoff.failed(trouble.after)
            log.warning("cannot join yet", room=room_id, error=str(trouble))
        except Rejected as refusal:
            self._pending.pop(room_id, None)
            log.warning("cannot join; invite the bot again", room=room_id, error=str(refusal))
        else:
            self._pending.pop(room_id, None)
            log.info("joined", room=room_id)
