"""Whole groups on a real chain: two bridge processes, people at their pages, a node that fails in every way.

Every scenario begins and ends with both bridges in Working, of one mind about epoch and members.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from eth_utils.crypto import keccak

from tests.support.chain_town import (
    ChainTown,
    chain_town,
    data,
    transaction,
    with_another_commit,
)
from tests.support.waiting import pause, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ChainTown]:
    async with chain_town(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def town(running: ChainTown) -> AsyncIterator[ChainTown]:
    """At rest before and after; nothing broken, and no member lost."""
    before = await running.at_rest()
    yield running
    for proxy in running.proxies:
        proxy.up()
    after = await running.at_rest()
    assert (after.members, after.voters) == (before.members, before.voters)


async def test_the_normal_way(town: ChainTown) -> None:
    before, records = await town.at_rest(), len(town.records())
    assert before.coordination == "contract"
    seen = {name: len(town.people[name].states) for name in ("Alice", "Bob")}
    ballot = await town.proposes()
    digest = town.newest_ballot()
    assert (
        ballot.transaction == "0x" + bytes(town.events("Ballots", "BallotOpened")[-1]["transactionHash"]).hex()
    )
    assert town.people["Bob"].group["ballot"]["transaction"] == ballot.transaction
    await town.vote(ballot, "Alice", "Carol", "Bob")
    after = await town.at_rest()
    assert after.epoch > before.epoch
    assert len(town.votes(digest)) == 3
    made = town.records()
    assert len(made) == records + 1
    assert bytes(made[-1]["args"]["ballot"]) == digest
    trails = [town.people[name].states[seen[name] :] for name in ("Alice", "Bob")]
    steward = town.steward(await town.groups())
    assert trails[steward] == ["waiting", "voting", "waiting", "working"]
    assert trails[1 - steward] in (
        ["waiting", "voting", "working"],
        ["waiting", "voting", "waiting", "working"],
    )


async def test_votes_straight_to_the_contract_and_in_batches(town: ChainTown) -> None:
    records = len(town.records())
    ballot = await town.proposes()
    digest, dave = town.newest_ballot(), town.people["Dave"]
    town.votes_directly("Dave", digest)
    await town.until(
        lambda group: group.ballot is not None and dave.address in group.ballot.yes,
        "both bridges count Dave's vote",
    )
    town.proxies[0].errors()  # so that both votes wait for the same round of the sender
    await town.vote(ballot, "Alice", "Carol")
    town.proxies[0].up()
    await town.at_rest()
    votes = town.votes(digest)
    assert {log["args"]["voter"].lower() for log in votes} == {
        town.people[name].address for name in ("Dave", "Alice", "Carol")
    }
    assert len({bytes(log["transactionHash"]) for log in votes}) == 2, "Alice's and Carol's came together"
    assert len(town.records()) == records + 1


async def test_a_node_that_is_down_for_longer_than_a_ballot(town: ChainTown) -> None:
    records = len(town.records())
    ballot = await town.proposes()
    digest = town.newest_ballot()
    for proxy in town.proxies:
        proxy.down()
    await town.vote(ballot, "Alice", "Carol", "Bob")
    await town.until(
        lambda group: group.state == "working" and group.ballot is None, "without the chain nothing is decided"
    )
    for bridge in town.bridges:
        assert "cannot be reached" in (await bridge.group()).chain
    await until(lambda: town.people["Bob"].reads("could not be reached in time"), "Bob is told why")
    await town.people["Bob"].say("chat goes on")
    await until(lambda: town.people["Alice"].reads("chat goes on", "Bob"), "chat goes on")
    for proxy in town.proxies:
        proxy.up()
    await town.at_rest()
    assert len(town.records()) == records
    await until(lambda: town.decided(digest), "the old ballot is closed on the chain too")
    assert not town.decided(digest)[0]["args"]["passed"]
    await town.passes()
    assert len(town.records()) == records + 1


async def test_a_node_that_answers_errors(town: ChainTown) -> None:
    records = len(town.records())
    ballot = await town.proposes()
    digest = town.newest_ballot()
    for proxy in town.proxies:
        proxy.errors()
    await town.until(lambda group: group.chain.startswith("down"), "both say that the node is in trouble")
    await town.vote(ballot, "Alice", "Carol", "Bob")
    for proxy in town.proxies:
        proxy.up()
    await town.at_rest()
    assert len(town.votes(digest)) == 3, "no vote is lost or doubled"
    assert len(town.records()) == records + 1


async def test_a_node_that_is_behind(town: ChainTown) -> None:
    records = len(town.records())
    ballot = await town.proposes()
    digest = town.newest_ballot()
    for proxy in town.proxies:
        await proxy.stale()
    await town.vote(ballot, "Alice", "Carol", "Bob")
    await town.until(lambda group: "behind" in group.chain, "both say that the node is behind")
    await town.until(lambda group: group.ballot is not None and not group.ballot.yes, "and believe nothing new")
    for proxy in town.proxies:
        proxy.up()
    await town.at_rest()
    assert len(town.votes(digest)) == 3, "no vote is lost or doubled"
    assert len(town.records()) == records + 1


async def test_a_reorganisation_removes_votes_and_later_the_record(town: ChainTown) -> None:
    records = len(town.records())
    ballot = await town.proposes()
    digest = town.newest_ballot()
    async with town.no_blocks():
        await town.vote(ballot, "Alice", "Carol", "Bob")
        while len(town.votes(digest)) < 3:
            town.chain.mine()
            await pause(0.5)
        town.reorganise(3)
        assert len(town.votes(digest)) < 3, "the reorganisation has removed some"
    async with town.no_blocks():
        while len(town.records()) == records:
            town.chain.mine()
            await pause(0.2)
        town.reorganise(3)
        assert len(town.records()) == records, "the reorganisation has removed it"
    await town.at_rest()
    assert len(town.votes(digest)) == 3, "no vote is lost or doubled"
    assert len(town.records()) == records + 1


async def test_a_stuck_transaction_is_replaced(town: ChainTown) -> None:
    records, proxy = len(town.records()), town.proxies[0]
    ballot = await town.proposes()
    digest, sent = town.newest_ballot(), len(proxy.sent)
    async with town.no_blocks():
        await town.vote(ballot, "Alice")
        await until(lambda: town.pool() > 0, "Alice's vote waits for a block")
        town.chain.request("anvil_setNextBlockBaseFeePerGas", [hex(10**11)])
    await until(lambda: town.votes(digest), "Alice's vote is on the chain")
    forms = {
        raw for raw in proxy.sent[sent:] if transaction(raw)["nonce"] == transaction(proxy.sent[sent])["nonce"]
    }
    assert len(forms) > 1, "sent again at a higher fee"
    assert (
        max(transaction(raw)["maxFeePerGas"] for raw in forms) > transaction(proxy.sent[sent])["maxFeePerGas"]
    )
    await town.vote(ballot, "Carol", "Bob")
    await town.at_rest()
    assert len(town.votes(digest)) == 3, "no vote is lost or doubled"
    assert len(town.records()) == records + 1


async def test_a_nonce_taken_by_somebody_else(town: ChainTown) -> None:
    records, proxy = len(town.records()), town.proxies[0]
    ballot = await town.proposes()
    digest = town.newest_ballot()
    proxy.hold()
    await town.vote(ballot, "Alice")
    await until(lambda: proxy.held, "Alice's vote has been sent, and goes nowhere")
    taken = transaction(proxy.held[0])["nonce"]
    other = town.sends_as(town.accounts[0], town.accounts[1])
    await until(lambda: town.nonce(town.accounts[0]) == taken + 1, "the other transaction is in a block")
    assert int(town.chain.request("eth_getTransactionByHash", [other])["nonce"], 16) == taken
    await proxy.release(send=False)
    await until(lambda: town.votes(digest), "Alice's vote comes with another nonce")
    await town.vote(ballot, "Carol", "Bob")
    await town.at_rest()
    assert len(town.votes(digest)) == 3, "no vote is lost or doubled"
    assert len(town.records()) == records + 1


async def test_empty_funds(town: ChainTown) -> None:
    records = len(town.records())
    steward = town.steward(await town.groups())
    town.fund(town.accounts[steward], 0)
    await town.people["Alice"].say(town.another_time())
    await town.bridges[steward].until(lambda report: "funds are too low" in report.groups[0].chain)
    town.fund(town.accounts[steward])
    ballot = await town.opened()
    await town.vote(ballot, "Alice", "Carol", "Bob")
    await town.at_rest()
    assert len(town.records()) == records + 1


async def test_another_steward_records_first(town: ChainTown) -> None:
    """The steward's own record comes too late: the chain has one, and the group follows that."""
    before, records = await town.at_rest(), len(town.records())
    steward = town.steward(await town.groups())
    assert steward == 0, "the creator has not lost their office"
    record = await town.holds_record()
    town.sends_as(town.accounts[1], town.addresses["GroupRegistry"], data(record))
    await until(lambda: len(town.records()) == records + 1, "the other one's record is in a block")
    await town.proxies[0].release()
    after = await town.at_rest()
    made = town.records()
    assert len(made) == records + 1, "the contract has let one win"
    assert made[-1]["args"]["committer"].lower() == town.accounts[1]
    assert after.epoch == before.epoch + 1
    assert town.reverted(record), "the steward's own record has come, and was refused"


async def test_killed_between_signing_and_sending(town: ChainTown) -> None:
    before, records = await town.at_rest(), len(town.records())
    record = await town.holds_record()
    town.bridges[0].kill()
    nonce = town.nonce(town.accounts[0])
    assert len(town.records()) == records
    town.bridges[0].start()
    await town.proxies[0].release()  # what was on its way arrives, and the bridge sends it too
    after = await town.at_rest()
    made = town.records()
    assert len(made) == records + 1
    assert bytes(made[-1]["transactionHash"]) == keccak(record), "what was signed before, byte for byte"
    assert town.nonce(town.accounts[0]) == nonce + 1, "and nothing else"
    assert after.epoch == before.epoch + 1, "the commit that it stands for was kept"


async def test_to_waku_and_back_by_vote(town: ChainTown) -> None:
    records = len(town.records())
    group = await town.passes("!propose coordination waku")
    assert group.coordination == "waku"
    assert not town.state_on_chain()["coordinated"]
    assert "counted by the members" in await town.status("Bob")
    opened = len(town.events("Ballots", "BallotOpened"))
    await town.passes()
    assert len(town.events("Ballots", "BallotOpened")) == opened, "on Waku the chain sees nothing of it"
    group = await town.passes("!propose coordination contract")
    assert group.coordination == "contract"
    await until(lambda: town.state_on_chain()["coordinated"], "the roster is on the chain again")
    assert len(town.records()) == records + 1, "only the way out was recorded"
    await town.passes()
    assert len(town.records()) == records + 2
    assert "counted by the contract" in await town.status("Bob")


async def test_a_record_whose_commit_never_comes(town: ChainTown) -> None:
    """Another steward records what they never publish: the way out is a vote to go on without the chain."""
    before, records = await town.at_rest(), len(town.records())
    record = await town.holds_record()
    town.sends_as(town.accounts[1], town.addresses["GroupRegistry"], with_another_commit(data(record)))
    await until(lambda: len(town.records()) == records + 1, "the other one's record is in a block")
    await town.proxies[0].release()
    await until(lambda: town.reverted(record), "the steward's own record was refused")
    group = await town.passes("!propose coordination waku")
    assert group.epoch == before.epoch + 1, "nobody has adopted a commit that nobody has"
    assert not town.state_on_chain()["coordinated"]
    await town.passes("!propose coordination contract")
    await until(lambda: town.state_on_chain()["coordinated"], "the roster is on the chain again")
    await town.passes()


async def test_somebody_is_taken_in_while_his_bridge_is_away(town: ChainTown) -> None:
    """By the key package that they published; they leave again by a claim signed for the chain."""
    people, erin = town.people, town.people["Erin"]
    await erin.say("!keypackage")
    await until(lambda: town.events("KeyPackageRegistry", "KeyPackagePublished"), "it is published")
    await until(lambda: erin.address, "Erin has an address")
    town.bridges[1].kill()
    ballot = await town.proposes_on_the_first(f"!propose add {erin.address}")
    for name in ("Alice", "Carol"):
        await people[name].vote(ballot, yes=True)
    town.votes_directly("Dave", town.newest_ballot())
    await until(lambda: erin.address in town.shown("Alice"), "Erin is a member, as client1 sees it")
    town.bridges[1].start()
    await town.until(lambda group: erin.address in group.members, "Erin's bridge has come by the Welcome")
    await town.at_rest()
    await until(lambda: erin.is_member, "their page says so")
    assert town.is_member_on_chain(erin.address)
    await erin.say("I was away")
    await until(lambda: people["Alice"].reads("I was away", "Erin"), "they are read on client1")
    await until(lambda: town.events("KeyPackageRegistry", "KeyPackageUsed"), "the package is used up")
    await erin.say("!leave")
    await town.until(lambda group: erin.address not in group.members, "they have left")
    assert not town.is_member_on_chain(erin.address)
