"""The contracts' rules in Python, for engine tests: small, honest, independent of the engine's own bookkeeping.

What a transaction is refused for raises `Refused`; what may work later raises `TooEarly`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from bridge.model.ethereum import keccak256
from bridge.model.notices import ChangeKind
from bridge.protocol import wallet
from bridge.protocol.ballots.arithmetic import Verdict, decide
from bridge.protocol.chain import (
    ChainDomain,
    Decided,
    Fact,
    Finalize,
    Intent,
    MarkUsed,
    OpenBallot,
    Opened,
    PublishKeyPackage,
    Record,
    Recorded,
    RelayVote,
    Roster,
    SetRoster,
    Voted,
)
from bridge.protocol.errors import BadSignature
from bridge.protocol.on_chain import Typed, settings_hash
from bridge.protocol.policy import decode_policy, policy_hash
from bridge.protocol.ports import Address
from bridge.protocol.types import Coordination, GroupPolicy

_KINDS = {ChangeKind.ADD: 0, ChangeKind.REMOVE: 1, ChangeKind.POLICY: 2}


class Refused(Exception):
    """Reverted for good."""


class TooEarly(Exception):
    """Reverted; it may work later."""


@dataclass
class Ballot:
    """One ballot. `n` voters when it was opened."""

    changes: bytes
    kind: ChangeKind
    epoch: int
    deadline: int
    voters: frozenset[Address]
    number: int
    """That a commit may be recorded under by this ballot."""
    votes: dict[Address, bool] = field(default_factory=dict)
    decided: bool = False
    passed: bool = False


@dataclass
class Contract:
    """GroupRegistry, Ballots and KeyPackageRegistry of one group."""

    domain: ChainDomain
    creator: Address
    number: int = 0
    epoch: int = 0
    members: dict[Address, int] = field(default_factory=dict)
    """Since which epoch a claim of theirs counts."""
    policy: GroupPolicy | None = None
    recorded: int = 0
    """Commits under the present roster."""
    ballots: dict[bytes, Ballot] = field(default_factory=dict)
    current: bytes = b""
    packages: dict[Address, list[bytes]] = field(default_factory=dict)
    """That wait."""
    marked: list[tuple[Address, bytes]] = field(default_factory=list)
    """Owner and hash of those that were used."""

    def apply(self, intent: Intent, sender: Address, time: int, transaction: bytes) -> list[Fact]:
        """Do one transaction at block time `time`."""
        match intent:
            case SetRoster():
                return self._seat(intent, sender, transaction)
            case OpenBallot():
                return self._open(intent, sender, time, transaction)
            case RelayVote():
                return self._vote(intent, time, transaction)
            case Finalize():
                return self._finalize(intent.digest, time, transaction)
            case Record():
                return self._record(intent, sender, time, transaction)
            case PublishKeyPackage():
                return self._publish(intent)
            case MarkUsed():
                return self._mark(intent, sender)

    # ---- rules ----

    def _coordinated(self) -> GroupPolicy:
        if self.policy is None or self.policy.coordination is not Coordination.CONTRACT:
            raise Refused("NotCoordinated")
        return self.policy

    def _steward(self, sender: Address) -> GroupPolicy:
        policy = self._coordinated()
        if sender not in policy.steward_candidates or sender not in self.members:
            raise Refused("NotASteward")
        return policy

    def _is_open(self, time: int) -> bool:
        ballot = self.ballots.get(self.current)
        return ballot is not None and not ballot.decided and time < ballot.deadline

    def _seat(self, intent: SetRoster, sender: Address, transaction: bytes) -> list[Fact]:
        policy = decode_policy(intent.policy)
        if sender != self.creator or policy.coordination is not Coordination.CONTRACT:
            raise Refused("NotTheCreator")
        if self.policy is not None and self.policy.coordination is Coordination.CONTRACT and self.recorded:
            raise Refused("AlreadyCoordinated")
        if intent.epoch < self.epoch:
            raise Refused("WrongEpoch")
        if intent.creates != (self.policy is None):
            raise Refused("AlreadyCreated" if self.policy else "UnknownGroup")
        members = (*intent.voters, *intent.services)
        self.number += self.policy is not None
        self.policy, self.epoch, self.recorded = policy, intent.epoch, 0
        self.members = dict.fromkeys(members, intent.epoch)
        self.ballots, self.current = {}, b""
        listed = policy.service_members
        return [
            Roster(
                self.number,
                self.epoch,
                policy.steward_candidates,
                tuple(m for m in members if m not in listed),
                tuple(m for m in members if m in listed),
                policy_hash(policy),
                transaction,
                settings_hash(policy),
            )
        ]

    def _open(self, intent: OpenBallot, sender: Address, time: int, transaction: bytes) -> list[Fact]:
        policy = self._steward(sender)
        if self._is_open(time):
            raise TooEarly("AnotherOpen")
        if intent.digest in self.ballots:
            raise Refused("AlreadyOpened")
        period = policy.timing.voting
        if not time + -(-period // 2) <= intent.deadline <= time + period + 60:
            raise Refused("WrongDeadline")
        facts = self._decide(self.current, True, transaction)
        voters = frozenset(m for m in self.members if m not in policy.service_members)
        if not voters:
            raise Refused("NoVoters")
        changes = _changes(intent.kind, intent.epoch, intent.adds, intent.removes, intent.policy)
        self.ballots[intent.digest] = Ballot(
            changes, intent.kind, intent.epoch, intent.deadline, voters, self.number + 1
        )
        self.current = intent.digest
        return [*facts, Opened(intent.digest, intent.deadline, transaction, changes)]

    def _vote(self, intent: RelayVote, time: int, transaction: bytes) -> list[Fact]:
        ballot = self.ballots.get(intent.digest)
        if ballot is None or ballot.decided or time >= ballot.deadline:
            raise Refused("Ended")
        if intent.voter not in ballot.voters or intent.voter in ballot.votes:
            raise Refused("NotAVoter")
        typed = Typed(
            "demls Ballots",
            self.domain.chain_id,
            self.domain.ballots,
            "Vote",
            (
                ("group", "bytes32", self.domain.group_key),
                ("digest", "bytes32", intent.digest),
                ("changes", "bytes32", ballot.changes),
                ("support", "bool", intent.yes),
            ),
        )
        _check(intent.voter, typed, intent.signature)
        ballot.votes[intent.voter] = intent.yes
        facts: list[Fact] = [Voted(intent.digest, intent.voter, intent.yes, transaction)]
        return facts + self._decide(intent.digest, False, transaction)

    def _decide(self, digest: bytes, at_deadline: bool, transaction: bytes) -> list[Fact]:
        ballot = self.ballots.get(digest)
        if ballot is None or ballot.decided:
            return []
        policy = self._coordinated()
        yes = sum(ballot.votes.values())
        no, n = len(ballot.votes) - yes, len(ballot.voters)
        rules = policy.rules
        verdict = decide(n, yes, no, rules.silence(ballot.kind), rules.min_votes, at_deadline)
        if verdict is Verdict.OPEN:
            return []
        ballot.decided, ballot.passed = True, verdict is Verdict.PASSED
        return [Decided(digest, ballot.passed, yes, no, at_deadline, transaction)]

    def _finalize(self, digest: bytes, time: int, transaction: bytes) -> list[Fact]:
        ballot = self.ballots.get(digest)
        if ballot is None:
            raise Refused("UnknownBallot")
        if not ballot.decided and time < ballot.deadline:
            raise TooEarly("NotEnded")
        return self._decide(digest, True, transaction)

    def _record(self, intent: Record, sender: Address, time: int, transaction: bytes) -> list[Fact]:
        policy = self._steward(sender)
        if intent.number != self.number + 1:
            raise Refused("WrongNumber")
        leaves = bool(intent.policy) and decode_policy(intent.policy).coordination is Coordination.WAKU
        if intent.epoch < self.epoch and not leaves:
            raise Refused("WrongEpoch")
        if self.current and not self.ballots[self.current].decided:
            raise TooEarly("BallotOpen")
        voted_adds = tuple(a for a in intent.adds if a not in policy.service_members)
        voters = [m for m in self.members if m not in policy.service_members]
        if voted_adds or intent.removes or intent.policy:
            if not (not voters and sender == self.creator and not intent.removes and not intent.policy):
                self._check_ballot(intent, voted_adds)
        elif intent.digest:
            raise Refused("BallotNotNeeded")
        elif not intent.claims and not intent.adds:
            raise Refused("EmptyCommit")
        left = self._claims(intent)
        if not set(intent.adds).isdisjoint(self.members) or not set(intent.removes) <= set(self.members):
            raise Refused("WrongMembers")
        for gone in (*intent.removes, *left):
            del self.members[gone]
        self.members |= dict.fromkeys(intent.adds, intent.epoch + 1)
        self.number, self.epoch, self.recorded = intent.number, intent.epoch + 1, self.recorded + 1
        hash_ = b""
        if intent.policy:
            self.policy = decode_policy(intent.policy)
            hash_ = policy_hash(self.policy)
        recorded = Recorded(
            intent.number,
            intent.epoch,
            intent.commit_hash,
            intent.digest,
            sender,
            transaction,
            intent.adds,
            (*intent.removes, *left),
            hash_,
        )
        return [recorded]

    def _publish(self, intent: PublishKeyPackage) -> list[Fact]:
        digest, waiting = sha256(intent.package).digest(), self.packages.setdefault(intent.owner, [])
        if not 0 < len(intent.package) <= 1_024:
            raise Refused("BadSize")
        if intent.package in waiting or (intent.owner, digest) in self.marked:
            raise Refused("Known")
        if len(waiting) == 16:
            raise Refused("Full")
        typed = Typed(
            "demls KeyPackageRegistry",
            self.domain.chain_id,
            self.domain.key_packages,
            "Publish",
            (
                ("group", "bytes32", self.domain.group_key),
                ("owner", "address", intent.owner),
                ("hash", "bytes32", digest),
            ),
        )
        _check(intent.owner, typed, intent.signature)
        waiting.append(intent.package)
        return []

    def _mark(self, intent: MarkUsed, sender: Address) -> list[Fact]:
        self._steward(sender)
        if intent.owner not in self.members:
            raise Refused("NotAMember")
        waiting = self.packages.get(intent.owner, [])
        used = [package for package in waiting if sha256(package).digest() == intent.hash]
        if not used:
            raise Refused("NotWaiting")
        waiting.remove(used[0])
        self.marked.append((intent.owner, intent.hash))
        return []

    def _check_ballot(self, intent: Record, adds: tuple[Address, ...]) -> None:
        ballot = self.ballots.get(intent.digest)
        if ballot is None or ballot.epoch != intent.epoch or ballot.number != intent.number:
            raise Refused("UnknownBallot")
        changes = _changes(ballot.kind, intent.epoch, adds, intent.removes, intent.policy)
        if not ballot.passed or ballot.changes != changes:
            raise Refused("BallotNotPassed")

    def _claims(self, intent: Record) -> list[Address]:
        left = []
        for claim in intent.claims:
            since = self.members.get(claim.address)
            if since is None or not since <= claim.epoch <= intent.epoch:
                raise Refused("WrongClaim")
            typed = Typed(
                "demls GroupRegistry",
                self.domain.chain_id,
                self.domain.registry,
                "Claim",
                (
                    ("group", "bytes32", self.domain.group_key),
                    ("member", "address", claim.address),
                    ("rejoins", "bool", claim.rejoins),
                    ("epoch", "uint64", claim.epoch),
                ),
            )
            _check(claim.address, typed, claim.signature)
            if claim.rejoins:
                self.members[claim.address] = intent.epoch + 1
            else:
                left.append(claim.address)
        return left


def _check(signer: Address, typed: Typed, signature: bytes) -> None:
    try:
        wallet.check_digest(signer, typed.digest(), signature)
    except BadSignature as error:
        raise Refused("BadSignature") from error


def _changes(
    kind: ChangeKind, epoch: int, adds: tuple[Address, ...], removes: tuple[Address, ...], policy: bytes
) -> bytes:
    def packed(addresses: tuple[Address, ...]) -> bytes:
        return keccak256(b"".join(address.rjust(32, b"\0") for address in addresses))

    settings = settings_hash(decode_policy(policy)) if policy else bytes(32)
    head = _KINDS[kind].to_bytes(32, "big") + epoch.to_bytes(32, "big")
    return keccak256(head + packed(adds) + packed(removes) + settings)
