"""Whole bridges without rooms, for tests: real store, real MLS, real engine, over an in-memory Waku hub.

`Node` is one process. `kill` stops it as SIGKILL would: from then on nothing reaches its database, whatever its
tasks still try. What its rooms would show is written by `Shown`, a fanout that inserts rows in the very
transaction it is given, so a message shown twice, or lost, is seen in the database.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import text

from bridge.conversation.conversation import Conversation
from bridge.conversation.manager import Manager
from bridge.conversation.services import Services
from bridge.conversation.tuning import Tuning
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body, ChatMessage, MessageKind
from bridge.model.notices import Chat, Notice, Refused
from bridge.process.compose import mls_factory
from bridge.protocol.chain import ChainDomain
from bridge.protocol.engine import EngineConfig
from bridge.protocol.events import SendChat
from bridge.protocol.types import GroupName, GroupPolicy, Timing
from bridge.storage.store import Store, Tx
from bridge.waku.memory import MemoryHub, MemoryTransport
from tests.support.waiting import until
from tests.support.world import Wallet, Wallets

T = TypeVar("T")
GROUP = "room"
KEY = bytes(range(32))
ALICE, BOB = Wallet("bridge alice"), Wallet("bridge bob")
NAME = GroupName(GROUP, ALICE.address)
POLICY = GroupPolicy(
    creator=ALICE.address,
    steward_candidates=(ALICE.address,),
    service_members=(ALICE.address, BOB.address),
    timing=Timing(steward_epoch=1, waiting=1, voting=2, commit=1),
)
QUICK = Tuning(
    ask_settling=0.3, ask_least=0.05, ask_busy=1.0, answer_delay=0.02, answer_every=0.05, retry_first=0.02
)


class Shown:
    """The rooms: one row per message shown, in the transaction that took it."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.wakes = 0

    def write(self, tx: Tx, group: str, notices: Sequence[Notice], now: float) -> frozenset[RoomRef]:
        """Insert what a room would show."""
        tx.conn.execute(text("CREATE TABLE IF NOT EXISTS shown (n INTEGER PRIMARY KEY, body TEXT)"))
        for notice in notices:
            if isinstance(notice, Chat):
                tx.conn.execute(
                    text("INSERT INTO shown (body) VALUES (:body)"), {"body": notice.message.body.plain}
                )
        self.notices += notices
        return frozenset()

    def committed(self, group: str, notices: Sequence[Notice], rooms: frozenset[RoomRef]) -> None:
        """Count it."""
        self.wakes += 1


class Crash(Exception):
    """Thrown by the store in place of a commit."""


@dataclass
class FaultyStore:
    """A store that can die (nothing returns any more) or fail (`Crash`), before or after the commit."""

    inner: Store
    dead: bool = False
    fail: str = ""
    """'' | 'before' | 'after' the commit of the next batch of events"""
    writes: int = 0
    die_at: tuple[int, str] | None = None
    """(number of the write, 'before' or 'after'): die there."""
    buried: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, work: Callable[[Tx], T]) -> T:
        await self._stop_if_dead()
        return await self.inner.read(work)

    async def write(self, work: Callable[[Tx], T], *, lazy: bool = False) -> T:
        await self._stop_if_dead()
        self.writes += 1
        here = self.die_at[1] if self.die_at and self.writes == self.die_at[0] else ""
        fail = ""
        if work.__qualname__.startswith("Conversation."):
            fail, self.fail = self.fail, ""
        if here == "before":
            self.dead = True
            await self._stop_if_dead()
        if fail == "before":
            raise Crash
        result = await self.inner.write(work, lazy=lazy)
        if here == "after":
            self.dead = True
        if fail == "after":
            raise Crash
        await self._stop_if_dead()
        return result

    async def _stop_if_dead(self) -> None:
        """Whoever asks a dead store waits, until the tasks are taken down."""
        if self.dead:
            await self.buried.wait()
            raise Crash


@dataclass
class Node:
    """One bridge process with one group."""

    wallet: Wallet
    path: Path
    hub: MemoryHub
    create: bool = False
    tuning: Tuning = QUICK
    shown: Shown = field(default_factory=Shown)
    policy: GroupPolicy = POLICY
    chain: ChainDomain | None = None
    woken: list[int] = field(default_factory=list)
    """Once for every commit that asked something of the chain."""
    wallets: Wallets = field(init=False)
    store: FaultyStore = field(init=False)
    transport: MemoryTransport = field(init=False)
    manager: Manager = field(init=False)
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.wallets = Wallets(self.wallet)

    async def start(self) -> Node:
        """Start the process on its database."""
        self.store = FaultyStore(await Store.open(f"sqlite:///{self.path}", KEY))
        self.transport = MemoryTransport(self.hub)
        await self.transport.start()
        services = Services(
            store=self.store,  # type: ignore[arg-type]
            transport=self.transport,
            signer=self.wallets,
            fanout=self.shown,
            open_mls=mls_factory(self.wallets),
            clock=time.time,
            entropy=secrets.token_bytes,
            random=lambda: 0.5,
            meta=secrets.token_bytes(8),
            tuning=self.tuning,
            chain_wake=lambda: self.woken.append(1),
            chain_health=lambda group: f"ok: {group} at block 7",
        )
        self.manager = Manager(services)
        policy = self.policy if self.create else None
        config = EngineConfig(NAME, self.wallet.address, self.create, policy, self.chain)
        await self.manager.open([config])
        self._task = asyncio.create_task(self.manager.run())
        return self

    @property
    def group(self) -> Conversation:
        """Its one conversation."""
        return self.manager.groups[GROUP]

    async def kill(self) -> None:
        """SIGKILL: nothing reaches the database or the wire any more."""
        self.store.dead = True
        self.store.buried.set()
        await self._end()

    async def stop(self) -> None:
        """SIGTERM."""
        await self._end()

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, BaseExceptionGroup):
                await self._task
            self._task = None
        await self.transport.stop()
        await self.store.inner.close()

    async def failed(self) -> BaseException:
        """Wait until the process ends by itself; what ended it."""
        assert self._task is not None
        try:
            await self._task
        except BaseExceptionGroup as error:
            self._task = None
            return error
        raise AssertionError("it ended without an error")

    async def say(self, body: str) -> None:
        """Somebody without a leaf of their own writes."""
        await self.group.submit(SendChat(message(body), None))

    async def texts(self) -> list[str]:
        """What the room shows, in order."""
        return await self.store.inner.read(_shown)

    def refused(self) -> list[str]:
        """Codes of refusals since the start of the test."""
        return [notice.code for notice in self.shown.notices if isinstance(notice, Refused)]


def _shown(tx: Tx) -> list[str]:
    exists = tx.conn.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'shown'")).first()
    return [row.body for row in tx.conn.execute(text("SELECT body FROM shown ORDER BY n"))] if exists else []


_numbers = itertools.count(1)


def message(body: str) -> ChatMessage:
    """A chat message by nobody in particular."""
    return ChatMessage(
        next(_numbers).to_bytes(8) + secrets.token_bytes(8),
        MessageKind.MESSAGE,
        Author("test", "somebody", "Somebody"),
        Body(body),
        int(time.time() * 1000),
    )


async def joined(*nodes: Node) -> None:
    """Wait until all are members of the same epoch."""

    def same() -> bool:
        views = [(n.group.status().epoch, n.group.status().members) for n in nodes]
        return len(views[0][1]) == len(nodes) and all(view == views[0] for view in views)

    await until(same, "all in the group at the same epoch")
