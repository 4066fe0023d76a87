"""Contract coordination: what the chain says, and what it means for ballots and for the roster.

    Working ──EpochStarted──► Waiting: OpenBallot asked ──Opened──► Voting ──Decided──► Waiting: Record asked
       ▲                         │ not opened in time                 │ no word in time      │ Recorded, or no
       └─────────────────────────┴────────────────────────────────────┴──────────────────────┘ word in time

What becomes of commits is in `recording.py`. Facts may come before the messages that they belong to and after
them, and while this bridge is no member yet: they are remembered, bounded.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from bridge.model.notices import State
from bridge.protocol import errors, on_chain, wallet
from bridge.protocol.ballots.ballot import Ballot, from_wire
from bridge.protocol.ballots.claims import LeaveClaim, RejoinClaim
from bridge.protocol.batches import VotedAdd, VotedPolicy, VotedRemove
from bridge.protocol.chain import (
    ChainDomain,
    Decided,
    Fact,
    Finalize,
    Intent,
    OpenBallot,
    Opened,
    Recorded,
    RelayVote,
    Roster,
    SetRoster,
    Voted,
)
from bridge.protocol.effects import AskChain
from bridge.protocol.engine.chain_memory import Chosen, OnChain, Opening, RecordRow, bounded
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.queued import QueuedChange
from bridge.protocol.events import ChainSeen, IntentFailed
from bridge.protocol.permissions import Kind
from bridge.protocol.policy import decode_policy
from bridge.protocol.ports import Address, View
from bridge.protocol.states import Trigger
from bridge.protocol.types import Coordination
from bridge.protocol.wire import demls_pb2 as pb

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

ROSTER_PAUSE: Final = 15.0
LONGEST_ROSTER_PAUSE: Final = 3_600.0
"""Seconds between attempts to bring the roster to the chain, doubled each time."""

NO_CHAIN: Final = "this bridge has no chain configured, and takes no part in votes and commits"
NOT_SEATED: Final = "the group's roster is not on the chain yet"
OTHER_ROSTER: Final = "the chain holds another roster than the group has"
SILENT: Final = "the chain could not be reached"
BEHIND: Final = "a recorded commit has not arrived yet"
UNRECORDED: Final = "a commit waits for its record on the chain"
UNDECIDED: Final = "an earlier vote is still open on the chain"


class Coordinating:
    """The chain's part in ballots, for steward and others."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine

    # ---- how it stands ----

    @property
    def active(self) -> bool:
        """Whether a contract coordinates the group now."""
        core = self._core
        return core.joined and core.policy.coordination is Coordination.CONTRACT

    @property
    def grace(self) -> int:
        """Seconds beyond a deadline for which the chain is waited for; 0 where it has no part."""
        domain = self._core.config.chain
        return domain.grace if domain is not None and self.active else 0

    def domain(self) -> ChainDomain:
        """Where the contracts are. Raises NotPermitted when that is not configured."""
        domain = self._core.config.chain
        if domain is None:
            raise errors.NotPermitted(NO_CHAIN)
        return domain

    def trouble(self) -> str:
        """Why no membership epoch may begin, in words; empty when one may."""
        core, chain = self._core, self._core.state.chain
        if not self.active:
            return ""
        if core.config.chain is None:
            return NO_CHAIN
        if chain.pending is not None:
            return UNRECORDED
        if chain.roster is None:
            return NOT_SEATED
        if core.now - chain.seen_at > core.config.chain.grace:
            return SILENT
        if chain.roster.epoch > core.view.epoch:
            return BEHIND
        if not self._same_roster(chain.roster):
            return OTHER_ROSTER
        return UNDECIDED if any(not row.is_decided for row in chain.ballots.values()) else ""

    def may_only_leave(self) -> bool:
        """Whether the chain is ahead of the group or contradicts it: then a vote to leave it is the way out."""
        chain = self._core.state.chain
        settled = all(row.is_decided for row in chain.ballots.values())
        return settled and self.trouble() in (BEHIND, OTHER_ROSTER)

    def may_refresh(self) -> bool:
        """Whether a commit of updates alone, which stays off the chain, may be made now."""
        chain = self._core.state.chain
        if not self.active:
            return True
        return chain.pending is None and not self.is_behind()

    def is_behind(self) -> bool:
        """Whether the chain has recorded a commit of this epoch or a later one."""
        roster = self._core.state.chain.roster
        return self.active and roster is not None and roster.epoch > self._core.view.epoch

    def _same_roster(self, roster: Chosen) -> bool:
        core = self._core
        policy, members = core.policy, set(core.view.members)
        services = set(policy.service_members)
        lists = not roster.candidates or set(roster.candidates) == set(policy.steward_candidates)
        return (
            lists
            and (roster.is_voted or roster.settings == on_chain.settings_hash(policy))
            and services.isdisjoint(roster.voters)
            and services.issuperset(roster.services)
            and set(roster.members) == members
            and roster.policy_hash == hashlib.sha256(core.view.policy).digest()
        )

    def ask(self, intent: Intent) -> None:
        """Have something done on the chain."""
        self._core.effects.append(AskChain(intent))

    # ---- what the chain says ----

    def on_seen(self, event: ChainSeen) -> None:
        """Take the facts in order; one that makes no sense is refused, the others count."""
        core, chain = self._core, self._core.state.chain
        chain.block, chain.time, chain.seen_at = event.block, event.time, core.now
        for fact in event.facts:
            self._engine.guarded(self._take, fact)
        if not core.joined:
            return
        if event.facts:
            self._engine.recording.judge_held()
            if self.is_behind():
                self._engine.batches.behind()
        self._finalize()
        self.set_roster()

    def _take(self, fact: Fact) -> None:
        match fact:
            case Roster():
                self._seated(fact)
            case Opened():
                self._opened(fact)
            case Voted():
                self._voted(fact)
            case Decided():
                self._decided(fact)
            case Recorded():
                self._recorded(fact)

    def _seated(self, fact: Roster) -> None:
        core, chain = self._core, self._core.state.chain
        chain.roster = Chosen(
            members=[*fact.voters, *fact.services],
            voters=list(fact.voters),
            services=list(fact.services),
            candidates=list(fact.candidates),
            policy_hash=fact.policy_hash,
            settings=fact.settings,
            number=fact.number,
            epoch=fact.epoch,
        )
        chain.ballots = {digest: row for digest, row in chain.ballots.items() if row.is_decided}
        if self.active and fact.epoch <= core.view.epoch:
            chain.roster_again = 0.0
            if not self._same_roster(chain.roster):
                raise errors.BadRoster(OTHER_ROSTER)

    def _opened(self, fact: Opened) -> None:
        chain = self._core.state.chain
        for row in chain.ballots.values():
            row.is_decided = True  # one is open at a time, so an earlier one is over
        chain.ballots[fact.digest] = OnChain(fact.deadline, fact.transaction, fact.changes)
        bounded(chain.ballots)
        if chain.opening is not None and chain.opening.digest == fact.digest:
            self._opened_ours(chain.opening, chain.ballots[fact.digest])
        elif chain.proposal and self._core.joined:
            message = pb.Proposal.FromString(chain.proposal)
            self._engine.voting.on_proposal(Address(message.proposal_owner), message)

    def _opened_ours(self, opening: Opening, row: OnChain) -> None:
        """The steward's own ballot is on the chain: Waiting -> Voting, and the members are told."""
        core, state = self._core, self._core.state
        state.chain.opening = None
        proposal = pb.Proposal.FromString(opening.proposal)
        ballot = from_wire(proposal, map(Address, opening.voters))
        fits = row.changes == on_chain.changes_of(ballot) and row.deadline == ballot.deadline
        if not (fits and core.machine is State.WAITING and core.is_steward and ballot.deadline > core.now):
            self.not_opened(opening.items, "the vote could not be opened on the chain")
            return
        core.open_voting(opening.proposal, ballot.voters, ballot.deadline + self.grace, opening.items)
        core.publish_inside(core.config.own, Kind.PROPOSAL, pb.AppMessage(proposal=proposal))
        core.set_timer("remind", core.now + core.policy.timing.voting / 2)
        self._engine.voting.opened(ballot)

    def not_opened(self, items: list[QueuedChange], why: str) -> None:
        """A ballot that will not be held: its changes wait again, at most twice; then Working."""
        core = self._core
        self._engine.stewarding.try_again(items, why)
        if core.machine is State.WAITING:
            core.move(Trigger.NOT_OPENED)
            self._engine.settled()

    def _voted(self, fact: Voted) -> None:
        core, chain = self._core, self._core.state.chain
        row = chain.ballots.get(fact.digest)
        if row is None or row.is_decided or any(voter == fact.voter for voter, _, _ in row.votes):
            return
        row.votes.append((fact.voter, fact.yes, fact.transaction))
        ballot = self._engine.voting.ballot()
        if ballot is not None and ballot.digest == fact.digest and core.machine is State.VOTING:
            self._engine.voting.count_from_chain(ballot, fact.voter, fact.yes)

    def _decided(self, fact: Decided) -> None:
        chain = self._core.state.chain
        row = chain.ballots.setdefault(fact.digest, OnChain(0, fact.transaction, b""))
        row.is_decided, row.passed, row.votes = True, fact.passed, []
        row.yes, row.no, row.by_deadline = fact.yes, fact.no, fact.by_deadline
        bounded(chain.ballots)
        if chain.opening is not None and chain.opening.digest == fact.digest:
            opening, chain.opening = chain.opening, None
            self.not_opened(opening.items, "the vote was over before it began")
        ballot = self._engine.voting.ballot()
        if ballot is not None and ballot.digest == fact.digest:
            self._engine.voting.decided_on_chain(ballot, row)

    def _recorded(self, fact: Recorded) -> None:
        chain = self._core.state.chain
        row = RecordRow(fact.number, fact.epoch, fact.digest, list(fact.adds), list(fact.removes))
        chain.records[fact.commit_hash] = row
        bounded(chain.records)
        roster = chain.roster
        if roster is not None:
            gone = set(fact.removes)
            kept = [member for member in roster.members if member not in gone and member not in fact.adds]
            roster.members = [*kept, *fact.adds]
            roster.number, roster.epoch = fact.number, fact.epoch + 1
            if fact.policy_hash:  # its lists are bound by the hash of the changes that were voted on
                roster.policy_hash = fact.policy_hash
                roster.candidates, roster.voters, roster.services, roster.settings = [], [], [], b""
                roster.is_voted = True
        if self._core.joined:
            self._engine.recording.on_recorded(fact)

    # ---- ballots ----

    def open(self, ballot: Ballot, proposal: bytes, items: list[QueuedChange]) -> None:
        """Ask the chain to open a ballot; the machine stays in Waiting until it has."""
        core, state = self._core, self._core.state
        adds = sorted(change.address for change in ballot.changes if isinstance(change, VotedAdd))
        removes = [change.address for change in ballot.changes if isinstance(change, VotedRemove)]
        policies = [change.policy for change in ballot.changes if isinstance(change, VotedPolicy)]
        state.chain.opening = Opening(proposal, ballot.digest, list(ballot.voters), items)
        state.collected = []
        core.extend(core.now + core.policy.timing.waiting + self.grace)
        self.ask(
            OpenBallot(
                digest=ballot.digest,
                kind=ballot.kind,
                epoch=ballot.epoch,
                deadline=ballot.deadline,
                adds=tuple(adds),
                removes=tuple(removes),
                policy=policies[0] if policies else b"",
            )
        )

    def may_open(self, ballot: Ballot, proposal: bytes) -> bool:
        """Whether the chain has this ballot open; until then its Proposal is kept. Raises BadVote."""
        chain = self._core.state.chain
        row = chain.ballots.get(ballot.digest)
        if row is None:
            chain.proposal = proposal
            return False
        chain.proposal = b""
        if row.changes != on_chain.changes_of(ballot):
            raise errors.BadVote("the chain has other changes under this ballot's digest")
        return True

    def row_of(self, ballot: Ballot) -> OnChain | None:
        """What the chain says of a ballot."""
        return self._core.state.chain.ballots.get(ballot.digest)

    def relay(self, ballot: Ballot, voter: Address, yes: bool, signature: bytes, reply_to: str) -> None:
        """Bring a signed vote to the chain; the voter hears again when it counts."""
        core = self._core
        core.state.chain.relayed[voter] = reply_to
        self.ask(RelayVote(ballot.digest, voter, yes, signature))
        core.answer(reply_to, "vote_relayed", ballot=str(ballot.ballot_id), vote="yes" if yes else "no")

    def closed(self) -> None:
        """The ballot is over: nobody waits for a vote any more."""
        self._core.state.chain.relayed = {}

    def _finalize(self) -> None:
        """The steward has the chain decide what is past its deadline by the chain's own time."""
        core, chain = self._core, self._core.state.chain
        if not (self.active and core.is_steward and core.config.chain):
            return
        for digest, row in chain.ballots.items():
            if not row.is_decided and chain.time >= row.deadline:
                self.ask(Finalize(digest))

    # ---- the roster ----

    def set_roster(self) -> None:
        """Bring the group to the chain when that is due (steward)."""
        core, chain = self._core, self._core.state.chain
        due = chain.roster_again and core.now >= chain.roster_again
        if not (due and self.active and core.is_steward and core.config.chain):
            return
        chain.roster_again = 0.0
        members = set(core.view.members)
        self.ask(
            SetRoster(
                epoch=core.view.epoch,
                candidates=core.policy.steward_candidates,
                voters=core.voters(),
                services=tuple(sorted(members.intersection(core.policy.service_members))),
                policy=core.view.policy,
                attempt=chain.roster_attempt,
                creates=chain.roster is None,
            )
        )

    def created(self) -> None:
        """The group is new: a contract that is to coordinate it must be told."""
        if self.active:
            self._core.state.chain.roster_again = self._core.now
            self.set_roster()

    def moved(self, before: View) -> None:
        """A new epoch: what belonged to the old one is over; the way of coordination may have changed."""
        core, chain = self._core, self._core.state.chain
        chain.held, chain.proposal = [], b""
        if chain.opening is not None:
            opening, chain.opening = chain.opening, None
            core.state.queue = opening.items + core.state.queue
        if self.active and decode_policy(before.policy).coordination is Coordination.WAKU:
            if chain.roster is not None:
                chain.roster.policy_hash = b""  # of before the group left the chain
            chain.roster_attempt, chain.roster_again = 0, core.now
            self.set_roster()
            self._engine.requests.claim_again()

    def check_claim(self, claim: LeaveClaim | RejoinClaim) -> None:
        """Raise BadSignature unless the contract will take this claim's signature."""
        rejoins = isinstance(claim, RejoinClaim)
        typed = on_chain.claim(self.domain(), claim.address, rejoins=rejoins, epoch=claim.epoch)
        wallet.check_digest(claim.address, typed.digest(), claim.chain_signature)

    # ---- what will not happen ----

    def on_failed(self, event: IntentFailed) -> None:
        """The sender has given something up for good."""
        core, chain = self._core, self._core.state.chain
        kind, _, rest = event.key.partition(" ")
        if kind == "record":
            self._engine.recording.on_failed(rest, event.why)
        elif kind == "open" and chain.opening is not None and chain.opening.digest.hex() == rest:
            opening, chain.opening = chain.opening, None
            self.not_opened(opening.items, event.why)
        elif kind == "vote":
            voter = bytes.fromhex(rest.partition(" ")[2])
            core.answer(chain.relayed.pop(voter, ""), "vote_not_taken", reason=event.why)
        elif kind == "publish":
            self._engine.publishing.failed(rest, event.why)
        elif kind == "roster" and self.active:
            pause = min(LONGEST_ROSTER_PAUSE, ROSTER_PAUSE * 2 ** min(chain.roster_attempt, 16))
            chain.roster_attempt += 1
            chain.roster_again = core.now + pause
