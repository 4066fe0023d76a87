"""How far each group has read the chain: written in the transaction of what was read."""

from __future__ import annotations

from sqlalchemy import select

from bridge.storage.schema import chain_cursors as table
from bridge.storage.tx import Tx, upsert


def get(tx: Tx, group: str) -> tuple[int, bytes] | None:
    """Number and hash (32 bytes) of the last block read; None before the first."""
    row = tx.conn.execute(select(table.c.block, table.c.block_hash).where(table.c.group_name == group)).first()
    return None if row is None else (int(row[0]), bytes(row[1]))


def put(tx: Tx, group: str, block: int, block_hash: bytes) -> None:
    """Read up to here."""
    upsert(tx, table, {"group_name": group, "block": block, "block_hash": block_hash})
