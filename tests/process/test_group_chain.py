"""The way between groups and chain: opening, health, and nothing before the contracts are verified."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from bridge.chain.place import DEVELOPMENT_CHAIN, Addresses
from bridge.conversation.ports import ChainSeen, GroupHandle
from bridge.process import group_chain
from bridge.process.chain_way import place_of
from bridge.process.group_chain import GroupChain, opened
from bridge.protocol import on_chain
from bridge.protocol.errors import QueueFull
from bridge.protocol.ports import Address
from bridge.settings import ChainSettings, WrongSettings
from bridge.storage.store import Store
from bridge.storage.tx import Tx
from tests.support.chain_bench import GROUP, Bench, bench_on
from tests.support.servers.anvil import Anvil
from tests.support.waiting import guard, pause


def settings(bench: Bench, **changed: Any) -> ChainSettings:
    """As the operator of the bench's bridge would write them."""
    at = bench.addresses
    known = {"chain_id": bench.chain.chain_id, "node_url": bench.chain.url, "confirmations": 1, "poll": 0.1}
    known |= {"registry": "0x" + at.registry.hex(), "ballots": "0x" + at.ballots.hex()}
    known |= {"key_packages": "0x" + at.key_packages.hex(), "grace": 77}
    return ChainSettings.model_validate({**known, **changed})


@dataclass
class Handle:
    """A group that notes what it is told; `full` times it has no room."""

    store: Store
    full: int = 0
    seen: list[Any] = field(default_factory=list)

    async def submit(self, request: object, also: Callable[[Tx], None] | None = None) -> None:
        """As `GroupHandle`."""
        if self.full:
            self.full -= 1
            raise QueueFull("not now")
        self.seen.append(request)
        if also is not None:
            await self.store.write(also)


@asynccontextmanager
async def working(bench: Bench, **changed: Any) -> AsyncIterator[tuple[GroupChain, Handle]]:
    """Opened, with one group, and running."""
    handle = Handle(bench.store, full=1)
    names, groups = {GROUP: bench.name}, {GROUP: cast("GroupHandle", handle)}
    async with opened(settings(bench, **changed), bench.store, bench.bridge, names, groups) as made:
        task = asyncio.create_task(made.run())
        try:
            yield made, handle
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], bool]) -> None:
    """Wait for it."""
    async with guard():
        while not true():
            await asyncio.sleep(0.05)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """On a chain that keeps the clock's time, as `GroupChain` does."""
    chain = Anvil(tmp_path / "anvil", block_time=1)
    chain.start()
    try:
        async with bench_on(chain, tmp_path) as made:
            yield made
    finally:
        chain.kill()


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(WrongSettings) as caught:
        place_of(ChainSettings.model_validate({"node_url": "http://127.0.0.1:1", "ballots": "0x" + "11" * 20}))
    named = {problem.key: problem for problem in caught.value.problems}
    assert set(named) == {"chain.chain_id", "chain.registry", "chain.key_packages"}
    assert all("contracts deploy" in problem.text for problem in named.values())
    assert named["chain.registry"].example.startswith("registry = '0x")


def test_the_place_is_what_is_configured() -> None:
    known = {
        "chain_id": 5,
        "registry": "0x" + "11" * 20,
        "ballots": "22" * 20,
        "key_packages": "0x" + "aB" * 20,
    }
    place = place_of(ChainSettings.model_validate({**known, "first_block": 9}))
    addresses = Addresses(Address(b"\x11" * 20), Address(b"\x22" * 20), Address(b"\xab" * 20))
    assert (place.chain_id, place.addresses, place.first_block, place.url) == (5, addresses, 9, "")


async def test_a_group_is_told_of_the_chain_and_its_votes_are_bound_to_it(bench: Bench) -> None:
    async with working(bench, stale=86_400) as (made, handle):
        assert made.health(GROUP).startswith("degraded: ")
        bench.chain.mine(3)
        await until(lambda: bool(handle.seen))
        assert isinstance(handle.seen[0], ChainSeen), "the first was refused for want of room, and came again"
        domain = made.domain(GROUP)
        assert domain.group_key == on_chain.group_key(bench.name)
        assert (domain.chain_id, domain.confirmations, domain.grace) == (bench.chain.chain_id, 1, 77)
        assert (domain.registry, domain.ballots) == (bench.addresses.registry, bench.addresses.ballots)
        assert made.key_package(GROUP, bytes(20)) is None
        assert made.key_package("no such group", bytes(20)) is None


async def test_a_node_that_is_down_shows_in_the_health(bench: Bench) -> None:
    async with working(bench) as (made, handle):
        await until(lambda: bool(handle.seen))
        bench.chain.kill()
        await until(lambda: made.health(GROUP).startswith("down: the node cannot be reached"))


async def test_contracts_that_are_not_ours_keep_everything_from_beginning(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_chain, "AGAIN", (0.05, 0.1))
    code = bench.chain.request("eth_getCode", ["0x" + bench.addresses.ballots.hex(), "latest"])
    bench.chain.request("anvil_setCode", ["0x" + bench.addresses.ballots.hex(), "0x6001"])
    await bench.ask(bench.roster())
    before = int(
        bench.chain.request("eth_getTransactionCount", ["0x" + bench.bridge.address.hex(), "latest"]), 16
    )
    async with working(bench) as (made, handle):
        await until(lambda: "is not the Ballots of this version" in made.health(GROUP))
        assert made.health(GROUP).startswith("down: ")
        bench.chain.mine(5)
        await pause(0.5)
        assert not handle.seen, "nothing is believed"
        sent = bench.chain.request("eth_getTransactionCount", ["0x" + bench.bridge.address.hex(), "latest"])
        assert int(sent, 16) == before, "nothing is sent"
        bench.chain.request("anvil_setCode", ["0x" + bench.addresses.ballots.hex(), code])
        await until(lambda: bool(handle.seen))
        assert "is not the" not in made.health(GROUP)


async def test_another_chain_keeps_everything_from_beginning(bench: Bench) -> None:
    async with working(bench, chain_id=1) as (made, handle):
        await until(lambda: "the configuration says 1" in made.health(GROUP))
        assert not handle.seen


async def test_the_development_chain_comes_with_contracts_and_funds(bench: Bench) -> None:
    wanted = ChainSettings.model_validate({"development_port": 0, "confirmations": 1, "poll": 0.1})
    handle = Handle(bench.store)
    names, groups = {GROUP: bench.name}, {GROUP: cast("GroupHandle", handle)}
    async with opened(wanted, bench.store, bench.bridge, names, groups) as made:
        assert made.place.chain_id == DEVELOPMENT_CHAIN
        assert made.place.url.startswith("http://127.0.0.1:")
        task = asyncio.create_task(made.run())
        await until(lambda: made.health(GROUP).startswith("ok"))
        assert handle.seen
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
