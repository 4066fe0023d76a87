"""The current discord.py client: logged in, of the right kind, replaced when the library gives it up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import discord
import structlog
from discord import app_commands

from adapters.discord.client import Events, Sink, make_client, use_addresses, use_gateway
from adapters.discord.config import DiscordConfig
from adapters.discord.errors import translate
from adapters.discord.places import PLACES, Place
from bridge.model.adapter import RetryLater

log: Final = structlog.get_logger("adapters.discord.session")


class Session:
    """Raises `RetryLater` and `Rejected` only."""

    def __init__(self, config: DiscordConfig, sink: Callable[[], Sink]) -> None:
        self._config = config
        self._sink = sink
        self._client: discord.Client | None = None
        self._sharded = False
        self._user = 0

    @property
    def client(self) -> discord.Client:
        """The client that requests go through. Raises `RetryLater` while there is none."""
        if self._client is None:
            raise RetryLater("not logged in to Discord at the moment", 1.0)
        return self._client

    @property
    def tree(self) -> app_commands.CommandTree[Any]:
        """The client's slash commands."""
        client = self.client
        assert isinstance(client, Events)
        return client.tree

    @property
    def own_id(self) -> int:
        """The bot's user id (and, for bots, its application's); 0 before the first login."""
        return self._user

    async def open(self) -> discord.Client:
        """Log in with a new client; the old one is closed. Sharded when Discord asks for that."""
        await self.close()
        use_addresses(self._config)
        try:
            client = await self._login()
            shards, url, _ = await client.http.get_bot_gateway()
            if shards > 1 and not self._sharded:
                log.info("Discord asks for shards", shards=shards)
                self._sharded = True
                await client.close()
                client = await self._login()
        except Exception as error:
            raise translate(error, "log in to Discord") from error
        use_gateway(self._config, url)
        self._client = client
        return client

    async def close(self) -> None:
        """Idempotent."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def places(self) -> list[Place]:
        """Every channel and active thread that the bot sees, by request."""
        found: list[Place] = []
        try:
            async for guild in self.client.fetch_guilds(limit=None):
                if self._config.allows(guild.id):
                    listed = (*await guild.fetch_channels(), *await guild.active_threads())
                    found += [each for each in listed if isinstance(each, PLACES)]
        except Exception as error:
            raise translate(error, "list the channels") from error
        return found

    async def _login(self) -> discord.Client:
        client = make_client(self._sink(), sharded=self._sharded)
        try:
            await client.login(self._config.token)
        except BaseException:
            await client.close()
            raise
        self._user = client.user.id if client.user else 0
        return client
