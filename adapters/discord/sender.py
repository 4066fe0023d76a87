"""The way out: a message in one or more parts, by webhook or by the bot, each made once.

Before a part is sent, an intent is stored: key, place, form, a hash of what will be shown, and the newest
message before it. When the same key comes again and the intent has no message, the outcome is unknown (a crash,
a lost answer): the channel's messages since then are looked through before anything is sent anew. The bot's own
messages carry a nonce besides, by which Discord itself refuses a double for some minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import discord
import structlog

from adapters.discord import ballots, compose, files, names
from adapters.discord.compose import NO_MENTIONS, Surround
from adapters.discord.errors import UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, translate
from adapters.discord.files import Upload
from adapters.discord.people import People
from adapters.discord.places import Place, Places, parent_id, snowflake
from adapters.discord.store import Sent, Store, digest
from adapters.discord.webhooks import Webhooks
from bridge.model.adapter import BallotCard, Outgoing, Rejected, RetryLater

LOOKED_THROUGH = 300
"""Messages after an intent that are looked through for it; one request brings 100."""
MAX_NONCE = 25
THREAD_NAME = 80
NOTHING = Surround()
TOO_LARGE = 40005

log: Final = structlog.get_logger("adapters.discord.sender")


@dataclass(frozen=True, slots=True)
class Route:
    """How a message is shown: by `hook` under the author's name, or (None) by the bot itself."""

    place: Place
    hook: discord.Webhook | None
    name: str = ""
    avatar: str | None = None

    @property
    def form(self) -> int:
        """The webhook's id, 0 for the bot."""
        return self.hook.id if self.hook else 0


@dataclass(frozen=True, slots=True)
class Part:
    """One Discord message to be made. Files and card go with the first, which no edit takes away."""

    key: str
    index: int
    text: str
    around: Surround = NOTHING
    reply_to: int = 0
    uploads: tuple[Upload, ...] = ()
    card: BallotCard | None = None

    @property
    def nonce(self) -> str:
        """At most 25 characters, the same for the same part."""
        plain = f"{self.key}.{self.index}"
        return plain if len(plain) <= MAX_NONCE else sha256(plain.encode()).hexdigest()[:MAX_NONCE]


class Sender:
    """Raises `RetryLater` and `Rejected` only."""

    def __init__(
        self,
        places: Places,
        webhooks: Webhooks,
        store: Store,
        people: People,
        own_id: Callable[[], int],
    ) -> None:
        self._places = places
        self._webhooks = webhooks
        self._store = store
        self._people = people
        self._own_id = own_id

    async def send(self, message: Outgoing) -> str:
        """Show it; returns the first part's message id, which stands for all of them."""
        place, reply_to = await self._where(message)
        route = await self._route(place, message)
        uploads, links = await files.collect(message.attachments, place, self._people.view)
        try:
            return await self._send(message, route, reply_to, uploads, compose.file_lines(links))
        except _TooLarge:
            # What the server's limit allowed, something on the way did not: all files become links.
            return await self._send(message, route, reply_to, [], compose.file_lines(message.attachments))
        except _Unfit:
            # Discord refuses the name or the picture for a reason of its own: the bot says it instead.
            alone = Route(place, None)
            return await self._send(message, alone, reply_to, uploads, compose.file_lines(links))

    async def _send(
        self, message: Outgoing, route: Route, reply_to: int, uploads: Sequence[Upload], tail: str
    ) -> str:
        lead = self._reply_line(route.place, reply_to) if route.hook and reply_to else ""
        around = Surround(lead, tail)
        texts = await self._texts(message, around, route.form, route.place)
        first = 0
        for index, text in enumerate(texts):
            part = Part(
                key=message.key,
                index=index,
                text=text,
                around=around if index == 0 else NOTHING,
                reply_to=reply_to if index == 0 and not route.hook else 0,
                uploads=tuple(uploads) if index == 0 else (),
                card=message.ballot if index == 0 else None,
            )
            made = await self._once(route, part, message)
            first = first or made
        return str(first)

    async def edit(self, message: Outgoing, event_id: str) -> str:
        """Change its parts; missing ones are added behind, surplus ones deleted."""
        parts = self._store.parts(event_id)
        if not parts:
            raise Rejected(f"message {event_id[:40]} was not made by this bridge, so it cannot be changed")
        head = parts[0]
        place = await self._places.get(head.place)
        route = await self._same_route(place, head.webhook, message)
        texts = await self._texts(message, Surround(head.lead, head.tail), head.webhook, place)
        for known, text in zip(parts, texts, strict=False):
            await self._change(route, known, text, message.ballot if known is head else None)
            mark = _shown_digest(text, route.name if route.hook else "", 0)
            message.remember(self._store.changed(known.key, known.part, mark))
        for index in range(len(parts), len(texts)):
            await self._once(route, Part(head.key, index, texts[index]), message)
        for surplus in parts[len(texts) :]:
            await self._delete(place, surplus)
            message.remember(self._store.retire(surplus.key, surplus.part))
        return event_id

    async def delete(self, place: Place, event_id: str) -> None:
        """Take all parts away; what is gone already is no error."""
        parts = self._store.parts(event_id)
        if not parts and snowflake(event_id):
            parts = [Sent("", 0, place.id, 0, "", 0, message=snowflake(event_id))]
        for part in parts:
            await self._delete(await self._places.get(part.place), part)

    # ---- where and how ----

    async def _where(self, message: Outgoing) -> tuple[Place, int]:
        """The channel or thread, and the message replied to (0: none)."""
        place = await self._places.get(snowflake(message.room.room_id))
        reply_to = snowflake(message.reply_to_event)
        if message.thread_event:
            thread = await self._thread(place, snowflake(message.thread_event))
            if thread is None:
                reply_to = reply_to or snowflake(message.thread_event)
            else:
                place = thread
        elif reply_to:
            # A reply to something in a thread belongs there.
            home = self._store.place_of(reply_to)
            if home and home != place.id:
                place = await self._places.get(home)
        return place, reply_to

    async def _thread(self, place: Place, message: int) -> discord.Thread | None:
        """The thread on a message; opened when there is none. None when it cannot be."""
        if not message or not isinstance(place, discord.TextChannel):
            return None
        try:
            found = await self._places.get(message)
        except Rejected:
            found = None
        if isinstance(found, discord.Thread):
            return found
        try:
            made = await place.get_partial_message(message).create_thread(
                name=f"Thread {message}"[:THREAD_NAME]
            )
        except Exception as error:
            translated = translate(error, f"open a thread in channel {place.id}")
            if isinstance(translated, RetryLater):
                raise translated from error
            log.info("no thread, a reply instead", place=place.id, reason=str(translated))
            return None
        self._places.note(made)
        return made

    async def _route(self, place: Place, message: Outgoing) -> Route:
        if message.author is None or message.ballot is not None:
            return Route(place, None)
        known = self._store.sent(message.key, 0)
        if known is not None and known.message and not known.webhook:
            return Route(place, None)  # the first part went out in this form: stay with it
        hook = await self._webhooks.get(place)
        return Route(place, hook, names.shown_name(message.author), names.avatar_url(message.author))

    async def _same_route(self, place: Place, webhook: int, message: Outgoing) -> Route:
        if not webhook:
            return Route(place, None)
        hook = await self._webhooks.existing(place, webhook)
        if message.author is None:
            return Route(place, hook)
        return Route(place, hook, names.shown_name(message.author), names.avatar_url(message.author))

    async def _texts(self, message: Outgoing, around: Surround, webhook: int, place: Place) -> tuple[str, ...]:
        people: Mapping[str, str] = {}
        if "@" in message.body.plain or "@" in message.body.html:
            people = await self._people.by_name(message.room)
        as_card = message.ballot is not None and _may_embed(place)
        return compose.texts(message, around, people, as_author=bool(webhook), as_card=as_card)

    def _reply_line(self, place: Place, reply_to: int) -> str:
        seen = self._store.seen(reply_to)
        home = self._store.place_of(reply_to) or place.id
        return compose.reply_line(place.guild.id, home, reply_to, seen.name if seen else "")

    # ---- one part ----

    async def _once(self, route: Route, part: Part, message: Outgoing) -> int:
        """The message of a part: the one that was made for this key before, or a new one."""
        known = self._store.sent(part.key, part.index)
        if known is not None:
            made = known.message or await self._look_up(known)
            if made:
                message.remember(self._store.made(part.key, part.index, made))
                return made
        place = route.place
        mark = _shown_digest(part.text, route.name if route.hook else "", len(part.uploads))
        since = self._store.latest(place.id) or place.last_message_id or 0
        around = part.around
        intent = Sent(part.key, part.index, place.id, route.form, mark, since, around.lead, around.tail)
        # On disk before Discord is asked: after a crash it says that the message may be there.
        await self._store.save(self._store.intend(intent))
        try:
            shown = await (self._by_webhook(route, part) if route.hook else self._by_bot(place, part))
        except Exception as error:
            raise self._failed(error, route, part, message) from error
        message.remember(self._store.made(part.key, part.index, shown.id))
        return shown.id

    def _failed(self, error: Exception, route: Route, part: Part, message: Outgoing) -> Exception:
        """What it means. A refusal is certain: nothing was made, so nothing is looked for."""
        code = error.code if isinstance(error, discord.HTTPException) else 0
        status = error.status if isinstance(error, discord.HTTPException) else 0
        translated = translate(error, f"post in channel {route.place.id}")
        if isinstance(translated, Rejected) or status == 429:
            message.remember(self._store.forget(part.key, part.index))
        if route.hook is not None and code == UNKNOWN_WEBHOOK:
            self._webhooks.forget(parent_id(route.place))
            return RetryLater("the channel's webhook was deleted; a new one is made", 0.1)
        if part.uploads and (code == TOO_LARGE or status == 413):
            return _TooLarge()
        if route.hook is not None and status == 400:
            return _Unfit(str(translated))
        return translated

    async def _by_webhook(self, route: Route, part: Part) -> discord.Message:
        assert route.hook is not None
        more: dict[str, Any] = {}
        if isinstance(route.place, discord.Thread):
            more["thread"] = discord.Object(route.place.id)
        if route.avatar:
            more["avatar_url"] = route.avatar
        if part.uploads:
            more["files"] = [each.file() for each in part.uploads]
        return await route.hook.send(
            part.text, username=route.name, allowed_mentions=NO_MENTIONS, wait=True, **more
        )

    async def _by_bot(self, place: Place, part: Part) -> discord.Message:
        more: dict[str, Any] = {}
        if part.reply_to:
            more["reference"] = discord.MessageReference(
                message_id=part.reply_to, channel_id=place.id, fail_if_not_exists=False
            )
        if part.uploads:
            more["files"] = [each.file() for each in part.uploads]
        if part.card is not None:
            if _may_embed(place):
                more["embed"] = ballots.embed(part.card)
            if (view := ballots.buttons(part.card)) is not None:
                more["view"] = view
        return await place.send(
            part.text, nonce=part.nonce, allowed_mentions=NO_MENTIONS, mention_author=False, **more
        )

    async def _look_up(self, known: Sent) -> int:
        """The message that an earlier attempt made, 0 when it made none. Raises `RetryLater`."""
        place = await self._places.get(known.place)
        own = self._own_id()
        after = discord.Object(known.since)
        try:
            async for message in place.history(after=after, limit=LOOKED_THROUGH, oldest_first=True):
                if (message.webhook_id or 0) != known.webhook or self._store.is_own(message.id):
                    continue
                if not known.webhook and message.author.id != own:
                    continue
                name = message.author.name if known.webhook else ""
                if _shown_digest(message.content, name, len(message.attachments)) == known.digest:
                    return message.id
        except Exception as error:
            raise translate(error, f"read the history of channel {known.place}") from error
        return 0

    async def _change(self, route: Route, known: Sent, text: str, card: BallotCard | None) -> None:
        assert known.message is not None
        try:
            if route.hook is not None:
                more: dict[str, Any] = {}
                if isinstance(route.place, discord.Thread):
                    more["thread"] = discord.Object(route.place.id)
                await route.hook.edit_message(known.message, content=text, allowed_mentions=NO_MENTIONS, **more)
            else:
                changes: dict[str, Any] = {}
                if card is not None:
                    changes["view"] = ballots.buttons(card)
                    if _may_embed(route.place):
                        changes["embed"] = ballots.embed(card)
                partial = route.place.get_partial_message(known.message)
                await partial.edit(content=text, allowed_mentions=NO_MENTIONS, **changes)
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise translate(error, f"change a message in channel {known.place}") from error
            # A moderator deleted the copy; there is nothing left to change.
            log.info("a deleted copy was not changed", place=known.place, message=known.message)
        except Exception as error:
            raise translate(error, f"change a message in channel {known.place}") from error

    async def _delete(self, place: Place, part: Sent) -> None:
        assert part.message is not None
        try:
            hook = await self._hook_of(place, part)
            if hook is not None:
                thread = {"thread": discord.Object(place.id)} if isinstance(place, discord.Thread) else {}
                await hook.delete_message(part.message, **thread)
            else:
                await place.get_partial_message(part.message).delete()
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise translate(error, f"delete a message in channel {place.id}") from error
        except Exception as error:
            raise translate(error, f"delete a message in channel {place.id}") from error

    async def _hook_of(self, place: Place, part: Sent) -> discord.Webhook | None:
        """Who may delete it: its webhook; without that the bot, if it may delete others' messages."""
        try:
            return await self._webhooks.existing(place, part.webhook) if part.webhook else None
        except Rejected:
            return None


class _TooLarge(Rejected):
    """The request with its files was refused for its size."""

    def __init__(self) -> None:
        super().__init__("the files are too large")


class _Unfit(Rejected):
    """A webhook's message was refused as malformed."""


def _may_embed(place: Place) -> bool:
    """Whether Discord will show embeds of ours there; where it is not known yet: yes."""
    me = place.guild.me
    return me is None or place.permissions_for(me).embed_links


def _shown_digest(text: str, name: str, file_count: int) -> str:
    """Of what Discord shows of it; it cuts white space at the ends."""
    return digest(text.strip(), name.strip(), str(file_count))
