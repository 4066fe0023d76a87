"""What the adapter must know after a restart: what it sent, was about to send, and saw.

All of it is in memory, loaded at the start, so that reading waits for nothing. What changes it changes the
memory at once and returns a `Change` of the adapter's rows, which the caller has written where it belongs: with
the events (`Inbox.accept`), with the delivery's result (`Outgoing.remember`), or by itself (`save`), when it
must be on disk before Discord is asked.

| kind | key | under, position | bounded by |
| --- | --- | --- | --- |
| sent | key and part | place, message | `KEPT_SENDS`, the newest |
| seen | message | place, message | `KEPT_PER_PLACE`, the newest of each place |
| reaction, lent | message, person or delivery, sign | -, message | `KEPT_REACTIONS`, the newest |
| webhook | channel | | the linked channels |
| ban | server, person | | `KEPT_BANS`, the newest |
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

import msgspec

from bridge.model.adapter import DeliveryError
from bridge.model.adapter_store import AdapterStore, Change, Row, Rows

KEPT_SENDS: Final = 30_000
"""Parts of own messages that can be edited and deleted; about 15 MB. Own choice."""
KEPT_PER_PLACE: Final = 500
"""Messages of people whose content is compared after downtime, per channel or thread."""
KEPT_REACTIONS: Final = 20_000
KEPT_BANS: Final = 10_000
SLACK: Final = 64
"""Rows beyond a bound before the oldest go, so that not every write has to remove one."""
ECHO_SECONDS: Final = 60.0
"""How soon the gateway tells of a ban; what comes later of the same kind is a new one."""
LOAD_ROWS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Sent:
    """One part of a message of ours. `message` is None while it is not known whether it was made.

    `lead` and `tail` (of part 0) are lines around the text that an edit keeps: what is replied to, files.
    """

    key: str
    part: int
    place: int
    webhook: int
    digest: str
    since: int
    lead: str = ""
    tail: str = ""
    message: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A person's message, as last handed over."""

    message: int
    place: int
    digest: str
    user: int
    name: str
    deleted: bool


def digest(*parts: str) -> str:
    """A hash of texts, each with its length."""
    whole = sha256()
    for part in parts:
        data = part.encode(errors="replace")
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Reaction:
    message: int
    user: int
    emoji: str
    count: int
    present: bool


@dataclass(frozen=True, slots=True)
class _Lent:
    message: int
    emoji: str
    key: str


@dataclass(frozen=True, slots=True)
class _Ban:
    guild: int
    user: int
    banned: bool
    count: int
    at: float


_encode: Final = msgspec.msgpack.encode


class Store:
    """All methods belong to the event loop's thread. `attach` it, then `load`, before anything else."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._rows: AdapterStore | None = None
        self._loaded = False
        self._sends: dict[tuple[str, int], Sent] = {}
        self._by_message: dict[int, tuple[str, int]] = {}
        self._seen: dict[int, Seen] = {}
        self._places: dict[int, dict[int, Seen]] = {}
        self._latest: dict[int, int] = {}
        self._reactions: dict[tuple[int, int, str], _Reaction] = {}
        self._lent: dict[tuple[int, str], dict[str, None]] = {}
        self._webhooks: dict[int, int] = {}
        self._hooks: set[int] = set()
        self._bans: dict[tuple[int, int], _Ban] = {}

    def attach(self, rows: AdapterStore) -> None:
        """Where it is kept."""
        self._rows = rows

    async def load(self) -> None:
        """Read all of it, once. Raises DeliveryError without `attach`."""
        if self._loaded:
            return
        kinds = ("sent", "seen", "reaction", "lent", "webhook", "ban")
        found = await self._store.read(lambda rows: {k: rows.scan(k, limit=LOAD_ROWS) for k in kinds})
        for sent in (msgspec.msgpack.decode(row.value, type=Sent) for row in found["sent"]):
            self._keep_sent(sent)
        for seen in (msgspec.msgpack.decode(row.value, type=Seen) for row in found["seen"]):
            self._keep_seen(seen)
        for made in (msgspec.msgpack.decode(row.value, type=_Reaction) for row in found["reaction"]):
            self._reactions[made.message, made.user, made.emoji] = made
        for lent in (msgspec.msgpack.decode(row.value, type=_Lent) for row in found["lent"]):
            self._lent.setdefault((lent.message, lent.emoji), {})[lent.key] = None
        for row in found["webhook"]:
            self._keep_webhook(int(row.key), msgspec.msgpack.decode(row.value, type=int))
        for ban in (msgspec.msgpack.decode(row.value, type=_Ban) for row in found["ban"]):
            self._bans[ban.guild, ban.user] = ban
        self._loaded = True

    async def save(self, change: Change) -> None:
        """Write a change by itself; when this returns, it is on disk."""
        await self._store.write(change)

    @property
    def _store(self) -> AdapterStore:
        if self._rows is None:
            raise DeliveryError("the Discord adapter was given no store")
        return self._rows

    # ---- what we sent ----

    def intend(self, sent: Sent) -> Change:
        """Note, before a send, that it may be made; also when it is tried in another form."""
        known = self.sent(sent.key, sent.part)
        if known is not None and known.message is not None:
            self._by_message.pop(known.message, None)
        self._keep_sent(sent)
        return together(_put_sent(sent), self._surplus_sends())

    def made(self, key: str, part: int, message: int) -> Change:
        """It was made, and is this message."""
        return self._changed(key, part, message=message)

    def changed(self, key: str, part: int, new_digest: str) -> Change:
        """It was edited."""
        return self._changed(key, part, digest=new_digest)

    def retire(self, key: str, part: int) -> Change:
        """It was deleted as a surplus part; it stays known as ours."""
        gone = self._sends.pop((key, part), None)
        if gone is None:
            return _nothing
        kept = replace(gone, key=f"{key} gone {gone.message}")
        self._keep_sent(kept)
        return together(_drop("sent", _sent_key(key, part)), _put_sent(kept))

    def forget(self, key: str, part: int) -> Change:
        """It was never made."""
        known = self._sends.pop((key, part), None)
        if known is not None and known.message is not None:
            self._by_message.pop(known.message, None)
        return _drop("sent", _sent_key(key, part))

    def sent(self, key: str, part: int) -> Sent | None:
        """The part of a delivery."""
        return self._sends.get((key, part))

    def parts(self, event_id: str) -> list[Sent]:
        """All parts of the message whose event id this is, in order; [] when it is none of ours."""
        if not event_id.isascii() or not event_id.isdigit() or len(event_id) > 19:
            return []
        first = self._of_message(int(event_id))
        if first is None:
            return []
        found = []
        # A later part exists only behind an earlier one; one that was not made leaves a hole.
        part = 0
        while (each := self.sent(first.key, part)) is not None:
            if each.message is not None:
                found.append(each)
            part += 1
        return found or [first]

    def event_of(self, message: int) -> str:
        """The event id that a message of ours belongs to; '' when it is none."""
        found = self._of_message(message)
        if found is None:
            return ""
        head = self.sent(found.key, 0)
        return str(head.message if head and head.message else message)

    def latest(self, place: int) -> int:
        """The newest message that is known there, ours or a person's; 0 when there is none."""
        return self._latest.get(place, 0)

    def place_of(self, message: int) -> int:
        """The channel or thread of a known message; 0 when it is not known."""
        known = self._of_message(message) or self._seen.get(message)
        return known.place if known else 0

    def is_own(self, message: int) -> bool:
        """Whether we made it."""
        return message in self._by_message

    def messages(self) -> list[int]:
        """All messages of ours that are remembered."""
        return sorted(self._by_message)

    def _of_message(self, message: int) -> Sent | None:
        key = self._by_message.get(message)
        return self._sends[key] if key is not None else None

    def _changed(self, key: str, part: int, **values: object) -> Change:
        known = self.sent(key, part)
        if known is None:
            return _nothing
        self._keep_sent(sent := replace(known, **values))  # type: ignore[arg-type]
        return _put_sent(sent)

    def _keep_sent(self, sent: Sent) -> None:
        self._sends[sent.key, sent.part] = sent
        if sent.webhook:
            self._hooks.add(sent.webhook)
        if sent.message is not None:
            self._by_message[sent.message] = (sent.key, sent.part)
            self._latest[sent.place] = max(self._latest.get(sent.place, 0), sent.message)

    def _surplus_sends(self) -> Change:
        if len(self._sends) <= KEPT_SENDS + SLACK:
            return _nothing
        oldest = list(self._sends)[: len(self._sends) - KEPT_SENDS]
        for key in oldest:
            sent = self._sends.pop(key)
            if sent.message is not None:
                self._by_message.pop(sent.message, None)
        return _drop("sent", *(_sent_key(*key) for key in oldest))

    # ---- what people wrote ----

    def saw(self, seen: Seen) -> Change:
        """Note a message as handed over; the oldest of its place are forgotten."""
        self._keep_seen(seen)
        return together(_put_seen(seen), self._surplus_seen(seen.place))

    def seen(self, message: int) -> Seen | None:
        """What was handed over of it."""
        return self._seen.get(message)

    def seen_since(self, place: int, oldest: int) -> list[Seen]:
        """The messages of a place from `oldest` on that were not deleted."""
        here = self._places.get(place, {}).values()
        found = (each for each in here if each.message >= oldest and not each.deleted)
        return sorted(found, key=lambda each: each.message)

    def _keep_seen(self, seen: Seen) -> None:
        self._seen[seen.message] = seen
        self._places.setdefault(seen.place, {})[seen.message] = seen
        self._latest[seen.place] = max(self._latest.get(seen.place, 0), seen.message)

    def _surplus_seen(self, place: int) -> Change:
        here = self._places[place]
        if len(here) <= KEPT_PER_PLACE + SLACK:
            return _nothing
        oldest = sorted(here)[: len(here) - KEPT_PER_PLACE]
        for message in oldest:
            del here[message]
            del self._seen[message]
        return _drop("seen", *map(str, oldest))

    # ---- reactions ----

    def reaction_news(self, message: int, user: int, emoji: str, present: bool) -> int:
        """Someone's reaction came or went: how often it has come by now, or 0 when that is no news."""
        known = self._reactions.get((message, user, emoji))
        count, before = (known.count, known.present) if known else (0, False)
        return 0 if before == present else count + present

    def note_reaction(self, message: int, user: int, emoji: str, present: bool, count: int) -> Change:
        """That is handed over."""
        made = _Reaction(message, user, emoji, count, present)
        self._reactions[message, user, emoji] = made
        row = Row(f"{message} {user} {emoji}", _encode(made), position=message)
        return together(_put("reaction", row), self._surplus_reactions())

    def _surplus_reactions(self) -> Change:
        if len(self._reactions) <= KEPT_REACTIONS + SLACK:
            return _nothing
        oldest = list(self._reactions)[: len(self._reactions) - KEPT_REACTIONS]
        for key in oldest:
            del self._reactions[key]
        return _drop("reaction", *(f"{message} {user} {emoji}" for message, user, emoji in oldest))

    def lend_reaction(self, message: int, emoji: str, key: str) -> Change:
        """Our reaction stands for one more person's."""
        self._lent.setdefault((message, emoji), {})[key] = None
        row = Row(f"{message} {emoji} {key}", _encode(_Lent(message, emoji, key)), position=message)
        return together(_put("lent", row), self._surplus_lent())

    def return_reaction(self, message: int, emoji: str, key: str) -> tuple[bool, Change]:
        """One person took theirs back; whether nobody's is left."""
        lent = self._lent.get((message, emoji), {})
        lent.pop(key, None)
        if not lent:
            self._lent.pop((message, emoji), None)
        return not lent, _drop("lent", f"{message} {emoji} {key}")

    def _surplus_lent(self) -> Change:
        if len(self._lent) <= KEPT_REACTIONS + SLACK:
            return _nothing
        oldest = list(self._lent)[: len(self._lent) - KEPT_REACTIONS]
        gone = [f"{at[0]} {at[1]} {key}" for at in oldest for key in self._lent.pop(at)]
        return _drop("lent", *gone)

    # ---- webhooks and bans ----

    def webhook(self, channel: int) -> int:
        """The webhook that we use in a channel; 0 when none is known."""
        return self._webhooks.get(channel, 0)

    def keep_webhook(self, channel: int, webhook: int) -> Change:
        """Use this one from now on."""
        self._keep_webhook(channel, webhook)
        return _put("webhook", Row(str(channel), _encode(webhook)))

    def is_own_webhook(self, webhook: int) -> bool:
        """Whether a message by it is an echo of ours."""
        return webhook in self._hooks

    def _keep_webhook(self, channel: int, webhook: int) -> None:
        self._webhooks[channel] = webhook
        self._hooks.add(webhook)

    def ban_news(self, guild: int, user: int, banned: bool) -> int:
        """Somebody was banned or unbanned: how many changes there were, or 0 when that is no news."""
        known = self._bans.get((guild, user))
        if known is None:
            return 1
        is_echo = known.banned == banned and abs(self._clock() - known.at) < ECHO_SECONDS
        return 0 if is_echo else known.count + 1

    def note_ban(self, guild: int, user: int, banned: bool, count: int) -> Change:
        """That is known here: our own doing, or handed over."""
        ban = self._bans[guild, user] = _Ban(guild, user, banned, count, self._clock())
        row = Row(f"{guild} {user}", _encode(ban), position=int(ban.at))
        return together(_put("ban", row), self._surplus_bans())

    def forget_ban(self, guild: int, user: int) -> Change:
        """What was noted did not happen."""
        self._bans.pop((guild, user), None)
        return _drop("ban", f"{guild} {user}")

    def _surplus_bans(self) -> Change:
        if len(self._bans) <= KEPT_BANS + SLACK:
            return _nothing
        oldest = list(self._bans)[: len(self._bans) - KEPT_BANS]
        for key in oldest:
            del self._bans[key]
        return _drop("ban", *(f"{guild} {user}" for guild, user in oldest))


def _sent_key(key: str, part: int) -> str:
    return f"{key} {part}"


def _put_sent(sent: Sent) -> Change:
    position = sent.message or sent.since
    return _put("sent", Row(_sent_key(sent.key, sent.part), _encode(sent), str(sent.place), position))


def _put_seen(seen: Seen) -> Change:
    return _put("seen", Row(str(seen.message), _encode(seen), str(seen.place), seen.message))


def _put(kind: str, row: Row) -> Change:
    return lambda rows: rows.put(kind, row)


def _drop(kind: str, *keys: str) -> Change:
    return lambda rows: rows.delete(kind, *keys)


def _nothing(rows: Rows) -> None:
    """No change."""


def together(*changes: Change) -> Change:
    """Several changes as one, in order."""
    wanted = [change for change in changes if change is not _nothing]
    if len(wanted) == 1:
        return wanted[0]

    def both(rows: Rows) -> None:
        for change in wanted:
            change(rows)

    return both
