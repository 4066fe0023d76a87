"""Works off the stored platform events: chat and commands become requests to the group.

    inbound row ──► look up ──► chat: SendChat ──► conversation.submit(request, also = finish the row)
                              └► command ────────► the same, or an answer at once

The row is finished in the transaction that takes the request: a crash loses nothing and repeats nothing.
Chat is submitted without waiting for the message before, so that the group can take many in one transaction;
commands wait for what came before them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import random as jitter
from typing import Final

import structlog

from bridge.conversation.conversation import ConversationStopped
from bridge.conversation.ports import GroupHandle, Request, SendChat
from bridge.model import backoff
from bridge.model.adapter import Inbound, InboundBan, InboundCommand, InboundMessage
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Body
from bridge.model.text import clean_name
from bridge.protocol.errors import LocalError, QueueFull
from bridge.rooms.ids import ReplyTo
from bridge.rooms.inbound import intake, moderators
from bridge.rooms.inbound.asked import given
from bridge.rooms.inbound.chat import ChatEvent, Facts, chat_request, look_up
from bridge.rooms.outbound.chat import Local
from bridge.rooms.outbound.payloads import Post
from bridge.rooms.outbound.writer import DeliveryWriter
from bridge.rooms.people import People
from bridge.rooms.ports import Ask, Asker, Change, Commands, Say, Words
from bridge.rooms.tuning import Tuning
from bridge.storage import accounts, inbound
from bridge.storage.accounts import Account
from bridge.storage.inbound import InboundRow
from bridge.storage.store import Store
from bridge.storage.tx import Tx

log: Final = structlog.get_logger("bridge.rooms.inbound")


@dataclass(frozen=True, slots=True)
class _Job:
    """An event of a linked room."""

    row: InboundRow
    event: Inbound
    handle: GroupHandle


@dataclass(slots=True)
class Surroundings:
    """What the worker works with; `groups` by name may be filled later, `local` is shared with the fan-out."""

    store: Store
    links: Mapping[RoomRef, str]
    groups: Mapping[str, GroupHandle]
    commands: Commands
    words: Words
    clock: Callable[[], float]
    tuning: Tuning
    local: dict[bytes, Local]
    written: Callable[[Collection[RoomRef]], None]
    """Called after a commit that added deliveries, with the rooms that got some."""
    rooms: Callable[[str], tuple[RoomRef, ...]]
    """The rooms of a group."""
    moderator_bans: Mapping[str, str]
    """By group name, see `bridge.rooms.inbound.moderators.Setting`."""
    prefix: str
    """Of commands, for the texts."""


class Worker:
    """Run `run` in a task; `put` after every commit that added events."""

    def __init__(self, around: Surroundings) -> None:
        self._a = around
        self._woken = asyncio.Event()
        self._fresh: list[InboundRow] = []
        """Committed since the table was read to its end, in order."""
        self._behind = True
        """The table holds rows that are not in `_fresh`: at the start, after a fault, after a flood."""
        self._read_to = 0
        """The last row that was read from the table: no row up to it may be taken from memory too."""
        self._told: set[tuple[str, bytes]] = set()
        """Banned people who were told (in this process) that nobody gets their words."""
        self._pause = False

    def put(self, rows: Sequence[InboundRow]) -> None:
        """These new events are committed."""
        self._fresh += [row for row in rows if row.id > self._read_to]
        if len(self._fresh) > self._a.tuning.fresh:
            self._fresh, self._behind = [], True
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled. Raises what the store raises."""
        while True:
            self._woken.clear()
            rows = await self._next()
            if not rows:
                await self._woken.wait()
                continue
            self._pause = False
            await self._batch(rows)
            if self._pause:
                # Some rows stay unfinished: they, and their place before the others, are in the table only.
                self._behind = True
                await asyncio.sleep(self._a.tuning.retry_first)

    async def _next(self) -> list[InboundRow]:
        """The oldest unfinished events; none when all are finished."""
        batch = self._a.tuning.batch
        if self._behind:
            # Before the read: it finds what was committed till now; what comes during it may be in both, but
            # nothing is put together while the read finds anything.
            self._fresh = []
            # Before the read too: a flood during it says that the table must be read once more.
            self._behind = False
            rows = await self._a.store.read(lambda tx: inbound.pending(tx, batch))
            if rows:
                self._read_to = max(self._read_to, rows[-1].id)
                self._behind = True
                return rows
        rows, self._fresh = self._fresh[:batch], self._fresh[batch:]
        return rows

    async def _batch(self, rows: list[InboundRow]) -> None:
        chat: list[_Job] = []
        for row in rows:
            job = await self._job(row)
            if job is None:
                continue
            if isinstance(job.event, InboundBan):
                await self._chat(chat)
                chat = []
                await self._moderation(job, job.event)
            elif self._a.commands.is_command(job.event):
                await self._chat(chat)
                chat = []
                await self._command(job)
            else:
                chat.append(job)
        await self._chat(chat)

    async def _job(self, row: InboundRow) -> _Job | None:
        """None (and the row finished) for what nobody here wants."""
        try:
            event = intake.decode(row.payload)
        except intake.Unusable as error:
            log.error("stored event is unreadable", key=row.event_key, error=str(error))
            await self._drop(row, "unreadable")
            return None
        handle = self._a.groups.get(self._a.links.get(event.room, ""))
        if handle is None:
            await self._drop(row, "the room is linked to no group here")
            return None
        return _Job(row, event, handle)

    # ---- chat ----

    async def _chat(self, jobs: list[_Job]) -> None:
        """Submit all, in order, and wait until each is durable or refused."""
        if not jobs:
            return
        facts = await self._a.store.read(lambda tx: [_facts(tx, job) for job in jobs])
        async with asyncio.TaskGroup() as tasks:
            for job, known in zip(jobs, facts, strict=True):
                # Tasks start in the order of creation, and `submit` queues before it first waits.
                tasks.create_task(self._one_chat(job, known), name=f"chat {job.row.id}")

    async def _one_chat(self, job: _Job, facts: Facts) -> None:
        if facts.own:
            await self._drop(job.row, "own")
        elif self._is_outcast(job, facts):
            await self._outcast(job, facts)
        else:
            request = chat_request(_chat_event(job), facts)
            if isinstance(request, str):
                await self._drop(job.row, request)
                return
            self._a.local[request.message.message_id] = (job.event.room, job.event.event_id)
            try:
                await self._submit(job, request, lambda tx, now: _rename(tx, facts.account, request, now))
            finally:
                self._a.local.pop(request.message.message_id, None)

    def _is_outcast(self, job: _Job, facts: Facts) -> bool:
        """Banned, and not taken in again: they must not go on by the bridge's own leaf."""
        if not facts.banned or facts.account is None:
            return False
        return facts.account.address not in job.handle.status().members

    async def _outcast(self, job: _Job, facts: Facts) -> None:
        person = (job.handle.name, facts.account.address if facts.account else b"")
        if person in self._told:
            await self._drop(job.row, "banned")
            return
        self._told.add(person)
        await self._answer(job, self._a.words("banned", {}), "banned")

    # ---- commands ----

    async def _command(self, job: _Job) -> None:
        event, handle = job.event, job.handle
        assert isinstance(event, InboundMessage | InboundCommand)
        if isinstance(event, InboundMessage) and event.edits_event:
            await self._answer(job, self._a.words("edited_command", {}), "an edited command")
            return
        user = UserRef(event.author.platform, event.author.user_id)
        now = self._a.clock()
        asked, people = await self._a.store.read(
            lambda tx: (given(tx, handle.name, event, now), People.everybody(tx, handle.name))
        )
        if asked.is_own:
            await self._drop(job.row, "own")
            return
        token = ReplyTo.to(event.room, event.event_id, user, event.thread_event).token()
        name = clean_name(event.author.display_name, event.author.user_id)
        asker = Asker(user, name, event.room, token, asked.account)
        try:
            outcome = self._a.commands.carry_out(event, asker, handle.status(), people, asked.written, now)
        except Exception:
            log.exception("command failed", room=str(event.room))
            outcome = Say(self._a.words("internal", {}))
        match outcome:
            case Ask():
                await self._submit(job, outcome.request, outcome.also)
            case Change():
                await self._answer(job, outcome.work, "changed")
            case Say():
                await self._answer(job, outcome.text, "answered")

    # ---- moderators ----

    async def _moderation(self, job: _Job, event: InboundBan) -> None:
        """A moderator banned somebody on the platform, or lifted that."""
        group, now = job.handle.name, self._a.clock()
        setting = moderators.Setting(self._a.moderator_bans.get(group, moderators.Setting.PROPOSE))
        rooms = self._a.rooms(group)
        seen = await self._a.store.read(lambda tx: moderators.look_up(tx, group, rooms, event, now))
        verdict = moderators.judge(event, seen, setting, job.handle.status().members, self._a.prefix)

        def carry_out(tx: Tx, now: float) -> None:
            moderators.carry_out(DeliveryWriter(tx, group, now, rooms), event, seen, verdict, self._a.words)

        if verdict.request is not None:
            await self._submit(job, verdict.request, carry_out)
            self._a.written(rooms)
            return

        def work(tx: Tx) -> None:
            carry_out(tx, self._a.clock())
            inbound.done(tx, job.row.id, verdict.note)

        await self._a.store.write(work)
        self._a.written(rooms)

    # ---- outcomes ----

    async def _submit(
        self, job: _Job, request: Request, also: Callable[[Tx, float], None] | None = None
    ) -> None:
        """Hand it over; the row is finished with it. A refusal is answered."""

        def together(tx: Tx) -> None:
            inbound.done(tx, job.row.id)
            if also is not None:
                also(tx, self._a.clock())

        for attempt in range(self._a.tuning.full_tries):
            try:
                await job.handle.submit(request, together)
            except QueueFull as error:
                if attempt + 1 == self._a.tuning.full_tries:
                    await self._refused(job, error)
                    return
                tuning = self._a.tuning
                wait = backoff.wait(tuning.retry_first, tuning.retry_most, attempt + 1, jitter())  # noqa: S311
                await asyncio.sleep(wait)
            except LocalError as error:
                await self._refused(job, error)
                return
            except ConversationStopped:
                self._pause = True  # nothing happened; the row stays
                return
            except Exception:
                await self._fault(job)
                return
            else:
                return

    async def _refused(self, job: _Job, error: LocalError) -> None:
        await self._answer(job, self._a.words(error.code, {"detail": str(error)}), error.code)

    async def _fault(self, job: _Job) -> None:
        """A fault of ours: try again a few times, then tell the person; never block what comes after."""
        log.exception("event failed", key=job.row.event_key, attempts=job.row.attempts + 1)
        if job.row.attempts + 1 >= self._a.tuning.faults:
            await self._answer(job, self._a.words("internal", {}), "internal")
            return
        self._pause = True
        await self._a.store.write(lambda tx: inbound.retry(tx, job.row.id, "internal"))

    async def _drop(self, row: InboundRow, note: str) -> None:
        await self._a.store.write(lambda tx: inbound.done(tx, row.id, note))

    async def _answer(self, job: _Job, text: str | Callable[[Tx, float], str], note: str) -> None:
        """Finish the row with an answer under the event; what makes the answer is stored with it."""
        event, group, now = job.event, job.handle.name, self._a.clock()

        def work(tx: Tx) -> None:
            post = Post(
                Body(text if isinstance(text, str) else text(tx, now)),
                reply_event="" if isinstance(event, InboundBan) else event.event_id,
                to_user=event.author.user_id,
                thread_event=event.thread_event if isinstance(event, InboundMessage | InboundCommand) else "",
            )
            DeliveryWriter(tx, group, now, ()).put(event.room, post, "reply", event.event_id)
            inbound.done(tx, job.row.id, note)

        await self._a.store.write(work)
        self._a.written((event.room,))


def _chat_event(job: _Job) -> ChatEvent:
    """The event of a job that went the way of chat."""
    assert not isinstance(job.event, InboundBan | InboundCommand)
    return job.event


def _facts(tx: Tx, job: _Job) -> Facts:
    return look_up(tx, job.handle.name, _chat_event(job))


def _rename(tx: Tx, account: Account | None, request: SendChat, now: float) -> None:
    """Keep what a member calls themselves now."""
    name = request.message.author.display_name
    if account is not None and account.display_name != name:
        accounts.put(tx, account.platform, account.user_id, account.address, name, now)
