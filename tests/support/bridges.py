"""A whole bridge as a process of its own: `demls-bridge run` with a configuration file, killed at will."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bridge.process.report import Group, Report
from bridge.process.status import NotRunning, ask
from tests.support.waiting import limit, until

COMMAND = [sys.executable, "-m", "bridge.cli"]


class BridgeProcess:
    """One bridge with its folder; `write` first, then `start`."""

    def __init__(self, folder: Path, name: str, command: Sequence[str] = COMMAND) -> None:
        """`command`: what runs the command line."""
        self.folder = folder / name
        self.folder.mkdir(mode=0o700)
        self.name = name
        self._command = command
        self.config = self.folder / "bridge.toml"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.folder / "data"

    def write(self, text: str) -> None:
        """Write the configuration."""
        self.config.write_text(text)

    def address(self) -> str:
        """`demls-bridge address`: 0x and 40 hexadecimal digits. Makes the keys when there are none."""
        done = subprocess.run(
            [*self._command, "address", "--config", str(self.config)],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return next(word for word in done.stdout.split() if word.startswith("0x"))

    def start(self) -> None:
        """Start it; does not wait."""
        assert self._process is None
        with (self.folder / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._command, "run", "--config", str(self.config)], stdout=log, stderr=log, cwd=self.folder
            )

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(how)
        try:
            code = self._process.wait(limit())
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._process = None
        return code

    def log(self) -> str:
        """The end of its log, for a failing test."""
        return (self.folder / "out.log").read_text(errors="replace")[-6_000:]

    async def report(self) -> Report:
        """What it says of itself. Raises NotRunning."""
        assert self._process is not None, "not started"
        assert self._process.poll() is None, f"{self.name} has ended:\n{self.log()}"
        return await ask(self.data / "status.sock")

    async def group(self) -> Group:
        """Its only group."""
        return (await self.report()).groups[0]

    async def until(self, done: Callable[[Report], bool]) -> Report:
        """Wait until its report is as wanted."""
        last: Report | None = None

        async def look() -> Report | None:
            nonlocal last
            try:
                last = await self.report()
            except NotRunning:
                return None
            return last if done(last) else None

        return await until(look, self.name, seen=lambda: f"{last and last.groups}\n{self.log()}", every=0.1)

    def copy_data(self, into: Path) -> None:
        """A consistent copy of the database and the keys of the running bridge."""
        into.mkdir(mode=0o700)
        for path in self.data.iterdir():
            if path.is_file() and path.name != "bridge.db" and not path.name.startswith("bridge.db-"):
                shutil.copy2(path, into / path.name)
        source = sqlite3.connect(self.data / "bridge.db")
        target = sqlite3.connect(into / "bridge.db")
        with target:
            source.backup(target)
        source.close()
        target.close()
