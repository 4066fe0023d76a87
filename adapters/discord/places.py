"""Channels and threads: found once, and which linked room each belongs to."""

from __future__ import annotations

from collections.abc import Callable

import discord

from adapters.discord.errors import translate
from bridge.model.adapter import Rejected
from bridge.model.ids import RoomRef

PLATFORM = "discord"
Place = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""Where messages can be."""
PLACES = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread)
MAX_PLACES = 10_000


def snowflake(text: str) -> int:
    """The number in a Discord id; 0 when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else 0


def room_ref(channel_id: int) -> RoomRef:
    """The room of a channel or thread."""
    return RoomRef(PLATFORM, str(channel_id))


class Places:
    """Looks channels up: in the gateway's cache, in what was fetched before, at last by request."""

    def __init__(self, client: Callable[[], discord.Client]) -> None:
        self._client = client
        self._fetched: dict[int, Place] = {}

    def note(self, place: Place) -> None:
        """Keep a channel that was listed."""
        if len(self._fetched) >= MAX_PLACES:
            self._fetched.clear()
        self._fetched[place.id] = place

    def clear(self) -> None:
        """The client is a new one: what the old one made is of no use."""
        self._fetched.clear()

    def cached(self, place_id: int) -> Place | None:
        """Without IO."""
        found = self._client().get_channel(place_id)
        return found if isinstance(found, PLACES) else self._fetched.get(place_id)

    async def get(self, place_id: int) -> Place:
        """The channel or thread. Raises `RetryLater`, or `Rejected` when there is none."""
        known = self.cached(place_id)
        if known is not None:
            return known
        if not place_id:
            raise Rejected("a Discord room is named by its channel's id, a number (Copy Channel ID)")
        try:
            found = await self._client().fetch_channel(place_id)
        except Exception as error:
            raise translate(error, f"find channel {place_id}") from error
        if not isinstance(found, PLACES):
            raise Rejected(f"channel {place_id} is no channel with messages: link a text channel or a thread")
        self.note(found)
        return found


def room_of(place: object, linked: Callable[[RoomRef], bool]) -> RoomRef | None:
    """The linked room of a channel or thread: its own, or, of a thread, that of its channel."""
    place_id = getattr(place, "id", 0)
    if linked(room_ref(place_id)):
        return room_ref(place_id)
    if isinstance(place, discord.Thread) and linked(room_ref(place.parent_id)):
        return room_ref(place.parent_id)
    return None


def parent_id(place: Place) -> int:
    """The channel whose webhooks serve it."""
    return place.parent_id if isinstance(place, discord.Thread) else place.id


def linked_places(guild: discord.Guild) -> list[Place]:
    """Every channel and thread with messages; which are linked is asked later. Channels first."""
    return [each for each in (*guild.channels, *guild.threads) if isinstance(each, PLACES)]
