"""A local server that speaks Discord's wire protocol (REST v10 and gateway), for the tests of the adapter.

It is our reading of Discord's public documentation and of what discord.py 2.7.1 sends and accepts. It proves
nothing about Discord itself: where this server and Discord differ, Discord is right and this server is wrong.
It listens on loopback, keeps all state in memory, and any process can use it by its addresses.

This module is the server as tests hold it: its addresses, what is set up in it, and what can be seen. People
act by `people.Person`; what can go wrong is in `faults.Faults`.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final, TypeVar

from aiohttp import web

from tests.support.servers.discord import actions, wire
from tests.support.servers.discord.api import PREFIX, Api
from tests.support.servers.discord.faults import Faults
from tests.support.servers.discord.gateway import Hub
from tests.support.servers.discord.intents import PRIVILEGED, Intent
from tests.support.servers.discord.interactions import Interactions
from tests.support.servers.discord.model import (
    PUBLIC_THREAD,
    TEXT,
    AuditEntry,
    Ban,
    Channel,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    Sticker,
    User,
    Webhook,
)
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.rates import OFF, Limiter, Rates
from tests.support.servers.discord.world import World
from tests.support.waiting import guard

T = TypeVar("T")

NONE: Final = Permission(0)
PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel: every avatar and sticker."""


class DiscordServer:
    """Use as `async with DiscordServer() as server`. Its state lives as long as the object.

    `shards` is how many the bot must have, `allowed_intents` those switched on in the portal, `buffer` how many
    events a session keeps for a resume, `answer_seconds` how soon an interaction must be answered.
    A fault of the server itself answers 500, or closes the socket with 4000, and is raised at the end.
    """

    def __init__(
        self,
        *,
        rates: Rates = OFF,
        shards: int = 1,
        allowed_intents: Intent = PRIVILEGED,
        heartbeat_seconds: float = 41.25,
        answer_seconds: float = 3.0,
        buffer: int = 1_000,
        port: int = 0,
    ) -> None:
        self.world = World(allowed_intents, shards)
        self._failures: list[Exception] = []
        self._hub = Hub(self.world, heartbeat_seconds, buffer, self._change, self._failures)
        self.world.emit = self._hub.emit
        self.interactions = Interactions(self.world, answer_seconds, self._change)
        self.limiter = Limiter(rates)
        self._api = Api(self.world, self.interactions, self.limiter, self._hub.faults, self._failures)
        self._port = port
        self._changed = asyncio.Event()

    async def __aenter__(self) -> DiscordServer:
        app = web.Application(client_max_size=32 * 2**20)
        self._api.add_routes(app.router)
        for path in ("/gateway", "/gateway/", "/resume", "/resume/"):
            app.router.add_get(path, self._hub.serve)
        app.router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self._attachment)
        for path in ("/avatars/{rest:.*}", "/embed/{rest:.*}", "/stickers/{rest:.*}"):
            app.router.add_get(path, self._picture)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.world.url = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hub.abort_all()
        await self._runner.cleanup()
        if self._failures and error is None:
            raise ExceptionGroup("the local Discord server itself failed", self._failures)

    # where it is

    @property
    def url(self) -> str:
        """http://127.0.0.1:port."""
        return self.world.url

    @property
    def api_url(self) -> str:
        """For `discord.http.Route.BASE`."""
        return self.world.url + PREFIX

    @property
    def gateway_url(self) -> str:
        """For `DiscordWebSocket.DEFAULT_GATEWAY`."""
        return self.world.url.replace("http", "ws", 1) + "/gateway"

    @property
    def cdn_url(self) -> str:
        """For `discord.asset.Asset.BASE`."""
        return self.world.url

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.token

    @property
    def bot(self) -> User:
        """The bot's user."""
        return self.world.bot

    @property
    def application_id(self) -> int:
        """The bot's application."""
        return self.world.application_id

    @property
    def faults(self) -> Faults:
        """The fault switches."""
        return self._hub.faults

    # what is set up

    def add_guild(
        self, name: str, *, permissions: Permission = Permission.BOT_DEFAULT, shard: int = 0
    ) -> Guild:
        """A guild that the bot is in with these permissions; `shard`: of all shards, whose it is."""
        world = self.world
        guild_id = world.new_id()
        while (guild_id >> 22) % world.shards != shard:
            guild_id += 1 << 22
        guild = Guild(guild_id, name, world.owner.id)
        own = Role(world.new_id(), world.bot.name, permissions, position=10, managed_by=world.bot.id)
        moderators = Role(world.new_id(), "Moderators", Permission.MODERATOR, position=5)
        people = Role(world.new_id(), "People", Permission.PEOPLE, position=1)
        everyone = Role(guild.id, "@everyone", Permission.PEOPLE & permissions, position=0)
        guild.roles = {each.id: each for each in (everyone, people, own, moderators)}
        guild.members[world.owner.id] = Member(world.owner, [], world.now())
        guild.members[world.bot.id] = Member(world.bot, [own.id], world.now())
        world.guilds[guild.id] = guild
        world.emit("GUILD_CREATE", {}, guild.id, 0)  # each session gets its own form of it
        return guild

    def add_channel(self, guild: Guild, name: str) -> Channel:
        """A text channel."""
        count = sum(1 for _ in self.world.channels_of(guild.id, threads=False))
        channel = Channel(self.world.new_id(), TEXT, name, guild.id, position=count)
        self.world.channels[channel.id] = channel
        data = wire.channel(self.world, channel)
        self.world.emit("CHANNEL_CREATE", data, guild.id, channel.id)
        return channel

    def add_sticker(self, guild: Guild, name: str) -> Sticker:
        """A sticker of the guild (a PNG)."""
        sticker = Sticker(self.world.new_id(), name)
        guild.stickers[sticker.id] = sticker
        return sticker

    def add_user(
        self,
        name: str,
        *guilds: Guild,
        display_name: str | None = None,
        avatar: str | None = None,
        bot: bool = False,
        moderator: bool = False,
    ) -> Person:
        """A user, member of these guilds, maybe as moderator; `avatar` is any text: it stands for a picture."""
        person = Person(self, self.world.add_user(name, display_name=display_name, avatar=avatar, bot=bot))
        for guild in guilds:
            self.join(guild, person, moderator=moderator)
        return person

    def join(self, guild: Guild, person: Person, *, moderator: bool = False) -> Member:
        """Make a person a member; PermissionError when they are banned."""
        if person.id in guild.bans:
            raise PermissionError(f"{person} is banned")
        wanted = {"People", "Moderators"} if moderator else {"People"}
        roles = [each.id for each in guild.roles.values() if each.name in wanted]
        return actions.join(self.world, guild, person.user, roles)

    def leave(self, guild: Guild, person: Person) -> None:
        """A person leaves by themselves."""
        actions.leave(self.world, guild, person.user)

    def set_permissions(self, guild: Guild, permissions: Permission) -> None:
        """The bot has exactly these in the guild; people have theirs by a role, so they lose none."""
        for role in guild.roles.values():
            if role.managed_by == self.bot.id:
                role.permissions = permissions
            elif role.id == guild.id:
                role.permissions = Permission.PEOPLE & permissions
            else:
                continue
            data = {"guild_id": str(guild.id), "role": wire.role(role)}
            self.world.emit("GUILD_ROLE_UPDATE", data, guild.id, 0)

    def set_channel_permissions(
        self, channel: Channel, *, allow: Permission = NONE, deny: Permission = NONE
    ) -> None:
        """An overwrite of the bot's permissions in a channel; people keep theirs."""
        channel.overwrites[self.bot.id] = Overwrite(self.bot.id, 1, allow, deny)
        data = wire.channel(self.world, channel)
        self.world.emit("CHANNEL_UPDATE", data, channel.guild_id, 0)

    def add_webhook(self, channel: Channel, name: str) -> Webhook:
        """A webhook that people made: not the bot's."""
        made = Webhook(
            self.world.new_id(),
            secrets.token_urlsafe(51),
            channel.id,
            channel.guild_id,
            name,
            self.world.owner,
            application_id=1,
        )
        self.world.webhooks[made.id] = made
        return made

    async def webhook_says(self, webhook: Webhook, text: str, name: str = "") -> Message:
        """A message through somebody else's webhook."""
        author = User(webhook.id, name or webhook.name, webhook=True)
        message = Message(self.world.new_id(), webhook.channel_id, author, text, webhook_id=webhook.id)
        message.application_id = webhook.application_id
        return actions.post(self.world, message)

    async def unfurl(self, message: Message, *embeds: dict[str, Any]) -> None:
        """Add the previews of its links to a message, as Discord does a moment after it was sent."""
        actions.unfurl(self.world, message, list(embeds))

    def set_nick(self, guild: Guild, person: Person, nick: str | None) -> None:
        """Rename a member in the guild."""
        actions.set_nick(self.world, guild, person.user, nick)

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel with its messages, or a thread."""
        event = "THREAD_DELETE" if channel.kind == PUBLIC_THREAD else "CHANNEL_DELETE"
        self.world.emit(event, wire.channel(self.world, channel), channel.guild_id, 0)
        del self.world.channels[channel.id]

    def remove_bot(self, guild: Guild) -> None:
        """Put the bot out of a guild."""
        self.world.emit("GUILD_DELETE", {"id": str(guild.id)}, guild.id, 0)
        del guild.members[self.bot.id]

    # what can be seen

    def messages(self, channel: Channel) -> list[Message]:
        """What everybody sees in a channel, oldest first."""
        return [each for _, each in sorted(channel.messages.items()) if not each.ephemeral]

    def texts(self, channel: Channel) -> list[str]:
        """The texts of `messages`."""
        return [each.content for each in self.messages(channel)]

    def wire(self, message: Message) -> dict[str, Any]:
        """A message in Discord's JSON."""
        return wire.message(self.world, message)

    def threads(self, channel: Channel) -> list[Channel]:
        """A channel's threads."""
        every = self.world.channels_of(channel.guild_id, threads=True)
        return [each for each in every if each.parent_id == channel.id]

    def bans(self, guild: Guild) -> dict[int, Ban]:
        """The bans that stand, by user id."""
        return dict(guild.bans)

    def audit_log(self, guild: Guild) -> list[AuditEntry]:
        """The audit log, oldest first."""
        return list(guild.audit)

    def commands(self, guild: Guild | None = None) -> list[dict[str, Any]]:
        """The registered commands of a guild, or the global ones."""
        return list(self.world.commands.get(guild.id if guild else 0, []))

    def webhooks(self, channel: Channel) -> list[Webhook]:
        """A channel's webhooks."""
        return [each for each in self.world.webhooks.values() if each.channel_id == channel.id]

    @property
    def connected(self) -> bool:
        """Whether the bot has a gateway session with a live socket."""
        return self._hub.connected

    @property
    def sessions(self) -> int:
        """Sessions begun that have not ended."""
        return len(self._hub.sessions)

    @property
    def resumes(self) -> int:
        """How often a session was taken up again."""
        return self._hub.resumes

    @property
    def heartbeats(self) -> int:
        """Heartbeats of the bot so far."""
        return self._hub.heartbeats

    @property
    def requests(self) -> Counter[str]:
        """REST requests so far, by "METHOD /path/{pattern}"."""
        return self._api.requests

    async def wait_for(self, predicate: Callable[[], T]) -> T:
        """Wait until the predicate, asked again at every change, gives something true; Stuck else."""
        async with guard():
            while not (found := predicate()):
                self._changed.clear()
                await self._changed.wait()
            return found

    async def wait_for_message(self, channel: Channel, text: str) -> Message:
        """The oldest message that everybody sees whose text contains this one."""

        def look() -> Iterable[Message]:
            return [each for each in self.messages(channel) if text in each.content]

        return next(iter(await self.wait_for(look)))

    def advance(self, seconds: float) -> None:
        """Push the server's clock: interaction tokens and nonces age. Rate limits do not."""
        self.world.advance(seconds)

    def _change(self) -> None:
        self._changed.set()

    # files

    async def _attachment(self, request: web.Request) -> web.Response:
        channel = self.world.channels.get(int(request.match_info["channel_id"]))
        wanted = int(request.match_info["attachment_id"])
        for message in channel.messages.values() if channel else ():
            for attachment in message.attachments:
                if attachment.id == wanted:
                    headers = {"Content-Type": attachment.content_type}
                    return web.Response(body=attachment.data, headers=headers)
        return web.Response(status=404, text="This content is no longer available.")

    async def _picture(self, request: web.Request) -> web.Response:
        return web.Response(body=PIXEL, content_type="image/png")
