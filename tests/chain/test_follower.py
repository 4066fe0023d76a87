"""The follower on a real chain: nodes that fail, and branches that vanish."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bridge.chain.errors import ChainUnavailable, WrongChain
from bridge.chain.node import Node
from bridge.protocol.chain import Finalize, Opened, Recorded, Roster, Voted
from bridge.storage import chain_cursors
from tests.support.chain_bench import CONFIRMATIONS, GROUP, Bench
from tests.support.rpc_proxy import proxied

NONSENSE: list[Any] = ["nonsense", 7, [], {}, None, ["0x1"], {"number": "0x1"}, "0x", "0xzz", True]


async def cursor(bench: Bench) -> int:
    found = await bench.store.read(lambda tx: chain_cursors.get(tx, GROUP))
    return 0 if found is None else found[0]


async def test_only_confirmed_blocks_are_read(bench: Bench) -> None:
    await bench.ask(bench.roster())
    await bench.sender.step()
    for _ in range(CONFIRMATIONS):
        await bench.follower.step()
        assert bench.facts == []
        bench.chain.mine()
    await bench.follower.step()
    assert [type(fact) for fact in bench.facts] == [Roster]
    assert bench.follower.health.state == "ok"


async def test_each_fact_comes_once_over_restarts(bench: Bench) -> None:
    await bench.ask(bench.roster(), bench.ballot())
    await bench.work()
    while await bench.new_follower().step():
        pass
    bench.chain.mine(3)
    await bench.new_follower().step()
    assert [type(fact) for fact in bench.facts] == [Roster, Opened]


async def test_a_long_absence_is_read_in_ranges(bench: Bench) -> None:
    await bench.ask(bench.roster())
    await bench.work()
    bench.chain.mine(4_500)
    bench.now = float(bench.block_time())
    steps = 1
    while await bench.follower.step():
        steps += 1
    assert steps == 3
    assert await cursor(bench) == int(bench.chain.request("eth_blockNumber"), 16) - CONFIRMATIONS


@pytest.mark.parametrize("mode", ["gone", "error"])
async def test_a_node_that_is_down_changes_nothing(bench: Bench, mode: str) -> None:
    await bench.ask(bench.roster())
    await bench.sender.step()
    bench.chain.mine(CONFIRMATIONS)
    async with proxied(bench.chain.url) as proxy, Node(proxy.url) as node:
        follower = bench.new_follower(node)
        proxy.mode = mode
        with pytest.raises(ChainUnavailable):
            await follower.step()
        assert (bench.facts, await cursor(bench)) == ([], 0)
        proxy.mode = "ok"
        await follower.step()
    assert [type(fact) for fact in bench.facts] == [Roster]


async def sees_through(node: Node) -> None:
    """Every question is either answered with what makes sense or refused with one of our errors."""
    wallet = "0x" + "11" * 20
    calls = [
        node.block("latest"),
        node.logs([], [], 0, 1),
        node.tip(),
        node.balance(wallet),
        node.nonce(wallet),
        node.code(wallet),
        node.call({}),
        node.estimate({}),
        node.receipt(bytes(32)),
        node.send(b"\x01"),
    ]
    for found in await asyncio.gather(*calls, return_exceptions=True):
        sensible = found is None or isinstance(found, (int, bytes)) or found == []
        assert sensible or isinstance(found, (ChainUnavailable, WrongChain)), repr(found)


async def test_a_node_that_answers_nonsense_changes_nothing(bench: Bench) -> None:
    async with proxied(bench.chain.url) as proxy, Node(proxy.url) as node:
        follower = bench.new_follower(node)
        proxy.mode = "nonsense"
        for proxy.nonsense in NONSENSE:
            with pytest.raises((ChainUnavailable, WrongChain)):
                await follower.step()
            await sees_through(node)
    assert (bench.facts, await cursor(bench)) == ([], 0)


async def test_a_node_that_falls_behind_is_not_believed(bench: Bench) -> None:
    await bench.ask(bench.roster())
    await bench.work()
    async with proxied(bench.chain.url) as proxy, Node(proxy.url) as node:
        follower = bench.new_follower(node)
        before = await cursor(bench)
        proxy.freeze(before - 2)
        with pytest.raises(ChainUnavailable, match="behind"):
            await follower.step()
        assert await cursor(bench) == before
        proxy.freeze(before + CONFIRMATIONS)
        bench.now += 10_000
        await follower.step()
        assert "the node is behind" in str(follower.health)


async def test_another_chain_is_refused(bench: Bench) -> None:
    bench.chain.request("anvil_setChainId", [99])
    with pytest.raises(WrongChain):
        await bench.follower.step()


async def test_a_reorganisation_of_three_blocks_takes_votes_and_a_record_with_it(bench: Bench) -> None:
    """What vanished was not believed yet; the sender brings it again, and it comes once."""
    ballot = bench.ballot()
    await bench.ask(bench.roster())
    await bench.work()
    await bench.ask(ballot)
    await bench.work()
    await bench.ask(*(bench.vote(ballot, voter) for voter in bench.voters))
    await bench.sender.step()
    await bench.ask(bench.record(ballot))
    await bench.sender.step()
    bench.chain.mine()
    await bench.follower.step()
    bench.chain.reorganise(3)
    assert bench.of(Voted) == []
    bench.now += bench.sending.resend + 1
    await bench.work()
    assert len(bench.of(Voted)) == 2, "two of three decide"
    assert [fact.number for fact in bench.of(Recorded)] == [1]
    assert bench.failures in ({}, {bench.vote(ballot, bench.voters[2]).key: "the ballot is over"})


async def test_a_reorganisation_deeper_than_the_confirmations_stops_it(bench: Bench) -> None:
    await bench.ask(bench.roster())
    await bench.work()
    before = await cursor(bench)
    bench.chain.reorganise(CONFIRMATIONS + 2)
    bench.chain.mine(10)
    with pytest.raises(WrongChain, match="confirmations"):
        await bench.follower.step()
    assert await cursor(bench) == before


async def test_a_node_down_for_longer_than_a_ballot(bench: Bench) -> None:
    ballot = bench.ballot()
    await bench.ask(bench.roster())
    await bench.work()
    async with proxied(bench.chain.url) as proxy, Node(proxy.url) as node:
        sender = bench.new_sender(node=node)
        await bench.ask(ballot)
        await bench.work(sender)
        await bench.ask(bench.vote(ballot, bench.voters[0]))
        proxy.mode = "gone"
        await sender.step()
        assert sender.health.state == "down"
        bench.chain.pass_time(2_000)
        bench.now = float(bench.block_time())
        proxy.mode = "ok"
        await bench.ask(Finalize(ballot.digest))
        await bench.work(sender)
    assert bench.failures == {bench.vote(ballot, bench.voters[0]).key: "the ballot is over"}
    assert bench.facts[-1].passed is False  # type: ignore[union-attr]
