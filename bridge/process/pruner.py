"""Forgets what is old, in all tables (`bridge.storage.bounds`), a little at a time.

A transaction removes at most `tx.PRUNE_ROWS` rows and others are let in between, so nobody waits for it; a
round has at most `ROUND` of them for each table, and what is left goes with the next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog

from bridge.storage.bounds import BOUNDS, Prune
from bridge.storage.store import Store
from bridge.storage.tx import PRUNE_ROWS, Tx

DAY: Final = 86_400.0
EVERY: Final = 600.0
"""Seconds between rounds. Own choice: at most some thousand rows become old meanwhile."""
PAUSE: Final = 0.05
"""Seconds between two transactions of a round: others write meanwhile."""
ROUND: Final = 100
"""Transactions for one table in a round."""

log: Final = structlog.get_logger(__name__)


class Pruner:
    """Run `run` in a task."""

    def __init__(self, store: Store, keep_days: float, clock: Callable[[], float] = time.time) -> None:
        """`keep_days`: how long what is finished stays."""
        self._store = store
        self._keep = keep_days * DAY
        self._clock = clock

    async def run(self) -> None:
        """Prune until cancelled. Raises what the store raises."""
        while True:
            await self.round()
            await asyncio.sleep(EVERY)

    async def round(self) -> int:
        """Once through all tables; returns how many rows went."""
        now, gone = self._clock(), 0
        for name, bound in BOUNDS.items():
            for prune, before in ((bound.old, now - self._keep), (bound.over, now)):
                removed = await self._table(prune, before) if prune is not None else 0
                gone += removed
                if removed:
                    log.debug("pruned", table=name, rows=removed)
        return gone

    async def _table(self, prune: Prune, before: float) -> int:
        gone = 0
        for _ in range(ROUND):
            removed = await self._store.write(partial(_pruned, prune, before))
            gone += removed
            if removed < PRUNE_ROWS:
                break
            await asyncio.sleep(PAUSE)
        return gone


def _pruned(prune: Prune, before: float, tx: Tx) -> int:
    return prune(tx, before, PRUNE_ROWS)
