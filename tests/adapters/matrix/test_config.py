"""Wrong settings: the key, what is wrong, an example. Secrets stay out of sight."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from adapters.matrix import plugin
from adapters.matrix.config import MatrixConfig
from bridge.model.adapter import SettingsError

GOOD: dict[str, Any] = {
    "homeserver": "https://matrix.example.org/",
    "user_id": "@bridge:example.org",
    "access_token": "syt_secret",
}


def test_the_example_is_valid() -> None:
    config = MatrixConfig.parse(tomllib.loads(plugin.settings_example()))
    assert config.homeserver == "https://matrix.example.org"
    assert config.timeline_limit == 500


def test_secrets_do_not_show() -> None:
    config = MatrixConfig.parse(GOOD)
    assert config.access_token == "syt_secret"
    assert "syt_secret" not in repr(config)
    with_password = MatrixConfig.parse({**GOOD, "access_token": "", "password": "hunter2"})
    assert "hunter2" not in repr(with_password)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("homeserver", "matrix.example.org"),
        ("homeserver", "ftp://example.org"),
        ("homeserver", "https://user:pass@example.org"),
        ("homeserver", "https://example.org/path"),
        ("homeserver", "https://example.org:port"),
        ("homeserver", ""),
        ("homeserver", 7),
        ("user_id", "bridge"),
        ("user_id", ""),
        ("user_id", "@bridge:exa mple.org"),
        ("access_token", ""),
        ("access_token", "two\nlines"),
        ("device_id", "a b"),
        ("timeline_limit", 0),
        ("timeline_limit", True),
        ("timeline_limit", "500"),
        ("notices", "yes"),
        ("homeservr", "typo"),
    ],
)
def test_each_wrong_value_names_its_key_and_shows_an_example(key: str, value: object) -> None:
    with pytest.raises(SettingsError) as error:
        MatrixConfig.parse({**GOOD, key: value})
    assert error.value.key == key
    assert "=" in error.value.example
    assert str(error.value).startswith(f"{key}: ")


def test_token_and_password_together_are_refused() -> None:
    with pytest.raises(SettingsError, match="not both"):
        MatrixConfig.parse({**GOOD, "password": "hunter2"})
