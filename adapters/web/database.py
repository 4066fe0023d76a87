"""The page's own database `page.db`: one SQLite file for its owner only, used by one thread."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")
Tx = sqlite3.Connection
"""A transaction: the functions of `accounts`, `sessions`, `messages` take one and never commit."""

FILE: Final = "page.db"
BUSY_MS: Final = 5_000
"""How long to wait for another process (`demls-bridge invite`) to let go of the file."""
VERSION: Final = 1

SCHEMA: Final = """
CREATE TABLE accounts (
  user_id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE,
  address TEXT NOT NULL, password_hash TEXT NOT NULL, operator INTEGER NOT NULL, made_at REAL NOT NULL) STRICT;
CREATE TABLE invitations (
  token_hash BLOB PRIMARY KEY, name TEXT NOT NULL, operator INTEGER NOT NULL, expires_at REAL NOT NULL) STRICT;
CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY, user_id TEXT NOT NULL REFERENCES accounts, made_at REAL NOT NULL,
  expires_at REAL NOT NULL) STRICT;
CREATE INDEX sessions_user ON sessions (user_id, made_at);
CREATE TABLE rooms (
  room TEXT PRIMARY KEY, position INTEGER NOT NULL, revision INTEGER NOT NULL, floor INTEGER NOT NULL) STRICT;
-- floor: changes up to this revision are not known any more (a new file, or messages that were pruned).
CREATE TABLE messages (
  id TEXT PRIMARY KEY, room TEXT NOT NULL, position INTEGER NOT NULL, revision INTEGER NOT NULL,
  platform TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL,
  only_for TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL, time_ms INTEGER NOT NULL,
  edited INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '', late INTEGER NOT NULL DEFAULT 0, reply_to TEXT NOT NULL DEFAULT '',
  thread TEXT NOT NULL DEFAULT '', ballot TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX messages_revision ON messages (room, revision);
CREATE INDEX messages_position ON messages (room, position);
CREATE TABLE reactions (
  event_id TEXT PRIMARY KEY, message_id TEXT NOT NULL REFERENCES messages ON DELETE CASCADE, key TEXT NOT NULL,
  user_id TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (message_id, key, user_id)) STRICT;
CREATE TABLE files (
  id TEXT PRIMARY KEY, message_id TEXT NOT NULL REFERENCES messages ON DELETE CASCADE, number INTEGER NOT NULL,
  reference TEXT NOT NULL, name TEXT NOT NULL, media_type TEXT NOT NULL, size INTEGER NOT NULL,
  sha256 BLOB NOT NULL, secret BLOB NOT NULL) STRICT;
CREATE INDEX files_message ON files (message_id);
CREATE TABLE bans (
  room TEXT NOT NULL, user_id TEXT NOT NULL, reason TEXT NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (room, user_id)) STRICT;
-- What was asked once: refs of browsers and keys of the mirror. A repetition changes nothing.
CREATE TABLE events (
  n INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, kind TEXT NOT NULL) STRICT;
-- What people did and the inbox has not taken yet, in order.
CREATE TABLE outbox (n INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL) STRICT;
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""


def connect(state_dir: Path) -> sqlite3.Connection:
    """Open the file, made when needed with mode 0600 in a folder with mode 0700.

    Raises OSError, sqlite3.Error; a file of a later version is refused with sqlite3.DatabaseError.
    """
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = state_dir / FILE
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: what was acknowledged survives a power cut too.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    with_schema(connection)


def with_schema(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file; also when two processes come at once."""

    def make(tx: Tx) -> None:
        version = tx.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in SCHEMA.split(";\n"):
                tx.execute(statement)
            tx.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"{FILE} has version {version}, this program knows {VERSION}")

    transact(connection, make)


def transact(connection: sqlite3.Connection, work: Callable[[Tx], T]) -> T:
    """All of `work` or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return result


class Database:
    """The open file. All work runs in one thread, one piece after the other, never on the event loop."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, "page-db")

    @classmethod
    async def open(cls, state_dir: Path) -> Database:
        """See `connect`."""
        return cls(await asyncio.to_thread(connect, state_dir))

    async def do(self, work: Callable[[Tx], T]) -> T:
        """Run `work` as a transaction; when this returns, it is on the disk.

        A caller that is cancelled does not stop work that began.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, transact, self._connection, work)

    async def close(self) -> None:
        """Finish what is under way and close. Idempotent."""
        await asyncio.to_thread(self._thread.shutdown)
        self._connection.close()
