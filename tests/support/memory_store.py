"""An `AdapterStore` in memory, for tests of adapters. `tests/storage/test_adapter_rows.py` runs on it too."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from bridge.model.adapter import Adapter, Outgoing
from bridge.model.adapter_store import SCAN_ROWS, Row, Rows

T = TypeVar("T")


class MemoryRows:
    """Implements `Rows`; `held` is (kind, key) -> row."""

    def __init__(self, held: dict[tuple[str, str], Row], now: float) -> None:
        self.held = held
        self._now = now

    def get(self, kind: str, key: str) -> bytes | None:
        row = self.get_many(kind, [key]).get(key)
        return None if row is None else row.value

    def get_many(self, kind: str, keys: Collection[str]) -> dict[str, Row]:
        found = {key: self.held.get((kind, key)) for key in keys}
        return {key: row for key, row in found.items() if row is not None and self._alive(row)}

    def put(self, kind: str, row: Row) -> None:
        self.held[kind, row.key] = row

    def delete(self, kind: str, *keys: str) -> int:
        return sum(self.held.pop((kind, key), None) is not None for key in keys)

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
        found = [
            row
            for (its_kind, _), row in self.held.items()
            if its_kind == kind
            and (under is None or row.under == under)
            and (after is None or row.position > after)
            and (before is None or row.position < before)
            and self._alive(row)
        ]
        return sorted(found, key=lambda row: (row.position, row.key), reverse=newest)[:limit]

    def count(self, kind: str, under: str | None = None) -> int:
        return len(self.scan(kind, under=under, limit=len(self.held)))

    def trim(self, kind: str, under: str | None, keep: int) -> int:
        found = self.scan(kind, under=under, newest=True, limit=len(self.held))
        if len(found) <= keep:
            return 0
        edge = found[keep].position
        return self.delete(kind, *(row.key for row in found if row.position <= edge))

    def _alive(self, row: Row) -> bool:
        return not row.expires_at or row.expires_at > self._now


class MemoryStore:
    """Survives a restart of its adapter for as long as it is kept."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._held: dict[tuple[str, str], Row] = {}

    async def read(self, work: Callable[[Rows], T]) -> T:
        return work(MemoryRows(dict(self._held), self._clock()))

    async def write(self, work: Callable[[Rows], T]) -> T:
        rows = MemoryRows(dict(self._held), self._clock())
        result = work(rows)
        self._held = rows.held
        return result

    def record(self, adapter: Adapter) -> None:
        """Have what its deliveries remember written when they are done, as the bridge does."""
        for name in ("send", "edit"):
            if hasattr(adapter, name):
                setattr(adapter, name, self._recorded(getattr(adapter, name)))

    def _recorded(self, method: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
        async def recorded(message: Outgoing, *rest: str) -> str:
            try:
                return await method(message, *rest)
            finally:
                changes, message.changes[:] = list(message.changes), []
                for change in changes:
                    await self.write(change)

        return recorded
