"""What is to be published on Waku: written with the event that caused it, sent after the commit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from bridge.storage.schema import outbox as table
from bridge.storage.tx import Tx

_CHUNK = 500
_INSERT = insert(table).returning(table.c.id)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One payload; a retry publishes the very same bytes."""

    id: int
    content_topic: str
    payload: bytes


def add(tx: Tx, group: str, content_topic: str, payload: bytes, now: float) -> OutboxRow:
    """Append; returns the row."""
    values = {"group_name": group, "content_topic": content_topic, "payload": payload, "created_at": now}
    return OutboxRow(tx.conn.execute(_INSERT, values).scalar_one(), content_topic, payload)


def pending(tx: Tx, group: str, limit: int = 100) -> list[OutboxRow]:
    """The oldest rows, in the order of `add`."""
    query = (
        select(table.c.id, table.c.content_topic, table.c.payload)
        .where(table.c.group_name == group)
        .order_by(table.c.id)
        .limit(limit)
    )
    return [OutboxRow(*row) for row in tx.conn.execute(query)]


def done(tx: Tx, ids: Collection[int]) -> None:
    """Remove published rows; unknown ids are ignored."""
    wanted = list(ids)
    for start in range(0, len(wanted), _CHUNK):
        tx.conn.execute(delete(table).where(table.c.id.in_(wanted[start : start + _CHUNK])))
