"""Planner and reader, deployment and verification, on a real chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hexbytes import HexBytes

from bridge.chain import abi, refusals
from bridge.chain.contracts import ContractPlanner, GroupReader, group_state, verify
from bridge.chain.errors import ChainUnavailable, WrongChain
from bridge.chain.place import Addresses
from bridge.model.notices import ChangeKind
from bridge.protocol import on_chain
from bridge.protocol.chain import (
    Decided,
    Finalize,
    Opened,
    OwnClaim,
    Recorded,
    RelayVote,
    Roster,
    Voted,
)
from bridge.protocol.policy import encode_policy, policy_hash
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination, GroupName
from bridge.storage.intents import IntentRow
from tests.support.chain_bench import Bench, Payer, changes

STRANGER = Payer("stranger").address


async def test_the_story_of_a_group(bench: Bench) -> None:
    await bench.ask(bench.roster())
    await bench.work()
    (roster,) = bench.of(Roster)
    assert (roster.number, roster.epoch) == (0, 5)
    assert roster.candidates == tuple(sorted(bench.policy.steward_candidates))
    assert roster.voters == tuple(sorted(voter.address for voter in bench.voters))
    assert roster.services == (bench.bridge.address,)
    assert roster.policy_hash == policy_hash(bench.policy)
    assert roster.settings == on_chain.settings_hash(bench.policy)

    ballot = bench.ballot()
    await bench.ask(ballot)
    await bench.work()
    (opened,) = bench.of(Opened)
    assert (opened.digest, opened.deadline, opened.changes) == (ballot.digest, ballot.deadline, changes(ballot))

    await bench.ask(*(bench.vote(ballot, voter) for voter in bench.voters[:2]))
    await bench.work()
    assert {(vote.voter, vote.yes) for vote in bench.of(Voted)} == {
        (voter.address, True) for voter in bench.voters[:2]
    }
    assert len({vote.transaction for vote in bench.of(Voted)}) == 1, "one transaction for both"
    (decided,) = bench.of(Decided)
    assert (decided.passed, decided.yes, decided.no, decided.by_deadline) == (True, 2, 0, False)

    record = bench.record(ballot)
    await bench.ask(record)
    await bench.work()
    (recorded,) = bench.of(Recorded)
    assert recorded.commit_hash == record.commit_hash
    assert (recorded.number, recorded.epoch, recorded.digest) == (1, 5, ballot.digest)
    assert recorded.committer == bench.bridge.address
    assert (recorded.adds, recorded.removes, recorded.policy_hash) == ((STRANGER,), (), b"")
    state = await group_state(bench.node, bench.addresses, bench.key)
    assert state is not None
    assert (state.number, state.epoch, state.voters, state.coordinated) == (1, 6, 4, True)
    assert bench.failures == {}


async def test_leaves_and_rejoins_are_recorded_with_their_claims(bench: Bench) -> None:
    leaver, rejoiner = bench.voters[1:]
    claims = tuple(
        OwnClaim(
            one.address,
            rejoins,
            5,
            one.sign(on_chain.claim(bench.domain, one.address, rejoins=rejoins, epoch=5)),
        )
        for one, rejoins in ((leaver, False), (rejoiner, True))
    )
    await bench.ask(bench.roster())
    await bench.work()
    # The engine's lists may name those whom the claims are about.
    await bench.ask(bench.record(None, adds=(rejoiner.address,), removes=(leaver.address,), claims=claims))
    await bench.work()
    (recorded,) = bench.of(Recorded)
    assert (recorded.adds, recorded.removes, recorded.digest) == ((), (leaver.address,), b"")
    assert bench.failures == {}


async def test_to_waku_and_back(bench: Bench) -> None:
    following = replace(bench.policy, coordination=Coordination.WAKU)
    ballot = bench.ballot(kind=ChangeKind.POLICY, adds=(), policy=encode_policy(following))
    await bench.ask(bench.roster())
    await bench.work()
    await bench.ask(ballot, *(bench.vote(ballot, voter) for voter in bench.voters))
    await bench.work()
    await bench.ask(bench.record(ballot))
    await bench.work()
    (recorded,) = bench.of(Recorded)
    assert recorded.policy_hash == policy_hash(following)
    await bench.ask(bench.ballot(b"\x02" * 32))
    await bench.work()
    assert "steward" in bench.failures[f"open {'02' * 32}"]
    await bench.ask(bench.roster(epoch=9, creates=False))
    await bench.work()
    assert [(fact.number, fact.epoch) for fact in bench.of(Roster)] == [(0, 5), (2, 9)]


async def test_a_ballot_is_decided_by_its_deadline(bench: Bench) -> None:
    ballot = bench.ballot()
    await bench.ask(bench.roster())
    await bench.work()
    await bench.ask(ballot, bench.vote(ballot, bench.voters[0]))
    await bench.work()
    assert bench.of(Decided) == []
    bench.chain.pass_time(600)
    await bench.ask(Finalize(ballot.digest))
    await bench.work()
    (decided,) = bench.of(Decided)
    assert (decided.passed, decided.by_deadline) == (True, True)


async def test_a_batch_names_what_it_skips(bench: Bench) -> None:
    ballot = bench.ballot()
    good = bench.vote(ballot, bench.voters[0])
    forged = replace(bench.vote(ballot, bench.voters[1]), voter=bench.voters[2].address)
    outsider = bench.vote(ballot, Payer("outsider"))
    await bench.ask(bench.roster())
    await bench.work()
    await bench.ask(ballot, good, forged, outsider)
    await bench.work()
    assert [vote.voter for vote in bench.of(Voted)] == [bench.voters[0].address]
    assert bench.failures == {
        forged.key: "the vote's signature is not the voter's",
        outsider.key: "this address has no vote in the group",
    }


async def test_a_refusal_is_told_in_words(bench: Bench) -> None:
    await bench.ask(bench.roster())
    await bench.work()
    record = bench.record(None, adds=(STRANGER,))
    await bench.ask(record)
    await bench.work()
    assert bench.failures == {record.key: "these changes need a ballot"}


# ---- deployment ----


async def test_what_is_deployed_is_verified(bench: Bench) -> None:
    await verify(bench.node, bench.addresses, bench.chain.chain_id)
    at = bench.addresses
    for wrong in (
        Addresses(at.ballots, at.registry, at.key_packages),
        Addresses(at.registry, at.ballots, Address(bytes(20))),
        Addresses(at.registry, at.ballots, at.registry),
    ):
        with pytest.raises(WrongChain):
            await verify(bench.node, wrong, bench.chain.chain_id)
    with pytest.raises(WrongChain):
        await verify(bench.node, at, bench.chain.chain_id + 1)


@pytest.mark.parametrize("name", [abi.BALLOTS, abi.KEY_PACKAGES])
async def test_a_changed_byte_or_constant_is_found(bench: Bench, name: str) -> None:
    at = {abi.BALLOTS: bench.addresses.ballots, abi.KEY_PACKAGES: bench.addresses.key_packages}[name]
    target = "0x" + at.hex()
    code = bytearray(await bench.node.code(target))
    start, length = abi.artifact(name).immutables["_cachedDomainSeparator"][0]
    for place in (100, start + length - 1):
        changed = bytearray(code)
        changed[place] ^= 1
        bench.chain.request("anvil_setCode", [target, "0x" + changed.hex()])
        with pytest.raises(WrongChain, match=f"is not the {name}"):
            await verify(bench.node, bench.addresses, bench.chain.chain_id)


async def test_a_group_that_the_chain_does_not_know(bench: Bench) -> None:
    assert await group_state(bench.node, bench.addresses, bytes(32)) is None


# ---- planning ----


def rows(bench: Bench, *wanted: Any) -> list[IntentRow]:
    from bridge.chain import codec

    return [
        IntentRow(number, "arena", intent.key, codec.encode(intent)) for number, intent in enumerate(wanted)
    ]


async def test_votes_go_in_batches_of_fifty_where_the_first_one_stood(bench: Bench) -> None:
    votes = [RelayVote(b"\x01" * 32, Address(n.to_bytes(20, "big")), True, bytes(65)) for n in range(70)]
    other = RelayVote(b"\x02" * 32, STRANGER, True, bytes(65))
    wanted = rows(bench, votes[0], Finalize(b"\x03" * 32), other, *votes[1:])
    planner = ContractPlanner(bench.addresses, lambda group: bench.name)
    planned = planner.plan(wanted)
    assert [len(one.intents) for one in planned] == [50, 1, 1, 20]
    assert sorted(row.id for one in planned for row in one.intents) == [row.id for row in wanted]


async def test_what_cannot_be_planned_stops_nothing(bench: Bench) -> None:
    good = rows(bench, Finalize(b"\x03" * 32))[0]
    broken = IntentRow(7, "arena", "x", b"\xc1")
    newer = IntentRow(8, "arena", "y", b"\x92\xa6Future\x80")
    gone = replace(good, id=9, group="gone")
    planner = ContractPlanner(bench.addresses, lambda group: bench.name if group == "arena" else None)
    assert [one.intents for one in planner.plan([broken, newer, gone, good])] == [(good,)]


def test_every_custom_error_has_its_words() -> None:
    assert set(abi.errors().values()) == set(refusals.WORDS)
    assert refusals.in_words("0x12345678") == "the contract refused (0x12345678)"
    assert refusals.in_words("reverted") == "the contract refused (reverted)"


# ---- reading ----


async def logs_of(bench: Bench) -> list[Any]:
    await bench.ask(bench.roster(), bench.ballot())
    await bench.work()
    head = await bench.node.block("latest")
    assert head is not None
    return await bench.node.logs(bench.reader.addresses, bench.reader.topics, 0, head.number)


async def test_hostile_logs_are_refused(bench: Bench) -> None:
    logs = await logs_of(bench)
    assert len(bench.reader.facts(logs)) == 2
    good = dict(logs[1])
    other = "0x" + bytes(20).hex()
    hostile: list[dict[str, Any]] = [
        {**good, "address": other},
        {**good, "address": "nonsense"},
        {**good, "address": "0x" + bench.addresses.registry.hex()},
        {**good, "topics": []},
        {**good, "topics": good["topics"][:2]},
        {**good, "topics": [HexBytes(b"\x05" * 32), *good["topics"][1:]]},
        {**good, "topics": [good["topics"][0], HexBytes(bytes(32)), *good["topics"][2:]]},
        {**good, "data": HexBytes(b"")},
        {**good, "data": HexBytes(bytes(good["data"])[:-32])},
        {**good, "data": HexBytes(b"\xff" * len(good["data"]))},
        {**good, "transactionHash": HexBytes(b"\x01")},
        {key: value for key, value in good.items() if key != "transactionHash"},
    ]
    for log in hostile:
        with pytest.raises(ChainUnavailable):
            bench.reader.facts([log])  # type: ignore[list-item]


async def test_a_reader_hears_of_its_own_group_only(bench: Bench) -> None:
    await logs_of(bench)
    other = GroupReader(bench.addresses, on_chain.group_key(GroupName("other", bench.bridge.address)))
    head = await bench.node.block("latest")
    assert head is not None
    assert await bench.node.logs(other.addresses, other.topics, 0, head.number) == []
