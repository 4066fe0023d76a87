"""The Discord adapter: composes the parts and implements `Adapter` and all its optional capabilities."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import discord
import structlog
from discord import app_commands

from adapters.discord import check, commands
from adapters.discord.client import cdn_url
from adapters.discord.config import DiscordConfig
from adapters.discord.errors import INTENT_TEXT, Unusable, translate
from adapters.discord.files import Cdn
from adapters.discord.hub import Hub
from adapters.discord.interactions import Interactions
from adapters.discord.moderation import BanNews, Enforcer
from adapters.discord.people import People
from adapters.discord.places import PLATFORM, Places, room_of, snowflake
from adapters.discord.reactions import Reactions
from adapters.discord.receiver import Receiver
from adapters.discord.sender import Sender
from adapters.discord.session import Session
from adapters.discord.store import Store
from adapters.discord.stream import Surroundings
from adapters.discord.supervisor import Supervisor
from adapters.discord.webhooks import Webhooks
from bridge.model import command_text
from bridge.model.adapter import (
    AdapterHealth,
    Capabilities,
    DeliveryError,
    Inbox,
    Outgoing,
    RetryLater,
)
from bridge.model.adapter_store import AdapterStore
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Attachment
from bridge.model.view import GroupView

T = TypeVar("T")

MAX_TEXT = 16_000
"""Bytes handed over at once. The adapter cuts at Discord's 2,000 characters itself (see `splitting`)."""
CAPABILITIES = Capabilities(
    edit=True,
    delete=True,
    react=True,
    reply=True,
    html=True,
    enforce=True,
    thread=True,
    ballot=True,
    max_bytes=MAX_TEXT,
)

log: Final = structlog.get_logger("adapters.discord")


class DiscordAdapter:
    """One bot account, in any number of servers."""

    platform = PLATFORM

    def __init__(self, config: DiscordConfig) -> None:
        self._config = config
        self._inbox: Inbox | None = None
        self._guilds: tuple[int, ...] = ()
        """Servers with linked channels: those that get the slash commands."""
        self._reading: dict[int, str] = {}
        """Channels whose history cannot be read, and why."""
        self._fatal: asyncio.Future[DeliveryError] | None = None
        self._store = Store()
        self._people = People()
        self._cdn = Cdn(cdn_url(config))
        self._session = Session(config, lambda: self._hub)
        self._places = Places(lambda: self._session.client)
        self._webhooks = Webhooks(lambda: self._session.client, self._store, config.webhooks)
        self._reactions = Reactions(self._places, self._store, lambda: discord.Object(self._session.own_id))
        self._enforcer = Enforcer(self._store, config.delete_message_seconds)
        self._interactions = Interactions(self._started)
        self._supervisor = Supervisor(self._renew)
        self._sender = Sender(
            self._places, self._webhooks, self._store, self._people, lambda: self._session.own_id
        )
        self._receiver: Receiver
        self._hub: Hub
        self._compose()

    def _compose(self) -> None:
        """The receiving side."""
        around = Surroundings(
            inbox=self._started,
            store=self._store,
            own_id=lambda: self._session.own_id,
            mirror_bots=self._config.mirror_bots,
            is_command=self._is_command,
            place=self._places.cached,
            trouble=self._note_reading,
        )
        bans = BanNews(self._started, self._store, lambda: self._session.own_id)
        self._receiver = Receiver(around, bans)
        self._hub = Hub(
            self._receiver,
            self._supervisor,
            self._webhooks,
            self._interactions,
            self._install,
            self._config.allows,
        )

    def attach_view(self, view: GroupView) -> None:
        """Members, commands and files of other platforms."""
        self._people.view = view

    def attach_store(self, store: AdapterStore) -> None:
        """Where it keeps what it sent and saw."""
        self._store.attach(store)

    async def start(self, inbox: Inbox) -> None:
        """Log in and fix the position of every linked channel: messages from now on will be received.

        Raises `RetryLater` when Discord cannot be reached, else `Rejected`.
        """
        await self._store.load()
        self._inbox = inbox
        self._fatal = asyncio.get_running_loop().create_future()
        try:
            await self._open(inbox)
        except BaseException:
            await self._session.close()
            raise

    async def run(self) -> None:
        """Receive until cancelled. Raises `Rejected` when token or intents are not accepted any more."""
        if self._fatal is None:
            raise DeliveryError("the Discord adapter was not started")
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._receiver.run(), name="discord-receiver")
                tasks.create_task(self._supervisor.run(self._session.client), name="discord-gateway")
                tasks.create_task(self._interactions.run(), name="discord-interactions")
                raise await self._fatal
        except BaseExceptionGroup as group:
            # The first cause, plainly: the supervisor words it for the operator.
            raise group.exceptions[0] from group

    async def stop(self) -> None:
        """Disconnect. Idempotent."""
        await self._session.close()
        await self._webhooks.close()

    def describe(self, room: RoomRef) -> Capabilities:
        """The same for all channels."""
        return CAPABILITIES

    def health(self) -> AdapterHealth:
        """The gateway's state, and what is missing in single channels."""
        health = self._supervisor.health
        troubles = [*self._reading.values(), *self._webhooks.trouble.values()]
        if health.state == "ok" and troubles:
            return AdapterHealth("degraded", "; ".join(troubles[:5]))
        return health

    @property
    def restarts(self) -> int:
        """How often the gateway's client had to be replaced."""
        return self._supervisor.restarts

    async def send(self, message: Outgoing) -> str:
        """Show a message; returns its event id. The same key shows it once."""
        if message.reply_to_event.startswith("i:"):
            answered = await self._guarded(lambda: self._interactions.answer(message))
            if answered:
                return answered
        return await self._guarded(lambda: self._sender.send(message))

    async def edit(self, message: Outgoing, event_id: str) -> str:
        """Replace the text (or the card) of `event_id`; returns the same id."""
        return await self._guarded(lambda: self._sender.edit(message, event_id))

    async def delete(self, room: RoomRef, event_id: str, key: str, reason: str) -> None:
        """Delete a message or take a reaction back; what is gone is no error."""

        async def work() -> None:
            if not await self._reactions.take_back(room, event_id):
                place = await self._places.get(snowflake(room.room_id))
                await self._sender.delete(place, event_id)

        await self._guarded(work)

    async def react(self, room: RoomRef, event_id: str, reaction: str, key: str) -> str:
        """Add a reaction; an equal one that exists is no error."""
        return await self._guarded(lambda: self._reactions.add(room, event_id, reaction, key))

    async def ban(self, room: RoomRef, user: UserRef, reason: str) -> None:
        """Ban from the channel's server. Banning the banned is no error."""

        async def work() -> None:
            place = await self._places.get(snowflake(room.room_id))
            await self._enforcer.ban(place, user.user_id, reason)

        await self._guarded(work)

    async def unban(self, room: RoomRef, user: UserRef) -> None:
        """Lift a ban. Lifting none is no error."""

        async def work() -> None:
            place = await self._places.get(snowflake(room.room_id))
            await self._enforcer.unban(place, user.user_id)

        await self._guarded(work)

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        """Log in, look at intents and every linked channel; returns what is wrong and what to do about it."""
        try:
            client = await self._session.open()
            return await check.check_rooms(client, self._config, rooms)
        except DeliveryError as error:
            return [f"Discord: {error}."]

    def holds(self, attachment: Attachment) -> bool:
        """Whether the file lies on Discord."""
        return self._cdn.holds(attachment)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """Its content, at most `limit` bytes. Raises DeliveryError."""
        return await self._cdn.fetch(attachment, limit)

    # ---- inside ----

    async def _open(self, inbox: Inbox) -> None:
        client = await self._session.open()
        if check.intent_problem(client):
            raise Unusable(INTENT_TEXT)
        linked = [each for each in await self._session.places() if room_of(each, inbox.linked) is not None]
        for place in linked:
            self._places.note(place)
        await self._receiver.begin(linked)
        self._guilds = tuple(sorted({place.guild.id for place in linked}))
        await self._publish_commands()

    def _started(self) -> Inbox:
        if self._inbox is None:
            raise DeliveryError("the Discord adapter was not started")
        return self._inbox

    def _is_command(self, text: str) -> bool:
        view = self._people.view
        return view is not None and command_text.read(text, view.prefix, view.commands) is not None

    def _note_reading(self, place: int, text: str) -> None:
        if text:
            self._reading[place] = text
        else:
            self._reading.pop(place, None)

    async def _renew(self) -> discord.Client:
        self._places.clear()
        return await self._session.open()

    def _install(self, tree: app_commands.CommandTree[Any]) -> None:
        view = self._people.view
        if view is not None:
            commands.install(tree, view, self._hub.asked, self._started().linked, self._guilds)

    async def _publish_commands(self) -> None:
        """Tell Discord the slash commands of every server with a linked channel."""
        if self._people.view is None:
            return
        tree = self._session.tree
        self._install(tree)
        for guild in self._guilds:
            try:
                await tree.sync(guild=discord.Object(guild))
            except discord.Forbidden:
                log.warning(
                    "no slash commands: invite the bot with the scope applications.commands", guild=guild
                )
            except Exception as error:
                raise translate(error, f"register the slash commands of server {guild}") from error

    async def _guarded(self, work: Callable[[], Awaitable[T]]) -> T:
        """Perform something of the sending side. With a refused token nothing is given up: the bridge ends."""
        try:
            return await work()
        except Unusable as error:
            if self._fatal is not None and not self._fatal.done():
                self._fatal.set_result(error)
            raise RetryLater(str(error), 5.0) from error
        except DeliveryError:
            raise
        except Exception as error:
            raise translate(error, "do that on Discord") from error
