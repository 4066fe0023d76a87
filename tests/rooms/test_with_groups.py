"""Mirrors on real conversations: two bridges, each with a room, over an in-memory Waku."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio

from bridge.model.adapter import InboundMessage
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body
from bridge.model.notices import Notice
from bridge.rooms.commands.router import Router
from bridge.rooms.commands.sentences import say
from bridge.rooms.mirror import Mirror
from bridge.storage.store import Tx
from bridge.waku.memory import MemoryHub
from tests.support.conversations import ALICE, BOB, GROUP, Node, joined
from tests.support.mirrors import PLATFORM, QUICK, Paper
from tests.support.waiting import until
from tests.support.world import Wallet


class Relayed:
    """A fanout that is made before the mirror, which needs the node's store."""

    mirror: Mirror

    def write(self, tx: Tx, group: str, notices: Sequence[Notice], now: float) -> frozenset[RoomRef]:
        """Pass on."""
        return self.mirror.write(tx, group, notices, now)

    def committed(self, group: str, notices: Sequence[Notice], rooms: frozenset[RoomRef]) -> None:
        """Pass on."""
        self.mirror.committed(group, notices, rooms)


@dataclass
class Bridge:
    """One bridge with one room."""

    node: Node
    room: RoomRef
    paper: Paper = field(default_factory=Paper)
    mirror: Mirror = field(init=False)
    _task: asyncio.Task[None] | None = None
    _events: int = 0

    async def start(self) -> None:
        """Start the node and, before its first event is handled, the mirror."""
        relayed = Relayed()
        self.node.shown = relayed  # type: ignore[assignment]
        await self.node.start()
        links = {self.room: GROUP}
        commands = Router(self.wallet_of)
        self.mirror = Mirror(
            self.node.store,  # type: ignore[arg-type]
            {PLATFORM: self.paper},
            {GROUP: self.node.group},
            links,
            commands,
            say,
            tuning=QUICK,
        )
        relayed.mirror = self.mirror
        self._task = asyncio.create_task(self.mirror.run())

    def wallet_of(self, user: UserRef) -> bytes:
        """Hosted wallets of this bridge."""
        wallet = Wallet(f"{self.room} {user}")
        self.node.wallets.add(wallet)
        return wallet.address

    async def kill(self) -> None:
        """As SIGKILL."""
        self.node.store.dead = True
        self.node.store.buried.set()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, BaseExceptionGroup):
                await self._task
        await self.node.kill()

    async def say(self, user: str, text: str) -> None:
        """A person writes in the room."""
        self._events += 1
        event = InboundMessage(
            f"{self.room.room_id}-{self._events}",
            self.room,
            Author(PLATFORM, user.lower(), user),
            Body(text),
            int(time.time() * 1000),
        )
        await self.mirror.accept("account", str(self._events), [event])

    def chat(self) -> list[str]:
        """What guests said, as it stands in the room."""
        return [text for text in self.paper.texts(self.room) if "(guest): " in text]

    def shown(self, text: str) -> bool:
        """Whether a message with this text in it stands in the room."""
        return any(text in each for each in self.paper.texts(self.room))


@pytest_asyncio.fixture
async def bridges(tmp_path: Path) -> AsyncIterator[tuple[Bridge, Bridge]]:
    hub = MemoryHub()
    one = Bridge(Node(ALICE, tmp_path / "one.db", hub, create=True), RoomRef(PLATFORM, "one"))
    two = Bridge(Node(BOB, tmp_path / "two.db", hub), RoomRef(PLATFORM, "two"))
    await one.start()
    await two.start()
    await joined(one.node, two.node)
    yield one, two
    await one.kill()
    await two.kill()


async def test_chat_and_a_join_between_two_bridges(bridges: tuple[Bridge, Bridge]) -> None:
    one, two = bridges
    for i in range(30):
        await one.say("Alice", f"a{i}")
        await two.say("Bob", f"b{i}")
    await until(lambda: len(one.chat()) >= 30 <= len(two.chat()), "60 messages")
    assert two.chat() == [f"Alice (guest): a{i}" for i in range(30)]
    assert one.chat() == [f"Bob (guest): b{i}" for i in range(30)]

    await one.say("Alice", "!join")
    await until(lambda: one.shown("You are a member of the group now"), "the join")
    await until(lambda: two.shown("joined the group"), "the others told")
    await one.say("Alice", "as a member")
    await until(lambda: two.shown("Alice: as a member"), "chat by the own leaf")
    await two.say("Bob", "!members")
    await until(lambda: two.shown("Alice (0x"), "the name of the other bridge's member")


async def test_killed_in_the_middle_nothing_is_lost_or_doubled(bridges: tuple[Bridge, Bridge]) -> None:
    one, two = bridges
    for i in range(60):
        await one.say("Alice", f"{i}")
        if i in (20, 40):
            await one.kill()
            await one.start()
    expected = [f"Alice (guest): {i}" for i in range(60)]
    await until(lambda: len(two.chat()) >= 60, "60 messages")
    assert two.chat() == expected


async def voted(bridge: Bridge, *voters: str) -> None:
    """These say yes to the next ballot, and it is over."""
    await until(lambda: bridge.node.group.status().ballot is not None, "a ballot")
    ballot = bridge.node.group.status().ballot
    assert ballot is not None
    for voter in voters:
        await bridge.say(voter, f"!vote {ballot.ballot_id} yes")
    await until(lambda: bridge.shown(f"Vote {ballot.ballot_id}: passed"), "the result")


async def test_a_ban_by_vote_is_lifted_by_a_vote(bridges: tuple[Bridge, Bridge]) -> None:
    one, two = bridges
    members: list[str] = []
    for name in ("Alice", "Bob", "Carol"):
        await one.say(name, "!join")
        if members:
            await voted(one, *members)
        members.append(name)
        await until(lambda: len(one.node.group.status().voters) == len(members), f"{name}'s join")
    await one.say("Alice", "!ban carol spam")
    await voted(one, "Alice", "Bob")
    await until(lambda: [user.user_id for _, user, _ in one.paper.bans] == ["carol"], "the ban in the room")
    assert one.paper.unbans == []

    await one.say("Alice", "!unban Carol")
    await until(lambda: one.shown("You asked to lift the ban"), "the answer")
    await voted(one, "Alice", "Bob")
    await until(lambda: [user.user_id for _, user in one.paper.unbans] == ["carol"], "the ban lifted")
    assert one.shown("Reason: unban asked by Alice (0x")
    await until(lambda: one.shown("the person is a member again"), "the asker told")
    await one.say("Carol", "thank you")
    await until(lambda: two.shown("Carol: thank you"), "their words in the group")
