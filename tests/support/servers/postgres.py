"""A real PostgreSQL for tests: the system's own package, in a folder of its own, on a Unix socket only."""

from __future__ import annotations

import gc
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Final

import psycopg

from tests.support.servers.common import Process, ServerFailure
from tests.support.servers.debian import provided

"""Generous: 0.3 s on an idle machine."""
PORT: Final = 5432
USER: Final = "bridge"


def find_program(name: str) -> Path:
    """A program of the server; as root on Debian it is installed when it is not there. Raises ServerFailure."""
    return provided(f"PostgreSQL ({name})", lambda: _found(name), "postgresql")


def _found(name: str) -> Path | None:
    """On the PATH, or in Debian's place."""
    on_path = shutil.which(name)
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return Path(on_path) if on_path else next(reversed(installed), None)


class Postgres:
    """One server; its data lies in memory where there is a RAM disk, and goes with `close`."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        base = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="demls-pg-", dir=base))
        self._as = self._other_user()
        data = self.folder / "data"
        initdb = [str(find_program("initdb")), "-D", str(data), "-U", USER, "--auth=trust", "-E", "UTF8"]
        made = subprocess.run(
            [*self._as, *initdb, "--locale=C", "--no-sync"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        if made.returncode:
            raise ServerFailure(f"initdb failed:\n{made.stdout[-1_000:]}{made.stderr[-1_000:]}")
        settings = ["listen_addresses=", f"port={PORT}", "fsync=off", "max_connections=50"]
        command = [str(find_program("postgres")), "-D", str(data), "-k", str(self.folder)]
        options = [part for setting in settings for part in ("-c", setting)]
        self._process = Process([*self._as, *command, *options], self.folder / "server.log")

    def start(self) -> None:
        """Start and wait until it answers. Raises ServerFailure."""
        self._process.start(self._answers)

    def close(self) -> None:
        """End it and delete its data."""
        self._process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self) -> str:
        """Make an empty database; returns its URL for SQLAlchemy."""
        name = f"t{secrets.token_hex(8)}"
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            answers = False
        else:
            answers = True
        if not answers:
            # A server that is starting may refuse after the socket was open: psycopg leaves that connection to
            # the collector, and the warning would be told in whatever test runs then.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                gc.collect()
        return answers

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.folder), user=USER, dbname="postgres", autocommit=True)

    def _other_user(self) -> list[str]:
        """What runs a program as somebody else: the server refuses to run as root."""
        if os.getuid() != 0:
            return []
        names = {entry.pw_name: entry for entry in pwd.getpwall()}
        other = names.get("postgres") or names["nobody"]
        os.chown(self.folder, other.pw_uid, other.pw_gid)
        return ["setpriv", f"--reuid={other.pw_uid}", f"--regid={other.pw_gid}", "--clear-groups"]
