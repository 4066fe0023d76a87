"""What adapters remember (`bridge.model.adapter_store`): rows by adapter, kind and key; values encrypted."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, bindparam, delete, func, select

from bridge.model.adapter_store import SCAN_ROWS, Change, Row, Rows
from bridge.storage.schema import adapter_rows as table
from bridge.storage.store import Store
from bridge.storage.tx import PRUNE_ROWS, Tx, prune_where, upsert

T = TypeVar("T")

_CHUNK: Final = 500
"""Bound variables per query: SQLite may be built with a limit of 999."""

_ROW: Final = (table.c.row_key, table.c.value, table.c.under, table.c.position, table.c.expires_at)
_ours: Final = (table.c.adapter == bindparam("a")) & (table.c.kind == bindparam("k"))
_alive: Final = (table.c.expires_at == 0) | (table.c.expires_at > bindparam("now"))
_GET: Final = select(table.c.value).where(_ours, table.c.row_key == bindparam("r"), _alive)
_GET_MANY: Final = select(*_ROW).where(_ours, table.c.row_key.in_(bindparam("keys", expanding=True)), _alive)
_DELETE: Final = delete(table).where(_ours, table.c.row_key.in_(bindparam("keys", expanding=True)))


class StoredRows:
    """Implements `Rows` in an open transaction, for one adapter (its table's name) at one time."""

    def __init__(self, tx: Tx, adapter: str, now: float) -> None:
        self._tx = tx
        self._adapter = adapter
        self._now = now

    def get(self, kind: str, key: str) -> bytes | None:
        """The value, or None. Raises Tampered."""
        sealed = self._tx.conn.scalar(_GET, {**self._of(kind), "r": key, "now": self._now})
        return None if sealed is None else self._tx.cipher.open((table.name, self._adapter, kind, key), sealed)

    def get_many(self, kind: str, keys: Collection[str]) -> dict[str, Row]:
        """Those of `keys` that there are. Raises Tampered."""
        wanted, found = list(keys), {}
        for start in range(0, len(wanted), _CHUNK):
            values = {**self._of(kind), "keys": wanted[start : start + _CHUNK], "now": self._now}
            for row in self._tx.conn.execute(_GET_MANY, values):
                found[row.row_key] = self._opened(kind, *row)
        return found

    def put(self, kind: str, row: Row) -> None:
        """Insert or replace."""
        values = {
            "adapter": self._adapter,
            "kind": kind,
            "row_key": row.key,
            "value": self._tx.cipher.seal((table.name, self._adapter, kind, row.key), row.value),
            "under": row.under,
            "position": row.position,
            "expires_at": row.expires_at,
        }
        upsert(self._tx, table, values)

    def delete(self, kind: str, *keys: str) -> int:
        """Remove; returns how many there were."""
        gone = 0
        for start in range(0, len(keys), _CHUNK):
            values = {**self._of(kind), "keys": keys[start : start + _CHUNK]}
            gone += self._tx.conn.execute(_DELETE, values).rowcount
        return gone

    def scan(
        self,
        kind: str,
        *,
        under: str | None = None,
        after: int | None = None,
        before: int | None = None,
        newest: bool = False,
        limit: int = SCAN_ROWS,
    ) -> list[Row]:
        """Rows by position, see `Rows.scan`. Raises Tampered."""
        query = select(*_ROW).where(self._where(kind, under), _alive)
        if after is not None:
            query = query.where(table.c.position > after)
        if before is not None:
            query = query.where(table.c.position < before)
        order = (table.c.position, table.c.row_key)
        query = query.order_by(*(column.desc() for column in order) if newest else order).limit(limit)
        found = self._tx.conn.execute(query, {**self._of(kind), "now": self._now})
        return [self._opened(kind, *row) for row in found]

    def count(self, kind: str, under: str | None = None) -> int:
        """How many rows there are."""
        query = select(func.count()).where(self._where(kind, under), _alive)
        return self._tx.conn.scalar(query, {**self._of(kind), "now": self._now}) or 0

    def trim(self, kind: str, under: str | None, keep: int) -> int:
        """Remove all but the `keep` rows of the highest positions."""
        where = self._where(kind, under)
        edge = select(table.c.position).where(where).order_by(table.c.position.desc()).offset(keep).limit(1)
        highest = self._tx.conn.scalar(edge, self._of(kind))
        if highest is None:
            return 0
        surplus = delete(table).where(where, table.c.position <= highest)
        return self._tx.conn.execute(surplus, self._of(kind)).rowcount

    def _of(self, kind: str) -> dict[str, object]:
        return {"a": self._adapter, "k": kind}

    def _where(self, kind: str, under: str | None) -> ColumnElement[bool]:
        return _ours if under is None else _ours & (table.c.under == under)

    def _opened(self, kind: str, key: str, sealed: bytes, under: str, position: int, expires_at: float) -> Row:
        value = self._tx.cipher.open((table.name, self._adapter, kind, key), sealed)
        return Row(key, value, under, position, expires_at)


class StoredAdapterStore:
    """Implements `AdapterStore` in the bridge's database, for the adapter called `adapter`."""

    def __init__(self, store: Store, adapter: str, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._adapter = adapter
        self._clock = clock

    async def read(self, work: Callable[[Rows], T]) -> T:
        """Run `work` on one committed state."""
        now = self._clock()
        return await self._store.read(lambda tx: work(StoredRows(tx, self._adapter, now)))

    async def write(self, work: Callable[[Rows], T]) -> T:
        """Run `work` in a transaction."""
        now = self._clock()
        return await self._store.write(lambda tx: work(StoredRows(tx, self._adapter, now)))


def remember(tx: Tx, adapter: str, changes: Collection[Change], now: float) -> None:
    """Run the works that came with an event or a delivery of this adapter, in its transaction."""
    rows = StoredRows(tx, adapter, now)
    for change in changes:
        change(rows)


def prune(tx: Tx, now: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` rows whose time is over; returns how many."""
    return prune_where(tx, table, (table.c.expires_at > 0) & (table.c.expires_at <= now), limit)
