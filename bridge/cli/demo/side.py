"""One bridge of the demo: its folder, its configuration, its process, its page, its reports."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bridge import process
from bridge.cli.demo.failures import SideFailed
from bridge.cli.demo.people import GROUP, PEOPLE, ROOM
from bridge.process import plugins
from bridge.process.report import Group, Report
from bridge.process.run import own_address
from bridge.process.status import NotRunning, ask
from bridge.settings import PREFIX, SEED_NAMES, load, sample

START_LIMIT: Final = 30.0
"""Seconds until a started bridge must answer."""
STOP_LIMIT: Final = 8.0
"""Seconds until a bridge that was asked to stop is killed."""
POLL: Final = 0.2
"""Seconds between looks at a bridge's report."""

TIMING: Final = {"steward_epoch": 3, "waiting": 2, "voting": 10, "commit": 5}
"""Seconds. Shorter than the seed's, so that a play-through takes a minute."""
CHAIN: Final = {"confirmations": 2, "poll": 0.3, "grace": 20, "stuck": 20}
"""For the development chain: a block each second."""
SEEN_TIMING: Final = {**TIMING, "steward_epoch": 6, "voting": 60}
"""For people: the seed's 15 and 30 seconds, kinder to one who plays three people in three windows."""


class Side:
    """`number` is 0 or 1; `port` that of its page (0: any free one)."""

    def __init__(self, number: int, folder: Path, port: int, changed: Callable[[], None]) -> None:
        self.number = number
        self.name = f"client{number + 1}"
        self.folder = folder / self.name
        self.report: Report | None = None
        self._port = port
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "bridge.toml"

    @property
    def log(self) -> Path:
        """What the process writes."""
        return self.folder / "bridge.log"

    @property
    def group(self) -> Group | None:
        """The demo's group as this bridge sees it; None before it is there."""
        groups = self.report.groups if self.report is not None else ()
        return next((group for group in groups if group.name == GROUP), None)

    @property
    def url(self) -> str:
        """Address of its page, once it has started."""
        return (self.folder / "data" / "web" / "url").read_text("ascii").strip()

    def write_config(
        self, group: Mapping[str, Any], peers: Sequence[str], chain: Mapping[str, Any] | None = None
    ) -> None:
        """(Re)write the configuration file. `chain`: keys of [chain], where contracts count the votes."""
        rooms = [{"platform": "web", "room": ROOM}]
        known: dict[str, dict[str, Any]] = {
            "": {"name": self.name},
            "waku": {"node_port": 0, "peer_addresses": list(peers)},
            "chain": dict(chain or {}),
        }
        accounts = [person.name for person in PEOPLE.values() if person.side == self.number]
        page = {"port": self._port, "demo_accounts": accounts}
        adapters = {"web": (plugins.load("web").table, page)}
        text = sample.write(known, [{**group, "rooms": rooms}], adapters)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.config.write_text(text, "utf-8")

    async def address(self) -> bytes:
        """The bridge's own address; the first call makes its keys. Not while it runs."""
        return await own_address(load(self.config, env_file=None))

    async def start(self) -> None:
        """Start the process and wait until it answers and its page is open. Raises SideFailed."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bridge.cli", "run", "--end-with-stdin", "--config", str(self.config),
                # Held open by this process: whatever ends it, a bridge does not stay behind.
                stdin=asyncio.subprocess.PIPE, stdout=log, stderr=log, env=_environment(),
                cwd=self.folder,
                # Ctrl-C in the terminal goes to the demo only, which stops the bridges in order.
                start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(START_LIMIT):
                while True:
                    if await self._ready():
                        return
                    await asyncio.sleep(POLL)
        except TimeoutError:
            raise SideFailed(f"{self.name} did not answer within {START_LIMIT:.0f} s") from None

    async def _ready(self) -> bool:
        if self._process is not None and self._process.returncode is not None:
            raise SideFailed(f"{self.name} ended with code {self._process.returncode}")
        try:
            self.report = await ask(self.folder / "data" / "status.sock")
        except NotRunning:
            return False
        return all(adapter.state != "down" for adapter in self.report.adapters) and _is_open(self)

    async def watch(self) -> None:
        """Keep the report fresh. Raises SideFailed when the process ends."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll())
            tasks.create_task(self._outlive())

    async def _poll(self) -> None:
        while True:
            try:
                self.report = await ask(self.folder / "data" / "status.sock")
                self._changed()
            except NotRunning:
                pass  # _outlive says so
            await asyncio.sleep(POLL)

    async def _outlive(self) -> None:
        assert self._process is not None, "start() comes first"
        code = await self._process.wait()
        raise SideFailed(f"{self.name} ended by itself with code {code}")

    async def stop(self) -> int:
        """Stop the process in order, by force when it does not; returns its exit code (0: in order)."""
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_LIMIT):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        return process.returncode or 0


def _is_open(side: Side) -> bool:
    try:
        return bool(side.url)
    except OSError:
        return False


def _environment() -> dict[str, str]:
    """The environment without settings: the demo's files alone decide."""
    package_root = str(Path(process.__file__).resolve().parent.parent.parent)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(PREFIX) and name not in SEED_NAMES
    }
    paths = [package_root, *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}
