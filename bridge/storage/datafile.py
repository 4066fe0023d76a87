"""The SQLite file: private to the owner, and open in one bridge only."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bridge.storage.errors import DatabaseInUse, OpenError

_SIDE_FILES = ("", "-wal", "-shm", "-journal")


class FileLock:
    """An exclusive lock beside the database, held until `release` or the end of the process (SIGKILL too)."""

    def __init__(self, database: Path) -> None:
        """Take the lock. Raises DatabaseInUse, or OpenError when it cannot be made."""
        self.path = database.with_name(database.name + ".lock")
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise OpenError(f"cannot make the lock file {self.path}: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._fd)
            raise DatabaseInUse(
                f"another bridge (process {holder}) uses {database}; "
                "stop it, or give this one a data folder of its own"
            ) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two others lock two different files."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def prepare(database: Path) -> None:
    """Make the folder (0700) and the file (0600) if missing, and close existing files to others.

    SQLite gives -wal and -shm the mode of the database, so it must exist before SQLite creates it with the
    process's umask. Raises OpenError.
    """
    try:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        for suffix in _SIDE_FILES:
            path = database.with_name(database.name + suffix)
            if path.exists():
                path.chmod(0o600)
    except OSError as error:
        raise OpenError(f"cannot use the database file {database}: {error.strerror}") from error
