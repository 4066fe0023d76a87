"""Where the client's events go: to the receiver, and to those who look after connection and webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import discord
from discord import app_commands

from adapters.discord.ballots import VoteButton
from adapters.discord.interactions import Interactions
from adapters.discord.receiver import Receiver
from adapters.discord.supervisor import Supervisor
from adapters.discord.webhooks import Webhooks
from bridge.model.commands import Arguments

Install = Callable[[app_commands.CommandTree[Any]], None]


class Hub:
    """Implements `client.Sink`. `allows` tells the servers that the settings name."""

    def __init__(
        self,
        receiver: Receiver,
        supervisor: Supervisor,
        webhooks: Webhooks,
        interactions: Interactions,
        install: Install,
        allows: Callable[[int], bool],
    ) -> None:
        self._receiver = receiver
        self._supervisor = supervisor
        self._webhooks = webhooks
        self._interactions = interactions
        self._install = install
        self._allows = allows

    def set_up(self, client: discord.Client, tree: app_commands.CommandTree[Any]) -> None:
        """Before the client connects: what must outlive a restart is registered here."""
        client.add_dynamic_items(VoteButton)
        self._install(tree)

    async def asked(self, interaction: discord.Interaction[Any], name: str, arguments: Arguments) -> None:
        """A slash command or a button."""
        await self._interactions.asked(interaction, name, arguments)

    def session_begins(self) -> None:
        """A new session."""
        self._receiver.session_begins()

    def session_ready(self, guilds: Iterable[discord.Guild]) -> None:
        """All servers are known."""
        self._supervisor.connected()
        self._receiver.session_ready(self._allowed(guilds))

    def session_resumed(self, guilds: Iterable[discord.Guild]) -> None:
        """The old session goes on."""
        self._supervisor.connected()
        self._receiver.session_resumed(self._allowed(guilds))

    def session_lost(self) -> None:
        """The connection broke."""
        self._supervisor.lost()

    def guild_ready(self, guild: discord.Guild) -> None:
        """A server is there (again)."""
        if self._allows(guild.id):
            self._receiver.guild_ready(guild)

    def message(self, message: discord.Message) -> None:
        """Somebody wrote."""
        if message.guild is not None and self._allows(message.guild.id):
            self._receiver.message(message)

    def edited(self, event: discord.RawMessageUpdateEvent) -> None:
        """A message was changed."""
        if event.guild_id is not None and self._allows(event.guild_id):
            self._receiver.edited(event)

    def deleted(self, guild_id: int | None, channel_id: int, messages: Iterable[int]) -> None:
        """Messages are gone."""
        if guild_id is not None and self._allows(guild_id):
            self._receiver.deleted(channel_id, messages)

    def reacted(self, event: discord.RawReactionActionEvent, user: discord.User | None, present: bool) -> None:
        """A reaction came or went."""
        if event.guild_id is not None and self._allows(event.guild_id):
            self._receiver.reacted(event, user, present)

    def banned(self, guild: discord.Guild, user: discord.User | discord.Member, present: bool) -> None:
        """Somebody was banned or unbanned."""
        if self._allows(guild.id):
            self._receiver.banned(guild, user, present)

    def webhooks_changed(self, channel_id: int) -> None:
        """Somebody changed a channel's webhooks."""
        self._webhooks.forget(channel_id)

    def _allowed(self, guilds: Iterable[discord.Guild]) -> list[discord.Guild]:
        return [guild for guild in guilds if self._allows(guild.id)]
