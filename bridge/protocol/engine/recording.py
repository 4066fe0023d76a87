"""Commits that a chain orders: kept until they are recorded, adopted or dropped by what the chain says.

The first record for a number wins. Nobody adopts a membership commit, his own included, before its record is
confirmed, so two stewards cannot split the group. Commits of updates alone stay off the chain.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bridge.model.notices import State
from bridge.protocol import errors
from bridge.protocol.ballots.ballot import Ballot
from bridge.protocol.ballots.certificate import Certificate
from bridge.protocol.chain import OwnClaim, Record, Recorded
from bridge.protocol.engine.chain_memory import MAX_HELD, PendingRecord
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.queued import QueuedChange, claims_of
from bridge.protocol.events import Topic
from bridge.protocol.policy import decode_policy
from bridge.protocol.ports import Address, Built, Change, PolicyChange, Staged
from bridge.protocol.states import Trigger
from bridge.protocol.types import Coordination

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine


class Recording:
    """From a built commit to the record, and from the record to the new epoch."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine

    # ---- the steward's own commit ----

    def record(self, items: list[QueuedChange], ballot: Ballot | None, built: Built, batch: bytes) -> None:
        """Keep a built commit and ask for its record; the machine stays in Waiting for a while.

        `batch`: the message that is published when the record is confirmed.
        """
        core, chain = self._core, self._core.state.chain
        if chain.roster is None:
            raise errors.NotPermitted("the group's roster is not on the chain")
        core.mls.keep(built.token)
        core.mls.discard(built.token)
        pending = PendingRecord(
            commit_hash=hashlib.sha256(built.commit).digest(),
            number=chain.roster.number + 1,
            epoch=core.view.epoch,
            digest=ballot.digest if ballot else b"",
            batch=batch,
            welcome=built.welcome,
            items=items,
        )
        chain.pending = pending
        core.extend(core.now + core.policy.timing.commit + self._engine.coordinating.grace)
        self._engine.coordinating.ask(_record(pending))

    def on_recorded(self, fact: Recorded) -> None:
        """A record: ours is adopted, ours that lost against another is made anew later."""
        pending = self._core.state.chain.pending
        if pending is None:
            return
        if fact.commit_hash == pending.commit_hash and self._core.view.epoch == pending.epoch:
            self._adopt(pending)
        else:  # another commit took its place: the changes wait for the next steward epoch
            self.overtaken()
            self._back_to_working(Trigger.OVERTAKEN)

    def _adopt(self, pending: PendingRecord) -> None:
        core, engine = self._core, self._engine
        before = core.view
        core.mls.adopt_kept()
        core.state.chain.pending = None
        core.state.last_commit = core.now
        core.refresh()
        leaves, rejoins = claims_of(pending.items)
        engine.batches.remember_claims(Certificate(None, (), leaves, rejoins))
        core.publish(Topic.APP, pending.batch)
        waiting = core.machine is State.WAITING and core.is_steward
        engine.stewarding.committed(
            before, pending.items, pending.welcome, Trigger.APPLIED if waiting else Trigger.BATCH
        )

    def overtaken(self) -> None:
        """The group has moved on without the kept commit."""
        pending = self._core.state.chain.pending
        if pending is not None:
            self._core.mls.drop_kept()
            self._core.state.chain.pending = None
            self._core.state.queue = pending.items + self._core.state.queue

    def on_failed(self, commit_hash: str, why: str) -> None:
        """The record was refused for good: the changes are tried again, at most twice."""
        core, pending = self._core, self._core.state.chain.pending
        if pending is None or pending.commit_hash.hex() != commit_hash:
            return
        core.mls.drop_kept()
        core.state.chain.pending = None
        self._engine.stewarding.try_again(pending.items, why)
        self._back_to_working(Trigger.COMMIT_FAILED)
        self.judge_held()

    def _back_to_working(self, trigger: Trigger) -> None:
        core = self._core
        if core.machine is State.WAITING:
            core.move(trigger)
            self._engine.settled()

    def late(self) -> None:
        """Waiting is over and the record has not come: those who asked are told that it takes longer."""
        pending = self._core.state.chain.pending
        for item in pending.items if pending else ():
            self._engine.requests.delayed(item)

    # ---- received commits ----

    def is_recorded(self, commit: bytes, epoch: int) -> bool:
        """Whether the chain has this commit for this epoch. Raises BadBatch when it has another one."""
        if self._has(commit, epoch):
            return True
        records, roster = self._core.state.chain.records, self._core.state.chain.roster
        if any(row.epoch == epoch for row in records.values()) and roster and roster.epoch > epoch:
            raise errors.BadBatch("the chain has recorded another commit for this epoch")
        return False

    def _has(self, commit: bytes, epoch: int) -> bool:
        found = self._core.state.chain.records.get(hashlib.sha256(commit).digest())
        return found is not None and found.epoch == epoch

    def check(self, certificate: Certificate, commit: bytes, staged: Staged) -> None:
        """Raise BadBatch unless record, ballot and commit belong together."""
        chain, ballot = self._core.state.chain, certificate.ballot
        record = chain.records[hashlib.sha256(commit).digest()]
        if record.digest != (ballot.digest if ballot else b""):
            raise errors.BadBatch("the commit was recorded with another ballot than its certificate shows")
        row = chain.ballots.get(record.digest) if ballot else None
        if row is not None and row.is_decided and not row.passed:
            raise errors.BadBatch("the chain says that this ballot did not pass")

    def must_wait(self, commit: bytes, epoch: int, staged: Staged) -> bool:
        """Whether a received commit has to be held for its record."""
        pending = self._core.state.chain.pending
        if not staged.changes:
            self.is_recorded(commit, epoch)  # raises where another commit has this epoch
            return pending is not None and pending.epoch == epoch
        if any(_leaves_chain(change) for change in staged.changes):
            # The way out may name an epoch that has another record; its own may be on the way to us.
            return not self._has(commit, epoch)
        return not self.is_recorded(commit, epoch)

    def hold(self, raw: bytes) -> None:
        """Keep a batch until its facts come. Raises QueueFull: it is not taken as seen, and comes again."""
        held = self._core.state.chain.held
        if raw in held:
            return
        if len(held) >= MAX_HELD:
            raise errors.QueueFull("too many batches wait for the chain")
        held.append(raw)

    def judge_held(self) -> None:
        """New facts: look at the held batches again."""
        chain = self._core.state.chain
        held, chain.held = chain.held, []
        for raw in held:
            self._engine.payload(Topic.APP, raw)


def _record(pending: PendingRecord) -> Record:
    leaves, rejoins = claims_of(pending.items)
    own = [OwnClaim(claim.address, False, claim.epoch, claim.chain_signature) for claim in leaves]
    own += [OwnClaim(claim.address, True, claim.epoch, claim.chain_signature) for claim in rejoins]
    policies = [item.policy for item in pending.items if item.kind == "policy"]
    return Record(
        number=pending.number,
        epoch=pending.epoch,
        commit_hash=pending.commit_hash,
        digest=pending.digest,
        adds=tuple(sorted(Address(item.address) for item in pending.items if item.kind == "add")),
        removes=tuple(Address(item.address) for item in pending.items if item.kind == "remove"),
        claims=tuple(own),
        policy=policies[0] if policies else b"",
    )


def _leaves_chain(change: Change) -> bool:
    """Whether a voted policy ends coordination by the contract. Raises Malformed for one that is none."""
    return isinstance(change, PolicyChange) and decode_policy(change.policy).coordination is Coordination.WAKU
