"""One webhook per channel: found by its stored id, else made once. Without the permission there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
import discord
import structlog

from adapters.discord.errors import TOO_MANY_WEBHOOKS, ServerTrouble, translate
from adapters.discord.places import Place, parent_id
from adapters.discord.store import Store
from bridge.model.adapter import Rejected

NAME = "Group bridge"
"""Of the webhook itself; every message brings its author's."""
DENIED_SECONDS = 600.0
"""How long a channel is not asked again after it refused (own choice; when its webhooks change, at once)."""
REQUEST_SECONDS = 90.0

log: Final = structlog.get_logger("adapters.discord.webhooks")


class Webhooks:
    """`get` one, or None: then the bot itself speaks. Webhook tokens stay in memory."""

    def __init__(self, client: Callable[[], discord.Client], store: Store, enabled: bool) -> None:
        self._client = client
        self._store = store
        self._enabled = enabled
        self._session: aiohttp.ClientSession | None = None
        self._known: dict[int, discord.Webhook] = {}
        self._denied: dict[int, float] = {}
        self._locks: dict[int, asyncio.Lock] = {}
        self.trouble: dict[int, str] = {}
        """Channels without one, and why."""

    async def close(self) -> None:
        """Idempotent."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        self._known.clear()

    def forget(self, channel: int) -> None:
        """Its webhooks changed: look again."""
        self._known.pop(channel, None)
        self._denied.pop(channel, None)

    async def get(self, place: Place) -> discord.Webhook | None:
        """The webhook that serves a channel or thread. Raises `RetryLater`."""
        channel = parent_id(place)
        if not self._enabled or self._denied.get(channel, 0.0) > asyncio.get_running_loop().time():
            return None
        async with self._locks.setdefault(channel, asyncio.Lock()):
            if channel not in self._known:
                try:
                    await self._open(channel)
                except Exception as error:
                    translated = translate(error, f"make a webhook in channel {channel}")
                    if not isinstance(translated, Rejected):
                        raise translated from error
                    self._deny(channel, error, str(translated))
            return self._known.get(channel)

    async def existing(self, place: Place, webhook: int) -> discord.Webhook:
        """The webhook that made a message. Raises `Rejected` when it is there no more."""
        found = await self.get(place)
        if found is None or found.id != webhook:
            raise Rejected("the webhook that wrote it is gone, so it cannot be changed")
        return found

    async def _open(self, channel_id: int) -> None:
        client = self._client()
        channel = client.get_channel(channel_id) or await client.fetch_channel(channel_id)
        if not isinstance(
            channel, discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel
        ):
            raise Rejected(f"channel {channel_id} can have no webhooks")
        stored = self._store.webhook(channel_id)
        ours = [
            hook
            for hook in await channel.webhooks()
            if hook.token
            and (hook.id == stored or (hook.user and client.user and hook.user.id == client.user.id))
        ]
        # The stored one first; one that we made and could not store (a crash in between) is not made again.
        ours.sort(key=lambda hook: hook.id != stored)
        hook = (
            ours[0]
            if ours
            else await channel.create_webhook(name=NAME, reason="shows people of other platforms")
        )
        if hook.id != stored:
            await self._store.save(self._store.keep_webhook(channel_id, hook.id))
        self._known[channel_id] = discord.Webhook.partial(
            hook.id, hook.token or "", session=self._own_session()
        )
        self.trouble.pop(channel_id, None)

    def _deny(self, channel: int, error: Exception, text: str) -> None:
        if isinstance(error, discord.HTTPException) and error.code == TOO_MANY_WEBHOOKS:
            text = "it has its 15 webhooks already: remove one (Edit Channel, Integrations)"
        elif isinstance(error, discord.Forbidden):
            text = "the bot needs 'Manage Webhooks' there"
        self._denied[channel] = asyncio.get_running_loop().time() + DENIED_SECONDS
        self.trouble[channel] = f"no webhook in channel {channel}, names are shown as a prefix: {text}"
        log.warning("no webhook, messages are sent by the bot with a prefix", channel=channel, reason=text)

    def _own_session(self) -> aiohttp.ClientSession:
        """A session that gives a 5xx back at once: the library would repeat the request, and so double it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                raise_for_status=_no_repeats, timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS)
            )
        return self._session


async def _no_repeats(answer: aiohttp.ClientResponse) -> None:
    if answer.status >= 500:
        answer.close()
        raise ServerTrouble(f"HTTP {answer.status}")
