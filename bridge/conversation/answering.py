"""Anti-entropy, the answering side: publish again, verbatim, what a member says it has not.

An answer costs everybody bandwidth, so it is bounded: only for members, a few per member and time, so many
payloads and bytes each, and after a random delay in which somebody else may have answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from bridge.conversation.intake import pieces
from bridge.conversation.topics import digest as wire_digest
from bridge.conversation.topics import parse
from bridge.conversation.tuning import Tuning
from bridge.conversation.wirelog import WireLog
from bridge.model.bucket import Buckets
from bridge.protocol.errors import RemoteError
from bridge.protocol.events import Topic
from bridge.protocol.history import PREFIX_BYTES, HistoryRequest
from bridge.protocol.wire import codec
from bridge.storage.archive import ArchiveRow
from bridge.waku.transport import TransportError

log: Final = structlog.get_logger("bridge.conversation.history")

MAX_WAITING: Final = 16
MAX_ASKERS: Final = 4_096

Missing = Callable[[int, frozenset[bytes], int], Awaitable[list[ArchiveRow]]]
"""(since, have, limit) -> archived payloads since then whose prefix is not in `have`, oldest first."""
Replay = Callable[[str, bytes], Awaitable[None]]
"""Publish on a content topic, once, marked as a replay. Raises TransportError."""


class Answerer:
    """One group's. `consider` is called with verified requests only."""

    def __init__(
        self,
        missing: Missing,
        replay: Replay,
        wire: WireLog,
        random: Callable[[], float],
        clock: Callable[[], float],
        tuning: Tuning,
    ) -> None:
        self._missing = missing
        self._replay = replay
        self._wire = wire
        self._random = random
        self._clock = clock
        self._tuning = tuning
        self._allowances = Buckets(tuning.answer_burst, 1 / tuning.answer_every, MAX_ASKERS)
        self._waiting: asyncio.Queue[tuple[HistoryRequest, float]] = asyncio.Queue(MAX_WAITING)

    def consider(self, request: HistoryRequest) -> bool:
        """Answer this member's request later; False when it asks too often or too much waits."""
        if not self._allowed(request.requester) or self._waiting.full():
            return False
        self._waiting.put_nowait((request, self._clock()))
        return True

    def _allowed(self, requester: bytes) -> bool:
        return self._allowances.take(requester, self._clock()) == 0

    async def run(self) -> None:
        """Answer for ever."""
        while True:
            request, arrived = await self._waiting.get()
            await self._pause()
            try:
                count = await self.answer(request, arrived)
            except TransportError as error:
                log.debug("cannot answer", error=str(error))
            else:
                if count:
                    log.info("answered", requester=request.requester.hex(), published=count)

    async def answer(self, request: HistoryRequest, arrived: float) -> int:
        """Publish what is missing; returns how many payloads. Raises TransportError."""
        oldest = int(self._clock()) - self._tuning.archive_age
        rows = await self._missing(max(request.since, oldest), request.have, self._tuning.answer_count)
        count, size, overtaken = 0, 0, False
        for row in rows:
            if self._stale(row):
                continue
            parts = self._unanswered(row, arrived)
            if parts and overtaken:
                # We have caught up with somebody else who answers: let them go ahead, or both say the same.
                await self._pause()
                parts = self._unanswered(row, arrived)
            overtaken = not parts
            size += sum(map(len, parts))
            if size > self._tuning.answer_bytes and count:
                break
            for part in parts:
                await self._replay(row.content_topic, part)
                self._wire.note(wire_digest(row.content_topic, part), self._clock())
            count += bool(parts)
        return count

    async def _pause(self) -> None:
        await asyncio.sleep(self._random() * self._tuning.answer_delay)

    def _unanswered(self, row: ArchiveRow, arrived: float) -> list[bytes]:
        """The payloads of a row that nobody has put on the wire since the request came."""
        parsed = parse(row.content_topic)
        parts = pieces(parsed[1], row.payload) if parsed is not None else []
        return [part for part in parts if not self._wire.since(wire_digest(row.content_topic, part), arrived)]

    def _stale(self, row: ArchiveRow) -> bool:
        """A join request whose key its steward has forgotten by now."""
        parsed = parse(row.content_topic)
        if parsed is None or parsed[1] is Topic.APP:
            return False
        if row.time >= self._clock() - self._tuning.welcome_age:
            return False
        try:
            message = codec.decode_welcome(row.payload)
        except RemoteError:
            return False  # a Welcome too large for one message: it is kept whole
        return message.WhichOneof("payload") in ("join_request", "group_announcement")


def missing_of(index: Sequence[tuple[int, bytes]], have: frozenset[bytes], limit: int) -> list[bytes]:
    """The first `limit` digests of (time, digest) whose prefix is not in `have`."""
    return [digest for _, digest in index if digest[:PREFIX_BYTES] not in have][:limit]
