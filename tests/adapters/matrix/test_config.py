"""Wrong settings: the key, what is wrong, an example. Secrets stay out of sight."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.matrix.config import MatrixConfig
from tests.support.settings_faults import fault

GOOD: dict[str, Any] = {
    "homeserver": "https://matrix.example.org/",
    "user_id": "@bridge:example.org",
    "access_token": "syt_secret",
}


def test_defaults() -> None:
    config = MatrixConfig.model_validate(GOOD)
    assert config.homeserver == "https://matrix.example.org"
    assert (config.timeline_limit, config.notices, config.device_id) == (500, True, "")


def test_values_of_the_environment_are_text() -> None:
    config = MatrixConfig.model_validate({**GOOD, "timeline_limit": "7", "notices": "false"})
    assert (config.timeline_limit, config.notices) == (7, False)


def test_secrets_do_not_show() -> None:
    config = MatrixConfig.model_validate(GOOD)
    assert config.access_token == "syt_secret"
    assert "syt_secret" not in repr(config)
    with_password = MatrixConfig.model_validate({**GOOD, "access_token": "", "password": "hunter2"})
    assert "hunter2" not in repr(with_password)
    assert "two" not in repr(fault(MatrixConfig, {**GOOD, "access_token": "two\nlines"}))


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
        ("access_token", "x" * 5_000),
        ("device_id", "a b"),
        ("timeline_limit", 0),
        ("timeline_limit", True),
        ("timeline_limit", "many"),
        ("notices", "perhaps"),
    ],
)
def test_each_wrong_value_names_its_key_and_shows_an_example(key: str, value: object) -> None:
    found = fault(MatrixConfig, {**GOOD, key: value})
    assert found.key == key
    assert found.example.startswith(f"{key} = ")


def test_a_typing_error_is_told() -> None:
    found = fault(MatrixConfig, {**GOOD, "device": "X"})
    assert (found.key, found.text) == ("device", "is not a known key; did you mean 'device_id'?")


def test_token_and_password_together_are_refused() -> None:
    found = fault(MatrixConfig, {**GOOD, "password": "hunter2"})
    assert (found.key, found.text) == ("access_token", "either this or password must be set, not both")
