"""A mirror on a real store, with rooms and a group that follow a script."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bridge.conversation.groups import Groups
from bridge.conversation.ports import BallotStatus, GroupStatus, Request, SendChat
from bridge.identity.book import AddressBook
from bridge.identity.linking import Linking
from bridge.identity.master import Master
from bridge.model.adapter import AdapterHealth, BallotCard, Capabilities, InboundMessage, Inbox, Outgoing
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body
from bridge.model.notices import Chat, Notice, State
from bridge.protocol.errors import LocalError
from bridge.rooms.commands.linker import Linker
from bridge.rooms.commands.router import Router
from bridge.rooms.commands.sentences import say
from bridge.rooms.mirror import Mirror
from bridge.rooms.tuning import Tuning
from bridge.storage.store import Store
from bridge.storage.tx import Tx
from tests.support.waiting import guard

KEY = bytes(range(32))
GROUP = "lobby"
PLATFORM = "paper"
ROOM_A, ROOM_B = RoomRef(PLATFORM, "a"), RoomRef(PLATFORM, "b")
QUICK = Tuning(retry_first=0.01, retry_most=0.02, poll=0.01)
ALL = Capabilities(
    edit=True, delete=True, react=True, reply=True, html=True, enforce=True, thread=True, ballot=True
)


def wallet_address(user: UserRef) -> bytes:
    """A stable address of a platform user."""
    return hashlib.sha256(str(user).encode()).digest()[:20]


@dataclass
class Shown:
    """A message on paper."""

    event_id: str
    text: str
    reply_to: str = ""
    waiting: bool = False
    thread: str = ""
    files: tuple[str, ...] = ()
    ballot: BallotCard | None = None


async def nothing(message: Outgoing) -> None:
    """Follows a send."""


class Paper:
    """A platform in memory. `script` may raise before a call takes effect, `after` once a message is shown."""

    platform = PLATFORM

    def __init__(self, capabilities: Capabilities = ALL) -> None:
        self.capabilities = capabilities
        self.rooms: dict[RoomRef, list[Shown]] = defaultdict(list)
        self.reactions: list[tuple[str, str]] = []
        self.bans: list[tuple[RoomRef, UserRef, str]] = []
        self.unbans: list[tuple[RoomRef, UserRef]] = []
        self._reacted: dict[str, tuple[str, str]] = {}
        self.calls: list[tuple[str, str]] = []
        self.script: Callable[[RoomRef, str], None] = lambda room, text: None
        self.hold: dict[RoomRef, asyncio.Event] = {}
        self.after: Callable[[Outgoing], Awaitable[None]] = nothing
        self._by_key: dict[tuple[RoomRef, str], str] = {}

    async def start(self, inbox: Inbox) -> None:
        """Nothing to connect."""

    async def run(self) -> None:
        """Nothing to receive: tests hand events to the inbox."""

    async def stop(self) -> None:
        """Nothing to stop."""

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        return []

    def health(self) -> AdapterHealth:
        return AdapterHealth("ok")

    def describe(self, room: RoomRef) -> Capabilities:
        return self.capabilities

    async def send(self, message: Outgoing) -> str:
        name = f"{message.author.display_name}: " if message.author else ""
        text = name + message.body.plain
        await self._gate(message.room, "send", text)
        known = self._by_key.get((message.room, message.key))
        if known is not None:
            return known
        event_id = f"own-{message.room.room_id}-{len(self._by_key)}"
        self._by_key[message.room, message.key] = event_id
        self.rooms[message.room].append(
            Shown(
                event_id,
                text,
                message.reply_to_event,
                message.waiting,
                message.thread_event,
                tuple(file.name for file in message.attachments),
                message.ballot,
            )
        )
        await self.after(message)
        return event_id

    async def edit(self, message: Outgoing, event_id: str) -> str:
        await self._gate(message.room, "edit", message.body.plain)
        name = f"{message.author.display_name}: " if message.author else ""
        for shown in self.rooms[message.room]:
            if shown.event_id == event_id:
                shown.text, shown.waiting = name + message.body.plain, message.waiting
                shown.ballot = message.ballot
        return f"edit-{message.key}"

    async def delete(self, room: RoomRef, event_id: str, key: str, reason: str) -> None:
        await self._gate(room, "delete", event_id)
        self.rooms[room] = [shown for shown in self.rooms[room] if shown.event_id != event_id]
        if event_id in self._reacted:
            self.reactions.remove(self._reacted.pop(event_id))

    async def react(self, room: RoomRef, event_id: str, reaction: str, key: str) -> str:
        await self._gate(room, "react", reaction)
        if (event_id, reaction) in self.reactions:
            return ""
        self.reactions.append((event_id, reaction))
        self._reacted[f"reaction-{key}"] = (event_id, reaction)
        return f"reaction-{key}"

    async def ban(self, room: RoomRef, user: UserRef, reason: str) -> None:
        await self._gate(room, "ban", user.user_id)
        self.bans.append((room, user, reason))

    async def unban(self, room: RoomRef, user: UserRef) -> None:
        await self._gate(room, "unban", user.user_id)
        self.unbans.append((room, user))

    async def _gate(self, room: RoomRef, what: str, text: str) -> None:
        if room in self.hold:
            await self.hold[room].wait()
        self.calls.append((what, text))
        self.script(room, text)

    def texts(self, room: RoomRef) -> list[str]:
        """What stands in a room, in order."""
        return [shown.text for shown in self.rooms[room]]


def quiet_status() -> GroupStatus:
    """A group in Working without members."""
    return GroupStatus(
        group=GROUP,
        full_name=f"demls:{GROUP}@0x{bytes(20).hex()}",
        state=State.WORKING,
        deadline=0.0,
        epoch=1,
        is_steward=True,
        steward=b"\1" * 20,
        own=b"\1" * 20,
        members=(),
        voters=(),
        hosted=frozenset(),
        service=frozenset(),
        queued=0,
        waiting_chat=0,
        ballot=None,
    )


class ScriptedGroup:
    """A group that takes chat at once and answers as `script` says. Stores as a conversation does."""

    name = GROUP

    def __init__(self, store: Store, mirror: Mirror) -> None:
        self._store, self._mirror = store, mirror
        self.requests: list[Request] = []
        self.now = 1_000.0
        self.current = quiet_status()
        self.script: Callable[[Request], Sequence[Notice]] = take_chat
        self.known: set[bytes] = set()

    async def submit(self, request: Request, also: Callable[[Tx], None] | None = None) -> None:
        """As `GroupHandle.submit`."""
        notices = self.script(request)
        await self.tell(*notices, also=also)
        self.requests.append(request)

    async def tell(self, *notices: Notice, also: Callable[[Tx], None] | None = None) -> None:
        """Store what follows from notices, in one transaction."""

        def work(tx: Tx) -> frozenset[RoomRef]:
            rooms = self._mirror.write(tx, self.name, notices, self.now)
            if also is not None:
                also(tx)
            return rooms

        # A conversation's own task writes, in order, whatever becomes of those who asked.
        rooms = await asyncio.shield(asyncio.ensure_future(self._store.write(work)))
        self._mirror.committed(self.name, notices, rooms)

    def status(self) -> GroupStatus:
        return self.current

    def has(self, *members: bytes, ballot: BallotStatus | None = None) -> None:
        """From now on these are its members."""
        self.current = replace(
            self.current, members=members, voters=members, hosted=frozenset(members), ballot=ballot
        )


def take_chat(request: Request) -> Sequence[Notice]:
    """Chat goes on at once, signed by the leaf if there is one."""
    if isinstance(request, SendChat):
        author = replace(request.message.author, address=request.leaf or b"")
        return [Chat(replace(request.message, author=author))]
    return []


def refuse(error: LocalError) -> Callable[[Request], Sequence[Notice]]:
    """A script that refuses everything."""

    def script(request: Request) -> Sequence[Notice]:
        raise error

    return script


@dataclass
class Bench:
    """A running mirror; `crash` and `restart` it at will."""

    path: Path
    paper: Paper = field(default_factory=Paper)
    tuning: Tuning = QUICK
    rooms: tuple[RoomRef, ...] = (ROOM_A, ROOM_B)
    moderator_bans: str = "propose"
    url: str = ""
    """Of another database than the one in `path`."""
    page: str | None = None
    """The page's URL ('': none), for people who may have wallets of their own."""
    store: Store = field(init=False)
    mirror: Mirror = field(init=False)
    group: ScriptedGroup = field(init=False)
    book: AddressBook = field(init=False)
    linker: Linker = field(init=False)
    _task: asyncio.Task[None] | None = None
    _events: int = 0

    async def open(self, *, run: bool = True) -> Bench:
        """Make a new mirror on the database of before."""
        self.store = await Store.open(self.url or f"sqlite:///{self.path}", KEY)
        router = Router(wallet_address) if self.page is None else await self._linking_router(self.page)
        self.groups = Groups()
        self.mirror = Mirror(
            self.store,
            {PLATFORM: self.paper},
            self.groups,
            dict.fromkeys(self.rooms, GROUP),
            router,
            say,
            moderator_bans={GROUP: self.moderator_bans},
            clock=time.time,
            tuning=self.tuning,
        )
        self.group = ScriptedGroup(self.store, self.mirror)
        self.groups.put(self.group)
        if run:
            self._task = asyncio.create_task(self.mirror.run())
        return self

    async def _linking_router(self, page: str) -> Router:
        self.book = AddressBook(self.store, await Master.load(self.store))
        linking = Linking("bench", lambda: page)
        self.linker = Linker(linking, self.book, lambda: [self.group.status()], say, frozenset({"page"}))
        return Router(lambda user: self.book.hold(user.platform, user.user_id), linker=self.linker)

    async def crash(self) -> None:
        """All tasks are gone; the database stays."""
        if self._task is not None:
            self._task.cancel()
            try:
                with suppress(asyncio.CancelledError):
                    await self._task
            finally:
                self._task = None
                await self.store.close()
        else:
            await self.store.close()

    async def restart(self) -> None:
        """Crash, and a new mirror on the same database."""
        await self.crash()
        await self.open()

    def message(self, room: RoomRef, user: str, text: str, **more: object) -> InboundMessage:
        """An event as an adapter would hand it over."""
        self._events += 1
        author = Author(PLATFORM, user.lower(), user)
        event_id = str(more.pop("event_id", f"event-{self._events}"))
        time_ms = more.pop("time_ms", int(time.time() * 1000))
        return InboundMessage(event_id, room, author, Body(text), time_ms, **more)  # type: ignore[arg-type]

    async def say(self, room: RoomRef, user: str, text: str, **more: object) -> str:
        """A person writes; returns the event id."""
        event = self.message(room, user, text, **more)
        await self.mirror.accept("account", event.event_id, [event])
        return event.event_id

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it (guarded, so that a failure does not hang)."""
        async with guard():
            while not condition():
                self._check()
                await asyncio.sleep(0.002)

    def _check(self) -> None:
        if self._task is not None and self._task.done():
            self._task.result()

    async def settled(self) -> None:
        """Until nothing waits any more in either direction."""
        from bridge.storage import inbound

        async with guard():
            while await self.store.read(inbound.pending) or await self.mirror.queues():
                self._check()
                await asyncio.sleep(0.002)
