"""What the adapter must know after a restart: what it sent, was about to send, and saw.

SQLite in the adapter's folder. Nothing secret lies here: no tokens, no texts (texts as hashes only). Small
statements on the event loop's thread: each takes some tens of microseconds.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import discord

from bridge.model.adapter import DeliveryError

KEPT_PER_PLACE = 500
"""Messages of people whose content is compared after downtime, per channel or thread."""
KEPT_DAYS = 180
"""How long own messages can be edited and deleted, and reactions be taken back. Own choice: bounds the file."""
ECHO_SECONDS = 60.0
"""How soon the gateway tells of a ban; what comes later of the same kind is a new one."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sends (
  key TEXT NOT NULL, part INTEGER NOT NULL, place INTEGER NOT NULL, webhook INTEGER NOT NULL,
  digest TEXT NOT NULL, since INTEGER NOT NULL, lead TEXT NOT NULL, tail TEXT NOT NULL, message INTEGER,
  PRIMARY KEY (key, part)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sends_place ON sends (place, message);
CREATE UNIQUE INDEX IF NOT EXISTS sends_message ON sends (message) WHERE message IS NOT NULL;
CREATE TABLE IF NOT EXISTS seen (
  message INTEGER PRIMARY KEY, place INTEGER NOT NULL, digest TEXT NOT NULL,
  user INTEGER NOT NULL, name TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS seen_place ON seen (place, message);
CREATE TABLE IF NOT EXISTS reactions (
  message INTEGER NOT NULL, user INTEGER NOT NULL, emoji TEXT NOT NULL,
  count INTEGER NOT NULL, present INTEGER NOT NULL, PRIMARY KEY (message, user, emoji)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS own_reactions (
  message INTEGER NOT NULL, emoji TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (message, emoji, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS webhooks (channel INTEGER PRIMARY KEY, webhook INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS bans (
  guild INTEGER NOT NULL, user INTEGER NOT NULL, banned INTEGER NOT NULL, count INTEGER NOT NULL,
  at REAL NOT NULL, PRIMARY KEY (guild, user)
) WITHOUT ROWID;
"""


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


class Store:
    """All methods belong to the event loop's thread. Opened with the first use."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "discord.sqlite3"
        self._open: sqlite3.Connection | None = None

    def close(self) -> None:
        """Idempotent."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @contextlib.contextmanager
    def _db(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._open is None:
                self._open = self._connect()
            with self._open:
                yield self._open
        except sqlite3.Error as error:
            raise DeliveryError(f"the Discord adapter's file {self._path} cannot be used: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))
        except OSError as error:
            raise DeliveryError(f"{self._path} cannot be made: {error.strerror}") from error
        connection = sqlite3.connect(self._path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")  # a crash of ours loses nothing
        connection.executescript(_SCHEMA)
        oldest = discord.utils.time_snowflake(discord.utils.utcnow() - timedelta(days=KEPT_DAYS))
        for table in ("sends", "reactions", "own_reactions"):
            connection.execute(f"DELETE FROM {table} WHERE message < ?", (oldest,))  # noqa: S608 - constants
        connection.commit()
        return connection

    # ---- what we sent ----

    def intend(self, sent: Sent) -> None:
        """Note, before a send, that it may be made; also when it is tried in another form."""
        with self._db() as db:
            db.execute(
                "INSERT OR REPLACE INTO sends VALUES (?,?,?,?,?,?,?,?,?)",
                astuple(sent),
            )

    def made(self, key: str, part: int, message: int) -> None:
        """It was made, and is this message."""
        with self._db() as db:
            db.execute("UPDATE sends SET message = ? WHERE key = ? AND part = ?", (message, key, part))

    def changed(self, key: str, part: int, new_digest: str) -> None:
        """It was edited."""
        with self._db() as db:
            db.execute("UPDATE sends SET digest = ? WHERE key = ? AND part = ?", (new_digest, key, part))

    def retire(self, key: str, part: int) -> None:
        """It was deleted as a surplus part; it stays known as ours."""
        with self._db() as db:
            db.execute(
                "UPDATE sends SET key = key || ' gone ' || message WHERE key = ? AND part = ?", (key, part)
            )

    def forget(self, key: str, part: int) -> None:
        """It was never made."""
        with self._db() as db:
            db.execute("DELETE FROM sends WHERE key = ? AND part = ?", (key, part))

    def sent(self, key: str, part: int) -> Sent | None:
        """The part of a delivery."""
        return next(iter(self._sends("key = ? AND part = ?", key, part)), None)

    def parts(self, event_id: str) -> list[Sent]:
        """All parts of the message whose event id this is, in order; [] when it is none of ours."""
        if not event_id.isascii() or not event_id.isdigit() or len(event_id) > 19:
            return []
        first = next(iter(self._sends("message = ?", int(event_id))), None)
        if first is None:
            return []
        return [each for each in self._sends("key = ? ORDER BY part", first.key) if each.message is not None]

    def event_of(self, message: int) -> str:
        """The event id that a message of ours belongs to; '' when it is none."""
        found = next(iter(self._sends("message = ?", message)), None)
        if found is None:
            return ""
        head = self.sent(found.key, 0)
        return str(head.message if head and head.message else message)

    def latest(self, place: int) -> int:
        """The newest message that is known there, ours or a person's; 0 when there is none."""
        with self._db() as db:
            row = db.execute(
                "SELECT max(coalesce((SELECT max(message) FROM sends WHERE place = ?1), 0),"
                " coalesce((SELECT max(message) FROM seen WHERE place = ?1), 0))",
                (place,),
            ).fetchone()
        return int(row[0])

    def place_of(self, message: int) -> int:
        """The channel or thread of a known message; 0 when it is not known."""
        with self._db() as db:
            row = db.execute(
                "SELECT place FROM sends WHERE message = ?1 UNION SELECT place FROM seen WHERE message = ?1",
                (message,),
            ).fetchone()
        return int(row[0]) if row else 0

    def is_own(self, message: int) -> bool:
        """Whether we made it."""
        return bool(self._sends("message = ?", message))

    def _sends(self, where: str, *values: object) -> list[Sent]:
        with self._db() as db:
            rows = db.execute(f"SELECT * FROM sends WHERE {where}", values).fetchall()  # noqa: S608 - constants
        return [Sent(*row) for row in rows]

    # ---- what people wrote ----

    def saw(self, seen: Seen) -> None:
        """Note a message as handed over; the oldest of its place are forgotten."""
        with self._db() as db:
            db.execute(
                "INSERT OR REPLACE INTO seen VALUES (?,?,?,?,?,?)",
                (seen.message, seen.place, seen.digest, seen.user, seen.name, seen.deleted),
            )
            if seen.message % 64 == 0:
                db.execute(
                    "DELETE FROM seen WHERE place = ? AND message < (SELECT message FROM seen WHERE place = ?"
                    " ORDER BY message DESC LIMIT 1 OFFSET ?)",
                    (seen.place, seen.place, KEPT_PER_PLACE),
                )

    def seen(self, message: int) -> Seen | None:
        """What was handed over of it."""
        return next(iter(self._seen("message = ?", message)), None)

    def seen_since(self, place: int, oldest: int) -> list[Seen]:
        """The messages of a place from `oldest` on that were not deleted."""
        return self._seen("place = ? AND message >= ? AND NOT deleted ORDER BY message", place, oldest)

    def _seen(self, where: str, *values: object) -> list[Seen]:
        with self._db() as db:
            rows = db.execute(f"SELECT * FROM seen WHERE {where}", values).fetchall()  # noqa: S608 - constants
        return [Seen(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows]

    # ---- reactions ----

    def reaction_news(self, message: int, user: int, emoji: str, present: bool) -> int:
        """Someone's reaction came or went: how often it has come by now, or 0 when that is no news."""
        count, before = self._reaction(message, user, emoji)
        return 0 if before == present else count + present

    def note_reaction(self, message: int, user: int, emoji: str, present: bool, count: int) -> None:
        """That was handed over."""
        with self._db() as db:
            db.execute(
                "INSERT OR REPLACE INTO reactions VALUES (?,?,?,?,?)", (message, user, emoji, count, present)
            )

    def _reaction(self, message: int, user: int, emoji: str) -> tuple[int, bool]:
        with self._db() as db:
            row = db.execute(
                "SELECT count, present FROM reactions WHERE message = ? AND user = ? AND emoji = ?",
                (message, user, emoji),
            ).fetchone()
        return (int(row[0]), bool(row[1])) if row else (0, False)

    def lend_reaction(self, message: int, emoji: str, key: str) -> None:
        """Our reaction stands for one more person's."""
        with self._db() as db:
            db.execute("INSERT OR IGNORE INTO own_reactions VALUES (?,?,?)", (message, emoji, key))

    def return_reaction(self, message: int, emoji: str, key: str) -> bool:
        """One person took theirs back; whether nobody's is left."""
        with self._db() as db:
            db.execute(
                "DELETE FROM own_reactions WHERE message = ? AND emoji = ? AND key = ?", (message, emoji, key)
            )
            left = db.execute(
                "SELECT 1 FROM own_reactions WHERE message = ? AND emoji = ? LIMIT 1", (message, emoji)
            ).fetchone()
        return left is None

    # ---- webhooks and bans ----

    def webhook(self, channel: int) -> int:
        """The webhook that we use in a channel; 0 when none is known."""
        with self._db() as db:
            row = db.execute("SELECT webhook FROM webhooks WHERE channel = ?", (channel,)).fetchone()
        return int(row[0]) if row else 0

    def keep_webhook(self, channel: int, webhook: int) -> None:
        """Use this one from now on."""
        with self._db() as db:
            db.execute("INSERT OR REPLACE INTO webhooks VALUES (?,?)", (channel, webhook))

    def is_own_webhook(self, webhook: int) -> bool:
        """Whether a message by it is an echo of ours."""
        with self._db() as db:
            return (
                db.execute(
                    "SELECT 1 FROM webhooks WHERE webhook = ?1 UNION SELECT 1 FROM sends WHERE webhook = ?1"
                    " LIMIT 1",
                    (webhook,),
                ).fetchone()
                is not None
            )

    def ban_news(self, guild: int, user: int, banned: bool) -> int:
        """Somebody was banned or unbanned: how many changes there were, or 0 when that is no news."""
        row = self._ban(guild, user)
        if row is None:
            return 1
        before, count, at = row
        is_echo = before == banned and abs(time.time() - at) < ECHO_SECONDS
        return 0 if is_echo else count + 1

    def note_ban(self, guild: int, user: int, banned: bool, count: int) -> None:
        """That is known here: our own doing, or handed over."""
        with self._db() as db:
            db.execute(
                "INSERT OR REPLACE INTO bans VALUES (?,?,?,?,?)", (guild, user, banned, count, time.time())
            )

    def forget_ban(self, guild: int, user: int) -> None:
        """What was noted did not happen."""
        with self._db() as db:
            db.execute("DELETE FROM bans WHERE guild = ? AND user = ?", (guild, user))

    def _ban(self, guild: int, user: int) -> tuple[bool, int, float] | None:
        with self._db() as db:
            row = db.execute(
                "SELECT banned, count, at FROM bans WHERE guild = ? AND user = ?", (guild, user)
            ).fetchone()
        return (bool(row[0]), int(row[1]), float(row[2])) if row else None
