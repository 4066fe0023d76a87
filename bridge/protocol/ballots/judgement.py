"""Judging a batch by its certificate alone (protocol.md section 7).

Every receiver decides by the certificate, the staged commit and the group's view before it, never by the votes
that it happens to have seen or by its own timer, so all receivers decide alike.

The rules, in the order in which they are checked:

    committer     a steward candidate and member that the batch does not remove
    changes       only members are removed, only others added, nobody twice
    rejoin        remove + add of one member: with his fresh signed claim on this key package
    own leave     a removal with the leaver's signed claim
    service       an add of an address that the policy lists as a service member
    the rest      exactly what the ballot says; or, while there is no voter, adds by the creator
    the ballot    this group, epoch and electorate, the policy's voting time, distinct valid votes that pass

Updates (and a commit of nothing else) need no ballot. Claims that nothing in the batch needs are refused: a
certificate holds no freight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.protocol import batches
from bridge.protocol.ballots import votes as vote_codec
from bridge.protocol.ballots.arithmetic import Verdict, decide
from bridge.protocol.ballots.ballot import Ballot
from bridge.protocol.ballots.certificate import Certificate
from bridge.protocol.ballots.votes import SignedVote
from bridge.protocol.batches import VotedChange, VotedPolicy, VotedRemove
from bridge.protocol.errors import BadBatch, BadCertificate, BadSignature, BadVote, Malformed
from bridge.protocol.policy import decode_policy
from bridge.protocol.ports import AddChange, Address, Change, PolicyChange, RemoveChange, Staged, View
from bridge.protocol.types import CLOCK_SKEW, GroupPolicy


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an accepted batch does. `changes` are the voted ones; `added` leaves rejoined members out."""

    changes: tuple[VotedChange, ...]
    banned: tuple[Address, ...]
    left: tuple[Address, ...]
    rejoined: tuple[Address, ...]
    added: tuple[Address, ...]
    hold_until: int
    """0: adopt now. Else the ballot's deadline, which decides and has not passed: hold the batch until then."""


@dataclass(frozen=True, slots=True)
class _Split:
    rejoined: tuple[Address, ...]
    left: tuple[Address, ...]
    rest: tuple[Change, ...]


def judge(
    certificate: Certificate,
    staged: Staged,
    view: View,
    policy: GroupPolicy,
    now: float,
    *,
    catching_up: bool = False,
    coordinated: bool = False,
) -> Judgement:
    """Accept or refuse a staged commit. `view` and `policy` are those before it, `now` in Unix seconds.

    `catching_up`: the batch comes from history, so leave and rejoin claims may be old. `coordinated`: a
    contract counts the votes, so the certificate shows none, and the caller asks the contract. Raises BadBatch
    (the commit is not what was voted, or its committer may not commit) or BadCertificate.
    """
    _check_committer(staged, view, policy)
    _check_membership(staged.changes, view)
    split = _split(certificate, staged.changes, view, policy, now, catching_up)
    _judge_rest(certificate, split.rest, staged.committer, view, policy, now)
    hold_until = 0
    if coordinated and certificate.votes:
        raise BadCertificate("votes in a certificate, where a contract counts them")
    if certificate.ballot is not None and not coordinated:
        hold_until = _count(certificate.ballot, certificate.votes, policy, now)
    changes = certificate.ballot.changes if certificate.ballot else ()
    return Judgement(
        changes=changes,
        banned=tuple(change.address for change in changes if isinstance(change, VotedRemove)),
        left=split.left,
        rejoined=split.rejoined,
        added=tuple(address for address in _added(staged.changes) if address not in split.rejoined),
        hold_until=hold_until,
    )


def _check_committer(staged: Staged, view: View, policy: GroupPolicy) -> None:
    if staged.committer not in policy.steward_candidates or staged.committer not in view.members:
        raise BadBatch("the committer is no steward candidate of this group")
    if staged.committer in _removed(staged.changes):
        raise BadBatch("a batch that removes its committer")


def _check_membership(changes: Sequence[Change], view: View) -> None:
    """Nobody twice, only members removed, and nobody added who is a member and stays one."""
    removed, added = _removed(changes), _added(changes)
    if len(set(removed)) < len(removed) or len(set(added)) < len(added):
        raise BadBatch("one address is added or removed twice")
    present = set(view.members)
    if not present.issuperset(removed):
        raise BadBatch("somebody is removed who is not a member")
    if not present.difference(removed).isdisjoint(added):
        raise BadBatch("somebody is added who is a member")


def _removed(changes: Sequence[Change]) -> tuple[Address, ...]:
    return tuple(change.address for change in changes if isinstance(change, RemoveChange))


def _added(changes: Sequence[Change]) -> tuple[Address, ...]:
    return tuple(change.address for change in changes if isinstance(change, AddChange))


def _split(
    certificate: Certificate,
    changes: Sequence[Change],
    view: View,
    policy: GroupPolicy,
    now: float,
    catching_up: bool,
) -> _Split:
    """Take out what needs no ballot: rejoins and leaves with a valid claim, service members."""
    removed = set(_removed(changes))
    packages = {change.address: change.key_package for change in changes if isinstance(change, AddChange)}
    rejoined = removed.intersection(packages)
    left = {claim.address for claim in certificate.leaves}
    # The cheap checks first: they bound how many signatures a hostile certificate can make us verify.
    if sorted(claim.address for claim in certificate.rejoins) != sorted(rejoined):
        raise BadCertificate("the rejoin claims are not exactly those of the members that rejoin")
    if len(left) < len(certificate.leaves) or not (removed - rejoined).issuperset(left):
        raise BadCertificate("a leave claim of somebody who does not leave in this batch")
    try:
        for rejoin in certificate.rejoins:
            rejoin.verify(view, packages[rejoin.address], now, catching_up=catching_up)
        for leave in certificate.leaves:
            leave.verify(view, now, catching_up=catching_up)
    except BadSignature as error:
        raise BadCertificate(f"a claim in the certificate: {error}") from error
    free = rejoined | left
    rest = (
        change
        for change in changes
        if isinstance(change, PolicyChange)
        or (change.address not in free and not _is_service_add(change, policy))
    )
    return _Split(tuple(sorted(rejoined)), tuple(sorted(left)), tuple(rest))


def _is_service_add(change: Change, policy: GroupPolicy) -> bool:
    return isinstance(change, AddChange) and change.address in policy.service_members


def _judge_rest(
    certificate: Certificate,
    rest: Sequence[Change],
    committer: Address,
    view: View,
    policy: GroupPolicy,
    now: float,
) -> None:
    """The changes that the voters must have wanted."""
    ballot = certificate.ballot
    if ballot is None:
        if certificate.votes:
            raise BadCertificate("votes without a ballot")
        if rest:
            _check_bootstrap(rest, committer, view, policy)
        return
    batches.check_matches(ballot.changes, rest)
    _check_policy_change(ballot, policy)
    _check_ballot(ballot, view, policy, now)


def _check_bootstrap(rest: Sequence[Change], committer: Address, view: View, policy: GroupPolicy) -> None:
    """While nobody has a vote, the creator alone adds.

    Whether he adds anybody (`bootstrap_open`) or only the listed and his own users cannot be seen from
    outside: that part of the rule binds the creator, who vouches for whom he hosts.
    """
    if policy.voters(view.members):
        raise BadCertificate("changes that nobody voted on")
    if committer != policy.creator:
        raise BadBatch("while there is no voter only the creator adds members")
    if not all(isinstance(change, AddChange) for change in rest):
        raise BadBatch("while there is no voter members are only added")


def _check_policy_change(ballot: Ballot, policy: GroupPolicy) -> None:
    """A voted policy must be readable by all, and the creator in it is the group's name for ever."""
    for change in ballot.changes:
        if isinstance(change, VotedPolicy):
            try:
                following = decode_policy(change.policy)
            except Malformed as error:
                raise BadBatch(f"the voted policy: {error}") from error
            if following.creator != policy.creator:
                raise BadBatch("a policy cannot change the group's creator")


def _check_ballot(ballot: Ballot, view: View, policy: GroupPolicy, now: float) -> None:
    if ballot.group_id != view.group_id or ballot.epoch != view.epoch:
        raise BadCertificate("a ballot of another group or epoch")
    if ballot.voters != policy.voters(view.members):
        raise BadCertificate("a ballot of another electorate")
    if ballot.steward not in policy.steward_candidates or ballot.steward not in view.members:
        raise BadCertificate("a ballot opened by somebody who is no steward candidate")
    if ballot.deadline - ballot.opened != policy.timing.voting:
        raise BadCertificate("the voting time is not the policy's")
    if ballot.opened > now + CLOCK_SKEW:
        raise BadCertificate("a ballot opened in the future")


def _count(ballot: Ballot, votes: Sequence[SignedVote], policy: GroupPolicy, now: float) -> int:
    """Verify and count the votes; 0, or the deadline where it decides and has not passed yet."""
    if len({vote.voter for vote in votes}) < len(votes):
        raise BadCertificate("one voter's vote twice")
    yes, no = vote_codec.tally(votes)
    if yes + no > len(ballot.voters):
        raise BadCertificate("more votes than voters")
    silence = policy.rules.silence(ballot.kind)
    n, min_votes = len(ballot.voters), policy.rules.min_votes
    if decide(n, yes, no, silence, min_votes, at_deadline=True) is not Verdict.PASSED:
        raise BadCertificate(f"{yes} YES and {no} NO of {n} voters do not pass this batch")
    try:
        for vote in votes:
            vote_codec.verify(vote, ballot)
    except (BadVote, BadSignature) as error:
        raise BadCertificate(f"a vote in the certificate: {error}") from error
    if decide(n, yes, no, silence, min_votes, at_deadline=False) is Verdict.PASSED:
        return 0
    return ballot.deadline if now < ballot.deadline - CLOCK_SKEW else 0
