"""`contracts` and `group create`, on a real anvil."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest

from bridge.process.run import own_address
from bridge.settings import load
from tests.cli.conftest import Cli
from tests.support.servers.anvil import Anvil

ETHER = 10**18


@pytest.fixture
def config(tmp_path: Path, anvil: Anvil) -> Path:
    """A bridge that knows a node, and has no contracts yet."""
    path = tmp_path / "bridge.toml"
    path.write_text(
        f'name = "b1"\n# The way to the chain.\n[chain]\nnode_url = "{anvil.url}"\n# chain_id = 1\n'
    )
    return path


def fund(anvil: Anvil, config: Path) -> str:
    address = "0x" + asyncio.run(own_address(load(config, env_file=None))).hex()
    anvil.request("anvil_setBalance", [address, hex(ETHER)])
    return address


def test_deployed_verified_shown(cli: Cli, config: Path, anvil: Anvil) -> None:
    address = fund(anvil, config)
    deployed = cli("contracts", "deploy", "-c", config)
    assert deployed.code == 0, deployed.err
    assert f"with {address} (1.000000 ether)" in deployed.out
    chain = tomllib.loads(config.read_text())["chain"]
    assert chain["chain_id"] == anvil.chain_id
    assert chain["node_url"] == anvil.url
    assert "# The way to the chain." in config.read_text()

    verified = cli("contracts", "verify", "-c", config)
    assert (verified.code, verified.err) == (0, "")
    assert cli("group", "create", "lobby", "--on-chain", "-c", config).code == 0
    shown = cli("contracts", "show", "-c", config)
    assert shown.code == 0, shown.err
    for words in (
        address,
        chain["registry"],
        chain["key_packages"],
        "demls:lobby@",
        "not on this chain",
        "ether",
    ):
        assert words in shown.out


def test_contracts_are_not_made_twice_by_accident(cli: Cli, config: Path, anvil: Anvil) -> None:
    fund(anvil, config)
    assert cli("contracts", "deploy", "-c", config).code == 0
    before = config.read_text()
    again = cli("contracts", "deploy", "-c", config)
    assert again.code == 1
    assert "deploy --again" in again.err
    assert config.read_text() == before
    assert cli("contracts", "deploy", "--again", "-c", config).code == 0
    assert config.read_text() != before


def test_other_contracts_are_told_apart(cli: Cli, config: Path, anvil: Anvil) -> None:
    fund(anvil, config)
    assert cli("contracts", "deploy", "-c", config).code == 0
    chain = load(config, env_file=None).chain
    config.write_text(config.read_text().replace(chain.ballots, chain.registry))
    verified = cli("contracts", "verify", "-c", config)
    assert verified.code == 1
    assert "is not the" in verified.err


def test_without_funds(cli: Cli, config: Path) -> None:
    result = cli("contracts", "deploy", "-c", config)
    assert result.code == 1
    assert "has no funds on chain 31337" in result.err
    assert "Traceback" not in result.err


def test_without_a_node(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text('name = "b1"\n')
    for words in (("contracts", "deploy"), ("contracts", "show"), ("contracts", "verify")):
        result = cli(*words, "-c", config)
        assert result.code == 1
        assert "node_url" in result.err
    config.write_text('[chain]\nnode_url = "http://127.0.0.1:1"\nchain_id = 1\n')
    assert "cannot be reached" in cli("contracts", "deploy", "-c", config).err


def test_a_group_on_chain_needs_contracts(cli: Cli, config: Path) -> None:
    before = config.read_text()
    result = cli("group", "create", "lobby", "--on-chain", "-c", config)
    assert result.code == 2
    for words in ("chain.registry", "chain.ballots", "contracts deploy"):
        assert words in result.err
    assert config.read_text() == before


def test_a_group_is_added_or_nothing_is_changed(cli: Cli, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text('name = "b1"  # mine\n[adapters.web]\nrooms = ["hall"]\n')
    result = cli("group", "create", "lobby", "--room", "web:hall", "-c", config)
    assert result.code == 0, result.err
    group = load(config, env_file=None).groups[0]
    assert (group.name, group.create, group.coordination) == ("lobby", True, "waku")
    assert group.rooms[0].room == "hall"
    assert "# mine" in config.read_text()
    before = config.read_text()
    for words in (("lobby",), ("Not A Name",), ("other", "--room", "web:hall"), ("other", "--room", "hall")):
        assert cli("group", "create", *words, "-c", config).code in (1, 2)
        assert config.read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bridge.toml"]
