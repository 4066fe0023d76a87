"""Batches: judged by their certificate alone, adopted or refused; and what a new epoch means for us."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from bridge.model.notices import BallotClosed, MembersChanged, SelfRemoved
from bridge.protocol import errors
from bridge.protocol.ballots.certificate import CERTIFICATE_LABEL, Certificate, open_sealed
from bridge.protocol.ballots.judgement import Judgement, judge
from bridge.protocol.ballots.votes import tally
from bridge.protocol.batches import VotedRemove, notes
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.state import MAX_FUTURE, MAX_FUTURE_BYTES, HeldBatch
from bridge.protocol.events import Topic
from bridge.protocol.permissions import Kind, Permission, on_receipt
from bridge.protocol.ports import Staged, View
from bridge.protocol.states import Trigger
from bridge.protocol.wire import demls_pb2 as pb

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

MAX_HELD_BATCHES: Final = 8
MAX_PROPOSALS: Final = 512
MAX_USED_CLAIMS: Final = 1_024
MAX_CLOSED: Final = 64
"""Ballots remembered as over."""
MAX_AHEAD: Final = 16
"""Epochs ahead of ours from which payloads are kept."""
BEHIND_RETRY: Final = 5.0
"""Seconds between two calls for what was missed."""


class Batches:
    """Receiving commits, and the consequences of every new epoch."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine

    def receive(self, raw: bytes, batch: pb.BatchProposalsMessage) -> None:
        """A clear BatchProposalsMessage. Raises RemoteError; then nothing has changed."""
        core = self._core
        view = core.view
        if batch.group_name != view.group_id:
            raise errors.WrongGroup("a batch for another group")
        if len(batch.mls_proposals) > MAX_PROPOSALS:
            raise errors.Malformed("too many proposals in a batch")
        header = core.mls.peek(batch.commit_message)
        if header.epoch != batch.epoch or header.group_id != view.group_id:
            raise errors.Malformed("the batch does not name its commit's epoch")
        if batch.epoch > view.epoch:
            self.hold_future(raw, batch.epoch)
            return
        if batch.epoch < view.epoch:
            raise errors.WrongEpoch(batch.epoch, view.epoch)
        self._judge(raw, batch)

    def _judge(self, raw: bytes, batch: pb.BatchProposalsMessage) -> None:
        """Stage on a copy, judge by the certificate, then adopt, hold or drop the copy."""
        core = self._core
        before = core.view
        coordinated, recording = self._engine.coordinating.active, self._engine.recording
        staged = core.mls.stage(list(batch.mls_proposals), batch.commit_message, int(core.now))
        try:
            permission = on_receipt(
                core.machine, Kind.BATCH, from_steward=staged.committer in core.policy.steward_candidates
            )
            if permission is not Permission.EVERYONE:
                raise errors.BadBatch("only steward candidates may commit")
            if coordinated and recording.must_wait(batch.commit_message, batch.epoch, staged):
                core.mls.discard(staged.token)
                recording.hold(raw)
                return
            certificate = self._certificate(batch)
            # What the chain has recorded was in time then, however late it comes.
            late = self._catching_up() or coordinated
            judgement = judge(
                certificate,
                staged,
                before,
                core.policy,
                core.now,
                catching_up=late,
                coordinated=coordinated,
            )
            if coordinated and staged.changes:
                recording.check(certificate, batch.commit_message, staged)
            self._check_unused(certificate)
        except BaseException:
            core.mls.discard(staged.token)
            raise
        if judgement.hold_until:
            core.mls.discard(staged.token)
            self._hold(raw, judgement.hold_until)
            return
        self._adopt(before, staged, judgement, certificate)

    def _catching_up(self) -> bool:
        """Whether the group is known to be ahead: then claims in its commits may be old."""
        state = self._core.state
        return bool(state.future) or state.announced_epoch > self._core.view.epoch

    def _check_unused(self, certificate: Certificate) -> None:
        """A claim acts once: a leave must not meet its signer again when he has come back, and a rejoin

        done twice would put a leaf in his place whose key is gone.
        """
        used = self._core.state.used_claims
        if any(signature in used for signature in _claims(certificate)):
            raise errors.BadCertificate("a claim that was used before")

    def _certificate(self, batch: pb.BatchProposalsMessage) -> Certificate:
        core = self._core
        key = core.mls.exporter(CERTIFICATE_LABEL, hashlib.sha256(batch.commit_message).digest(), 32)
        return open_sealed(batch.sealed_certificate, key, core.voters())

    def _adopt(self, before: View, staged: Staged, judgement: Judgement, certificate: Certificate) -> None:
        core = self._core
        core.mls.adopt(staged.token)
        core.refresh()
        core.state.steward = staged.committer
        self.remember_claims(certificate)
        self._report(certificate)
        if core.state.chain.pending is not None and core.joined:
            self._engine.recording.overtaken()
        self.adopted(before, judgement.left, Trigger.BATCH)

    def _report(self, certificate: Certificate) -> None:
        """Close our ballot by what the certificate says, or tell of one that we missed."""
        core, ballot = self._core, certificate.ballot
        if ballot is None:
            return
        for change in ballot.changes:
            if isinstance(change, VotedRemove) and change.reason:
                core.state.reasons[change.address] = change.reason
        if ballot.ballot_id in core.state.closed_ballots:
            return
        current = self._engine.voting.ballot()
        if current is not None and current.ballot_id == ballot.ballot_id:
            core.state.ballot = None
            core.cancel_timer("remind")
        core.state.closed_ballots = [*core.state.closed_ballots, ballot.ballot_id][-MAX_CLOSED:]
        row = self._engine.coordinating.row_of(ballot)
        yes, no = (row.yes, row.no) if row else tally(certificate.votes)
        core.tell(
            BallotClosed(
                ballot.ballot_id, notes(ballot.changes), True, yes, no, len(ballot.voters), by_deadline=False
            )
        )

    def remember_claims(self, certificate: Certificate) -> None:
        """Leave claims are valid for a week; that many claims at most are remembered as used."""
        state = self._core.state
        state.used_claims = [*state.used_claims, *_claims(certificate)][-MAX_USED_CLAIMS:]

    # ---- held ones ----

    def _hold(self, raw: bytes, until: int) -> None:
        held = self._core.state.held_batches
        if len(held) >= MAX_HELD_BATCHES:
            raise errors.BadBatch("too many batches wait for their deadline")
        held.append(HeldBatch(raw, float(until)))
        self._core.set_timer("held", min(h.until for h in held))

    def release_held(self) -> None:
        """Deadlines have passed: judge the batches again that waited for them."""
        core = self._core
        due = [h for h in core.state.held_batches if h.until <= core.now]
        core.state.held_batches = [h for h in core.state.held_batches if h.until > core.now]
        if core.state.held_batches:
            core.set_timer("held", min(h.until for h in core.state.held_batches))
        for held in due:
            self._engine.payload(Topic.APP, held.payload)

    def hold_future(self, raw: bytes, epoch: int) -> None:
        """A payload that says it is of a later epoch: keep it, and ask for what lies between.

        Its header is not authenticated yet, so little is kept. Raises QueueFull: the payload is then not
        taken as seen, and comes again by history. Every adopted commit empties the room.
        """
        core, future = self._core, self._core.state.future
        if raw in future:
            return
        room = len(future) < MAX_FUTURE and sum(map(len, future)) + len(raw) <= MAX_FUTURE_BYTES
        if not room or epoch > core.view.epoch + MAX_AHEAD:
            self.behind()
            raise errors.QueueFull("too far ahead of us; it has to come again")
        future.append(raw)
        self.behind()

    def behind(self) -> None:
        """Something says that the group is ahead of us."""
        core = self._core
        if "behind" not in core.state.timers:
            core.catch_up()
            core.set_timer("behind", core.now + BEHIND_RETRY)

    def still_behind(self) -> None:
        """Ask again while we know of a later epoch."""
        core = self._core
        if not core.joined:
            return
        ahead = core.state.announced_epoch > core.view.epoch
        if core.state.future or ahead or self._engine.coordinating.is_behind():
            core.catch_up()
            core.set_timer("behind", core.now + BEHIND_RETRY)

    # ---- a new epoch ----

    def adopted(self, before: View, left: tuple[bytes, ...], trigger: Trigger) -> None:
        """The group has moved on from `before` (by our commit or a received one): back to Working."""
        core, state = self._core, self._core.state
        core.cancel_timer("expect")
        core.cancel_timer("collect")
        state.expecting = 0
        if not core.joined:
            self._removed(before)
            return
        if state.ballot is not None:
            if state.ballot.items:
                state.queue = state.ballot.items + state.queue
            self._engine.voting.void()
        state.queue = state.collected + state.queue
        state.collected = []
        state.held = [h for h in state.held if h.sender in core.view.members]
        state.early = []
        state.held_batches = []
        self._engine.coordinating.moved(before)
        core.move(trigger)
        self._members_changed(before, left)
        self._engine.requests.policy_changed(before)
        self._engine.publishing.moved()
        self._engine.stewardship()
        self._engine.settled()
        self._replay_future()

    def _members_changed(self, before: View, left: tuple[bytes, ...]) -> None:
        core = self._core
        after = core.view
        gone = [m for m in before.members if m not in after.members]
        added = tuple(m for m in after.members if m not in before.members)
        banned = tuple(m for m in gone if m not in left)
        reasons = tuple((m, core.state.reasons.pop(m, "")) for m in banned)
        if gone or added:
            core.tell(MembersChanged(after.epoch, added, banned, tuple(m for m in gone if m in left), reasons))
        for member in gone:
            self._engine.talk.member_gone(member)
            self._engine.requests.member_gone(member, left=member in left)
        self._engine.requests.members_added(added)

    def _removed(self, before: View) -> None:
        """The own leaf is out: nothing can be read or sent any more."""
        core, state = self._core, self._core.state
        state.removed = True
        core.move(Trigger.REMOVED)
        for name in list(state.timers):
            core.cancel_timer(name)
        self._engine.talk.show_all()
        state.ballot, state.queue, state.collected = None, [], []
        state.future, state.held, state.early, state.held_batches, state.welcomes = [], [], [], [], []
        state.chain.pending, state.chain.opening, state.chain.held = None, None, []
        for member in before.members:
            self._engine.talk.member_gone(member)
        core.tell(SelfRemoved(before.epoch + 1))

    def _replay_future(self) -> None:
        """Payloads that came too early may fit now; those of still later epochs go back to waiting."""
        state = self._core.state
        waiting, state.future = state.future, []
        for raw in waiting:
            self._engine.payload(Topic.APP, raw)
        if not state.future and not self._engine.coordinating.is_behind():
            self._core.cancel_timer("behind")


def _claims(certificate: Certificate) -> list[bytes]:
    """The signatures of the leave and rejoin claims: they name a claim for good."""
    leaves = [claim.signature for claim in certificate.leaves]
    return leaves + [claim.signature for claim in certificate.rejoins]
