"""Settings: what is taken, what is refused, and with which words."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from adapters.web.config import EXAMPLE, WebConfig
from bridge.model.adapter import SettingsError


def test_the_example_is_the_default() -> None:
    assert WebConfig.parse(tomllib.loads(EXAMPLE)) == WebConfig.parse({}) == WebConfig()


def test_every_setting_in_the_example_is_taken() -> None:
    lines = [line.removeprefix("# ") for line in EXAMPLE.splitlines() if " = " in line and line[0] != " "]
    for line in lines:
        WebConfig.parse(tomllib.loads(line))


def test_addresses() -> None:
    assert WebConfig.parse({"listen": "localhost"}).loopback
    assert WebConfig.parse({"listen": "::1"}).url(80) == "http://[::1]:80"
    assert WebConfig.parse({"listen": "0.0.0.0"}).url(80) == "http://127.0.0.1:80"
    assert not WebConfig.parse({"listen": "0.0.0.0"}).loopback
    public = WebConfig.parse({"public_url": "https://Chat.example.org/"})
    assert (public.url(80), public.secure) == ("https://chat.example.org", True)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"unknown": 1}, "unknown"),
        ({"listen": "example.org"}, "listen"),
        ({"listen": 1}, "listen"),
        ({"port": "8080"}, "port"),
        ({"port": 70_000}, "port"),
        ({"port": True}, "port"),
        ({"public_url": "chat.example.org"}, "public_url"),
        ({"public_url": "https://chat.example.org/path"}, "public_url"),
        ({"public_url": "https://user@chat.example.org"}, "public_url"),
        ({"public_url": "https://[::1"}, "public_url"),
        ({"public_url": 1}, "public_url"),
        ({"rooms": []}, "rooms"),
        ({"rooms": ["a b"]}, "rooms"),
        ({"rooms": "lobby"}, "rooms"),
        ({"trusted_proxies": ["proxy"]}, "trusted_proxies"),
        ({"session_days": 0}, "session_days"),
        ({"max_message_bytes": 100_000}, "max_message_bytes"),
        ({"demo_accounts": ["a", "A"]}, "demo_accounts"),
        ({"demo_accounts": ["a b"]}, "demo_accounts"),
        ({"demo_accounts": ["a"], "listen": "0.0.0.0"}, "demo_accounts"),
        ({"demo_accounts": ["a"], "public_url": "https://x.example"}, "demo_accounts"),
        ({"seed_compatibility": True, "listen": "192.168.1.1"}, "seed_compatibility"),
        ({"seed_compatibility": 1}, "seed_compatibility"),
    ],
)
def test_wrong_settings_are_named(table: dict[str, Any], key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        WebConfig.parse(table)
    assert caught.value.key == key
    assert caught.value.example
