"""How many durable writes per second: concurrent groups sharing commits, against one transaction each.

A write is what one received message costs: seen mark, 1 KiB of encrypted state, two MLS rows, one outbox row.
"""

from __future__ import annotations

import asyncio
import tempfile
import time

from bridge.storage import groups, mls_rows, outbox, seen
from bridge.storage.store import Store, Tx
from tests.bench.table import Table, progress

STATE = bytes(1024)
GROUPS = (1, 4, 16, 64, 256)


async def run(quick: bool) -> Table:
    """One row per number of groups; the first is one transaction each."""
    seconds = 0.3 if quick else 3.0
    rows = []
    for writers in GROUPS:
        progress(f"{writers} groups write for {seconds} s")
        writes, commits = await _measure(writers, seconds)
        rows.append((str(writers), f"{writes:,.0f}", f"{commits:,.0f}", f"{writes / commits:.1f}"))
    heads = ("groups", "writes/s", "commits/s", "writes per commit")
    return Table("storage: durable writes with group commit (SQLite)", heads, tuple(rows))


def _event(tx: Tx, group: str, number: int) -> None:
    """One event's rows."""
    seen.mark(tx, group, number.to_bytes(32, "big"), number)
    groups.save_state(tx, group, STATE)
    mls_rows.apply(tx, group, [("epoch", b"now", STATE), ("leaf", b"own", STATE)])
    outbox.add(tx, group, "/g/1/app_msg/proto", STATE, number)


async def _measure(writers: int, seconds: float) -> tuple[float, float]:
    """Writes and commits per second with so many groups, each waiting for its commit before it goes on."""
    with tempfile.TemporaryDirectory() as data:
        store = await Store.open(f"sqlite:///{data}/bench.db", bytes(32))
        done, start, first = 0, time.perf_counter(), store.commits

        async def group(name: str) -> None:
            nonlocal done
            number = 0
            while time.perf_counter() - start < seconds:
                number += 1
                await store.write(lambda tx, number=number: _event(tx, name, number))  # type: ignore[misc]
                done += 1

        await asyncio.gather(*(group(f"g{n}") for n in range(writers)))
        took, commits = time.perf_counter() - start, store.commits - first
        await store.close()
    return done / took, commits / took
