"""The events of one transaction: run through the engine, then stored together, then done.

    run      every event in order; in memory only
    write    one transaction: seen marks, MLS rows, engine state, outbox, archive, timers, what is asked of
             the chain, counters, notices
    (then the conversation resolves the futures, publishes, delivers)

When `write` fails, or anything unexpected happens in `run`, the whole batch has not happened: the caller throws
the `LoadedGroup` state away and loads the stored one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from bridge.chain.codec import encode
from bridge.conversation.intake import HistoryCall, Intake, Received, Whole, pieces, whole_digests
from bridge.conversation.loaded import LoadedGroup
from bridge.conversation.ports import Fanout, Request
from bridge.conversation.topics import content_topic
from bridge.conversation.turn import Outcome
from bridge.model.ids import RoomRef
from bridge.model.notices import Notice, Refused
from bridge.protocol.chain import Intent
from bridge.protocol.effects import CatchUp, Publish, SetTimer
from bridge.protocol.errors import LocalError, QueueFull, RemoteError
from bridge.protocol.events import Event, Payload, Start, TimerFired, Topic
from bridge.protocol.history import HistoryRequest
from bridge.protocol.wire import demls_pb2 as pb
from bridge.storage import archive, counters, groups, mls_rows, outbox, seen, timers
from bridge.storage import intents as chain_intents
from bridge.storage.outbox import OutboxRow
from bridge.storage.store import Tx


@dataclass(frozen=True, slots=True)
class Written:
    """What a committed batch leaves to do: rows to publish, rooms with new deliveries."""

    outbox: list[OutboxRow]
    rooms: frozenset[RoomRef]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A local request, with the future of whoever waits for it."""

    request: Request
    also: Callable[[Tx], None] | None
    done: asyncio.Future[None]


Item = Received | TimerFired | Asked | Start


@dataclass(slots=True)
class Batch:
    """One group's batch; used once."""

    group: str
    live: LoadedGroup
    intake: Intake
    is_current: Callable[[str, int], bool]
    """Whether a timer that fired was not replaced since."""
    admit: Callable[[pb.HistoryRequest], HistoryRequest]
    """Check somebody's request for history. Raises RemoteError."""
    known: set[bytes]
    """Digests among these payloads that were seen before."""
    marks: list[bytes] = field(default_factory=list)
    archived: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    outgoing: list[tuple[str, bytes]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    timers: dict[str, SetTimer | None] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    catch_ups: list[CatchUp] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    calls: list[HistoryRequest] = field(default_factory=list)
    spare: list[bytes] = field(default_factory=list)
    """Known here but not archived: peers need not send them again."""
    accepted: list[Asked] = field(default_factory=list)
    denied: list[tuple[Asked, LocalError]] = field(default_factory=list)
    brought: int = 0
    """New payloads that came by an answer to a history request."""
    fresh: int = 0
    turns: int = 0
    mls_writes: list[tuple[str, bytes, bytes | None]] = field(default_factory=list, repr=False)

    # ---- run ----

    def run(self, item: Item, now: float) -> None:
        """Take one event. Raises only what is a fault of ours."""
        match item:
            case Received():
                self._received(item, now)
            case TimerFired(name, token):
                if self._due(name, token):
                    self.timers[name] = None
                    self._merge(self._turn(item, now))
            case Asked():
                try:
                    outcome = self._turn(item.request, now)
                except LocalError as error:
                    self.denied.append((item, error))
                else:
                    self.accepted.append(item)
                    self._merge(outcome)
            case Start():
                self._merge(self._turn(item, now))

    def _turn(self, event: Event, now: float) -> Outcome:
        self.turns += 1
        return self.live.runner.handle(event, now)

    def _due(self, name: str, token: int) -> bool:
        """An earlier event of this very batch may have replaced the timer."""
        return name not in self.timers and self.is_current(name, token)

    def _received(self, received: Received, now: float) -> None:
        key, name = self.intake.keys(received)
        if key in self.known:
            self.spare.append(name)
            return
        try:
            taken = self.intake.take(received, now)
        except RemoteError as error:
            self._refuse(error)
            return
        if isinstance(taken, HistoryCall):
            self._called(taken)
        elif taken is not None and not self.known.intersection(taken.digests):
            self._whole(taken, now)

    def _called(self, call: HistoryCall) -> None:
        try:
            self.calls.append(self.admit(call.request))
        except RemoteError as error:
            self._refuse(error)
        else:
            self._mark(call.digest)

    def _whole(self, whole: Whole, now: float) -> None:
        before = self.live.joined
        outcome = self._turn(Payload(whole.topic, whole.payload), now)
        self._merge(outcome)
        if whole.topic is Topic.APP and not before and not self.live.joined:
            return  # unreadable until the own Welcome comes; it may come again after that
        if outcome.refusal:
            # It changed nothing and is refused again at little cost, so no row for it.
            if outcome.refusal != QueueFull.code:
                self.spare.append(whole.name)
            return
        self._mark(*whole.digests)
        self.fresh += 1
        self.brought += whole.replayed
        if whole.archive:
            self.archived.append((content_topic(self.group, whole.topic), whole.payload, whole.name))
        else:
            self.spare.append(whole.name)

    def _merge(self, outcome: Outcome) -> None:
        for publish in outcome.publishes:
            self._publish(publish)
        self.notices += outcome.notices
        self.timers |= outcome.timers
        self.refused += outcome.refused
        self.catch_ups += outcome.catch_ups
        self.intents += outcome.intents

    def _publish(self, publish: Publish) -> None:
        topic = content_topic(self.group, publish.topic)
        self._mark(*whole_digests(self.group, publish.topic, publish.data))
        self.outgoing += [(topic, part) for part in pieces(publish.topic, publish.data)]
        if publish.archive:
            self.archived.append((topic, publish.data, sha256(publish.data).digest()))

    def _mark(self, *digests: bytes) -> None:
        self.marks += digests
        self.known.update(digests)

    def _refuse(self, error: RemoteError) -> None:
        self.refused[error.code] += 1
        self.notices.append(Refused(error.code, str(error)))

    def give_up(self, item: Item) -> None:
        """Count an event that failed twice for a reason of ours, and never look at it again."""
        self.refused["internal"] += 1
        match item:
            case Received():
                self._mark(self.intake.keys(item)[0])
            case TimerFired(name, token):
                if self._due(name, token):
                    self.timers[name] = None

    # ---- write ----

    def write(self, tx: Tx, state: bytes, fanout: Fanout, now: float) -> Written:
        """Store it all. `state` is the snapshot after the last event. Pure of other IO."""
        time = int(now)
        for mark in self.marks:
            seen.mark(tx, self.group, mark, time)
        mls_rows.apply(tx, self.group, self.mls_writes)
        groups.save_state(tx, self.group, state)
        rows = [outbox.add(tx, self.group, topic, payload, time) for topic, payload in self.outgoing]
        for topic, payload, key in self.archived:
            archive.add(tx, self.group, topic, payload, key, time)
        for name, timer in self.timers.items():
            if timer is None:
                timers.drop(tx, self.group, name)
            else:
                timers.put(tx, self.group, name, timer.at, timer.token)
        for intent in self.intents:
            chain_intents.add(tx, self.group, intent.key, encode(intent), now)
        for code, count in self.refused.items():
            counters.add(tx, self.group, code, count)
        rooms = fanout.write(tx, self.group, self.notices, now) if self.notices else frozenset()
        for asked in self.accepted:
            if asked.also is not None:
                asked.also(tx)
        return Written(rows, rooms)

    def close(self) -> None:
        """After the last event: take what MLS wants to write."""
        self.mls_writes = self.live.mls.drain()

    @property
    def empty(self) -> bool:
        """Whether nothing has happened that must be stored (duplicates, fragments, refused requests only)."""
        return self.turns == len(self.denied) and not (self.marks or self.refused or self.timers)
