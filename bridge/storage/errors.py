"""Errors of the store. No exception of SQLAlchemy, of a driver or of Alembic leaves this package.

    StorageError
    ├── OpenError               the store cannot be opened; the operator has to act
    │   ├── BadUrl              not a database URL that this bridge can use, or its driver is missing
    │   ├── WrongKey            the at-rest key is not the one that this database was made with
    │   ├── DatabaseInUse       another bridge runs on the same database
    │   └── SchemaTooNew        made by a newer bridge; this one must not touch it
    ├── StoreClosed             the store was closed before the work was run
    ├── StorageUnavailable      disk full, lock held too long, connection lost; `retry` helps
    │   └── CommitFailed        the transaction that held this work was not committed
    ├── StorageFault            the database refused a statement: a bug, or a damaged file
    ├── Conflict                a row that contradicts an existing one
    ├── BadValue                a value that no column takes: too long, not Unicode, out of range
    └── Tampered                an encrypted value does not verify: damaged, or moved to another row

`retry` says whether the same work may succeed later; `str(error)` is fit for the operator and shows no
stored values.
"""

from __future__ import annotations

from typing import ClassVar


class StorageError(Exception):
    """Root. `retry`: the same work may succeed later."""

    retry: ClassVar[bool] = False


class OpenError(StorageError):
    """The store cannot be opened."""


class BadUrl(OpenError):
    """Not a usable database URL."""


class WrongKey(OpenError):
    """The at-rest key does not fit the database."""


class DatabaseInUse(OpenError):
    """Another bridge has this database open."""


class SchemaTooNew(OpenError):
    """The database was made by a newer bridge."""


class StoreClosed(StorageError):
    """The store is closed; the work was not run."""


class StorageUnavailable(StorageError):
    """The database cannot do it now."""

    retry = True


class CommitFailed(StorageUnavailable):
    """The transaction of this work was rolled back; nothing of it is stored."""


class StorageFault(StorageError):
    """The database refused a statement."""


class Conflict(StorageError):
    """The row contradicts an existing one."""


class BadValue(StorageError):
    """No column takes this value."""


class Tampered(StorageError):
    """An encrypted value does not verify."""
