"""Messages of a group, as ciphertext, for members that missed them (protocol.md section 9)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bridge.storage.schema import archive as table
from bridge.storage.tx import PRUNE_ROWS, Tx, insert_new, prune_where

_CHUNK = 500
"""Bound variables per query."""


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One message; `time` is when it came, in Unix seconds."""

    content_topic: str
    payload: bytes
    digest: bytes
    time: int


def add(tx: Tx, group: str, content_topic: str, payload: bytes, digest: bytes, now: float) -> None:
    """Keep a message; one whose digest the group has already is ignored."""
    values = {
        "group_name": group,
        "content_topic": content_topic,
        "payload": payload,
        "digest": digest,
        "created_at": now,
    }
    insert_new(tx, table, values)


def since(tx: Tx, group: str, since: float, limit: int = 1000) -> list[ArchiveRow]:
    """The first `limit` messages from `since` on, in the order they came."""
    query = (
        select(table.c.content_topic, table.c.payload, table.c.digest, table.c.created_at)
        .where(table.c.group_name == group, table.c.created_at >= since)
        .order_by(table.c.created_at, table.c.id)
        .limit(limit)
    )
    return [ArchiveRow(*row) for row in tx.conn.execute(query)]


def prune(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` messages from before `before`; returns how many."""
    return prune_where(tx, table, table.c.created_at < before, limit)


def index(tx: Tx, group: str, since: float, limit: int) -> list[tuple[int, bytes]]:
    """(time, digest) of the newest `limit` messages from `since` on, the oldest of them first."""
    query = (
        select(table.c.created_at, table.c.digest)
        .where(table.c.group_name == group, table.c.created_at >= since)
        .order_by(table.c.created_at.desc(), table.c.id.desc())
        .limit(limit)
    )
    return [(int(time), digest) for time, digest in reversed(tx.conn.execute(query).all())]


def named(tx: Tx, group: str, digests: Collection[bytes]) -> list[ArchiveRow]:
    """The messages with these digests, in the order they came."""
    wanted = list(digests)
    rows: list[Any] = []
    for start in range(0, len(wanted), _CHUNK):
        query = select(
            table.c.content_topic, table.c.payload, table.c.digest, table.c.created_at, table.c.id
        ).where(table.c.group_name == group, table.c.digest.in_(wanted[start : start + _CHUNK]))
        rows += tx.conn.execute(query).all()
    rows.sort(key=lambda row: (row.created_at, row.id))
    return [ArchiveRow(*row[:4]) for row in rows]
