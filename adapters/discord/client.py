"""The discord.py client: which events we ask for, and where they go. Nothing of the library is patched.

`api_url` and `gateway_url` change the library's base addresses and nothing else; they are class attributes, so
one process talks to one Discord.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol

import discord
from discord import app_commands
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.config import DiscordConfig
from bridge.model.commands import Arguments

READY_SECONDS = 0.15
"""How long after a server's data the next one's may take; a later one is taken in when it comes."""
IDENTIFY_SECONDS = 5.0
"""Between two sessions that are begun (Discord, "Session Start Limit Object": one in five seconds)."""
MAX_RATE_WAIT = 60.0
"""Seconds that the library may sleep for a rate limit; longer waits are given back as `RetryLater`."""


class Sink(Protocol):
    """Takes the gateway's events. Only `asked` may wait."""

    def session_begins(self) -> None: ...
    def session_ready(self, guilds: Iterable[discord.Guild]) -> None: ...
    def session_resumed(self, guilds: Iterable[discord.Guild]) -> None: ...
    def session_lost(self) -> None: ...
    def guild_ready(self, guild: discord.Guild) -> None: ...
    def message(self, message: discord.Message) -> None: ...
    def edited(self, event: discord.RawMessageUpdateEvent) -> None: ...
    def deleted(self, guild_id: int | None, channel_id: int, messages: Iterable[int]) -> None: ...
    def reacted(
        self, event: discord.RawReactionActionEvent, user: discord.User | None, present: bool
    ) -> None: ...
    def banned(self, guild: discord.Guild, user: discord.User | discord.Member, present: bool) -> None: ...
    def webhooks_changed(self, channel_id: int) -> None: ...
    def set_up(self, client: discord.Client, tree: app_commands.CommandTree[Any]) -> None: ...
    async def asked(self, interaction: discord.Interaction[Any], name: str, arguments: Arguments) -> None: ...


def intents() -> discord.Intents:
    """What is needed and no more; of these only the message content is privileged."""
    wanted = discord.Intents.none()
    wanted.guilds = True
    wanted.guild_messages = True
    wanted.guild_reactions = True
    wanted.moderation = True
    wanted.webhooks = True
    wanted.message_content = True
    return wanted


def use_addresses(config: DiscordConfig) -> None:
    """Point the library at another server, when the settings say so."""
    if config.api_url:
        Route.BASE = config.api_url
        Asset.BASE = cdn_url(config)


def use_gateway(config: DiscordConfig, url: str) -> None:
    """Connect to the gateway that Discord named, unless the settings name another."""
    DiscordWebSocket.DEFAULT_GATEWAY = type(DiscordWebSocket.DEFAULT_GATEWAY)(config.gateway_url or url)


def cdn_url(config: DiscordConfig) -> str:
    """Where files lie: Discord's own, or the host of `api_url`."""
    return config.api_url.partition("/api/")[0] if config.api_url else "https://cdn.discordapp.com"


class Events(discord.Client):
    """Hands every event on at once, so that their order is the gateway's."""

    sink: Sink
    tree: app_commands.CommandTree[Any]

    async def setup_hook(self) -> None:
        self.sink.set_up(self, self.tree)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """What the library does too; here the time has a name."""
        if not initial:
            await asyncio.sleep(IDENTIFY_SECONDS)

    async def on_connect(self) -> None:
        self.sink.session_begins()

    async def on_ready(self) -> None:
        self.sink.session_ready(self.guilds)

    async def on_resumed(self) -> None:
        self.sink.session_resumed(self.guilds)

    async def on_disconnect(self) -> None:
        self.sink.session_lost()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        self.sink.guild_ready(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.sink.guild_ready(guild)

    async def on_message(self, message: discord.Message) -> None:
        self.sink.message(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        self.sink.edited(payload)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self.sink.deleted(payload.guild_id, payload.channel_id, (payload.message_id,))

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        self.sink.deleted(payload.guild_id, payload.channel_id, payload.message_ids)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self.sink.reacted(payload, self.get_user(payload.user_id), True)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        self.sink.reacted(payload, self.get_user(payload.user_id), False)

    async def on_member_ban(self, guild: discord.Guild, user: discord.User | discord.Member) -> None:
        self.sink.banned(guild, user, True)

    async def on_member_unban(self, guild: discord.Guild, user: discord.User) -> None:
        self.sink.banned(guild, user, False)

    async def asked(self, interaction: discord.Interaction[Any], name: str, arguments: Arguments) -> None:
        """A button was pressed that stands for this command."""
        await self.sink.asked(interaction, name, arguments)

    async def on_webhooks_update(self, channel: discord.abc.GuildChannel) -> None:
        self.sink.webhooks_changed(channel.id)


class _Single(Events):
    """One connection."""


class _Sharded(discord.AutoShardedClient, Events):
    """As many as Discord recommends."""


def make_client(sink: Sink, *, sharded: bool) -> discord.Client:
    """A new client, not logged in. On the event loop."""
    options: dict[str, Any] = {
        "intents": intents(),
        "allowed_mentions": discord.AllowedMentions.none(),
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "chunk_guilds_at_startup": False,
        "max_messages": None,
        "guild_ready_timeout": READY_SECONDS,
        "max_ratelimit_timeout": MAX_RATE_WAIT,
    }
    client: Events = _Sharded(**options) if sharded else _Single(**options)
    client.sink = sink
    client.tree = app_commands.CommandTree(client)
    return client
