"""`make play`: the whole scenario on two real bridges; and that it does not call a failure a success."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bridge.cli.demo.failures import SideFailed, Unmet
from bridge.cli.demo.network import running
from bridge.cli.demo.script import Script
from tests.support.waiting import limit, within


def test_the_scenario_ends_as_it_should() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge.cli", "demo", "--play"],
        capture_output=True,
        text=True,
        timeout=limit(starts=300),
        check=False,
        env={**os.environ, "NODE_PORT": "1", "NAME": "not used"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All went as it should." in done.stdout
    assert " NO " not in done.stdout


async def test_a_bridge_that_dies_ends_the_demo(tmp_path: Path) -> None:
    survivors: list[int] = []

    async def demo() -> None:
        async with running(tmp_path) as network:
            first, second = network.sides
            assert first.report is not None
            assert second.report is not None
            survivors.append(first.report.pid)
            os.kill(second.report.pid, signal.SIGKILL)
            await asyncio.Event().wait()

    with pytest.raises(SideFailed, match="client2 ended"):
        await within(demo())
    # The other one was stopped in order.
    with pytest.raises(ProcessLookupError):
        os.kill(survivors[0], 0)


def test_a_killed_demo_leaves_no_bridge_behind() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bridge.cli", "demo", "--play"], stdout=subprocess.PIPE
    ) as demo:
        assert demo.stdout is not None
        shown = b""
        while b"connected over Waku" not in shown:
            piece = os.read(demo.stdout.fileno(), 65_536)
            assert piece, shown
            shown += piece
        bridges = psutil.Process(demo.pid).children()
        assert len(bridges) == 2
        folder = Path(bridges[0].cmdline()[-1]).parent.parent
        demo.kill()
    _, alive = psutil.wait_procs(bridges, timeout=limit())
    assert not alive
    shutil.rmtree(folder)  # a killed process cannot do it itself


async def test_an_unmet_expectation_ends_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.cli.demo.script.STEP_LIMIT", 0.1)
    async with running(tmp_path) as network:
        script = Script(network)
        with pytest.raises(Unmet, match="Bob is a member"):
            script._check(met=False, what="Bob is a member")
        with pytest.raises(Unmet, match="pigs fly"):
            await script._expect("pigs fly", lambda: False)
