"""The ballot: opened by the steward's Proposal, counted from signed votes, decided as soon as it is certain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bridge.model.notices import BallotClosed, BallotOpened, BallotTally, State
from bridge.protocol import errors, on_chain
from bridge.protocol.ballots import votes as vote_codec
from bridge.protocol.ballots.arithmetic import Verdict, decide
from bridge.protocol.ballots.ballot import Ballot, from_wire
from bridge.protocol.ballots.votes import SignedVote
from bridge.protocol.batches import notes
from bridge.protocol.effects import SignPurpose
from bridge.protocol.engine.batches import MAX_CLOSED
from bridge.protocol.engine.chain_memory import OnChain
from bridge.protocol.engine.core import CLOCK_TOLERANCE, Core
from bridge.protocol.engine.queued import QueuedChange
from bridge.protocol.engine.state import HeldMessage, PendingSignature
from bridge.protocol.events import CastVote
from bridge.protocol.permissions import Kind
from bridge.protocol.ports import Address
from bridge.protocol.states import Trigger
from bridge.protocol.wire import demls_pb2 as pb

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

UNREACHABLE: Final = "chain_unreachable"
"""Why a ballot is closed without a decision."""
MAX_EARLY: Final = 256
"""Votes kept that came before their ballot."""
MAX_EARLY_EACH: Final = 4
MAX_VOTE_BYTES: Final = 1_024
"""A signed vote has about 250 bytes."""


class Voting:
    """Ballots in progress, for steward and others."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine
        self._parsed: tuple[bytes, Ballot] | None = None

    # ---- the open ballot ----

    def ballot(self) -> Ballot | None:
        """The ballot in progress."""
        stored = self._core.state.ballot
        if stored is None:
            return None
        if self._parsed is None or self._parsed[0] != stored.proposal:
            voters = tuple(Address(v) for v in stored.voters)
            self._parsed = stored.proposal, from_wire(pb.Proposal.FromString(stored.proposal), voters)
        return self._parsed[1]

    def votes(self) -> list[SignedVote]:
        """The votes that count so far."""
        stored = self._core.state.ballot
        return [vote_codec.from_wire(pb.Vote.FromString(raw)) for raw in stored.votes] if stored else []

    def opened(self, ballot: Ballot) -> None:
        """A ballot is open: tell the rooms, take the votes that came before it."""
        core = self._core
        core.tell(
            BallotOpened(
                ballot.ballot_id, notes(ballot.changes), ballot.steward, ballot.voters, ballot.deadline
            )
        )
        early, core.state.early = core.state.early, []
        for held in early:
            self._engine.inside(held)
        self._decide(at_deadline=False)

    # ---- receiving ----

    def on_proposal(self, sender: Address, message: pb.Proposal) -> None:
        """A steward's Proposal: Waiting -> Voting; from Working too, when EpochStarted was lost."""
        core = self._core
        ballot = from_wire(message, core.voters())
        current = self.ballot()
        if ballot.ballot_id in core.state.closed_ballots:
            return  # a late copy, or a reminder for those who missed it
        if current is not None and current.ballot_id == ballot.ballot_id:
            return
        self._check_opening(sender, ballot)
        coordinating = self._engine.coordinating
        if coordinating.active and not self._open_on_chain(ballot, message):
            return
        if current is not None and core.machine is State.VOTING:
            self._superseded(current, ballot)
        if core.machine is State.WORKING:
            core.move(Trigger.START, core.now + core.policy.timing.waiting)
        proposal = message.SerializeToString(deterministic=True)
        core.open_voting(proposal, ballot.voters, ballot.deadline + coordinating.grace, [])
        self.opened(ballot)
        row = coordinating.row_of(ballot) if coordinating.active else None
        for voter, yes, _ in row.votes if row else ():
            self.count_from_chain(ballot, Address(voter), yes)

    def _open_on_chain(self, ballot: Ballot, message: pb.Proposal) -> bool:
        """Whether the chain has this ballot open; one that it has decided already is told of at once."""
        coordinating = self._engine.coordinating
        if not coordinating.may_open(ballot, message.SerializeToString(deterministic=True)):
            return False
        row = coordinating.row_of(ballot)
        if row is None or not row.is_decided:
            return True
        self.close(ballot, row.passed, row.yes, row.no, by_deadline=row.by_deadline)
        return False

    def _check_opening(self, sender: Address, ballot: Ballot) -> None:
        core = self._core
        if ballot.steward != sender:
            raise errors.NotAllowed("a ballot in somebody else's name")
        if ballot.group_id != core.view.group_id or ballot.epoch != core.view.epoch:
            raise errors.BadVote("a ballot of another group or epoch")
        if ballot.deadline - ballot.opened != core.policy.timing.voting:
            raise errors.BadVote("the voting time is not the policy's")
        if ballot.opened > core.now + CLOCK_TOLERANCE:
            raise errors.BadVote("opened in the future")
        if ballot.deadline <= core.now and self._engine.coordinating.row_of(ballot) is None:
            raise errors.BadVote("this ballot is over")

    def _superseded(self, current: Ballot, following: Ballot) -> None:
        """The steward has opened a later ballot in this epoch: the one before it did not pass."""
        if following.opened <= current.opened:
            raise errors.NotAllowed("another ballot is open")
        self._close_by_votes(current, passed=False, by_deadline=False)
        self._core.move(Trigger.SUPERSEDED)
        self._engine.requests.rejected(current)

    def on_vote(self, sender: Address, message: pb.Vote, held: HeldMessage | None = None) -> None:
        """Count a member's vote. The voter must be the MLS sender; a vote before its ballot waits."""
        core = self._core
        if self._engine.coordinating.active:
            raise errors.NotAllowed("in this group votes go to the contract")
        vote = vote_codec.from_wire(message)
        if vote.voter != sender:
            raise errors.BadVote("a vote in somebody else's name")
        ballot = self.ballot()
        if ballot is None or core.machine is not State.VOTING or vote.ballot_id != ballot.ballot_id:
            if vote.ballot_id in core.state.closed_ballots or held is None:
                return  # too late to matter; not a fault of the voter
            # Few of each sender: nobody can take the room of the others' votes.
            of_sender = sum(early.sender == held.sender for early in core.state.early)
            small = len(held.plaintext) <= MAX_VOTE_BYTES
            if small and of_sender < MAX_EARLY_EACH and len(core.state.early) < MAX_EARLY:
                core.state.early.append(held)
            return
        vote_codec.verify(vote, ballot)
        self._count(ballot, vote)

    def _count(self, ballot: Ballot, vote: SignedVote) -> None:
        core, stored = self._core, self._core.state.ballot
        if stored is None:
            return
        counted = self.votes()
        earlier = next((v for v in counted if v.voter == vote.voter), None)
        if earlier is not None:
            if earlier.yes != vote.yes:
                raise errors.BadVote("one vote per address: this voter has signed both ways")
            return
        stored.votes.append(vote_codec.to_wire(vote).SerializeToString(deterministic=True))
        yes, no = vote_codec.tally([*counted, vote])
        core.tell(BallotTally(ballot.ballot_id, vote.voter, vote.yes, yes, no, len(ballot.voters)))
        self._decide(at_deadline=False)

    def on_reminder(self, message: pb.VotingProposal, sender: Address) -> None:
        """The steward's reminder: opens the ballot if it was missed; votes that got lost are sent again."""
        self.on_proposal(sender, message.proposal)
        core = self._core
        if self._engine.coordinating.active:
            return
        missing = set(message.missing)
        for vote in self.votes():
            if vote.voter in missing and vote.voter in core.mls.hosted():
                again = pb.UserVote(
                    proposal_id=vote.ballot_id,
                    vote=vote.yes,
                    group_id=core.view.group_id,
                    signed_vote=vote_codec.to_wire(vote),
                )
                core.publish_inside(vote.voter, Kind.USER_VOTE, pb.AppMessage(user_vote=again))

    def remind(self) -> None:
        """Half of the voting time is over: the steward says whose votes it has not seen."""
        core, ballot = self._core, self.ballot()
        if ballot is None or core.machine is not State.VOTING or not core.is_steward:
            return
        seen = {vote.voter for vote in self.votes()}
        reminder = pb.VotingProposal(
            proposal_id=ballot.ballot_id,
            group_id=core.view.group_id,
            proposal=pb.Proposal.FromString(core.state.ballot.proposal) if core.state.ballot else None,
            missing=[voter for voter in ballot.voters if voter not in seen],
        )
        if reminder.missing:
            core.publish_inside(core.config.own, Kind.VOTING_PROPOSAL, pb.AppMessage(voting_proposal=reminder))

    # ---- voting ----

    def cast(self, request: CastVote) -> None:
        """A hosted member votes. Raises UnknownBallot, NotAMember, AlreadyVoted."""
        core, ballot = self._core, self.ballot()
        if ballot is None or core.machine is not State.VOTING or ballot.ballot_id != request.ballot_id:
            raise errors.UnknownBallot(f"there is no open vote with the number {request.ballot_id}")
        if request.voter not in ballot.voters or request.voter not in core.mls.hosted():
            raise errors.NotAMember("only members who were in the group when the vote began may vote")
        if any(v.voter == request.voter for v in self.votes()) or request.voter in core.state.chain.relayed:
            raise errors.AlreadyVoted("one vote per person; it cannot be changed")
        draft = self._draft(ballot, request)
        then = PendingSignature(
            "vote",
            vote_codec.to_wire(draft).SerializeToString(deterministic=True),
            request.voter,
            request.reply_to,
        )
        if self._engine.coordinating.active:
            typed = on_chain.vote(self._engine.coordinating.domain(), ballot, request.yes)
            core.sign_typed(SignPurpose.VOTE, request.voter, typed, then)
            return
        core.sign(SignPurpose.VOTE, request.voter, vote_codec.signing_bytes(draft), then)

    def _draft(self, ballot: Ballot, request: CastVote) -> SignedVote:
        """The vote without its signature; the same again when his wallet is being asked for it."""
        asked = self._core.question("vote", request.voter)
        if asked is not None:
            draft = vote_codec.from_wire(pb.Vote.FromString(asked.data))
            if (draft.ballot_id, draft.yes) == (ballot.ballot_id, request.yes):
                return draft
        seen = self.votes()
        return vote_codec.draft(
            ballot,
            request.voter,
            request.yes,
            int(self._core.now),
            received_hash=seen[-1].vote_hash if seen else b"",
        )

    def signed(self, pending: PendingSignature, signature: bytes) -> None:
        """The wallet has signed the vote: publish it in the voter's name, and count it."""
        core, ballot = self._core, self.ballot()
        vote = vote_codec.from_wire(pb.Vote.FromString(pending.data))
        if ballot is None or core.machine is not State.VOTING or vote.ballot_id != ballot.ballot_id:
            core.answer(pending.reply_to, "unknown_ballot", ballot=str(vote.ballot_id))
            return
        if pending.typed:
            coordinating = self._engine.coordinating
            coordinating.relay(ballot, vote.voter, vote.yes, signature, pending.reply_to)
            return
        vote = vote_codec.with_signature(vote, signature)
        vote_codec.verify(vote, ballot)
        core.publish_inside(vote.voter, Kind.VOTE, pb.AppMessage(vote=vote_codec.to_wire(vote)))
        core.answer(
            pending.reply_to, "vote_counted", ballot=str(vote.ballot_id), vote="yes" if vote.yes else "no"
        )
        self._count(ballot, vote)

    # ---- deciding ----

    def deadline(self) -> None:
        """The voting time is over; where the chain decides, its grace too."""
        ballot = self.ballot()
        if ballot is None or not self._engine.coordinating.active:
            self._decide(at_deadline=True)
            return
        yes, no = vote_codec.tally(self.votes())
        self.close(ballot, False, yes, no, by_deadline=False, reason=UNREACHABLE)
        self._rejected(ballot, reason=UNREACHABLE)

    def count_from_chain(self, ballot: Ballot, voter: Address, yes: bool) -> None:
        """A vote that the contract has counted."""
        core, stored = self._core, self._core.state.ballot
        if stored is None or voter not in ballot.voters or any(v.voter == voter for v in self.votes()):
            return
        vote = vote_codec.draft(ballot, voter, yes, int(core.now))
        stored.votes.append(vote_codec.to_wire(vote).SerializeToString(deterministic=True))
        total, against = vote_codec.tally(self.votes())
        core.tell(BallotTally(ballot.ballot_id, voter, yes, total, against, len(ballot.voters)))
        waiting = core.state.chain.relayed.get(voter, "")
        core.answer(waiting, "vote_counted", ballot=str(ballot.ballot_id), vote="yes" if yes else "no")

    def decided_on_chain(self, ballot: Ballot, row: OnChain) -> None:
        """The contract has decided the open ballot."""
        items = self._core.state.ballot.items if self._core.state.ballot else []
        self.close(ballot, row.passed, row.yes, row.no, by_deadline=row.by_deadline)
        self._follow(ballot, row.passed, (), items)

    def _decide(self, *, at_deadline: bool) -> None:
        core, ballot, stored = self._core, self.ballot(), self._core.state.ballot
        if ballot is None or stored is None or core.machine is not State.VOTING:
            return
        if self._engine.coordinating.active:
            return  # the contract does
        counted = self.votes()
        yes, no = vote_codec.tally(counted)
        rules = core.policy.rules
        verdict = decide(len(ballot.voters), yes, no, rules.silence(ballot.kind), rules.min_votes, at_deadline)
        if verdict is Verdict.OPEN and not at_deadline:
            return
        passed = verdict is Verdict.PASSED
        self._close_by_votes(ballot, passed=passed, by_deadline=at_deadline)
        self._follow(ballot, passed, counted, stored.items)

    def _follow(
        self, ballot: Ballot, passed: bool, counted: Sequence[SignedVote], items: list[QueuedChange]
    ) -> None:
        """What a decision leads to: NO to Working, YES to the commit, or to waiting for it."""
        core = self._core
        if not passed:
            self._rejected(ballot)
        elif core.is_steward:
            core.move(Trigger.VOTED_YES, core.now + core.policy.timing.commit)
            self._engine.stewarding.commit_ballot(ballot, counted, items)
        else:
            core.state.expecting = ballot.ballot_id
            core.set_timer("expect", core.now + core.policy.timing.commit)
            core.move(Trigger.VOTED_YES)
            self._engine.settled()

    def _close_by_votes(self, ballot: Ballot, *, passed: bool, by_deadline: bool) -> None:
        yes, no = vote_codec.tally(self.votes())
        self.close(ballot, passed, yes, no, by_deadline=by_deadline)

    def close(
        self, ballot: Ballot, passed: bool, yes: int, no: int, *, by_deadline: bool, reason: str = ""
    ) -> None:
        """The ballot is decided: tell the rooms, remember that it is over."""
        core = self._core
        changes, voters = notes(ballot.changes), len(ballot.voters)
        core.tell(BallotClosed(ballot.ballot_id, changes, passed, yes, no, voters, by_deadline, reason))
        core.state.ballot = None
        self._engine.coordinating.closed()
        core.unask("vote", code="unknown_ballot", ballot=str(ballot.ballot_id))
        core.state.early = []
        core.state.closed_ballots = [*core.state.closed_ballots, ballot.ballot_id][-MAX_CLOSED:]
        core.cancel_timer("remind")

    def _rejected(self, ballot: Ballot, reason: str = "") -> None:
        """NO: the batch is discarded, its requesters are told, everybody is back in Working."""
        self._core.move(Trigger.NO_WORD if reason else Trigger.VOTED_NO)
        self._engine.requests.rejected(ballot, reason)
        self._engine.settled()

    def void(self) -> None:
        """The epoch has changed under an open ballot: it cannot be decided any more."""
        ballot = self.ballot()
        if ballot is not None:
            self._close_by_votes(ballot, passed=False, by_deadline=False)
