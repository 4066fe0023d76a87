"""The engine's state of each group, encrypted at rest."""

from __future__ import annotations

from sqlalchemy import select

from bridge.storage.schema import groups as table
from bridge.storage.tx import Tx, upsert


def save_state(tx: Tx, group: str, state: bytes) -> None:
    """Store the state, replacing the one before."""
    sealed = tx.cipher.seal((table.name, group), state)
    upsert(tx, table, {"group_name": group, "state": sealed})


def load_state(tx: Tx, group: str) -> bytes | None:
    """The state as saved last, or None. Raises Tampered."""
    sealed = tx.conn.scalar(select(table.c.state).where(table.c.group_name == group))
    return None if sealed is None else tx.cipher.open((table.name, group), sealed)


def names(tx: Tx) -> list[str]:
    """All groups with a state, sorted."""
    return list(tx.conn.scalars(select(table.c.group_name).order_by(table.c.group_name)))
