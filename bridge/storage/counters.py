"""Counts per group and code: what was refused, since the group exists here."""

from __future__ import annotations

from sqlalchemy import select

from bridge.storage.schema import counters as table
from bridge.storage.tx import Tx, add_up


def add(tx: Tx, group: str, code: str, n: int = 1) -> None:
    """Count `n` more."""
    add_up(tx, table, {"group_name": group, "code": code, "total": n}, "total")


def all_of(tx: Tx, group: str) -> dict[str, int]:
    """Code -> count, sorted by code."""
    query = select(table.c.code, table.c.total).where(table.c.group_name == group).order_by(table.c.code)
    return {row.code: row.total for row in tx.conn.execute(query)}
