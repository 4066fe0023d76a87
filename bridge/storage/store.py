"""The store: durable transactions for the whole bridge (architecture.md, "One transaction per event")."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, exc, select

from bridge.storage.cipher import Cipher
from bridge.storage.database import READERS, Database
from bridge.storage.errors import OpenError, StoreClosed, Tampered, WrongKey
from bridge.storage.migrate import migrate
from bridge.storage.schema import meta
from bridge.storage.translate import translated
from bridge.storage.tx import Tx, insert_new
from bridge.storage.writer import Writer, run_read, waited

__all__ = ["Store", "Tx"]

T = TypeVar("T")

_CHECK_ROW = ("meta", "key_check")
_CHECK_VALUE = b"demls-bridge"


class Store:
    """One open database. Make it with `open`, end it with `close`; any number of tasks may share it."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher
        self._writer = Writer(database.writer, cipher)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="storage-reader")
        self._closed = False

    def __repr__(self) -> str:
        return f"Store({self._database.label})"

    @classmethod
    async def open(cls, url: str, key: bytes) -> Store:
        """Open `sqlite:///<path>` or `postgresql+psycopg://...`, creating or migrating the tables.

        `key`: 32 bytes, encrypts key material at rest. Raises OpenError (BadUrl, WrongKey, DatabaseInUse,
        SchemaTooNew), BadValue for a key of another length, StorageFault when a migration fails.
        """
        cipher = Cipher(key)
        return cls(await asyncio.to_thread(_opened, url, cipher), cipher)

    async def write(self, work: Callable[[Tx], T], *, lazy: bool = False) -> T:
        """Run `work` in a transaction and return its result once that is committed and on disk.

        Works run in the order of the calls, several of them in one transaction, each all or nothing. `work` is
        quick, does no other IO and neither commits nor rolls back. It may be run
        and still not be committed, so it changes nothing in memory. Raises what `work` raises; StorageError.

        `lazy`: the work may wait a moment (`writer.LAZY`) for another one's transaction to join.

        A caller that is cancelled does not know: a work not begun is dropped, one begun is finished.
        """
        return await waited(self._writer.submit(work, lazy=lazy))

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on one committed state (with all writes awaited before in it); it cannot write."""
        if self._closed:
            raise StoreClosed("the store is closed")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, run_read, self._database.reader, self._cipher, work)

    @property
    def commits(self) -> int:
        """Transactions committed since `open`, for metrics."""
        return self._writer.commits

    async def close(self) -> None:
        """Finish the works that wait, then close the database. May be called twice."""
        self._closed = True
        await asyncio.shield(asyncio.to_thread(self._close))

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown()
        self._database.close()


def _opened(url: str, cipher: Cipher) -> Database:
    database = Database(url)
    try:
        with database.writer.begin() as conn:
            migrate(conn)
            _check_key(conn, cipher)
    except exc.SQLAlchemyError as error:
        database.close()
        raise OpenError(f"cannot open {database.label}: {translated(error)}") from error
    except BaseException:
        database.close()
        raise
    return database


def _check_key(conn: Connection, cipher: Cipher) -> None:
    """Compare with the check value, or store one in a new database. Raises WrongKey."""
    sealed = conn.scalar(select(meta.c.value).where(meta.c.name == _CHECK_ROW[1]))
    if sealed is None:
        values = {"name": _CHECK_ROW[1], "value": cipher.seal(_CHECK_ROW, _CHECK_VALUE)}
        insert_new(Tx(conn, cipher), meta, values)
        return
    try:
        cipher.open(_CHECK_ROW, sealed)
    except Tampered as error:
        raise WrongKey("the at-rest key is not the one that this database was made with") from error
