"""What is loaded is what was stored."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from bridge.conversation.loaded import GroupRows, LoadedGroup
from bridge.conversation.services import Services
from bridge.process.compose import mls_factory
from bridge.protocol.engine import EngineConfig
from bridge.protocol.errors import NotPermitted
from bridge.protocol.events import Start
from bridge.storage.store import Store
from bridge.waku.memory import MemoryHub, MemoryTransport
from tests.support.conversations import ALICE, BOB, KEY, NAME, POLICY, Shown
from tests.support.world import Wallets

CONFIG = EngineConfig(NAME, ALICE.address, create=True, policy=POLICY)


async def services(path: Path, wallets: Wallets) -> Services:
    return Services(
        store=await Store.open(f"sqlite:///{path}/live.db", KEY),
        transport=MemoryTransport(MemoryHub()),
        signer=wallets,
        fanout=Shown(),
        open_mls=mls_factory(wallets),
        clock=time.time,
        entropy=random.Random(1).randbytes,
        random=lambda: 0.5,
        meta=b"meta",
    )


async def test_a_group_is_restored_as_it_was(tmp_path: Path) -> None:
    shared = await services(tmp_path, Wallets(ALICE))
    first = LoadedGroup.restore(CONFIG, GroupRows(None, [], [], {}), shared)
    assert not first.joined
    first.runner.handle(Start(), time.time())
    first.runner.keys.new_key(shared.entropy)
    rows = [(table, key, value) for table, key, value in first.mls.drain() if value is not None]
    stored = GroupRows(first.snapshot(complete_until=77), rows, [], {"malformed": 3})
    assert repr(first.runner.keys.export()[0]) not in repr(first)

    again = LoadedGroup.restore(CONFIG, stored, shared)
    assert again.engine.status() == first.engine.status()
    assert (again.joined, again.epoch) == (True, first.epoch)
    assert again.runner.keys.export() == first.runner.keys.export() != []
    assert again.complete_until == 77
    assert again.refused == {"malformed": 3}
    await shared.store.close()


async def test_without_its_wallet_a_leaf_cannot_be_bound(tmp_path: Path) -> None:
    shared = await services(tmp_path, Wallets(BOB))
    with pytest.raises(NotPermitted, match="has not signed"):
        LoadedGroup.restore(CONFIG, GroupRows(None, [], [], {}), shared)
    await shared.store.close()
