"""The steward's side: the queue of changes, the steward epoch, the commit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bridge.model.notices import State
from bridge.protocol import errors
from bridge.protocol.ballots.ballot import Ballot, make, to_wire
from bridge.protocol.ballots.certificate import CERTIFICATE_LABEL, Certificate, seal
from bridge.protocol.ballots.votes import SignedVote
from bridge.protocol.batches import (
    VotedAdd,
    VotedChange,
    VotedPolicy,
    VotedRemove,
    canonical,
    check_shape,
    key_package_hash,
)
from bridge.protocol.effects import Announce
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.queued import QueuedChange, claims_of
from bridge.protocol.engine.state import MAX_QUEUED_ADDS, MAX_QUEUED_CHANGES
from bridge.protocol.events import Topic
from bridge.protocol.permissions import Kind
from bridge.protocol.policy import decode_policy
from bridge.protocol.ports import AddChange, Address, Built, Change, PolicyChange, RemoveChange, View
from bridge.protocol.states import Trigger
from bridge.protocol.types import Coordination
from bridge.protocol.wire import demls_pb2 as pb

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

COLLECT: Final = 1.0
"""Seconds of the first Waiting: EpochStarted reaches the members, and their updates come in."""
MAX_BATCH: Final = 50
"""protocol.md section 6."""
MAX_ATTEMPTS: Final = 3
"""A batch whose commit fails is queued again, at most twice."""
REFRESH: Final = 86_400
"""A leaf updates at least daily (protocol.md section 3), so an idle steward commits at least daily."""
REJOIN_INTERVAL: Final = 3_600
"""At most one rejoin per address and hour (protocol.md section 7)."""
BALLOT_NAME: Final = "Group Update Proposal"


class Stewarding:
    """What only the member does that runs the steward epochs."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine

    # ---- the queue ----

    def enqueue(self, item: QueuedChange) -> None:
        """Queue a change for the next steward epoch; a second one about the same address replaces nothing.

        Raises QueueFull, AlreadyMember, UnknownMember.
        """
        core = self._core
        self._check_sense(item)
        about = (item.kind, item.address, item.policy)
        same = [q for q in self._present() if (q.kind, q.address, q.policy) == about]
        if same:
            if item.kind in ("add", "rejoin") and same[0] in core.state.queue:
                same[0].key_package, same[0].claim = item.key_package, item.claim
                same[0].requester = item.requester  # whose key package it is now
            return
        if len(core.state.queue) >= MAX_QUEUED_CHANGES:
            raise errors.QueueFull("too many changes wait for a steward epoch")
        if item.kind == "add" and sum(q.kind == "add" for q in core.state.queue) >= MAX_QUEUED_ADDS:
            raise errors.QueueFull("too many people wait to be let in")
        core.state.queue.append(item)

    def _present(self) -> list[QueuedChange]:
        state = self._core.state
        items = state.queue + state.collected
        for waiting in (state.ballot, state.chain.opening, state.chain.pending):
            items = items + waiting.items if waiting else items
        return items

    def _check_sense(self, item: QueuedChange) -> None:
        members = self._core.view.members
        if item.kind == "add" and item.address in members:
            raise errors.AlreadyMember("is a member already")
        if item.kind in ("remove", "leave", "rejoin") and item.address not in members:
            raise errors.UnknownMember("nobody in the group has that address")
        if item.kind == "policy" and item.policy == self._core.view.policy:
            raise errors.NotAllowed("the group has these settings already")
        if item.kind in ("leave", "rejoin") and self._engine.coordinating.active:
            leaves, rejoins = claims_of([item])
            for leave in leaves:
                self._engine.coordinating.check_claim(leave)
            for rejoin in rejoins:
                self._engine.coordinating.check_claim(rejoin)
        if item.kind == "rejoin":
            last = self._core.state.rejoins.get(item.address, 0.0)
            if self._core.now - last < REJOIN_INTERVAL:
                raise errors.NotAllowed("this address rejoined within the last hour")

    def _sensible(self, item: QueuedChange) -> bool:
        try:
            self._check_sense(item)
        except errors.ProtocolError:
            return False
        return True

    def _lasts(self, item: QueuedChange) -> bool:
        """Whether its key package is still good after the vote: one that is not fails the whole batch."""
        core = self._core
        timing = core.policy.timing
        if not item.key_package:
            return True
        try:
            core.mls.check_key_package(item.key_package, int(core.now) + timing.voting + timing.commit)
        except errors.ProtocolError:
            return False
        return True

    # ---- the steward epoch ----

    def tick(self) -> None:
        """The steward epoch's timer: announce the group, and start an epoch if changes are queued."""
        core = self._core
        if not core.is_steward:
            return
        core.set_timer("tick", core.now + core.policy.timing.steward_epoch)
        core.effects.append(Announce(core.view.epoch, core.config.own))
        self._engine.coordinating.set_roster()
        if core.machine is State.WORKING:
            self.start_epoch()

    def start_epoch(self) -> None:
        """start_steward_epoch(): to Waiting if there is work, else nothing changes."""
        core, state = self._core, self._core.state
        state.queue = [item for item in state.queue if self._sensible(item)]
        coordinating = self._engine.coordinating
        state.collected = self._allowed()
        if not state.collected and not (self._refresh_due() and coordinating.may_refresh()):
            core.move(Trigger.START_EMPTY)
            return
        taken = {id(item) for item in state.collected}
        state.queue = [item for item in state.queue if id(item) not in taken]
        started = pb.EpochStarted(
            group_id=core.view.group_id, epoch=core.view.epoch, changes=len(state.collected)
        )
        core.publish_inside(core.config.own, Kind.EPOCH_STARTED, pb.AppMessage(epoch_started=started))
        core.move(Trigger.START, core.now + core.policy.timing.waiting)
        core.set_timer("collect", core.now + min(COLLECT, core.policy.timing.waiting / 2))

    def _refresh_due(self) -> bool:
        core = self._core
        return len(core.view.members) > 1 and core.now - core.state.last_commit > REFRESH

    def _allowed(self) -> list[QueuedChange]:
        """The changes of this steward epoch, as far as the chain lets any begin."""
        coordinating = self._engine.coordinating
        if coordinating.may_only_leave():
            return [item for item in self._core.state.queue if self._leaves_chain(item)][:1]
        return [] if coordinating.trouble() else self._choose()

    def _leaves_chain(self, item: QueuedChange) -> bool:
        if item.kind != "policy" or not self._may_open_ballot(item):
            return False
        return decode_policy(item.policy).coordination is Coordination.WAKU

    def _choose(self) -> list[QueuedChange]:
        """The changes of this steward epoch: those that need no ballot, else one ballot's worth."""
        queue = self._core.state.queue
        free = [item for item in queue if not self._needs_ballot(item)][:MAX_BATCH]
        if free:
            return free
        ready = [item for item in queue if self._may_open_ballot(item)]
        for kind, most in (("remove", 1), ("policy", 1), ("add", MAX_BATCH)):  # removals go first
            chosen = [item for item in ready if item.kind == kind][:most]
            if chosen:
                return chosen
        return []

    def _needs_ballot(self, item: QueuedChange) -> bool:
        core, policy = self._core, self._core.policy
        if item.kind in ("leave", "rejoin"):
            return False
        if item.kind != "add":
            return True
        if item.address in policy.service_members:
            return False
        if core.voters() or core.config.own != policy.creator:
            return True
        return not (
            policy.bootstrap_open
            or item.address in policy.bootstrap_listed
            or self._engine.requests.is_hosted(item.address)
        )

    def _may_open_ballot(self, item: QueuedChange) -> bool:
        # Without a voter nobody could decide; the change waits until there is one.
        return self._needs_ballot(item) and bool(self._core.voters())

    def collected(self) -> None:
        """The collecting time is over: open the ballot, or commit what needs none."""
        core, state = self._core, self._core.state
        if core.machine is not State.WAITING or not core.is_steward or state.ballot is not None:
            return
        items = [item for item in state.collected if self._sensible(item) and self._lasts(item)]
        if state.collected and not items:
            state.collected = []
            core.move(Trigger.NO_PROPOSALS)
            return
        state.collected = items
        if all(not self._needs_ballot(item) for item in items):
            self._commit(items, None, ())
        elif core.voters():
            self._open_ballot(items)
        else:
            self._back_to_queue(items)
            core.move(Trigger.NO_PROPOSALS)

    def _open_ballot(self, items: list[QueuedChange]) -> None:
        core, state = self._core, self._core.state
        changes = canonical([_voted(item) for item in items])
        check_shape(changes)
        opened = int(core.now)
        ballot = make(
            group_id=core.view.group_id,
            epoch=core.view.epoch,
            retry_round=0,
            steward=core.config.own,
            changes=changes,
            voters=core.voters(),
            opened=opened,
            deadline=opened + core.policy.timing.voting,
        )
        wire = to_wire(ballot)
        proposal = wire.SerializeToString(deterministic=True)
        if self._engine.coordinating.active:
            self._engine.coordinating.open(ballot, proposal, items)
            return
        state.collected = []
        core.open_voting(proposal, ballot.voters, ballot.deadline, items)
        core.publish_inside(core.config.own, Kind.PROPOSAL, pb.AppMessage(proposal=wire))
        core.set_timer("remind", core.now + core.policy.timing.voting / 2)
        self._engine.voting.opened(ballot)

    # ---- the commit ----

    def commit_ballot(self, ballot: Ballot, votes: Sequence[SignedVote], items: list[QueuedChange]) -> None:
        """apply_proposals() after YES; the machine is in Waiting."""
        self._commit(items, ballot, votes)

    def _commit(self, items: list[QueuedChange], ballot: Ballot | None, votes: Sequence[SignedVote]) -> None:
        """Build, certify, publish and adopt one commit; ends in Working whatever happens.

        Where a contract orders the commits it is kept, and its record is waited for.
        """
        self._core.state.collected = []
        try:
            self._make_batch(items, ballot, votes)
        except errors.ProtocolError as error:
            self._commit_failed(items, error)

    def _make_batch(
        self, items: list[QueuedChange], ballot: Ballot | None, votes: Sequence[SignedVote]
    ) -> None:
        core = self._core
        core.require(Kind.BATCH)
        before = core.view
        built = core.mls.build(_changes(items), int(core.now))
        try:
            key = core.mls.exporter(CERTIFICATE_LABEL, hashlib.sha256(built.commit).digest(), 32)
            certificate = Certificate(ballot, tuple(votes), *claims_of(items))
            data = _batch(before, built, ballot, seal(certificate, key))
            if items and self._engine.coordinating.active:
                self._engine.recording.record(items, ballot, built, data)
                return
            self._engine.batches.remember_claims(certificate)
            core.publish(Topic.APP, data)
        except BaseException:
            core.mls.discard(built.token)
            raise
        core.mls.adopt(built.token)
        core.state.last_commit = core.now
        core.refresh()
        self.committed(before, items, built.welcome, Trigger.APPLIED)

    def committed(self, before: View, items: list[QueuedChange], welcome: bytes, trigger: Trigger) -> None:
        """The own commit is the group's state now: publish the Welcome, and go on from `before`."""
        core = self._core
        invitation = pb.InvitationToJoin(mls_message_out_bytes=welcome, group_id=before.group_id)
        if welcome:
            message = pb.WelcomeMessage(invitation_to_join=invitation)
            core.publish(Topic.WELCOME, message.SerializeToString(deterministic=True))
        for item in items:
            if item.kind == "rejoin":
                core.state.rejoins[item.address] = core.now
            if item.kind == "remove" and item.reason:
                core.state.reasons[item.address] = item.reason
        self._engine.publishing.used(items)
        left = tuple(item.address for item in items if item.kind == "leave")
        self._engine.batches.adopted(before, left, trigger)
        if welcome:
            self._engine.joining.on_welcome(invitation)  # the network does not echo it to our own hosted leaves

    def _commit_failed(self, items: list[QueuedChange], error: errors.ProtocolError) -> None:
        """Queue the changes again, at most twice; then give up and say why."""
        core = self._core
        core.refuse(error)
        self._core.state.collected = []
        self.try_again(items, str(error))
        core.state.ballot = None
        core.move(Trigger.COMMIT_FAILED)
        self._engine.settled()

    def try_again(self, items: list[QueuedChange], why: str) -> None:
        """Queue changes whose ballot or commit failed again, at most twice; then give up and say why."""
        again = []
        for item in items:
            item.attempts += 1
            if item.attempts < MAX_ATTEMPTS:
                again.append(item)
            else:
                self._engine.requests.failed(item, why)
        self._core.state.queue = again + self._core.state.queue

    def _back_to_queue(self, items: list[QueuedChange]) -> None:
        self._core.state.queue = items + self._core.state.queue
        self._core.state.collected = []

    def abandon(self) -> None:
        """The waiting timeout: what was collected is queued again; a kept commit goes on waiting."""
        state = self._core.state
        opening, state.chain.opening = state.chain.opening, None
        self._back_to_queue((opening.items if opening else []) + state.collected)
        self._engine.recording.late()


def _voted(item: QueuedChange) -> VotedChange:
    requester = item.requester
    if item.kind == "add":
        digest = key_package_hash(item.key_package)
        return VotedAdd(Address(item.address), digest, item.name, requester, item.reason)
    if item.kind == "remove":
        return VotedRemove(Address(item.address), requester, item.reason)
    return VotedPolicy(item.policy, requester, item.reason)


def _changes(items: Sequence[QueuedChange]) -> list[Change]:
    """For the port, removals first (a rejoin is a removal and an addition)."""
    removals: list[Change] = []
    others: list[Change] = []
    for item in items:
        address = Address(item.address)
        if item.kind in ("remove", "leave", "rejoin"):
            removals.append(RemoveChange(address))
        if item.kind in ("add", "rejoin"):
            others.append(AddChange(address, item.key_package))
        if item.kind == "policy":
            others.append(PolicyChange(item.policy))
    return removals + others


def _batch(before: View, built: Built, ballot: Ballot | None, certificate: bytes) -> bytes:
    """The clear message that brings a commit, as bytes."""
    batch = pb.BatchProposalsMessage(
        group_name=before.group_id,
        mls_proposals=built.proposals,
        commit_message=built.commit,
        epoch=before.epoch,
        ballot_id=ballot.ballot_id if ballot else 0,
        sealed_certificate=certificate,
    )
    return pb.AppMessage(batch_proposals_message=batch).SerializeToString(deterministic=True)
