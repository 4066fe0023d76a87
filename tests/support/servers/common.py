"""What real servers in tests share: where they are kept, a free port, one process started and ended."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from tests.support.waiting import Stuck, until_now

LOG_TAIL: Final = 4_000
"""Bytes of a server's log shown when it fails."""


class ServerFailure(Exception):
    """A server can't be had or does not come up. The text says what to do."""


def cache() -> Path:
    """The user's folder for servers: `$XDG_CACHE_HOME` or `~/.cache`, then `demls-bridge/servers`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "demls-bridge" / "servers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` across processes, so that a server is built once."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """One server process with its log in a file. Ended by its own process id, never by name."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._log = log
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._sink: IO[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, ready: Callable[[], bool]) -> None:
        """Start and wait until `ready()`. Raises ServerFailure with the end of the log."""
        self._sink = self._log.open("ab")
        self._process = subprocess.Popen(
            self._command, stdout=self._sink, stderr=subprocess.STDOUT, env=self._env, start_new_session=True
        )
        name = Path(self._command[0]).name
        try:
            until_now(lambda: not self.running or ready(), name, seen=self.log_tail, every=0.05)
        except Stuck as stuck:
            self.kill()
            raise ServerFailure(f"{name} is not ready: {stuck}") from None
        if not self.running:
            self.kill()
            raise ServerFailure(f"{name} ended at once; its log ends:\n{self.log_tail()}")

    def stop(self, seconds: float = 3.0) -> None:
        """Ask it to end; after `seconds` kill it."""
        if self._process is not None and self.running:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            if self.running:
                self._process.kill()
            self._process.wait()
            self._process = None
        if self._sink is not None:
            self._sink.close()
            self._sink = None

    def log_tail(self) -> str:
        """The end of its log."""
        if not self._log.exists():
            return ""
        return self._log.read_bytes()[-LOG_TAIL:].decode(errors="replace")
