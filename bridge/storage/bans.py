"""Addresses that a group has removed by vote."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from bridge.storage.columns import TEXT_CHARS
from bridge.storage.schema import bans as table
from bridge.storage.tx import Tx, upsert


@dataclass(frozen=True, slots=True)
class Ban:
    """Who was banned, why, and when (Unix seconds)."""

    address: bytes
    reason: str
    time: int


def record(tx: Tx, group: str, address: bytes, reason: str, now: float) -> None:
    """Note a ban, or its newer reason and time."""
    values = {"group_name": group, "address": address, "reason": reason[:TEXT_CHARS], "created_at": now}
    upsert(tx, table, values)


def lift(tx: Tx, group: str, address: bytes) -> bool:
    """Undo a ban; False when there was none."""
    row = (table.c.group_name == group) & (table.c.address == address)
    return tx.conn.execute(delete(table).where(row)).rowcount > 0


def is_banned(tx: Tx, group: str, address: bytes) -> bool:
    """Whether the address is banned."""
    row = (table.c.group_name == group) & (table.c.address == address)
    return tx.conn.scalar(select(table.c.created_at).where(row)) is not None


def all_of(tx: Tx, group: str) -> list[Ban]:
    """All bans of a group, the oldest first."""
    query = (
        select(table.c.address, table.c.reason, table.c.created_at)
        .where(table.c.group_name == group)
        .order_by(table.c.created_at, table.c.address)
    )
    return [Ban(*row) for row in tx.conn.execute(query)]
