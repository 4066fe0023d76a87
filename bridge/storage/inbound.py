"""What came from the platforms: stored with the account's cursor in one transaction, then worked off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import false, select, true, update

from bridge.storage.columns import TEXT_CHARS
from bridge.storage.schema import cursors
from bridge.storage.schema import inbound as table
from bridge.storage.tx import PRUNE_ROWS, Tx, insert_with_id, prune_where, upsert


@dataclass(frozen=True, slots=True)
class InboundRow:
    """One event to work on; `attempts` is how often `retry` was called for it."""

    id: int
    event_key: str
    payload: bytes
    attempts: int


def accept(
    tx: Tx, account: str, cursor: str, events: Sequence[tuple[str, bytes]], now: float
) -> list[InboundRow]:
    """Store (event key, payload) in order, and the cursor after them; returns the rows that are new.

    An event key that the account had before (and that `prune` has not forgotten) is dropped.
    """
    new = []
    for event_key, payload in events:
        values = {
            "account": account,
            "event_key": event_key,
            "payload": payload,
            "attempts": 0,
            "finished": False,
            "note": "",
            "created_at": now,
        }
        row_id = insert_with_id(tx, table, values)
        if row_id is not None:
            new.append(InboundRow(row_id, event_key, payload, 0))
    upsert(tx, cursors, {"account": account, "cursor": cursor})
    return new


def pending(tx: Tx, limit: int = 200) -> list[InboundRow]:
    """The oldest unfinished events of all accounts, in the order of arrival."""
    query = (
        select(table.c.id, table.c.event_key, table.c.payload, table.c.attempts)
        .where(table.c.finished == false())
        .order_by(table.c.id)
        .limit(limit)
    )
    return [InboundRow(*row) for row in tx.conn.execute(query)]


def done(tx: Tx, row_id: int, note: str = "") -> None:
    """Finish an event. Its key is kept (a replay is dropped), its payload is not."""
    values = {"finished": True, "payload": b"", "note": note[:TEXT_CHARS]}
    tx.conn.execute(update(table).where(table.c.id == row_id).values(**values))


def retry(tx: Tx, row_id: int, note: str = "") -> None:
    """Count an attempt that failed; the event stays where it is in the order."""
    values = {"attempts": table.c.attempts + 1, "note": note[:TEXT_CHARS]}
    tx.conn.execute(update(table).where(table.c.id == row_id).values(**values))


def cursor(tx: Tx, account: str) -> str:
    """Where the account goes on; empty when it never stored anything."""
    return tx.conn.scalar(select(cursors.c.cursor).where(cursors.c.account == account)) or ""


def prune(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget the keys of at most `limit` finished events from before `before`; returns how many."""
    return prune_where(tx, table, (table.c.finished == true()) & (table.c.created_at < before), limit)
