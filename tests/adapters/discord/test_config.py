"""The settings of a Discord bot."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from adapters.discord import plugin
from adapters.discord.config import _KEYS, EXAMPLE, DiscordConfig
from bridge.model.adapter import SettingsError

TOKEN = "a.bot-token_that.is-long-enough"


def test_the_example_is_accepted(tmp_path: Path) -> None:
    raw = tomllib.loads(plugin.settings_example())
    assert plugin.create(raw, tmp_path).platform == "discord"
    assert not list(tmp_path.iterdir())


def test_every_setting_of_the_example_is_one_that_exists() -> None:
    switched_on = "\n".join(line.removeprefix("# ") for line in EXAMPLE.splitlines() if " = " in line)
    raw = tomllib.loads(switched_on)
    assert set(raw) == set(_KEYS) - {"api_url", "gateway_url"}


def test_defaults() -> None:
    config = DiscordConfig.parse({"token": TOKEN})
    assert config.delete_message_seconds == 0
    assert config.webhooks
    assert not config.mirror_bots
    assert config.allows(7)


def test_servers_can_be_named() -> None:
    config = DiscordConfig.parse({"token": TOKEN, "guilds": ["7"]})
    assert config.allows(7)
    assert not config.allows(8)


def test_the_token_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"Bot {TOKEN}\n")
    assert DiscordConfig.parse({"token_file": str(file)}).token == TOKEN


def test_the_token_never_shows() -> None:
    assert TOKEN not in repr(DiscordConfig.parse({"token": TOKEN}))
    with pytest.raises(SettingsError) as error:
        DiscordConfig.parse({"token": TOKEN + " secret"})
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token", ""),
        ("token", 7),
        ("token", "short"),
        ("token_file", "/nowhere/token"),
        ("guilds", "7"),
        ("guilds", [7]),
        ("guilds", ["x"]),
        ("webhooks", "yes"),
        ("mirror_bots", 1),
        ("delete_message_seconds", -1),
        ("delete_message_seconds", 604_801),
        ("delete_message_seconds", True),
        ("api_url", "ftp://x"),
        ("api_url", "http://["),
        ("gateway_url", "https://x"),
        ("tokn", "x"),
    ],
)
def test_what_is_wrong_is_named(key: str, value: Any) -> None:
    raw = {"token": TOKEN, key: value}
    if key == "token_file":
        del raw["token"]
    with pytest.raises(SettingsError) as error:
        DiscordConfig.parse(raw)
    assert error.value.key == key
    assert error.value.example
