"""From the gateway's handlers to one `Stream` per channel or thread, and to the desk for bans."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import discord

from adapters.discord.items import CatchUp, Deleted, Item, Reacted
from adapters.discord.moderation import BanNews
from adapters.discord.places import PLACES, PLATFORM, Place, linked_places, room_of
from adapters.discord.reading import emoji_text
from adapters.discord.stream import Stream, Surroundings
from adapters.discord.translate import author_of
from bridge.model.ids import RoomRef
from bridge.model.message import Author

MAX_HELD = 10_000
"""Events kept between a new session's beginning and its being ready; history has the rest."""


class Receiver:
    """Takes what `Hub` hands on. All on the event loop; handlers never wait."""

    def __init__(self, around: Surroundings, bans: BanNews) -> None:
        self._a = around
        self._bans = bans
        self._streams: dict[int, Stream] = {}
        self._new: asyncio.Queue[Stream] = asyncio.Queue()
        self._held: list[tuple[Place, Item]] | None = None

    async def begin(self, places: Iterable[Place]) -> None:
        """Fix the position of every linked channel: messages from now on will be received."""
        for place in sorted(places, key=lambda each: isinstance(each, discord.Thread)):
            stream = self._stream(place)
            if stream is not None:
                await stream.begin(place)

    async def run(self) -> None:
        """Work until cancelled. Raises what the inbox raises."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._bans.run(), name="discord-bans")
                while True:
                    tasks.create_task((await self._new.get()).run(), name="discord-stream")
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group

    # ---- the session ----

    def session_begins(self) -> None:
        """A new session: what was missed before it must be read before its events."""
        self._held = []

    def session_ready(self, guilds: Iterable[discord.Guild]) -> None:
        """All is known: read what was missed, then go on with what came meanwhile."""
        held, self._held = self._held or [], None
        for guild in guilds:
            self.guild_ready(guild)
        for place, item in held:
            self._put(place, item)

    def session_resumed(self, guilds: Iterable[discord.Guild]) -> None:
        """Discord replayed what it had; look whether that was all."""
        for guild in guilds:
            self.guild_ready(guild)

    def guild_ready(self, guild: discord.Guild) -> None:
        """A server is there (again)."""
        for place in linked_places(guild):
            self._put(place, CatchUp())

    # ---- its events ----

    def message(self, message: discord.Message) -> None:
        """MESSAGE_CREATE."""
        self._put(message.channel, message)

    def edited(self, event: discord.RawMessageUpdateEvent) -> None:
        """MESSAGE_UPDATE."""
        self._put(event.message.channel, event)

    def deleted(self, channel_id: int, messages: Iterable[int]) -> None:
        """MESSAGE_DELETE and MESSAGE_DELETE_BULK."""
        self._put(self._a.place(channel_id), Deleted(tuple(sorted(messages))))

    def reacted(self, event: discord.RawReactionActionEvent, user: discord.User | None, present: bool) -> None:
        """MESSAGE_REACTION_ADD and _REMOVE."""
        if event.user_id == self._a.own_id():
            return
        person = event.member or user
        if person is not None and person.bot and not self._a.mirror_bots:
            return
        author = author_of(person) if person else Author(PLATFORM, str(event.user_id), "somebody")
        item = Reacted(event.message_id, event.user_id, emoji_text(event.emoji), present, author)
        self._put(self._a.place(event.channel_id), item)

    def banned(self, guild: discord.Guild, user: discord.User | discord.Member, present: bool) -> None:
        """GUILD_BAN_ADD and _REMOVE."""
        self._bans.put(guild, user, present)

    # ---- streams ----

    def _put(self, place: object, item: Item) -> None:
        if not isinstance(place, PLACES):
            return
        if self._held is not None:
            if len(self._held) < MAX_HELD:
                self._held.append((place, item))
            return
        stream = self._stream(place)
        if stream is not None:
            stream.put(item)

    def _stream(self, place: Place) -> Stream | None:
        """None for what is linked to no group."""
        known = self._streams.get(place.id)
        if known is not None:
            return known
        room = room_of(place, self._a.inbox().linked)
        if room is None:
            return None
        above = self._above(place, room)
        made = self._streams[place.id] = Stream(place.id, room, self._a, above)
        self._new.put_nowait(made)
        return made

    def _above(self, place: Place, room: RoomRef) -> Stream | None:
        """Of a thread that is mirrored with its channel, the channel's stream."""
        if not isinstance(place, discord.Thread) or room.room_id == str(place.id):
            return None
        parent = self._a.place(place.parent_id)
        return self._stream(parent) if parent is not None else None
