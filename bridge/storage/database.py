"""Connections: one writer, some readers, with the settings that durability rests on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from bridge.storage.datafile import FileLock, prepare
from bridge.storage.errors import BadUrl, DatabaseInUse

READERS = 4
"""Threads that read at the same time; SQLite in WAL mode lets them beside the writer."""
BUSY_TIMEOUT_MS = 5000
"""How long a statement waits for a lock. Only a backup tool can hold one: the file lock keeps bridges out."""

LOCK_KEY = 0x64656D6C73
"""Of PostgreSQL's advisory locks, which belong to one database: "demls" in ASCII."""
LOCK_WAIT_MS = 3000

_POSTGRES = "postgresql+psycopg"
_LOCK_NOT_AVAILABLE = "55P03"


class Database:
    """The engines of one database and, for SQLite, its file lock. Close with `close`."""

    def __init__(self, url: str) -> None:
        """Lock and connect lazily. Raises BadUrl, DatabaseInUse, OpenError."""
        parsed = _parsed(url)
        self.label = parsed.render_as_string(hide_password=True)
        self.writer: Engine
        self.reader: Engine
        self._lock: FileLock | None = None
        if parsed.drivername == _POSTGRES:
            self.writer = _locked_postgres_engine(parsed)
            # Repeatable read: a read sees one state, as in SQLite, however many statements it has.
            self.reader = _engine(parsed, READERS).execution_options(
                postgresql_readonly=True, isolation_level="REPEATABLE READ"
            )
            return
        path = Path(str(parsed.database)).absolute()
        prepare(path)
        self._lock = FileLock(path)
        self.writer = _sqlite_engine(parsed, 1, "BEGIN IMMEDIATE", query_only=False)
        self.reader = _sqlite_engine(parsed, READERS, "BEGIN", query_only=True)

    def close(self) -> None:
        """Close all connections, then let go of the lock."""
        self.reader.dispose()
        self.writer.dispose()
        if self._lock is not None:
            self._lock.release()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise BadUrl("not a database URL; expected sqlite:///<path> or postgresql+psycopg://...") from error
    if parsed.drivername == _POSTGRES:
        return parsed
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise BadUrl(f"{parsed.drivername} is not supported; use sqlite or {_POSTGRES}")
    if parsed.query or not parsed.database or parsed.database.startswith((":", "file:")):
        raise BadUrl("SQLite needs a plain file: sqlite:///<path>; a database in memory is not durable")
    return parsed


def _engine(url: URL, size: int) -> Engine:
    try:
        return create_engine(url, pool_size=size, max_overflow=0, hide_parameters=True)
    except (exc.ArgumentError, ImportError) as error:
        raise BadUrl(f"the driver for {url.drivername} is not installed") from error


def _locked_postgres_engine(url: URL) -> Engine:
    """An engine with one connection, which holds the database's advisory lock as long as it lives.

    So there is never a second writer, and a connection that was lost takes the lock again or fails.
    """
    engine = _engine(url, 1)

    @event.listens_for(engine, "connect")
    def _lock(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        try:
            # A bridge that was killed a moment ago may still be known to the server.
            cursor.execute(f"SET lock_timeout = {LOCK_WAIT_MS}")
            cursor.execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
            cursor.execute("SET lock_timeout = 0")
            connection.commit()
        except connection.OperationalError as error:
            connection.close()
            if getattr(error, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
                raise
            raise DatabaseInUse(
                "another bridge uses this database; stop it, or give this one a database of its own"
            ) from error

    return engine


def _sqlite_engine(url: URL, size: int, begin: str, *, query_only: bool) -> Engine:
    """An engine whose transactions start with `begin`.

    The driver's own transaction handling is switched off (isolation_level None): it knows no savepoints and
    begins too late. BEGIN IMMEDIATE takes the write lock at once, so a transaction never fails half-way.
    """
    engine = _engine(url, size)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # in WAL mode: an fsync with every commit
        cursor.execute("PRAGMA foreign_keys=ON")
        if query_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
