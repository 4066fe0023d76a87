"""What people did, on its way to the bridge's inbox: stored with the message, handed over in order.

A crash between the two writes loses nothing: the event is still in `page.db` and is handed over at the next
start; the inbox drops an event id that it knows, so nothing comes twice.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Any, Final

import structlog

from adapters.web.database import Database, Tx
from bridge.model.adapter import Inbound, InboundCommand, InboundDelete, InboundMessage, InboundReaction, Inbox
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body

ACCOUNT: Final = "page"
BATCH: Final = 100
WAIT_FIRST: Final = 0.2
WAIT_MOST: Final = 30.0
MAX_WAITING: Final = 10_000
"""What may wait while the inbox fails; beyond it people are told to try later."""
_KINDS: Final[dict[str, type[InboundMessage | InboundCommand | InboundDelete | InboundReaction]]] = {
    "message": InboundMessage,
    "command": InboundCommand,
    "delete": InboundDelete,
    "reaction": InboundReaction,
}
log = structlog.get_logger("web.outbox")


def encode(event: Inbound) -> str:
    """As stored. `event` has no attachments: people cannot send files here yet."""
    kind = next(name for name, cls in _KINDS.items() if isinstance(event, cls))
    fields = asdict(event)
    fields["author"]["address"] = ""
    fields.pop("attachments", None)
    if isinstance(event, InboundCommand):
        fields["arguments"] = {
            name: {"hex": value.hex()} if isinstance(value, bytes) else value
            for name, value in event.arguments.items()
        }
    return json.dumps({"kind": kind, **fields})


def decode(stored: str) -> Inbound:
    """As read back."""
    fields: dict[str, Any] = json.loads(stored)
    cls = _KINDS[fields.pop("kind")]
    fields["room"] = RoomRef(**fields["room"])
    fields["author"] = Author(**{**fields["author"], "address": b""})
    if "body" in fields:
        fields["body"] = Body(**fields["body"])
    if "arguments" in fields:
        fields["arguments"] = {
            name: bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
            for name, value in fields["arguments"].items()
        }
    return cls(**fields)


def put(tx: Tx, event: Inbound) -> None:
    """Put it in the queue, in the transaction that stores the message."""
    tx.execute("INSERT INTO outbox (event) VALUES (?)", (encode(event),))


def full(tx: Tx) -> bool:
    """Whether too much waits."""
    return int(tx.execute("SELECT count(*) FROM outbox").fetchone()[0]) >= MAX_WAITING


class Outbox:
    """Carries events to the inbox, one batch after the other, for as long as it runs."""

    def __init__(self, database: Database, inbox: Inbox) -> None:
        self._database = database
        self._inbox = inbox
        self._news = asyncio.Event()
        self.stuck = ""
        """Why the inbox does not take what waits; '' while it does."""

    def hurry(self) -> None:
        """There is something new."""
        self._news.set()

    async def run(self) -> None:
        """Until cancelled; begins with what a crash left."""
        wait = WAIT_FIRST
        while True:
            self._news.clear()
            try:
                while await self._carry():
                    wait = WAIT_FIRST
                self.stuck = ""
            except Exception as error:
                # The inbox is the bridge's own store: whatever fails, the events stay.
                self.stuck = type(error).__name__
                log.warning("the bridge does not take messages", error=self.stuck, retry_in=wait)
                await asyncio.sleep(wait)
                wait = min(2 * wait, WAIT_MOST)
                continue
            await self._news.wait()

    async def _carry(self) -> bool:
        """Hand over one batch; whether there was one."""
        sql = "SELECT n, event FROM outbox ORDER BY n LIMIT ?"
        rows = await self._database.do(lambda tx: tx.execute(sql, (BATCH,)).fetchall())
        if not rows:
            return False
        last = int(rows[-1]["n"])
        await self._inbox.accept(ACCOUNT, str(last), [decode(row["event"]) for row in rows])
        await self._database.do(lambda tx: tx.execute("DELETE FROM outbox WHERE n <= ?", (last,)))
        return True
