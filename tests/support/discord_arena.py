"""The Discord arena: a channel on the local server, with Alice, Victor and the bot in it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from adapters.discord import plugin
from adapters.discord.adapter import DiscordAdapter
from adapters.discord.store import Store
from bridge.model.ids import RoomRef, UserRef
from tests.adapters.suite import Shown
from tests.support.fake_view import FakeView
from tests.support.memory_inbox import MemoryInbox
from tests.support.servers.discord.model import Message
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.server import DiscordServer
from tests.support.waiting import guard


class DiscordArena:
    """See `tests.adapters.suite.Arena`."""

    def __init__(self, server: DiscordServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.guild = server.add_guild("Club")
        self.channel = server.add_channel(self.guild, "general")
        self.person = server.add_user("alice", self.guild, display_name="Alice")
        self.other = server.add_user("victor", self.guild, display_name="Victor")
        self.moderator = server.add_user("mona", self.guild, display_name="Mona", moderator=True)
        self.room = RoomRef("discord", str(self.channel.id))
        self.alice = UserRef("discord", str(self.person.id))
        self.victim = UserRef("discord", str(self.other.id))
        self.inbox = MemoryInbox([self.room])
        self.view = FakeView()
        self.settings: dict[str, object] = {}
        self.adapter: DiscordAdapter
        self.run: asyncio.Task[None]

    def config(self) -> dict[str, object]:
        return {
            "token": self.server.token,
            "api_url": self.server.api_url,
            "gateway_url": self.server.gateway_url,
            **self.settings,
        }

    async def start_adapter(self) -> None:
        adapter = plugin.create(plugin.table.model_validate(self.config()), self.folder)
        assert isinstance(adapter, DiscordAdapter)
        self.adapter = adapter
        adapter.attach_view(self.view)
        adapter.attach_store(self.inbox.store)
        self.inbox.store.record(adapter)
        await adapter.start(self.inbox)
        self.run = asyncio.create_task(adapter.run())

    async def connected(self) -> None:
        """Until the gateway's session is ready."""
        async with guard():
            while self.adapter.health().state == "down":
                await asyncio.sleep(0.01)

    async def stop_adapter(self) -> None:
        self.run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.run
        await self.adapter.stop()

    def message(self, event_id: str) -> Message:
        """What is shown in the channel or its threads under this id."""
        places = [self.channel, *self.server.threads(self.channel)]
        return next(m for place in places for m in self.server.messages(place) if str(m.id) == event_id)

    async def say(self, text: str, person: Person | None = None) -> str:
        return str((await (person or self.person).say(self.channel, text)).id)

    async def say_at_once(self, texts: Sequence[str]) -> None:
        await asyncio.gather(*(self.say(text) for text in texts))

    async def edit(self, event_id: str, text: str) -> None:
        await self.person.edit(self.message(event_id), text)

    async def delete(self, event_id: str) -> None:
        await self.person.delete(self.message(event_id))

    async def react(self, event_id: str, key: str) -> None:
        await self.person.react(self.message(event_id), key)

    async def read(self) -> list[Shown]:
        """By the server what is there, by the adapter's own memory what is there no more."""
        shown = {
            each.id: f"{each.author.name}: {each.content}"
            for each in self.server.messages(self.channel)
            if each.webhook_id or each.author.id == self.server.bot.id
        }
        memory = Store()
        memory.attach(self.inbox.store)
        await memory.load()
        made = memory.messages()
        return [Shown(str(each), shown.get(each, "")) for each in sorted({*shown, *made})]

    async def reactions(self, event_id: str) -> list[str]:
        return list(self.message(event_id).reactions)

    async def is_in_room(self, user: UserRef) -> bool:
        return int(user.user_id) in self.guild.members

    async def try_to_join(self, user: UserRef) -> bool:
        assert user == self.victim
        try:
            self.server.join(self.guild, self.other)
        except PermissionError:
            return False
        return True

    async def kill_server(self) -> None:
        await self.server.__aexit__(None, None, None)

    async def start_server(self) -> None:
        await self.server.__aenter__()
