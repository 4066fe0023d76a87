"""What the three contracts do, said a second time and in Python: one group, its ballots, its key packages.

Every operation either changes the state or raises `Refused` with the name of the contracts' error. People are
named by their `name`; the arithmetic is the engine's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Final

from bridge.protocol.ballots.arithmetic import Verdict, decide
from bridge.protocol.types import Silence
from tests.support.contracts.group import Kind

MAX_STEP: Final = 65_536
SKEW: Final = 60
_SILENCES: Final = (Silence.ABSTAIN, Silence.APPROVE, Silence.REJECT)


class Refused(Exception):
    """Its text is the name of the custom error."""


@dataclass(frozen=True)
class Policy:
    """Candidates, services, the silence of each kind, and the rest."""

    candidates: frozenset[str]
    services: frozenset[str]
    silence: tuple[int, int, int] = (0, 2, 2)
    min_votes: int = 1
    voting: int = 60
    coordinated: bool = True


@dataclass(frozen=True)
class Changes:
    """What a ballot is about."""

    kind: Kind
    epoch: int
    adds: frozenset[str] = frozenset()
    removes: frozenset[str] = frozenset()
    policy: Policy | None = None


@dataclass(frozen=True)
class Claim:
    """A leave or rejoin; `genuine`: signed by the member."""

    member: str
    rejoins: bool
    epoch: int
    genuine: bool


@dataclass
class Ballot:
    """An opened ballot."""

    kind: Kind
    changes: Changes
    number: int
    deadline: int
    n: int
    silence: Silence
    min_votes: int
    votes: dict[str, bool] = field(default_factory=dict)
    verdict: Verdict = Verdict.OPEN

    @property
    def yes(self) -> int:
        """YES votes."""
        return sum(self.votes.values())

    @property
    def no(self) -> int:
        """NO votes."""
        return len(self.votes) - self.yes

    def judge(self, *, at_deadline: bool) -> None:
        """Set the verdict."""
        self.verdict = decide(self.n, self.yes, self.no, self.silence, self.min_votes, at_deadline)


@dataclass
class Model:
    """The contracts. `creator` is the only one who can have made the group."""

    creator: str
    policy: Policy | None = None
    members: dict[str, int] = field(default_factory=dict)
    """Name and `since`."""
    number: int = 0
    set_at: int = 0
    epoch: int = 0
    generation: int = 0
    ballots: dict[bytes, Ballot] = field(default_factory=dict)
    newest: bytes = b""
    packages: dict[tuple[str, int], str] = field(default_factory=dict)

    # ---- what can be asked ----

    def known(self) -> Policy:
        """The policy of a group that exists."""
        if self.policy is None:
            raise Refused("GroupRegistryUnknown")
        return self.policy

    @property
    def voters(self) -> set[str]:
        """Members with a vote."""
        return set(self.members) - self.policy.services if self.policy else set()

    def is_steward(self, who: str) -> bool:
        """Candidate and member."""
        return self.policy is not None and who in self.policy.candidates and who in self.members

    @property
    def ballot_open(self) -> bool:
        """Whether the newest ballot is undecided."""
        return bool(self.newest) and self.ballots[self.newest].verdict is Verdict.OPEN

    # ---- rosters ----

    def create(self, roster: Sequence[str], epoch: int, policy: Policy) -> None:
        """`createGroup` by the creator."""
        _need(self.policy is None, "GroupRegistryExists")
        self._place(roster, epoch, policy)

    def resume(self, sender: str, roster: Sequence[str], epoch: int, policy: Policy) -> None:
        """`resumeGroup`."""
        present = self.known()
        creator = sender == self.creator
        _need(creator or self.is_steward(sender), "GroupRegistryNotAllowed")
        unused = creator and self.number == self.set_at
        _need(not present.coordinated or unused, "GroupRegistryCoordinated")
        _need(not self.ballot_open, "GroupRegistryBallotOpen")
        self.number += 1
        self.set_at = self.number
        self._place(roster, epoch, policy)

    def _place(self, roster: Sequence[str], epoch: int, policy: Policy) -> None:
        _need(policy.coordinated, "GroupRegistryNotCoordinated")
        _need(bool(policy.candidates) and bool(roster), "GroupRegistryBadList")
        self.policy, self.epoch = policy, epoch
        self.generation += 1
        self.members = dict.fromkeys(roster, epoch)

    # ---- ballots ----

    def open(self, sender: str, digest: bytes, changes: Changes, kind: Kind, deadline: int, now: int) -> None:
        """`open`; `kind` as the steward says it."""
        policy = self.policy
        steward = policy is not None and policy.coordinated and self.is_steward(sender)
        _need(steward, "BallotsNotSteward")
        assert policy is not None
        _need(digest not in self.ballots, "BallotsBadDigest")
        if self.ballot_open:
            newest = self.ballots[self.newest]
            _need(now >= newest.deadline, "BallotsAnotherIsOpen")
            newest.judge(at_deadline=True)
        _need(bool(self.voters), "BallotsNoVoters")
        in_time = now + (policy.voting + 1) // 2 <= deadline <= now + policy.voting + SKEW
        _need(in_time, "BallotsBadDeadline")
        silence = _SILENCES[policy.silence[kind]]
        voters = len(self.voters)
        self.ballots[digest] = Ballot(kind, changes, self.number, deadline, voters, silence, policy.min_votes)
        self.newest = digest

    def vote(self, digest: bytes, voter: str, yes: bool, now: int, *, genuine: bool = True) -> None:
        """`castVote` or `castVoteBySig`."""
        _need(digest in self.ballots, "BallotsUnknown")
        ballot = self.ballots[digest]
        _need(ballot.verdict is Verdict.OPEN and now < ballot.deadline, "BallotsClosed")
        _need(voter in self.voters, "BallotsNotAVoter")
        _need(voter not in ballot.votes, "BallotsAlreadyVoted")
        _need(genuine, "BallotsBadSignature")
        ballot.votes[voter] = yes
        ballot.judge(at_deadline=False)

    def finalize(self, digest: bytes, now: int) -> None:
        """`finalize`."""
        _need(digest in self.ballots, "BallotsUnknown")
        ballot = self.ballots[digest]
        _need(ballot.verdict is Verdict.OPEN, "BallotsAlreadyDecided")
        _need(now >= ballot.deadline, "BallotsTooEarly")
        ballot.judge(at_deadline=True)

    # ---- records ----

    def record(
        self,
        sender: str,
        number: int,
        changes: Changes,
        claims: Sequence[Claim],
        digest: bytes,
    ) -> None:
        """`recordCommit`, or `recordPolicy` when there is one; `changes.epoch` is the commit's."""
        policy, following = self.known(), changes.policy
        _need(policy.coordinated, "GroupRegistryNotCoordinated")
        _need(self.is_steward(sender), "GroupRegistryNotAllowed")
        _need(number == self.number + 1, "GroupRegistryWrongNumber")
        _need(not self.ballot_open, "GroupRegistryBallotOpen")
        if following is None or following.coordinated:
            _need(self.epoch <= changes.epoch <= self.epoch + MAX_STEP, "GroupRegistryWrongEpoch")
        voted = changes.adds - policy.services
        if following is None:
            self._judge_voted(sender, number, changes, voted, digest)
            self._take_claims(changes.epoch, claims)
            anything = changes.adds or changes.removes or claims
            _need(bool(anything), "GroupRegistryEmptyCommit")
        else:
            self._take_claims(changes.epoch, claims)
            ballot = self._passed(digest, number, changes.epoch, Kind.POLICY)
            alone = not voted and not changes.removes
            same = ballot.changes == Changes(Kind.POLICY, changes.epoch, policy=following)
            _need(alone and same, "GroupRegistryOtherChanges")
        self._move(sender, changes)
        self.policy = following or policy
        self.number, self.epoch = number, changes.epoch + 1

    def _judge_voted(
        self, sender: str, number: int, changes: Changes, voted: frozenset[str], digest: bytes
    ) -> None:
        if digest:
            kind = Kind.REMOVE if changes.removes else Kind.ADD
            ballot = self._passed(digest, number, changes.epoch, kind)
            shape = len(changes.removes) == 1 and not voted if changes.removes else 0 < len(voted) <= 50
            same = ballot.changes == Changes(kind, changes.epoch, voted, changes.removes)
            _need(shape and same, "GroupRegistryOtherChanges")
        elif voted or changes.removes:
            creator_adds = sender == self.creator and not changes.removes
            _need(not self.voters and creator_adds, "GroupRegistryBallotNeeded")

    def _passed(self, digest: bytes, number: int, epoch: int, kind: Kind) -> Ballot:
        ballot = self.ballots.get(digest)
        if ballot is None or ballot.verdict is not Verdict.PASSED:
            raise Refused("GroupRegistryNoBallot")
        timely = ballot.number + 1 == number and ballot.changes.epoch == epoch
        _need(timely, "GroupRegistryNoBallot")
        _need(ballot.kind is kind, "GroupRegistryOtherChanges")
        return ballot

    def _take_claims(self, epoch: int, claims: Sequence[Claim]) -> None:
        for claim in claims:
            _need(claim.member in self.members, "GroupRegistryNotMember")
            _need(self.members[claim.member] <= claim.epoch <= epoch, "GroupRegistryStaleClaim")
            _need(claim.genuine, "GroupRegistryBadClaim")
            if claim.rejoins:
                self.members[claim.member] = epoch + 1
            else:
                del self.members[claim.member]

    def _move(self, sender: str, changes: Changes) -> None:
        _need(changes.removes <= self.members.keys(), "GroupRegistryNotMember")
        for who in changes.removes:
            del self.members[who]
        _need(changes.adds.isdisjoint(self.members), "GroupRegistryAlreadyMember")
        self.members |= dict.fromkeys(changes.adds, changes.epoch + 1)
        _need(sender in self.members, "GroupRegistryNotAllowed")

    # ---- key packages ----

    def publish(self, owner: str, package: int) -> None:
        """`publish` of one."""
        _need((owner, package) not in self.packages, "KeyPackageRegistryKnown")
        self.packages[owner, package] = "waiting"

    def publish_by_sig(self, owner: str, package: int, *, genuine: bool) -> None:
        """`publishBySig`, whoever sends it."""
        _need(genuine, "KeyPackageRegistryBadSignature")
        self.publish(owner, package)

    def mark_used(self, sender: str, owner: str, package: int) -> None:
        """`markUsed`."""
        steward = self.policy is not None and self.policy.coordinated and self.is_steward(sender)
        _need(steward, "KeyPackageRegistryNotSteward")
        _need(owner in self.members, "KeyPackageRegistryNotAMember")
        _need(self.packages.get((owner, package)) == "waiting", "KeyPackageRegistryNotWaiting")
        self.packages[owner, package] = "used"

    def revoke(self, owner: str, package: int) -> None:
        """`revoke`."""
        _need(self.packages.get((owner, package)) == "waiting", "KeyPackageRegistryNotWaiting")
        self.packages[owner, package] = "revoked"

    def attempt(self) -> Model:
        """A copy to try an operation on: one that is refused must leave no trace."""
        return deepcopy(self)


def _need(holds: bool, error: str) -> None:
    if not holds:
        raise Refused(error)
