"""A real discord.py client for the server's own tests: it notes what it hears, and tests send through it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import discord
from discord import app_commands

from tests.support.servers.discord.server import DiscordServer
from tests.support.waiting import guard

T = TypeVar("T")

MEMBERS_AND_CONTENT = discord.Intents.all()
MEMBERS_AND_CONTENT.presences = False


class Watcher(discord.Client):
    """Notes the events that it hears, in order, as (name, arguments)."""

    def __init__(self, server: DiscordServer, intents: discord.Intents | None = None, **more: Any) -> None:
        chosen = MEMBERS_AND_CONTENT if intents is None else intents
        super().__init__(intents=chosen, guild_ready_timeout=0.05, **more)
        self.server = server
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        self.tree = app_commands.CommandTree(self)
        self._news = asyncio.Event()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Note the event, then do as discord.py does."""
        super().dispatch(event, *args, **kwargs)
        if not event.startswith("socket_"):
            self.heard.append((event, args))
            self._news.set()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """discord.py waits five seconds here before a second session; the local server needs no wait."""

    def of(self, event: str) -> list[Any]:
        """The first arguments of the events of a name."""
        return [args[0] if args else None for name, args in self.heard if name == event]

    async def hears(self, event: str, match: Callable[[Any], bool] = lambda _: True) -> Any:
        """Wait for an event whose first argument matches, also a past one; returns the argument."""
        async with guard():
            while True:
                for each in self.of(event):
                    if match(each):
                        return each
                self._news.clear()
                await self._news.wait()

    @property
    def texts(self) -> list[str]:
        """The texts of the messages that it heard, in order."""
        return [each.content for each in self.of("message")]


@contextlib.asynccontextmanager
async def running(bot: Watcher) -> AsyncIterator[Watcher]:
    """Connect, wait until ready, and close at the end; what ends the client early is raised."""
    task = asyncio.create_task(bot.start(bot.server.token))
    ready = asyncio.create_task(bot.hears("ready"))
    try:
        await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield bot
    finally:
        ready.cancel()
        await bot.close()
        with contextlib.suppress(Exception):
            await task
