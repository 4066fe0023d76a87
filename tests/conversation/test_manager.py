"""All groups of a process: what keeps their tables bounded."""

from __future__ import annotations

import random
from pathlib import Path

from bridge.conversation.manager import Manager
from bridge.conversation.services import Services
from bridge.conversation.tuning import DAY
from bridge.process.compose import mls_factory
from bridge.storage import archive, seen
from bridge.storage.store import Store
from bridge.waku.memory import MemoryHub, MemoryTransport
from tests.support.conversations import KEY, Shown
from tests.support.transactions import on
from tests.support.world import Wallet, Wallets

NOW = 1_800_000_000.0


async def test_what_is_too_old_is_forgotten(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/bridge.db", KEY)
    ages = {b"new": 0, b"week": 7 * DAY - 60, b"older": 7 * DAY + 60, b"old": 8 * DAY + 60}
    for digest, age in ages.items():
        await store.write(on(seen.mark, "g", digest, NOW - age))
        await store.write(on(archive.add, "g", "/t", digest, digest, NOW - age))
    signer = Wallets(Wallet("own"))
    services = Services(
        store, MemoryTransport(MemoryHub()), signer, Shown(), mls_factory(signer), lambda: NOW,
        random.Random(1).randbytes, random.Random(1).random, b"meta",
    )  # fmt: skip
    await Manager(services).forget_old()
    archived = await store.read(lambda tx: [row.digest for row in archive.since(tx, "g", 0)])
    known = await store.read(lambda tx: seen.known(tx, "g", list(ages)))
    await store.close()
    assert set(archived) == {b"new", b"week"}
    # What is in the archive is known for longer than it lies there: it never counts as new.
    assert known == {b"new", b"week", b"older"}
