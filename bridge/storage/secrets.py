"""Named secrets of the bridge (master secret, access tokens), encrypted at rest."""

from __future__ import annotations

from sqlalchemy import select

from bridge.storage.schema import secrets as table
from bridge.storage.tx import Tx, upsert


def put(tx: Tx, name: str, value: bytes) -> None:
    """Store or replace a secret."""
    upsert(tx, table, {"name": name, "value": tx.cipher.seal((table.name, name), value)})


def get(tx: Tx, name: str) -> bytes | None:
    """The secret, or None. Raises Tampered."""
    sealed = tx.conn.scalar(select(table.c.value).where(table.c.name == name))
    return None if sealed is None else tx.cipher.open((table.name, name), sealed)
