"""The sender on a real chain: each intent happens once, whatever node, network and process do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.chain.contracts import group_state
from bridge.chain.node import Node
from bridge.chain.sender import Sender
from bridge.protocol.chain import Decided, Finalize, Recorded, Roster
from bridge.storage import transactions
from tests.support.chain_bench import CONFIRMATIONS, Bench, Payer, fund
from tests.support.rpc_proxy import proxied

CONFIRMED, LOST = transactions.State.CONFIRMED, transactions.State.LOST


async def sent(bench: Bench) -> int:
    """Transactions of the bridge's wallet in blocks."""
    return await bench.node.nonce("0x" + bench.bridge.address.hex())


async def open_forms(bench: Bench) -> list[int]:
    """How many signed forms each open transaction has."""
    from bridge.chain.codec import decode_attempts

    rows = await bench.store.read(
        lambda tx: transactions.open_ones(tx, bench.chain.chain_id, bench.bridge.address)
    )
    return [len(decode_attempts(row.attempts)) for row in rows]


async def test_a_kill_between_signing_and_sending(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    async def killed(*_: object) -> None:
        raise Killed

    await bench.ask(bench.roster())
    before = await sent(bench)
    with monkeypatch.context() as patch:
        patch.setattr(Sender, "_send", killed)
        with pytest.raises(Killed):
            await bench.sender.step()
    assert await sent(bench) == before
    await bench.work(bench.new_sender())
    assert len(bench.of(Roster)) == 1
    assert await sent(bench) == before + 1


async def test_a_kill_after_sending_before_it_is_noted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.ask(bench.roster())
    before = await sent(bench)
    async with proxied(bench.chain.url) as proxy, Node(proxy.url) as node:
        proxy.losing = frozenset({"eth_sendRawTransaction"})
        sender = bench.new_sender(node=node)
        await sender.step()
        assert sender.health.state == "down"
    await bench.work(bench.new_sender())
    assert len(bench.of(Roster)) == 1
    assert await sent(bench) == before + 1


async def test_a_stuck_transaction_goes_at_a_higher_fee(bench: Bench) -> None:
    bench.chain.automine(False)
    await bench.ask(bench.roster())
    await bench.sender.step()
    assert await open_forms(bench) == [1]
    for forms in (2, 3):
        bench.now += bench.sending.stuck + 1
        await bench.sender.step()
        assert await open_forms(bench) == [forms]
    assert len(bench.chain.request("txpool_content")["pending"]) == 1
    before = await sent(bench)
    bench.chain.automine(True)
    await bench.work()
    assert await sent(bench) == before + 1
    assert len(bench.of(Roster)) == 1


async def test_a_stuck_transaction_stays_below_the_spending_limit(bench: Bench) -> None:
    bench.chain.automine(False)
    await bench.ask(bench.roster())
    await bench.sender.step()
    spent = await bench.store.read(lambda tx: transactions.spent(tx, bench.chain.chain_id, bench.now - 86_400))
    bench.sending = replace(bench.sending, daily_limit=spent + spent // 10)
    sender = bench.new_sender()
    bench.now += bench.sending.stuck + 1
    await sender.step()
    assert await open_forms(bench) == [1]


async def test_a_nonce_that_somebody_else_took(bench: Bench) -> None:
    bench.chain.automine(False)
    await bench.ask(bench.roster())
    await bench.sender.step()
    nonce = await sent(bench)
    raw, _ = bench.bridge.sign_transaction(
        {
            "chainId": bench.chain.chain_id,
            "nonce": nonce,
            "to": "0x" + "11" * 20,
            "value": 1,
            "gas": 21_000,
            "maxFeePerGas": 10**12,
            "maxPriorityFeePerGas": 10**11,
        }
    )
    await bench.node.send(raw)
    bench.chain.mine(1 + CONFIRMATIONS)
    assert await sent(bench) == nonce + 1
    bench.chain.automine(True)
    await bench.work()
    assert len(bench.of(Roster)) == 1
    assert await sent(bench) == nonce + 2
    assert bench.failures == {}


async def test_empty_funds_wait_for_money(bench: Bench) -> None:
    fund(bench.chain, bench.bridge.address, 10**9)
    await bench.ask(bench.roster())
    await bench.sender.step()
    assert bench.sender.health.state == "degraded"
    assert "funds are too low" in bench.sender.health.detail
    fund(bench.chain, bench.bridge.address, 10**20)
    await bench.work()
    assert len(bench.of(Roster)) == 1


async def test_low_funds_are_told(bench: Bench) -> None:
    bench.sending = replace(bench.sending, low_funds=10**21)
    sender = bench.new_sender()
    await bench.ask(bench.roster())
    await sender.step()
    assert "funds run low" in sender.health.detail


async def test_the_spending_limit_stops_it(bench: Bench) -> None:
    bench.sending = replace(bench.sending, daily_limit=1)
    sender = bench.new_sender()
    await bench.ask(bench.roster())
    before = await sent(bench)
    await sender.step()
    assert "spending limit" in sender.health.detail
    assert await sent(bench) == before
    assert await bench.pending() == 1


async def test_a_transaction_that_vanished_is_sent_again(bench: Bench) -> None:
    await bench.ask(bench.roster())
    await bench.sender.step()
    bench.chain.mine(2)
    bench.chain.reorganise(3)
    assert await group_state(bench.node, bench.addresses, bench.key) is None
    bench.now += bench.sending.resend + 1
    await bench.work()
    assert len(bench.of(Roster)) == 1


async def test_two_stewards_record_one_number(bench: Bench) -> None:
    """The first one wins; the second is told, for good, and the numbers go on."""
    ballot = bench.ballot()
    rival = bench.voters[0]
    fund(bench.chain, rival.address)
    await bench.ask(bench.roster())
    await bench.work()
    await bench.ask(ballot, *(bench.vote(ballot, voter) for voter in bench.voters[:2]))
    await bench.work()
    bench.chain.automine(False)
    ours = bench.record(ballot)
    theirs = bench.record(ballot, commit_hash=b"\x07" * 32)
    from bridge.chain.codec import encode
    from bridge.chain.contracts import ContractPlanner
    from bridge.storage.intents import IntentRow

    (planned,) = ContractPlanner(bench.addresses, lambda _: bench.name).plan(
        [IntentRow(1, "arena", theirs.key, encode(theirs))]
    )
    raw, _ = rival.sign_transaction(
        {
            "chainId": bench.chain.chain_id,
            "nonce": 0,
            "to": bench.reader.addresses[0],
            "value": 0,
            "data": "0x" + planned.call.data.hex(),
            "gas": 500_000,
            "maxFeePerGas": 10**12,
            "maxPriorityFeePerGas": 10**11,
        }
    )
    await bench.node.send(raw)
    await bench.ask(ours)
    await bench.sender.step()
    bench.chain.automine(True)
    await bench.work()
    assert [(one.number, one.commit_hash) for one in bench.of(Recorded)] == [(1, theirs.commit_hash)]
    assert bench.failures == {ours.key: "another commit has this number"}


async def test_finalized_by_somebody_else_in_the_same_block_is_done(bench: Bench) -> None:
    ballot = bench.ballot()
    await bench.ask(bench.roster())
    await bench.work()
    await bench.ask(ballot)
    await bench.work()
    bench.chain.pass_time(600)
    bench.chain.automine(False)
    somebody = Payer("somebody")
    fund(bench.chain, somebody.address)
    from bridge.chain import abi

    raw, _ = somebody.sign_transaction(
        {
            "chainId": bench.chain.chain_id,
            "nonce": 0,
            "to": bench.reader.addresses[1],
            "value": 0,
            "data": "0x" + abi.call(abi.BALLOTS, "finalize", bench.key, ballot.digest).hex(),
            "gas": 200_000,
            "maxFeePerGas": 10**12,
            "maxPriorityFeePerGas": 10**11,
        }
    )
    await bench.node.send(raw)
    await bench.ask(Finalize(ballot.digest))
    await bench.sender.step()
    bench.chain.automine(True)
    await bench.work()
    assert len(bench.of(Decided)) == 1
    assert bench.failures == {}


async def test_another_chain_is_refused(bench: Bench) -> None:
    await bench.ask(bench.roster())
    bench.chain.request("anvil_setChainId", [99])
    await bench.sender.step()
    assert bench.sender.health.state == "degraded"
    assert await bench.pending() == 1
