"""Names of members of other bridges, as seen in their messages: untrusted text, for display only."""

from __future__ import annotations

from sqlalchemy import select

from bridge.storage.schema import members as table
from bridge.storage.tx import Tx, upsert


def set_name(tx: Tx, group: str, address: bytes, name: str) -> None:
    """Remember the name last seen for an address."""
    upsert(tx, table, {"group_name": group, "address": address, "display_name": name})


def names(tx: Tx, group: str) -> dict[bytes, str]:
    """Address -> name of all members of a group that gave one."""
    query = select(table.c.address, table.c.display_name).where(table.c.group_name == group)
    return {row.address: row.display_name for row in tx.conn.execute(query)}
