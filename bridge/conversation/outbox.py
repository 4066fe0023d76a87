"""Publishes what the transactions of a group left in its outbox: in order, until it is out.

A row is deleted after it is published. A crash between the two publishes the very same bytes again, which
receivers drop. The rows of a running process come from memory, in the order of their commits; the table is
read at the start, and after more than `MOST_IN_MEMORY` have waited.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from bridge.conversation.tuning import Tuning
from bridge.model.backoff import Backoff
from bridge.storage import outbox
from bridge.storage.outbox import OutboxRow
from bridge.storage.store import Store
from bridge.waku.transport import TransportError

log: Final = structlog.get_logger("bridge.conversation.outbox")

MOST_IN_MEMORY: Final = 1_000
"""Rows; while the transport is away they pile up in the table only."""

Send = Callable[[str, bytes], Awaitable[None]]
"""(content topic, payload). Raises TransportError."""


class Outbox:
    """One group's publisher."""

    def __init__(self, store: Store, group: str, send: Send, tuning: Tuning) -> None:
        self._store = store
        self._group = group
        self._send = send
        self._tuning = tuning
        self._fresh: list[OutboxRow] = []
        """Committed since the table was read to its end, in order."""
        self._behind = True
        """The table holds rows that are not in `_fresh`."""
        self._read_to = 0
        """The last row that was read from the table: no row up to it may be taken from memory too."""
        self._wake = asyncio.Event()
        self._retry = asyncio.Event()
        self.waiting = 0
        """Rows that could not be published yet, as of the last try."""

    def put(self, rows: Sequence[OutboxRow]) -> None:
        """These rows are committed."""
        self._fresh += [row for row in rows if row.id > self._read_to]
        if len(self._fresh) > MOST_IN_MEMORY:
            self._fresh, self._behind = [], True
        self._wake.set()

    def retry(self) -> None:
        """The transport has peers again: do not wait for the backoff."""
        self._retry.set()

    async def run(self) -> None:
        """Publish for ever; first what an earlier process left."""
        while True:
            self._wake.clear()
            rows = await self._next()
            self.waiting = len(rows)
            if rows:
                await self._publish(rows)
            else:
                await self._wake.wait()

    async def _next(self) -> list[OutboxRow]:
        """The oldest rows that are not out; none when all are."""
        if self._behind:
            # Before the read: what is committed during it may be in both, and would go out twice otherwise.
            self._fresh = []
            # Before the read too: a flood during it says that the table must be read once more.
            self._behind = False
            rows = await self._store.read(lambda tx: outbox.pending(tx, self._group))
            if rows:
                self._read_to = rows[-1].id
                self._behind = True
                return rows
            # All that the table held is out, and so is what has come since the read began, if it was in it.
        rows, self._fresh = self._fresh, []
        return rows

    async def _publish(self, rows: list[OutboxRow]) -> None:
        done: list[int] = []
        try:
            for row in rows:
                await self._publish_one(row)
                done.append(row.id)
        finally:
            # Also when cancelled: what is out need not go out again at the next start.
            if done:
                await self._store.write(lambda tx: outbox.done(tx, done), lazy=True)

    async def _publish_one(self, row: OutboxRow) -> None:
        """Until it is out, or the transport says that it never will be."""
        backoff = Backoff(self._tuning.retry_first, self._tuning.retry_most, random.random)
        while True:
            # Before the try: peers that come during it count for the wait after it.
            self._retry.clear()
            try:
                return await self._send(row.content_topic, row.payload)
            except TransportError as error:
                if not error.retry:
                    # Fragmentation keeps payloads small; this is a fault of ours and must not block the rest.
                    log.error("cannot be published, dropped", group=self._group, row=row.id, error=str(error))
                    return None
                wait = backoff.failed()
                log.info("cannot publish yet", group=self._group, row=row.id, wait=wait, error=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._retry.wait()
                    # Peers came: what fails now fails for another reason.
                    backoff.succeeded()
