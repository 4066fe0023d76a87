"""The settings of a Discord bot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.discord import plugin
from adapters.discord.config import DiscordConfig
from tests.support.settings_faults import fault

TOKEN = "a.bot-token_that.is-long-enough"


def test_an_adapter_is_made_without_io(tmp_path: Path) -> None:
    made = plugin.create(DiscordConfig.model_validate({"token": TOKEN}), tmp_path)
    assert made.platform == "discord"
    assert not list(tmp_path.iterdir())


def test_defaults() -> None:
    config = DiscordConfig.model_validate({"token": f"Bot {TOKEN}"})
    assert config.token == TOKEN
    assert config.delete_message_seconds == 0
    assert config.webhooks
    assert not config.mirror_bots
    assert config.allows(7)


@pytest.mark.parametrize("servers", [["7"], '["7"]'], ids=["file", "environment"])
def test_servers_can_be_named(servers: object) -> None:
    config = DiscordConfig.model_validate({"token": TOKEN, "guilds": servers})
    assert config.allows(7)
    assert not config.allows(8)


def test_the_token_never_shows() -> None:
    assert TOKEN not in repr(DiscordConfig.model_validate({"token": TOKEN}))
    assert "secret" not in repr(fault(DiscordConfig, {"token": TOKEN + " secret"}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token", ""),
        ("token", 7),
        ("token", "short"),
        ("guilds", "7"),
        ("guilds", [7]),
        ("guilds", ["x"]),
        ("webhooks", "perhaps"),
        ("delete_message_seconds", -1),
        ("delete_message_seconds", 604_801),
        ("delete_message_seconds", True),
        ("api_url", "ftp://x"),
        ("api_url", "http://["),
        ("gateway_url", "https://x"),
    ],
)
def test_what_is_wrong_is_named(key: str, value: Any) -> None:
    found = fault(DiscordConfig, {"token": TOKEN, key: value})
    assert found.key.partition("[")[0] == key
    assert found.example.startswith(f"{key} = ")


def test_a_typing_error_is_told() -> None:
    assert "did you mean 'guilds'" in fault(DiscordConfig, {"token": TOKEN, "guild": "x"}).text
