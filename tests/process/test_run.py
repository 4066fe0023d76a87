"""A bridge as a process: starts, answers, ends in order; and ends loudly when a part fails."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.model.adapter import (
    AdapterHealth,
    Capabilities,
    InboundMessage,
    Inbox,
    Outgoing,
    Rejected,
    RetryLater,
)
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body
from bridge.model.view import Group, GroupView
from bridge.process import plugins, run
from bridge.process.report import Report
from bridge.process.status import NotRunning, ask
from bridge.settings import Settings, load
from tests.support.waiting import limit, within

ROOM = RoomRef("web", "r")
CONFIG = """
name = "b1"
[waku]
node_port = 0
[ops]
metrics_port = {metrics}
shutdown_limit = 300  # a busy machine is no fault: what the tests ask for is the order, not the time
[[groups]]
name = "lobby"
create = true
rooms = [{{ platform = "web", room = "r" }}]
[adapters.web]
port = 0
rooms = ["r"]
"""


def write(folder: Path, metrics: int = 0) -> Path:
    path = folder / "bridge.toml"
    path.write_text(CONFIG.format(folder=folder, metrics=metrics))
    return path


@asynccontextmanager
async def process(config: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    with (config.parent / "log").open("wb") as log:
        command = [sys.executable, "-m", "bridge.cli", "run", "--config", str(config)]
        with subprocess.Popen(command, stdout=log, stderr=log) as running:
            try:
                yield running
            finally:
                running.kill()


async def report_of(config: Path, running: subprocess.Popen[bytes]) -> Report:
    """The first report; waits as long as the process lives."""
    while True:
        try:
            return await ask(config.parent / "data" / "status.sock")
        except NotRunning:
            assert running.poll() is None, (config.parent / "log").read_text()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    config = write(tmp_path)
    async with process(config) as running:
        report = await report_of(config, running)
        assert (report.name, report.groups[0].state, report.adapters[0].platform) == (
            "b1",
            "working",
            "web",
        )
        running.send_signal(number)
        # Bounded by the bridge itself: a shutdown that hangs ends after `shutdown_limit` with another code.
        assert await asyncio.to_thread(running.wait) == 0, (tmp_path / "log").read_text()
    assert not (tmp_path / "data" / "status.sock").exists()


async def test_metrics_are_served(tmp_path: Path) -> None:
    port = free_port()
    config = write(tmp_path, port)
    async with process(config) as running:
        await report_of(config, running)
        while "demls_group_members" not in await asyncio.to_thread(fetch, port):
            assert running.poll() is None, (tmp_path / "log").read_text()
            await asyncio.sleep(0.05)


async def test_a_second_bridge_on_the_same_data_says_so(tmp_path: Path) -> None:
    config = write(tmp_path)
    async with process(config) as running:
        await report_of(config, running)
        second = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "bridge.cli", "run", "--config", str(config)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == 1
    assert "Error:" in second.stderr
    assert "Traceback" not in second.stderr


class Broken:
    """An adapter that fails as it is told to. Poses as the terminal, whose room is linked."""

    platform = "web"

    def __init__(self, on_start: Sequence[Exception], on_run: Exception | None) -> None:
        self._on_start = list(on_start)
        self._on_run = on_run
        self.stopped = 0

    async def start(self, inbox: Inbox) -> None:
        if self._on_start:
            raise self._on_start.pop(0)

    async def run(self) -> None:
        if self._on_run is not None:
            raise self._on_run

    async def stop(self) -> None:
        self.stopped += 1

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        return []

    def health(self) -> AdapterHealth:
        return AdapterHealth("down")


@pytest.mark.parametrize(
    ("on_start", "on_run"),
    [
        ([Rejected("bad token")], None),
        ([], RuntimeError("a fault")),
        ([], None),  # ends by itself: as bad
        ([RetryLater("away", 0.01)], RuntimeError("after a second start")),
    ],
)
async def test_a_part_that_fails_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_start: list[Exception], on_run: Exception | None
) -> None:
    adapter = Broken(on_start, on_run)
    monkeypatch.setattr(run, "START_AGAIN", (0.01, 0.01))
    monkeypatch.setattr(plugins, "make_adapters", lambda _: {"web": adapter})
    settings: Settings = load(write(tmp_path), env_file=None)
    assert await within(run.run(settings)) == run.EXIT_FAILED
    assert adapter.stopped == 1
    with pytest.raises(NotRunning):
        await ask(settings.status_socket)


class Looking(Broken):
    """An adapter that looks through its view as soon as it runs, and then fails."""

    def __init__(self) -> None:
        super().__init__([], RuntimeError("has seen enough"))
        self.view: GroupView | None = None
        self.inbox: Inbox | None = None
        self.seen_before_start = False
        self.group: Group | None = None
        self.seen: Mapping[str, Any] = {}

    def attach_view(self, view: GroupView) -> None:
        self.view = view

    async def start(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.seen_before_start = self.view is not None

    def describe(self, room: RoomRef) -> Capabilities:
        return Capabilities()

    async def send(self, message: Outgoing) -> str:
        return message.key

    async def run(self) -> None:
        assert self.view is not None
        heard = asyncio.Event()
        self.view.watch(lambda room, news: heard.set())
        user = UserRef(self.platform, "somebody")
        await self.view.open_account(user, "Somebody")
        event = InboundMessage("e1", ROOM, Author(self.platform, "somebody", "S"), Body("!join"), 1)
        assert self.inbox is not None
        await self.inbox.accept("account", "c1", [event])
        await heard.wait()
        self.group = await self.view.group(ROOM)
        self.seen = await self.view.report()
        await super().run()


async def test_an_adapter_that_looks_gets_its_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Looking()
    monkeypatch.setattr(plugins, "make_adapters", lambda _: {"web": adapter})
    settings: Settings = load(write(tmp_path), env_file=None)
    assert await run.run(settings) == run.EXIT_FAILED
    assert adapter.seen_before_start
    assert adapter.group is not None
    assert (adapter.group.name, adapter.group.coordination) == ("lobby", "waku")
    seen = adapter.seen
    assert json.loads(json.dumps(seen)) == seen
    assert (seen["name"], seen["groups"][0]["name"], seen["peers"], seen["failures"]) == ("b1", "lobby", [], [])
    assert {"bridge", "python", "mls-rs", "rust-libp2p"} <= set(seen["versions"])
    assert seen["database_bytes"] > 0
    assert seen["uptime"] > 0


def fetch(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=limit()) as answer:
            return str(answer.read(), "utf-8")
    except OSError:
        return ""


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
