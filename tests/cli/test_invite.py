"""`invite` prints a link, or says why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "bridge.toml"
    path.write_text('[adapters.web]\nport = 0\npublic_url = "https://chat.example.org"\n')
    return path


def test_a_link_for_each_invitation(cli: Cli, config: Path) -> None:
    links = [cli("invite", "Alice", "--config", config), cli("invite", "--operator", "-c", config)]
    assert [link.code for link in links] == [0, 0], links[0].err + links[1].err
    first, second = (link.out.strip() for link in links)
    assert first.startswith("https://chat.example.org/")
    assert second.startswith("https://chat.example.org/")
    assert first != second
    assert "\n" not in first


def test_without_a_platform_of_its_own_accounts(cli: Cli, config: Path) -> None:
    config.write_text('[adapters.matrix]\nhomeserver = "https://a.b"\nuser_id = "@a:a.b"\naccess_token = "t"\n')
    result = cli("invite", "-c", config)
    assert result.code == 1
    for words in ("accounts of its own", "[adapters.web]", "demls-bridge init"):
        assert words in result.err
    assert "Traceback" not in result.err


def test_a_wrong_setting_is_named(cli: Cli, config: Path) -> None:
    config.write_text('[adapters.web]\nlisten = "everywhere"\n')
    result = cli("invite", "-c", config)
    assert result.code == 2
    assert "adapters.web.listen" in result.err


def test_where_nothing_can_be_stored(cli: Cli, config: Path) -> None:
    (config.parent / "data").write_text("a file, no folder")
    result = cli("invite", "-c", config)
    assert result.code != 0
    assert "Traceback" not in result.err + result.out
