"""What was acknowledged survives SIGKILL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from bridge.storage import outbox
from bridge.storage.store import Store
from tests.support.transactions import on

KEY = bytes(range(32))
WRITER = """
import asyncio, sys
from bridge.storage import outbox
from bridge.storage.store import Store

async def group(store, name):
    for n in range(100_000):
        await store.write(lambda tx: outbox.add(tx, name, "/t", b"%d" % n, n))
        print(name, n, flush=True)

async def main():
    store = await Store.open(sys.argv[1], bytes(range(32)))
    await asyncio.gather(*(group(store, f"g{i}") for i in range(8)))

asyncio.run(main())
"""


async def test_everything_acknowledged_is_there_after_kill_9(tmp_path: Path, url: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    lines = [child.stdout.readline() for _ in range(400)]
    child.send_signal(signal.SIGKILL)  # in the middle of it: eight writers are at work
    lines += child.stdout.readlines()
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL

    acknowledged: dict[str, int] = {}
    for line in lines:
        if line.endswith("\n"):  # the last one may be cut short
            name, number = line.split()
            acknowledged[name] = int(number)
    assert len(acknowledged) == 8

    store = await Store.open(url, KEY)  # the lock went with the process
    for name, last in acknowledged.items():
        rows = await store.read(on(outbox.pending, name, limit=200_000))
        stored = [int(row.payload) for row in rows]
        assert stored == list(range(len(stored)))  # no gap, no half transaction
        assert len(stored) in (last + 1, last + 2)  # at most the one that was under way besides
    await store.close()
