"""One group on the contracts, driven with short words. It judges nothing: the contracts refuse."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from eth_utils.crypto import keccak
from web3.contract.contract import ContractFunction
from web3.types import TxReceipt

from tests.support.contracts.deployed import Contracts, words
from tests.support.contracts.people import Person, typed_digest

ABSTAIN, APPROVE, REJECT = range(3)
NONE, OPEN, PASSED, FAILED = range(4)
ZERO = bytes(32)


class Kind(IntEnum):
    """Of a ballot."""

    ADD = 0
    REMOVE = 1
    POLICY = 2


@dataclass(frozen=True)
class Terms:
    """A policy as the chain takes it."""

    candidates: tuple[Person, ...]
    services: tuple[Person, ...] = ()
    adds: int = ABSTAIN
    removals: int = REJECT
    policies: int = REJECT
    min_votes: int = 1
    voting: int = 60
    coordinated: bool = True
    policy_hash: bytes = hashlib.sha256(b"policy").digest()

    def struct(self) -> tuple[Any, ...]:
        """For web3."""
        rules = (self.adds, self.removals, self.policies, self.min_votes, self.voting)
        candidates = [person.address for person in sorted(self.candidates)]
        services = [person.address for person in sorted(self.services)]
        return (candidates, services, rules, self.coordinated, self.policy_hash)

    def hash(self) -> bytes:
        """A second statement of `Changes.termsHash`."""
        rules = words(self.adds, self.removals, self.policies, self.min_votes, self.voting)
        listed = _list(self.candidates) + _list(self.services)
        return keccak(listed + rules + words(self.coordinated, self.policy_hash))


def _list(people: Iterable[Person]) -> bytes:
    return keccak(words(*[person.address for person in sorted(people)]))


def changes(
    kind: Kind, epoch: int, adds: Iterable[Person] = (), removes: Iterable[Person] = (), terms: bytes = ZERO
) -> bytes:
    """A second statement of `Changes.hash`."""
    return keccak(words(int(kind), epoch) + _list(adds) + _list(removes) + terms)


@dataclass(frozen=True)
class Question:
    """A ballot as the group's members know it."""

    digest: bytes
    changes: bytes
    epoch: int
    kind: Kind


@dataclass
class Group:
    """`creator` brought it to the chain; `voters` and `services` are its members at first."""

    contracts: Contracts
    creator: Person
    terms: Terms
    voters: Sequence[Person]
    services: Sequence[Person] = ()
    name: str = "test"
    epoch: int = 7
    number: int = field(default=0, init=False)
    _serial: Iterator[int] = field(default_factory=itertools.count, init=False, repr=False)

    @property
    def key(self) -> bytes:
        """The contracts' name of it."""
        return keccak(words(self.creator.address, keccak(text=self.name)))

    def _fresh(self, what: str) -> bytes:
        """A hash that comes once, and is the same in every run: gas depends on how many zeros a call has."""
        return hashlib.sha256(self.key + f"{what} {next(self._serial)}".encode()).digest()

    # ---- calls, to be sent or refused ----

    def roster(self, voters: Sequence[Person] | None = None) -> tuple[Any, ...]:
        """The roster as struct."""
        members = self.voters if voters is None else voters
        services = [person.address for person in sorted(self.services)]
        return (self.epoch, [person.address for person in sorted(members)], services)

    def creating(self, **terms: Any) -> ContractFunction:
        """`createGroup`; `terms`: fields that differ."""
        struct = replace(self.terms, **terms).struct()
        return self.contracts.registry.functions.createGroup(keccak(text=self.name), self.roster(), struct)

    def resuming(self, voters: Sequence[Person] | None = None, **terms: Any) -> ContractFunction:
        """`resumeGroup`."""
        struct = replace(self.terms, **terms).struct()
        return self.contracts.registry.functions.resumeGroup(self.key, self.roster(voters), struct)

    def question(
        self,
        kind: Kind,
        adds: Iterable[Person] = (),
        removes: Iterable[Person] = (),
        terms: Terms | None = None,
        epoch: int | None = None,
    ) -> Question:
        """A new ballot in words; its digest is one that nothing else has."""
        at = self.epoch if epoch is None else epoch
        digest = self._fresh("ballot")
        return Question(digest, changes(kind, at, adds, removes, terms.hash() if terms else ZERO), at, kind)

    def opening(
        self, asked: Question, deadline: int | None = None, kind: Kind | None = None
    ) -> ContractFunction:
        """`open`; the deadline is the rules' unless said."""
        until = self.contracts.now() + self.terms.voting if deadline is None else deadline
        which = int(asked.kind if kind is None else kind)
        return self.contracts.ballots.functions.open(
            self.key, which, asked.changes, asked.digest, asked.epoch, until
        )

    def vote_digest(self, asked: Question, yes: bool, **other: Any) -> bytes:
        """What a voter signs; `other`: chain_id, contract, group instead of the right ones."""
        kind = "Vote(bytes32 group,bytes32 digest,bytes32 changes,bool support)"
        group = other.get("group", self.key)
        chain_id = other.get("chain_id", self.contracts.chain.chain_id)
        contract = other.get("contract", self.contracts.ballots.address)
        values = words(group, asked.digest, asked.changes, yes)
        return typed_digest("demls Ballots", chain_id, contract, kind, values)

    def signed(self, asked: Question, voter: Person, yes: bool, **other: Any) -> tuple[str, bool, bytes]:
        """A vote with its signature, as struct."""
        return (voter.address, yes, voter.sign(self.vote_digest(asked, yes, **other)))

    def claim(self, member: Person, rejoins: bool, epoch: int | None = None, **other: Any) -> tuple[Any, ...]:
        """A claim with its signature, as struct."""
        at = self.epoch if epoch is None else epoch
        kind = "Claim(bytes32 group,address member,bool rejoins,uint64 epoch)"
        chain_id = other.get("chain_id", self.contracts.chain.chain_id)
        values = words(other.get("group", self.key), member.address, rejoins, at)
        registry = self.contracts.registry.address
        digest = typed_digest("demls GroupRegistry", chain_id, registry, kind, values)
        return (member.address, rejoins, at, other.get("signer", member).sign(digest))

    def publication(self, owner: Person, package: bytes, **other: Any) -> bytes:
        """The owner's signature; `other`: chain_id, contract, group, signer instead of the right ones."""
        kind = "Publish(bytes32 group,address owner,bytes32 hash)"
        chain_id = other.get("chain_id", self.contracts.chain.chain_id)
        contract = other.get("contract", self.contracts.packages.address)
        values = words(other.get("group", self.key), owner.address, hashlib.sha256(package).digest())
        digest = typed_digest("demls KeyPackageRegistry", chain_id, contract, kind, values)
        return bytes(other.get("signer", owner).sign(digest))

    def commit(
        self,
        adds: Iterable[Person] = (),
        removes: Iterable[Person] = (),
        claims: Iterable[tuple[Any, ...]] = (),
        ballot: Question | None = None,
        **other: Any,
    ) -> tuple[Any, ...]:
        """A commit as struct; `other`: number, epoch, commit_hash instead of the next ones."""
        return (
            other.get("number", self.number + 1),
            other.get("epoch", self.epoch),
            other.get("commit_hash", self._fresh("commit")),
            ballot.digest if ballot else ZERO,
            [person.address for person in sorted(adds)],
            [person.address for person in sorted(removes)],
            list(claims),
        )

    def recording(self, commit: tuple[Any, ...], terms: Terms | None = None) -> ContractFunction:
        """`recordCommit`, or `recordPolicy` when there are terms."""
        functions = self.contracts.registry.functions
        if terms is None:
            return functions.recordCommit(self.key, commit)
        return functions.recordPolicy(self.key, commit, terms.struct())

    # ---- things done ----

    @property
    def steward(self) -> Person:
        """One who may open ballots and record commits."""
        return self.terms.candidates[0]

    def create(self) -> Group:
        """Bring it to the chain."""
        self.contracts.do(self.creating(), self.creator.address)
        return self

    def open(self, asked: Question, by: Person | None = None) -> Question:
        """Open a ballot."""
        self.contracts.do(self.opening(asked), (by or self.steward).address)
        return asked

    def vote(self, asked: Question, yes: Iterable[Person] = (), no: Iterable[Person] = ()) -> TxReceipt:
        """Bring the votes of these, signed, in one transaction."""
        votes = [self.signed(asked, person, True) for person in yes]
        votes += [self.signed(asked, person, False) for person in no]
        bring = self.contracts.ballots.functions.castVotesBySig(self.key, asked.digest, votes)
        return self.contracts.do(bring, self.contracts.operator)

    def record(
        self, commit: tuple[Any, ...], by: Person | None = None, terms: Terms | None = None
    ) -> TxReceipt:
        """Record a commit; the group goes on to the next epoch."""
        receipt = self.contracts.do(self.recording(commit, terms), (by or self.steward).address)
        self.number += 1
        self.epoch = int(commit[1]) + 1
        if terms is not None:
            self.terms = terms
        return receipt

    def expire(self, asked: Question) -> None:
        """Let the ballot's deadline pass."""
        deadline = int(self.contracts.ballots.functions.outcome(self.key, asked.digest).call()[7])
        self.contracts.chain.pass_time(max(deadline - self.contracts.now(), 1))

    def passed(self, kind: Kind, **changed: Any) -> Question:
        """A ballot that all voters have passed."""
        asked = self.open(self.question(kind, **changed))
        self.vote(asked, yes=self.voters)
        assert self.verdict(asked) == PASSED
        return asked

    def verdict(self, asked: Question) -> int:
        """As it stands in the contract."""
        return int(self.contracts.ballots.functions.outcome(self.key, asked.digest).call()[0])
