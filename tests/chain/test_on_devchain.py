"""The same contracts, sender and follower on the development chain (py-evm)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, cast

from bridge.chain.contracts import deploy
from bridge.chain.devchain import serving
from bridge.chain.node import Node
from bridge.protocol.chain import Decided, Opened, Recorded, Roster
from bridge.storage.store import Store
from tests.support.chain_bench import Bench, Payer
from tests.support.servers.anvil import Anvil

ROUNDS = 400


class Chain:
    """As much of a chain's controls as the bench needs: it mines by itself."""

    def __init__(self, chain_id: int) -> None:
        self.chain_id = chain_id

    def request(self, *_: object) -> dict[str, str]:
        """The newest block, at the clock's time."""
        return {"timestamp": hex(int(time.time()))}


async def until(bench: Bench, kind: type) -> Any:
    """Work until there is a fact of this kind."""
    for _ in range(ROUNDS):
        bench.now = time.time()
        await bench.sender.step()
        await bench.follower.step()
        if found := bench.of(kind):
            return found[-1]
        await asyncio.sleep(0.02)
    raise AssertionError(
        f"no {kind.__name__}: {bench.sender.health}, {bench.follower.health}, {bench.failures}"
    )


async def test_a_ballot_and_its_record(tmp_path: Path) -> None:
    bridge = Payer("bridge")
    store = await Store.open(f"sqlite:///{tmp_path}/bridge.db", bytes(range(32)))
    async with serving("127.0.0.1", 0, block_seconds=0.1) as url, Node(url) as node:
        await node.request("demls_fund", ["0x" + bridge.address.hex()])
        while not await node.balance("0x" + bridge.address.hex()):
            await asyncio.sleep(0.05)
        chain = Chain(await node.chain_id())
        made = await deploy(node, bridge, chain.chain_id)
        bench = Bench(cast("Anvil", chain), node, store, bridge, made.addresses)
        await bench.ask(bench.roster())
        assert (await until(bench, Roster)).number == 0
        ballot = bench.ballot()
        await bench.ask(ballot)
        assert (await until(bench, Opened)).digest == ballot.digest
        await bench.ask(*(bench.vote(ballot, voter) for voter in bench.voters[:2]))
        assert (await until(bench, Decided)).passed
        await bench.ask(bench.record(ballot))
        assert (await until(bench, Recorded)).number == 1
    assert bench.failures == {}
    await store.close()
