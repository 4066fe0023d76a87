"""What the native MLS part keeps: rows (kind, key) -> value, values encrypted at rest."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select

from bridge.storage.schema import mls_rows as table
from bridge.storage.tx import Tx, upsert

_DELETE = delete(table).where(
    table.c.group_name == bindparam("of_group"),
    table.c.kind == bindparam("of_kind"),
    table.c.row_key == bindparam("of_key"),
)


def apply(tx: Tx, group: str, writes: Iterable[tuple[str, bytes, bytes | None]]) -> None:
    """Perform (kind, key, value) in order; None deletes. Of several writes to one row the last counts."""
    last = {(kind, key): value for kind, key, value in writes}
    kept = []
    for (kind, key), value in last.items():
        if value is None:
            tx.conn.execute(_DELETE, {"of_group": group, "of_kind": kind, "of_key": key})
        else:
            sealed = tx.cipher.seal((table.name, group, kind, key), value)
            kept.append({"group_name": group, "kind": kind, "row_key": key, "value": sealed})
    upsert(tx, table, *kept)


def load(tx: Tx, group: str) -> list[tuple[str, bytes, bytes]]:
    """All (kind, key, value) of a group, sorted by kind and key. Raises Tampered."""
    query = (
        select(table.c.kind, table.c.row_key, table.c.value)
        .where(table.c.group_name == group)
        .order_by(table.c.kind, table.c.row_key)
    )
    return [
        (kind, key, tx.cipher.open((table.name, group, kind, key), sealed))
        for kind, key, sealed in tx.conn.execute(query)
    ]
