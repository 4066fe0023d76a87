"""The engine and the contracts hash and sign alike: `bridge.protocol.on_chain` against the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.model.notices import ChangeKind
from bridge.protocol import on_chain
from bridge.protocol.ballots import ballot as ballots
from bridge.protocol.batches import VotedAdd, VotedChange, VotedPolicy, VotedRemove
from bridge.protocol.chain import ChainDomain
from bridge.protocol.policy import encode_policy, policy_hash
from bridge.protocol.ports import Address
from bridge.protocol.types import BallotRules, Coordination, GroupName, GroupPolicy, Silence, Timing
from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import PASSED, Group, Kind, Question, Terms, changes
from tests.support.contracts.people import Person, people

VOTERS = people(3)
BRIDGE = Person("bridge")
NEWCOMERS = people(3, "new")


def raw(person: Person) -> Address:
    """Its address as the engine has it."""
    return Address(bytes.fromhex(person.address.removeprefix("0x")))


POLICY = GroupPolicy(
    creator=raw(BRIDGE),
    steward_candidates=(raw(VOTERS[2]), raw(BRIDGE), raw(VOTERS[0])),
    service_members=(raw(BRIDGE),),
    rules=BallotRules(Silence.APPROVE, Silence.REJECT, Silence.ABSTAIN, min_votes=2),
    coordination=Coordination.CONTRACT,
    timing=Timing(voting=45),
)
TERMS = Terms(
    candidates=(BRIDGE, VOTERS[0], VOTERS[2]),
    services=(BRIDGE,),
    adds=1,
    removals=2,
    policies=0,
    min_votes=2,
    voting=45,
    policy_hash=policy_hash(POLICY),
)


def domain(contracts: Contracts, group: Group) -> ChainDomain:
    """Where the group lives."""
    registry, ballots_at, key_packages = (
        Address(bytes.fromhex(contract.address.removeprefix("0x")))
        for contract in (contracts.registry, contracts.ballots, contracts.packages)
    )
    return ChainDomain(
        contracts.chain.chain_id,
        registry,
        ballots_at,
        group.key,
        confirmations=3,
        grace=30,
        key_packages=key_packages,
    )


def made(contracts: Contracts) -> Group:
    """The group of the policy, on chain."""
    return Group(contracts, BRIDGE, TERMS, VOTERS, [BRIDGE], name="lobby").create()


def ballot_on(contracts: Contracts, group: Group, batch: Sequence[VotedChange]) -> ballots.Ballot:
    """The engine's own ballot on a batch."""
    now = contracts.now()
    return ballots.make(
        group_id=b"lobby",
        epoch=group.epoch,
        retry_round=0,
        steward=raw(BRIDGE),
        changes=batch,
        voters=[raw(voter) for voter in VOTERS],
        opened=now,
        deadline=now + 45,
    )


def opened(contracts: Contracts, group: Group, ballot: ballots.Ballot, kind: Kind) -> Question:
    """That ballot, opened on chain."""
    asked = Question(ballot.digest, on_chain.changes_of(ballot), ballot.epoch, kind)
    contracts.do(group.opening(asked, ballot.deadline), BRIDGE.address)
    return asked


def test_the_key_of_a_group(contracts: Contracts) -> None:
    group = made(contracts)
    assert on_chain.group_key(GroupName("lobby", raw(BRIDGE))) == group.key
    assert contracts.registry.functions.groupOf(group.key).call()[0] == BRIDGE.address


def test_the_hashes_of_policies_and_changes() -> None:
    assert on_chain.settings_hash(POLICY) == TERMS.hash()
    adds, removes = [raw(person) for person in NEWCOMERS], [raw(VOTERS[1])]
    found = on_chain.changes_hash(ChangeKind.ADD, 7, reversed(adds), [])
    assert found == changes(Kind.ADD, 7, adds=NEWCOMERS)
    assert on_chain.changes_hash(ChangeKind.REMOVE, 7, [], removes) == changes(
        Kind.REMOVE, 7, removes=[VOTERS[1]]
    )
    encoded = encode_policy(POLICY)
    found = on_chain.changes_hash(ChangeKind.POLICY, 7, [], [], encoded)
    assert found == changes(Kind.POLICY, 7, terms=TERMS.hash())


def test_votes_signed_by_the_engine_count_and_what_they_pass_is_recorded(contracts: Contracts) -> None:
    group = made(contracts)
    following = replace(POLICY, timing=Timing(voting=60), coordination=Coordination.WAKU)
    terms = replace(TERMS, voting=60, coordinated=False, policy_hash=policy_hash(following))
    for kind, batch in (
        (Kind.ADD, [VotedAdd(raw(person), bytes([n]) * 32) for n, person in enumerate(NEWCOMERS)]),
        (Kind.REMOVE, [VotedRemove(raw(VOTERS[1]))]),
        (Kind.POLICY, [VotedPolicy(encode_policy(following))]),
    ):
        before = contracts.chain.snapshot()
        ballot = ballot_on(contracts, group, batch)
        asked = opened(contracts, group, ballot, kind)
        votes = []
        for voter in VOTERS[:2]:
            digest = on_chain.vote(domain(contracts, group), ballot, True).digest()
            votes.append((voter.address, True, voter.sign(digest)))
        bring = contracts.ballots.functions.castVotesBySig(group.key, ballot.digest, votes)
        contracts.do(bring, BRIDGE.address)
        assert group.verdict(asked) == PASSED
        commit = group.commit(
            adds=NEWCOMERS if kind is Kind.ADD else (),
            removes=VOTERS[1:2] if kind is Kind.REMOVE else (),
            ballot=asked,
        )
        call = group.recording(commit, terms if kind is Kind.POLICY else None)
        assert contracts.refusal(call, BRIDGE.address) == (), kind
        contracts.chain.revert(before)


def test_claims_signed_by_the_engine_are_taken(contracts: Contracts) -> None:
    group = made(contracts)
    claims = []
    for member, rejoins in ((VOTERS[0], True), (VOTERS[1], False)):
        typed = on_chain.claim(domain(contracts, group), raw(member), rejoins=rejoins, epoch=group.epoch)
        claims.append((member.address, rejoins, group.epoch, member.sign(typed.digest())))
    group.record(group.commit(claims=claims))
    assert contracts.registry.functions.groupOf(group.key).call()[5] == 2


def test_a_key_package_signed_by_the_engine_is_published(contracts: Contracts) -> None:
    group, package = made(contracts), b"a key package"
    for owner in (VOTERS[1], NEWCOMERS[0]):
        typed = on_chain.publication(domain(contracts, group), raw(owner), package)
        assert owner.sign(typed.digest()) == group.publication(owner, package)
        publish = contracts.packages.functions.publishBySig
        call = publish(group.key, owner.address, package, owner.sign(typed.digest()))
        assert contracts.refusal(call, BRIDGE.address) == ()
