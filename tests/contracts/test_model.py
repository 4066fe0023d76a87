"""Random sequences of everything that anybody can do, on the chain and on a model; they never differ."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from web3.contract.contract import ContractFunction

from bridge.protocol.ballots.arithmetic import Verdict
from tests.support.contracts.deployed import Contracts
from tests.support.contracts.group import FAILED, OPEN, PASSED, Group, Kind, Question, Terms
from tests.support.contracts.model import Changes, Claim, Model, Policy, Refused
from tests.support.contracts.people import Person

NAMES = ("creator", "ann", "bob", "cyd", "dan", "eve", "helper")
PEOPLE = {name: Person(f"model {name}") for name in NAMES}
PACKAGES = [bytes([number]) * 40 for number in range(2)]
VERDICTS = {Verdict.OPEN: OPEN, Verdict.PASSED: PASSED, Verdict.FAILED: FAILED}
EXAMPLES, STEPS = 25, 30
ROUNDS = 4
"""The sequences are random, and some rounds leave out one of the usual operations."""
USUAL = {"create", "open", "votes", "record", "finalize", "publish", "publish_by_sig"}
"""They must have gone through."""

someone = st.sampled_from(NAMES)
pick = st.integers(0, 9)
"""Whom of the stewards; above 8 it may be somebody else."""
some = st.frozensets(someone, max_size=2)
policies = st.sampled_from(
    [
        Policy(frozenset({"creator", "ann", "bob"}), frozenset({"helper"})),
        Policy(frozenset({"creator", "ann", "bob"}), frozenset({"creator"}), silence=(1, 0, 0), voting=90),
        Policy(frozenset({"ann", "cyd"}), frozenset(), silence=(2, 1, 0), min_votes=2),
        Policy(frozenset({"creator"}), frozenset({"creator", "helper", "ann"}), min_votes=0),
        Policy(frozenset({"ann", "helper"}), frozenset({"bob"}), coordinated=False),
    ]
)
rosters = st.sampled_from(
    [("creator", "ann", "bob", "cyd"), ("ann", "bob", "cyd"), ("creator",), ("creator", "helper"), NAMES]
)


def on_chain(policy: Policy) -> Terms:
    """A model's policy as the contracts take it."""
    return Terms(
        tuple(PEOPLE[name] for name in policy.candidates),
        tuple(PEOPLE[name] for name in policy.services),
        *policy.silence,
        min_votes=policy.min_votes,
        voting=policy.voting,
        coordinated=policy.coordinated,
        policy_hash=keccak(text=repr(policy.voting)),
    )


def persons(names: Any) -> list[Person]:
    """By name."""
    return [PEOPLE[name] for name in names]


class Machine(RuleBasedStateMachine):
    """One group; every step is done on both and must end alike."""

    contracts: Contracts
    ended: ClassVar[Counter[tuple[str, str]]] = Counter()
    """How often each operation ended how, over all sequences."""

    def __init__(self) -> None:
        super().__init__()
        self.before = self.contracts.chain.snapshot()
        self.now = self.contracts.now()
        self.model = Model("creator")
        self.group = Group(self.contracts, PEOPLE["creator"], Terms(()), [])
        self.asked: list[tuple[Question, Changes]] = []

    def teardown(self) -> None:
        """The chain as it was."""
        self.contracts.chain.revert(self.before)

    def both(self, call: ContractFunction, sender: str, operation: str, *arguments: Any, **named: Any) -> str:
        """Send the call, ask the model; the name of the refusal that both have come to."""
        trial = self.model.attempt()
        expected = ""
        try:
            getattr(trial, operation)(*arguments, **named)
            self.model = trial
        except Refused as refused:
            expected = str(refused)
        found = self.contracts.attempt(call, PEOPLE[sender].address, self.now)
        event(f"{operation}: {found or 'done'}")
        self.ended[operation, found] += 1
        assert found == expected
        return found

    def tick(self, seconds: int = 1) -> int:
        """The time of the next block."""
        self.now += seconds
        return self.now

    def steward(self, number: int) -> str:
        """Mostly one who may act."""
        able = sorted(name for name in NAMES if self.model.is_steward(name))
        return able[number % len(able)] if able and number < 8 else NAMES[number % len(NAMES)]

    # ---- rosters ----

    @initialize(policy=policies, roster=rosters, epoch=st.integers(0, 9))
    def bring(self, policy: Policy, roster: tuple[str, ...], epoch: int) -> None:
        """The creator brings the group to the chain."""
        policy = replace(policy, coordinated=True)
        self.tick()
        self.both(
            self.placing("createGroup", roster, epoch, policy), "creator", "create", roster, epoch, policy
        )

    @rule(number=pick, policy=policies, roster=rosters, epoch=st.integers(0, 9))
    def resume(self, number: int, policy: Policy, roster: tuple[str, ...], epoch: int) -> None:
        """Somebody brings it back, or tries to."""
        sender = self.steward(number)
        self.tick()
        call = self.placing("resumeGroup", roster, epoch, policy)
        self.both(call, sender, "resume", sender, roster, epoch, policy)

    def placing(self, how: str, roster: tuple[str, ...], epoch: int, policy: Policy) -> ContractFunction:
        """`createGroup` or `resumeGroup`."""
        self.group.epoch = epoch
        self.group.services = persons(set(roster) & policy.services)
        self.group.voters = persons(set(roster) - policy.services)
        self.group.terms = on_chain(policy)
        return self.group.creating() if how == "createGroup" else self.group.resuming()

    # ---- ballots ----

    def changes(self, kind: Kind, who: frozenset[str], policy: Policy, epoch: int) -> Changes:
        """What a ballot of this kind would be about."""
        match kind:
            case Kind.ADD:
                return Changes(kind, epoch, adds=who)
            case Kind.REMOVE:
                return Changes(kind, epoch, removes=who)
            case _:
                return Changes(kind, epoch, policy=policy)

    @rule(
        number=pick,
        kind=st.sampled_from(Kind),
        said=st.one_of(st.none(), st.none(), st.sampled_from(Kind)),
        who=some,
        policy=policies,
        step=st.sampled_from([0, 0, 0, 2]),
        ahead=st.sampled_from([60, 60, 60, 20, 90, 200]),
    )
    def open(
        self,
        number: int,
        kind: Kind,
        said: Kind | None,
        who: frozenset[str],
        policy: Policy,
        step: int,
        ahead: int,
    ) -> None:
        """Somebody opens a ballot, sometimes one with a wrong kind, time or shape."""
        self.ask(self.steward(number), kind, said or kind, who, policy, step, ahead)

    def ask(
        self, sender: str, kind: Kind, said: Kind, who: frozenset[str], policy: Policy, step: int, ahead: int
    ) -> bool:
        """On both; whether it is open."""
        changes = self.changes(kind, who, policy, self.model.epoch + step)
        asked = self.group.question(
            kind,
            persons(changes.adds),
            persons(changes.removes),
            on_chain(policy) if changes.policy else None,
            changes.epoch,
        )
        self.tick()
        deadline = self.now + ahead
        call = self.group.opening(asked, deadline, said)
        if self.both(call, sender, "open", sender, asked.digest, changes, said, deadline, self.now):
            return False
        self.asked.append((asked, changes))
        return True

    @rule(
        number=pick,
        kind=st.sampled_from(Kind),
        who=someone,
        policy=policies,
        against=st.sampled_from([0, 0, 0, 1, 9]),
    )
    def whole_ballot(self, number: int, kind: Kind, who: str, policy: Policy, against: int) -> None:
        """A ballot as it should be, everybody votes, and what it passes is recorded."""
        if self.model.ballot_open:
            self.finalize(200)
        steward = self.steward(number)
        if not self.ask(steward, kind, kind, frozenset({who}), policy, 0, 60):
            return
        voters = sorted(self.model.voters)
        self.votes([(name in voters[against:]) if name in voters else None for name in NAMES])
        self.record(steward, self.asked[-1][1], [], self.asked[-1][0], self.model.number + 1)

    @rule(
        voter=someone,
        yes=st.booleans(),
        signed=st.booleans(),
        genuine=st.sampled_from([True, True, True, False]),
    )
    def vote(self, voter: str, yes: bool, signed: bool, genuine: bool) -> None:
        """One vote, direct or brought."""
        if not self.asked:
            return
        asked, _ = self.asked[-1]
        functions = self.contracts.ballots.functions
        self.tick()
        if not signed:
            call = functions.castVote(self.group.key, asked.digest, yes)
            self.both(call, voter, "vote", asked.digest, voter, yes, self.now)
            return
        signer = PEOPLE[voter] if genuine else Person("forger")
        ballot = (PEOPLE[voter].address, yes, signer.sign(self.group.vote_digest(asked, yes)))
        call = functions.castVoteBySig(self.group.key, asked.digest, ballot)
        self.both(call, "helper", "vote", asked.digest, voter, yes, self.now, genuine=genuine)

    @rule(answers=st.lists(st.sampled_from([True, True, True, False, None]), min_size=7, max_size=7))
    def votes(self, answers: list[bool | None]) -> None:
        """Many votes in one transaction; those that do not count are skipped."""
        cast = [(name, yes) for name, yes in zip(NAMES, answers, strict=True) if yes is not None]
        if not self.asked or not cast or not self.model.ballot_open:
            return
        asked, _ = self.asked[-1]
        if self.tick() >= self.model.ballots[asked.digest].deadline:
            return
        for name, yes in cast:
            trial = self.model.attempt()
            try:
                trial.vote(asked.digest, name, yes, self.now)
            except Refused:
                continue
            self.model = trial
        signed = [self.group.signed(asked, PEOPLE[name], yes) for name, yes in cast]
        call = self.contracts.ballots.functions.castVotesBySig(self.group.key, asked.digest, signed)
        assert self.contracts.attempt(call, PEOPLE["helper"].address, self.now) == ""
        self.ended["votes", ""] += 1

    @rule(seconds=st.sampled_from([1, 10, 90]))
    def finalize(self, seconds: int) -> None:
        """Time passes, and somebody asks for the verdict."""
        self.tick(seconds)
        if self.asked:
            asked, _ = self.asked[-1]
            call = self.contracts.ballots.functions.finalize(self.group.key, asked.digest)
            self.both(call, "helper", "finalize", asked.digest, self.now)

    # ---- records ----

    @rule(
        number=pick,
        who=some,
        claims=st.lists(
            st.tuples(someone, st.booleans(), st.sampled_from([0, 0, 0, -2, 1]), st.booleans()), max_size=2
        ),
        step=st.sampled_from([0, 0, 1, -1, 65_537]),
        off=st.sampled_from([1, 1, 1, 0, 2]),
    )
    def record_without_ballot(
        self, number: int, who: frozenset[str], claims: list[Any], step: int, off: int
    ) -> None:
        """A commit that may need no ballot, or may."""
        sender, epoch = self.steward(number), max(self.model.epoch + step, 0)
        made = [Claim(name, leave, max(epoch + at, 0), genuine) for name, leave, at, genuine in claims]
        self.record(sender, Changes(Kind.ADD, epoch, adds=who), made, None, self.model.number + off)

    @rule(number=pick, swap=st.sampled_from([None, None, None, "eve"]), back=st.sampled_from([1, 1, 2]))
    def record_with_ballot(self, number: int, swap: str | None, back: int) -> None:
        """What a ballot was about, sometimes with somebody else in it."""
        if len(self.asked) < back:
            return
        sender, (asked, changes) = self.steward(number), self.asked[-back]
        if swap is not None and changes.policy is None:
            changes = replace(changes, adds=changes.adds | {swap})
        self.record(sender, changes, [], asked, self.model.number + 1)

    def record(
        self, sender: str, changes: Changes, claims: list[Claim], asked: Question | None, number: int
    ) -> None:
        """On both."""
        structs = [
            self.group.claim(
                PEOPLE[claim.member],
                claim.rejoins,
                claim.epoch,
                signer=PEOPLE[claim.member] if claim.genuine else Person("forger"),
            )
            for claim in claims
        ]
        commit = self.group.commit(
            persons(changes.adds), persons(changes.removes), structs, asked, number=number, epoch=changes.epoch
        )
        self.tick()
        call = self.group.recording(commit, on_chain(changes.policy) if changes.policy else None)
        digest = asked.digest if asked else b""
        self.both(call, sender, "record", sender, number, changes, claims, digest)

    # ---- key packages ----

    @rule(number=pick, package=st.sampled_from([0, 1]), way=st.sampled_from(["own", "signed", "forged"]))
    def publish(self, number: int, package: int, way: str) -> None:
        """One key package, mostly of a member, by themselves or by somebody who pays."""
        members = sorted(self.model.members)
        owner = members[number % len(members)] if number < 8 else NAMES[number % len(NAMES)]
        functions, key = self.contracts.packages.functions, self.group.key
        self.tick()
        if way == "own":
            call = functions.publish(key, [PACKAGES[package]])
            self.both(call, owner, "publish", owner, package)
            return
        whose, signer = PEOPLE[owner], PEOPLE[owner] if way == "signed" else Person("forger")
        signature = self.group.publication(whose, PACKAGES[package], signer=signer)
        call = functions.publishBySig(key, whose.address, PACKAGES[package], signature)
        genuine = way == "signed"
        self.both(call, self.steward(number), "publish_by_sig", owner, package, genuine=genuine)

    @rule(number=pick, which=st.integers(0, 3), revokes=st.booleans())
    def end_package(self, number: int, which: int, revokes: bool) -> None:
        """One that was published is used or taken back, perhaps a second time."""
        if not self.model.packages:
            return
        known = sorted(self.model.packages)
        owner, package = known[which % len(known)]
        functions, key = self.contracts.packages.functions, self.group.key
        hash_ = hashlib.sha256(PACKAGES[package]).digest()
        self.tick()
        if revokes:
            self.both(functions.revoke(key, hash_), owner, "revoke", owner, package)
            return
        sender = self.steward(number)
        call = functions.markUsed(key, PEOPLE[owner].address, hash_)
        self.both(call, sender, "mark_used", sender, owner, package)

    # ---- what always holds ----

    @invariant()
    def the_chain_is_as_the_model(self) -> None:
        """The group, its members and the newest ballot."""
        functions, model = self.contracts.registry.functions, self.model
        if model.policy is None:
            return
        found = functions.groupOf(self.group.key).call()
        expected = (model.number, model.policy.coordinated, model.epoch, model.set_at, len(model.voters))
        assert (*found[1:6], found[6]) == (*expected, model.generation)
        if self.asked:
            asked, _ = self.asked[-1]
            ballot = model.ballots[asked.digest]
            outcome = self.contracts.ballots.functions.outcome(self.group.key, asked.digest).call()
            assert (outcome[0], *outcome[4:7]) == (VERDICTS[ballot.verdict], ballot.n, ballot.yes, ballot.no)


@pytest.fixture
def machine(own_chain: Contracts) -> Iterator[type[Machine]]:
    """The machine, on a chain of its own."""
    Machine.contracts = own_chain
    for person in PEOPLE.values():
        own_chain.fund(person.address)
    yield Machine
    del Machine.contracts


def test_contracts_and_model_never_differ(machine: type[Machine]) -> None:
    for _ in range(ROUNDS):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
        through = {operation for operation, found in machine.ended if not found}
        if through >= USUAL and len({found for _, found in machine.ended}) > 15:
            return
    raise AssertionError(f"too little has come up: {machine.ended}")
