"""The state of the whole server, what is asked of it, and the clock that tests may push forward."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.servers.discord import errors
from tests.support.servers.discord.intents import Intent
from tests.support.servers.discord.model import (
    DIRECT,
    PUBLIC_THREAD,
    Channel,
    Guild,
    Message,
    Snowflakes,
    User,
    Webhook,
)
from tests.support.servers.discord.permissions import Permission

Emit = Callable[[str, dict[str, Any], int, int], None]
"""(event, data, guild id or 0, channel id or 0): show it to the sessions that may see it."""


class World:
    """Guilds, channels, people and what the bot registered. Raises ApiError for what does not exist."""

    def __init__(self, allowed_intents: Intent, shards: int) -> None:
        self._skew = 0.0
        self._ids = Snowflakes()
        self.allowed_intents = allowed_intents
        self.shards = shards
        self.token = f"local.{secrets.token_hex(16)}"
        self.revoked = False
        self.url = ""
        """http://127.0.0.1:port, known when the server listens."""
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.commands: dict[int, list[dict[str, Any]]] = {}
        """Application commands by guild id; 0 holds the global ones."""
        self.nonces: dict[tuple[int, str], tuple[float, int]] = {}
        """(channel id, nonce) of the bot's own sends to (when, message id)."""
        self.emit: Emit = lambda event, data, guild, channel: None
        self.owner = self.add_user("operator")
        self.bot = self.add_user("bridge", bot=True)
        self.application_id = self.bot.id

    def now(self) -> float:
        """Unix time in seconds, with what tests skipped."""
        return time.time() + self._skew

    def advance(self, seconds: float) -> None:
        """Skip time: tokens and nonces age."""
        self._skew += seconds

    def new_id(self) -> int:
        """An id that rises."""
        return self._ids.next(self.now())

    def add_user(
        self, name: str, *, display_name: str | None = None, bot: bool = False, avatar: str | None = None
    ) -> User:
        """A user who is in no guild yet."""
        user = User(self.new_id(), name, display_name, avatar, bot)
        self.users[user.id] = user
        return user

    def user(self, user_id: int) -> User:
        """The user, or 10013."""
        if user_id not in self.users:
            raise errors.unknown("User")
        return self.users[user_id]

    def guild(self, guild_id: int) -> Guild:
        """The guild, if the bot is in it."""
        if guild_id not in self.guilds or self.bot.id not in self.guilds[guild_id].members:
            raise errors.unknown("Guild")
        return self.guilds[guild_id]

    def channel(self, channel_id: int) -> Channel:
        """The channel, or 10003."""
        if channel_id not in self.channels:
            raise errors.unknown("Channel")
        return self.channels[channel_id]

    def message(self, channel_id: int, message_id: int) -> Message:
        """The message, if everybody in the channel sees it; else 10008."""
        message = self.channel(channel_id).messages.get(message_id)
        if message is None or message.ephemeral:
            raise errors.unknown("Message")
        return message

    def webhook(self, webhook_id: int) -> Webhook:
        """The webhook, or 10015."""
        if webhook_id not in self.webhooks:
            raise errors.unknown("Webhook")
        return self.webhooks[webhook_id]

    def channels_of(self, guild_id: int, *, threads: bool) -> Iterator[Channel]:
        """A guild's threads, or its other channels, oldest first."""
        for channel in self.channels.values():
            if channel.guild_id == guild_id and (channel.kind == PUBLIC_THREAD) is threads:
                yield channel

    def guild_permissions(self, guild: Guild, user_id: int) -> Permission:
        """What a member may do in the guild, channels apart."""
        member = guild.members.get(user_id)
        if member is None:
            return Permission(0)
        if user_id == guild.owner_id:
            return Permission.ALL
        granted = guild.roles[guild.id].permissions
        for role_id in member.roles:
            granted |= guild.roles[role_id].permissions
        return Permission.ALL if granted & Permission.ADMINISTRATOR else granted

    def permissions(self, channel: Channel, user_id: int) -> Permission:
        """What a user may do in the channel: roles, then overwrites (a thread has its parent's)."""
        if channel.kind == DIRECT:
            return Permission.PEOPLE
        guild = self.guilds[channel.guild_id]
        granted = self.guild_permissions(guild, user_id)
        if granted & Permission.ADMINISTRATOR:
            return granted
        place = self.channels.get(channel.parent_id or 0, channel)
        ranks = [guild.id, *guild.members[user_id].roles, user_id] if user_id in guild.members else []
        for rank in ranks:
            if overwrite := place.overwrites.get(rank):
                granted = (granted & ~overwrite.deny) | overwrite.allow
        return granted if granted & Permission.VIEW_CHANNEL else Permission(0)

    def require(self, channel: Channel, needed: Permission) -> None:
        """Raise 50001 when the bot can't see the channel, 50013 when it may not do all of `needed` there."""
        granted = self.permissions(channel, self.bot.id)
        if not granted & Permission.VIEW_CHANNEL:
            raise errors.missing_access()
        if needed & ~granted:
            raise errors.missing_permissions()

    def require_in_guild(self, guild: Guild, needed: Permission) -> None:
        """Raise 50013 when the bot may not do all of `needed` in the guild."""
        if needed & ~self.guild_permissions(guild, self.bot.id):
            raise errors.missing_permissions()

    def rank(self, guild: Guild, user_id: int) -> int:
        """A member's highest role's position; the owner is above all, one who is no member below all."""
        if user_id == guild.owner_id:
            return 1 << 30
        member = guild.members.get(user_id)
        return max((guild.roles[role].position for role in member.roles), default=0) if member else -1
