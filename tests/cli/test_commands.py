"""What the commands print and with which code they end: one clear message, never a traceback."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.process.report import Adapter, Ballot, Failure, Group, Queue, Report
from bridge.process.status import served
from tests.cli.conftest import Cli
from tests.support.waiting import limit

GROUP = Group(
    "lobby", "demls:lobby@0xab", "voting", 99.0, 3, True, ("0x01", "0x02"), ("0x02",), 1, 4,
    {"0x01": "Alice [bold]"}, {"replayed": 2}, Ballot(77, "remove", ("0x02",), ("0x02",), (), ("0x02",), 99),
)  # fmt: skip
REPORT = Report("b1", "0.1.0", 42, 0.0, "0x" + "ab" * 20, "ok: 2 peers", True, ("/ip4/1.2.3.4/tcp/1/p2p/16U",),
                (GROUP,), (Adapter("matrix", "down", "401"),), 3,
                queues=(Queue("matrix", "!r", 3, 1, 2, 9.0, "away [1]"),),
                failures=(Failure("matrix", "!r", "ban", 1, "forbidden", 5),))  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "bridge.toml"
    path.write_text('[waku]\nnode_port = 0\n[[groups]]\nname = "lobby"\ncreate = true\n')
    return path


@pytest.fixture
def running(config: Path) -> Iterator[None]:
    """Something that answers on the status socket, on a loop of its own."""
    ready, end = threading.Event(), threading.Event()

    async def report() -> Report:
        return REPORT

    async def serve() -> None:
        async with served(config.parent / "data" / "status.sock", report):
            ready.set()
            await asyncio.to_thread(end.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(limit())
    yield
    end.set()
    thread.join()


@pytest.mark.parametrize("command", ["run", "check", "address", "status"])
def test_wrong_settings_are_listed(cli: Cli, tmp_path: Path, command: str) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text('nmae = "x"\n[waku]\nnode_port = -1\n')
    result = cli(command, "--config", path)
    assert result.code == 2
    for words in ("2 settings are wrong", "nmae", "did you mean", "waku.node_port", "node_port = 60000"):
        assert words in result.err
    assert "Traceback" not in result.err + result.out


def test_an_unknown_adapter_is_a_wrong_setting(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text("[adapters.pigeon]\n")
    result = cli("check", "--config", path)
    assert result.code == 2
    assert "adapters.pigeon" in result.err


def test_address_is_stable_and_names_the_groups(cli: Cli, config: Path) -> None:
    first = cli("address", "--config", config)
    assert first.code == 0, first.err
    address = first.out.split()[1]
    assert address.startswith("0x")
    assert len(address) == 42
    assert f"demls:lobby@{address}" in first.out
    assert cli("address", "--config", config).out == first.out


def test_check_says_what_is_well(cli: Cli, config: Path) -> None:
    result = cli("check", "--config", config)
    assert result.code == 0, result.out + result.err
    assert result.out.count("ok ") == 4


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_group_of_another_bridge_cannot_be_made(cli: Cli, config: Path, command: str) -> None:
    other = "demls:lobby@0x" + "ab" * 20
    config.write_text(config.read_text().replace('"lobby"', f'"{other}"'))
    result = cli(command, "--config", config)
    assert result.code == 2
    for words in ("groups[0].name", "create = false", 'name = "lobby"'):
        assert words in result.err
    assert "Traceback" not in result.err


@pytest.mark.usefixtures("running")
def test_address_of_a_running_bridge(cli: Cli, config: Path) -> None:
    result = cli("address", "--config", config)
    assert result.code == 0, result.err
    assert REPORT.address in result.out


def test_check_names_what_does_not_answer(cli: Cli, config: Path) -> None:
    config.write_text(config.read_text() + '[storage]\nkey_file = "broken.key"\n')
    broken = config.parent / "broken.key"
    broken.write_text("nonsense")
    broken.chmod(0o600)
    result = cli("check", "--config", config)
    assert result.code == 1
    for words in ("broken.key", "[storage] key_file", "openssl rand -hex 32"):
        assert words in result.out
    broken.write_text("ab" * 32)
    assert cli("address", "--config", config).code == 0
    broken.write_text("cd" * 32)
    result = cli("run", "--config", config)
    assert result.code == 1
    for words in ("[storage] key_file", "backup", "demls-bridge check"):
        assert words in result.err


def test_status_of_nothing(cli: Cli, config: Path) -> None:
    result = cli("status", "--config", config)
    assert result.code == 1
    assert "demls-bridge run" in result.err


@pytest.mark.usefixtures("running")
def test_status_for_people(cli: Cli, config: Path) -> None:
    result = cli("status", "--config", config)
    assert result.code == 3, "an adapter is down"
    for words in ("b1", "0xab", "demls:lobby@0xab", "voting", "Alice [bold]", "77", "2 replayed", "down (401)",
                  "3 messages for rooms", "away [1]", "ban in matrix !r: forbidden"):  # fmt: skip
        assert words in result.out


@pytest.mark.usefixtures("running")
def test_status_for_machines(cli: Cli, config: Path) -> None:
    result = cli("status", "--json", "--config", config)
    assert json.loads(result.out)["groups"][0]["ballot"]["ballot_id"] == 77


@pytest.mark.usefixtures("running")
def test_check_leaves_a_running_bridge_alone(cli: Cli, config: Path) -> None:
    result = cli("check", "--config", config)
    assert result.code == 1
    assert "runs with this configuration" in result.out
