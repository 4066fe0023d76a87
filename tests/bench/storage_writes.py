"""How many durable writes per second: concurrent groups sharing commits, against one transaction each.

    .venv/bin/python -m tests.bench.storage_writes [seconds per case] [folder]

A write is what one received message costs: seen mark, 1 kB of encrypted state, two MLS rows, one outbox row.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time

from bridge.storage import groups, mls_rows, outbox, seen
from bridge.storage.store import Store, Tx

STATE = bytes(1024)


def event(tx: Tx, group: str, number: int) -> None:
    """One event's rows."""
    seen.mark(tx, group, number.to_bytes(32, "big"), number)
    groups.save_state(tx, group, STATE)
    mls_rows.apply(tx, group, [("epoch", b"now", STATE), ("leaf", b"own", STATE)])
    outbox.add(tx, group, "/g/1/app_msg/proto", STATE, number)


async def measure(writers: int, seconds: float, folder: str | None) -> tuple[float, float]:
    """Writes and commits per second with so many groups, each waiting for its commit before it goes on."""
    with tempfile.TemporaryDirectory(dir=folder) as data:
        store = await Store.open(f"sqlite:///{data}/bench.db", bytes(32))
        done, start, first = 0, time.perf_counter(), store.commits

        async def group(name: str) -> None:
            nonlocal done
            number = 0
            while time.perf_counter() - start < seconds:
                number += 1
                await store.write(lambda tx, number=number: event(tx, name, number))
                done += 1

        await asyncio.gather(*(group(f"g{n}") for n in range(writers)))
        took, commits = time.perf_counter() - start, store.commits - first
        await store.close()
    return done / took, commits / took


async def main() -> None:
    """Print a table; the first row is one transaction each."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    folder = sys.argv[2] if len(sys.argv) > 2 else None
    print("groups  writes/s  commits/s")
    for writers in (1, 4, 16, 64, 256):
        writes, commits = await measure(writers, seconds, folder)
        print(f"{writers:6}  {writes:8.0f}  {commits:9.0f}")


if __name__ == "__main__":
    asyncio.run(main())
