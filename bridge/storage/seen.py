"""Which payloads a group has had: duplicates stay dropped over a restart."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from bridge.storage.schema import seen as table
from bridge.storage.tx import PRUNE_ROWS, Tx, insert_new, prune_where

_CHUNK = 500
"""Bound variables per query: SQLite may be built with a limit of 999."""


def mark(tx: Tx, group: str, digest: bytes, now: float) -> bool:
    """Note the digest; False when it was seen already."""
    return insert_new(tx, table, {"group_name": group, "digest": digest, "seen_at": now})


def known(tx: Tx, group: str, digests: Collection[bytes]) -> set[bytes]:
    """Those of `digests` that were seen."""
    wanted = list(digests)
    found: set[bytes] = set()
    for start in range(0, len(wanted), _CHUNK):
        chunk = table.c.digest.in_(wanted[start : start + _CHUNK])
        found.update(tx.conn.scalars(select(table.c.digest).where(table.c.group_name == group, chunk)))
    return found


def prune(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` digests seen before `before`; returns how many."""
    return prune_where(tx, table, table.c.seen_at < before, limit)
