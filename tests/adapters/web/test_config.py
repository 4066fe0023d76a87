"""Settings: what is taken, what is refused, and with which words."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.web.config import WebConfig
from tests.support.settings_faults import fault


def test_values_of_the_environment_are_text() -> None:
    config = WebConfig.model_validate({"port": "0", "rooms": '["a", "b"]', "seed_compatibility": "true"})
    assert (config.port, config.rooms, config.seed_compatibility) == (0, ("a", "b"), True)


def test_addresses() -> None:
    assert WebConfig.model_validate({"listen": "localhost"}).loopback
    assert WebConfig.model_validate({"listen": "::1"}).url(80) == "http://[::1]:80"
    assert WebConfig.model_validate({"listen": "0.0.0.0"}).url(80) == "http://127.0.0.1:80"
    assert not WebConfig.model_validate({"listen": "0.0.0.0"}).loopback
    public = WebConfig.model_validate({"public_url": "https://Chat.example.org/"})
    assert (public.url(80), public.secure) == ("https://chat.example.org", True)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"listen": "example.org"}, "listen"),
        ({"listen": 1}, "listen"),
        ({"port": "many"}, "port"),
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
        ({"seed_compatibility": "perhaps"}, "seed_compatibility"),
    ],
)
def test_wrong_settings_are_named(table: dict[str, Any], key: str) -> None:
    found = fault(WebConfig, table)
    assert found.key.partition("[")[0] == key
    assert found.example.startswith(f"{key} = ")
