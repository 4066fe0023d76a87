"""The Matrix arena: a room on the real Synapse, with Alice (its creator), Victor and the bot in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from adapters.matrix import plugin
from adapters.matrix.adapter import MatrixAdapter
from bridge.model.ids import RoomRef, UserRef
from tests.adapters.suite import Shown
from tests.support.fault_proxy import FaultProxy
from tests.support.matrix_person import MatrixPerson
from tests.support.memory_inbox import MemoryInbox
from tests.support.servers.synapse import Synapse
from tests.support.waiting import guard

TIMELINE_LIMIT = 10
"""Small, so that bursts leave gaps to be filled."""


class MatrixArena:
    """See `tests.adapters.suite.Arena`. `proxy` stands between the adapter and Synapse."""

    def __init__(self, synapse: Synapse, folder: Path) -> None:
        self._synapse = synapse
        self._folder = folder
        self.bot = synapse.register("bot")
        self.person = MatrixPerson(synapse.url, synapse.register("alice"))
        self.other = MatrixPerson(synapse.url, synapse.register("victor"))
        self.alice = UserRef("matrix", self.person.user_id)
        self.victim = UserRef("matrix", self.other.user_id)
        self.proxy = FaultProxy(synapse.url)
        self.inbox = MemoryInbox()
        self.adapter: MatrixAdapter
        self.run: asyncio.Task[None]

    async def open(self) -> None:
        await self.proxy.start()
        room = await self.person.create_room(self.bot.user_id, self.other.user_id)
        self.room = RoomRef("matrix", room)
        await self.other.join(room)
        await self.person.set_power(room, self.bot.user_id, 50)
        self.inbox.links.add(self.room)
        await self.start_adapter()
        await self.person.wait_for_membership(room, self.bot.user_id, "join")
        async with guard():
            while self.adapter.counts["invites"]:
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self.stop_adapter()
        await self.person.close()
        await self.other.close()
        await self.proxy.stop()

    def config(self) -> dict[str, object]:
        return {
            "homeserver": self.proxy.url,
            "user_id": self.bot.user_id,
            "access_token": self.bot.token,
            "timeline_limit": TIMELINE_LIMIT,
        }

    async def start_adapter(self) -> None:
        adapter = plugin.create(plugin.table.model_validate(self.config()), self._folder)
        assert isinstance(adapter, MatrixAdapter)
        self.adapter = adapter
        await adapter.start(self.inbox)
        self.run = asyncio.create_task(adapter.run())

    async def stop_adapter(self) -> None:
        self.run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.run
        await self.adapter.stop()

    async def say(self, text: str) -> str:
        return await self.person.say(self.room.room_id, text)

    async def say_at_once(self, texts: Sequence[str]) -> None:
        await asyncio.gather(*(self.say(text) for text in texts))

    async def edit(self, event_id: str, text: str) -> None:
        await self.person.edit(self.room.room_id, event_id, text)

    async def delete(self, event_id: str) -> None:
        await self.person.delete(self.room.room_id, event_id)

    async def react(self, event_id: str, key: str) -> None:
        await self.person.react(self.room.room_id, event_id, key)

    async def read(self) -> list[Shown]:
        seen = await self.person.read(self.room.room_id)
        return [Shown(each.event_id, each.text) for each in seen if each.sender == self.bot.user_id]

    async def reactions(self, event_id: str) -> list[str]:
        return await self.person.reactions(self.room.room_id, event_id)

    async def is_in_room(self, user: UserRef) -> bool:
        return await self.person.membership(self.room.room_id, user.user_id) == "join"

    async def try_to_join(self, user: UserRef) -> bool:
        assert user == self.victim
        try:
            await self.person.invite(self.room.room_id, user.user_id)
            await self.other.join(self.room.room_id)
        except AssertionError:
            return False
        return True

    async def kill_server(self) -> None:
        await asyncio.to_thread(self._synapse.kill)

    async def start_server(self) -> None:
        await asyncio.to_thread(self._synapse.start)


@pytest.fixture
async def arena(synapse: Synapse, tmp_path: Path) -> AsyncIterator[MatrixArena]:
    """A fresh room and fresh accounts; the adapter runs."""
    made = MatrixArena(synapse, tmp_path)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
