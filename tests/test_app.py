"""A bridge as a process: starts, answers, ends in order; and ends loudly when a part fails."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge import app
from bridge.model.adapter import AdapterHealth, Inbox, Rejected, RetryLater
from bridge.model.ids import RoomRef
from bridge.ops.report import Report
from bridge.ops.status import NotRunning, ask
from bridge.settings import Settings, load

CONFIG = """
name = "b1"
[waku]
node_port = 0
[ops]
metrics_port = {metrics}
[[groups]]
name = "lobby"
create = true
rooms = [{{ platform = "terminal", room = "r" }}]
[adapters.terminal]
socket = "{folder}/r.sock"
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


async def report_of(config: Path) -> Report:
    async with asyncio.timeout(60):
        while True:
            try:
                return await ask(config.parent / "data" / "status.sock")
            except NotRunning:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    config = write(tmp_path)
    async with process(config) as running:
        report = await report_of(config)
        assert (report.name, report.groups[0].state, report.adapters[0].platform) == (
            "b1",
            "working",
            "terminal",
        )
        running.send_signal(number)
        assert await asyncio.to_thread(running.wait, 30) == 0
    assert not (tmp_path / "data" / "status.sock").exists()


async def test_metrics_are_served(tmp_path: Path) -> None:
    port = free_port()
    config = write(tmp_path, port)
    async with process(config):
        await report_of(config)
        async with asyncio.timeout(30):
            while "demls_group_members" not in await asyncio.to_thread(fetch, port):
                await asyncio.sleep(0.05)


async def test_a_second_bridge_on_the_same_data_says_so(tmp_path: Path) -> None:
    config = write(tmp_path)
    async with process(config):
        await report_of(config)
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

    platform = "terminal"

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
    monkeypatch.setattr(app, "START_AGAIN", (0.01, 0.01))
    monkeypatch.setattr(app.plugins, "make_adapters", lambda _: {"terminal": adapter})
    settings: Settings = load(write(tmp_path), env_file=None)
    assert await asyncio.wait_for(app.run(settings), 60) == app.EXIT_FAILED
    assert adapter.stopped == 1
    with pytest.raises(NotRunning):
        await ask(settings.status_socket)


def fetch(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return str(answer.read(), "utf-8")
    except OSError:
        return ""


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
