"""Reactions out: one of the bot's stands for all people elsewhere who gave it."""

from __future__ import annotations

import re
from collections.abc import Callable

import discord

from adapters.discord import markdown
from adapters.discord.compose import NO_MENTIONS
from adapters.discord.errors import UNKNOWN_EMOJI, UNKNOWN_MESSAGE, translate
from adapters.discord.places import Place, Places, snowflake
from adapters.discord.store import Store
from bridge.model.adapter import Rejected
from bridge.model.ids import RoomRef

_OWN_NAME = re.compile(r":(\w{2,32}):")
_ID = re.compile(r"own:([0-9]{1,19}):(.+):([^:]+)", re.DOTALL)
INVALID_FORM = 50035


class Reactions:
    """Raises `RetryLater` and `Rejected` only."""

    def __init__(self, places: Places, store: Store, me: Callable[[], discord.abc.Snowflake]) -> None:
        self._places = places
        self._store = store
        self._me = me

    async def add(self, room: RoomRef, event_id: str, reaction: str, key: str) -> str:
        """Add it; what Discord has no sign for becomes a reply. Returns an id that `take_back` knows."""
        message = snowflake(event_id)
        if not message:
            raise Rejected(f"{event_id[:40]} is no Discord message that can be reacted to")
        place = await self._place(room, message)
        target = place.get_partial_message(message)
        try:
            await target.add_reaction(_emoji(reaction, place))
        except discord.HTTPException as error:
            if error.code == UNKNOWN_MESSAGE:
                return ""
            if error.code not in {UNKNOWN_EMOJI, INVALID_FORM}:
                raise translate(error, f"react in channel {place.id}") from error
            return await self._in_words(place, target, reaction, key)
        except Exception as error:
            raise translate(error, f"react in channel {place.id}") from error
        await self._store.save(self._store.lend_reaction(message, reaction, key))
        return f"own:{message}:{reaction}:{key}"

    async def take_back(self, room: RoomRef, event_id: str) -> bool:
        """Whether the id was a reaction's; it goes when nobody's is left."""
        found = _ID.fullmatch(event_id)
        if found is None:
            return False
        message, reaction, key = int(found[1]), found[2], found[3]
        nobodys, change = self._store.return_reaction(message, reaction, key)
        await self._store.save(change)
        if nobodys:
            place = await self._place(room, message)
            try:
                target = place.get_partial_message(message)
                await target.remove_reaction(_emoji(reaction, place), self._me())
            except discord.NotFound:
                pass  # gone already
            except Exception as error:
                raise translate(error, f"take a reaction back in channel {place.id}") from error
        return True

    async def _place(self, room: RoomRef, message: int) -> Place:
        return await self._places.get(self._store.place_of(message) or snowflake(room.room_id))

    async def _in_words(self, place: Place, target: discord.PartialMessage, reaction: str, key: str) -> str:
        text = f"reacted: {markdown.escape(reaction)}"
        reference = discord.MessageReference(
            message_id=target.id, channel_id=place.id, fail_if_not_exists=False
        )
        try:
            made = await place.send(
                text, reference=reference, nonce=key[-25:], allowed_mentions=NO_MENTIONS, mention_author=False
            )
        except Exception as error:
            raise translate(error, f"react in channel {place.id}") from error
        return str(made.id)


def _emoji(reaction: str, place: Place) -> str | discord.Emoji:
    """The character itself, or the server's own emoji of that name."""
    named = _OWN_NAME.fullmatch(reaction)
    own = discord.utils.get(place.guild.emojis, name=named[1]) if named else None
    return own or reaction
