"""The one place where exceptions of SQLAlchemy and the drivers become errors of the store."""

from __future__ import annotations

from sqlalchemy import exc

from bridge.storage.errors import Conflict, StorageError, StorageFault, StorageUnavailable

_PASSING = ("locked", "busy", "full", "disk i/o", "unable to open", "connection", "timeout", "starting up")
"""Words of OperationalErrors that may pass by themselves; the drivers share no codes for them."""


def translated(error: BaseException) -> BaseException:
    """The store's error for one of SQLAlchemy; any other exception (the work's own) as it is.

    The statement's values are left out of the text: they are other people's messages.
    """
    if isinstance(error, StopIteration):  # an asyncio future cannot carry it
        return StorageFault("the work raised StopIteration")
    if not isinstance(error, exc.SQLAlchemyError):
        return error
    cause = getattr(error, "orig", None)
    if isinstance(cause, StorageError):  # of a column type: SQLAlchemy wraps what bind processing raises
        return cause
    text = f"{type(error).__name__}: {cause or (error.args[0] if error.args else '')}"
    if isinstance(error, exc.IntegrityError):
        return Conflict(text)
    lost = isinstance(error, exc.DBAPIError) and error.connection_invalidated
    passing = isinstance(error, exc.OperationalError) and any(word in text.lower() for word in _PASSING)
    if lost or passing or isinstance(error, exc.TimeoutError):
        return StorageUnavailable(text)
    return StorageFault(text)
