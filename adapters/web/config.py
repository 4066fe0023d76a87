"""Settings of the page, checked by hand: adapters know nothing of the bridge's own settings."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from bridge.model.adapter import SettingsError

EXAMPLE: Final = """\
# Address to listen on. The page is for this computer only unless you name another one here.
listen = "127.0.0.1"
# TCP port; 0 takes a free one (the address that was chosen stands in the file "url" of the state folder).
port = 8080
# Address that people type, when it is another one: behind a proxy that speaks TLS.
# public_url = "https://chat.example.org"
# Reverse proxies whose X-Forwarded-For is believed, for rate limits per address.
# trusted_proxies = ["127.0.0.1"]
# Rooms of the page; each is linked to a group in [[groups]].
rooms = ["lobby"]
# Days after which a person must sign in again (1 to 365).
# session_days = 30
# Largest message in bytes (1000 to 60000).
# max_message_bytes = 16000
# Accounts for trying things out, signed in with a click. This computer only.
# demo_accounts = ["alice", "bob", "carol"]
# GET /rooms and the WebSocket /ws of the first de-mls page, whose frames carry a key. This computer only.
# seed_compatibility = false
"""
_ROOM: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_KEYS: Final = (
    "listen", "port", "public_url", "trusted_proxies", "rooms", "session_days", "max_message_bytes",
    "demo_accounts", "seed_compatibility",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WebConfig:
    """One page. `public_url` is empty or an origin without a path."""

    listen: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ("lobby",)
    session_days: int = 30
    max_message_bytes: int = 16_000
    demo_accounts: tuple[str, ...] = ()
    seed_compatibility: bool = False

    @property
    def loopback(self) -> bool:
        """Whether only this computer can connect."""
        return ipaddress.ip_address(self.listen).is_loopback

    @property
    def secure(self) -> bool:
        """Whether cookies may only travel over TLS."""
        return self.public_url.startswith("https://")

    def url(self, port: int) -> str:
        """Where people find the page that listens on `port`, without a slash at the end."""
        address = ipaddress.ip_address(self.listen)
        host = "127.0.0.1" if address.is_unspecified else self.listen
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> WebConfig:
        """Check a configuration table. Raises `SettingsError` naming key, problem and an example."""
        for key in raw:
            if key not in _KEYS:
                problem = f"is not known here (known: {', '.join(_KEYS)})"
                raise SettingsError(str(key), problem, 'listen = "127.0.0.1"')
        config = cls(
            listen=_listen(raw),
            port=_whole(raw, "port", 8080, 0, 65_535),
            public_url=_public_url(raw),
            trusted_proxies=_proxies(raw),
            rooms=_rooms(raw),
            session_days=_whole(raw, "session_days", 30, 1, 365),
            max_message_bytes=_whole(raw, "max_message_bytes", 16_000, 1_000, 60_000),
            demo_accounts=_demo_accounts(raw),
            seed_compatibility=_flag(raw, "seed_compatibility"),
        )
        for key, example in (
            ("demo_accounts", "demo_accounts = []"),
            ("seed_compatibility", "seed_compatibility = false"),
        ):
            # A public address means that a proxy passes the world on to the loopback address.
            if getattr(config, key) and not (config.loopback and not config.public_url):
                problem = 'is for this computer only: set listen = "127.0.0.1" and leave out public_url'
                raise SettingsError(key, problem, example)
        return config


def _listen(raw: Mapping[str, Any]) -> str:
    value = raw.get("listen", "127.0.0.1")
    example = 'listen = "127.0.0.1"'
    if not isinstance(value, str):
        raise SettingsError("listen", "must be an IP address in quotes", example)
    try:
        return str(ipaddress.ip_address("127.0.0.1" if value == "localhost" else value))
    except ValueError as error:
        raise SettingsError("listen", f"{value[:60]!r} is no IP address", example) from error


def _public_url(raw: Mapping[str, Any]) -> str:
    value = raw.get("public_url", "")
    example = 'public_url = "https://chat.example.org"'
    if value == "":
        return ""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        _ = parts.port
    except ValueError as error:
        raise SettingsError("public_url", "is no address", example) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError("public_url", "must begin with https:// (or http://) and a host name", example)
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
        raise SettingsError("public_url", "must have no path, query or user name", example)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _proxies(raw: Mapping[str, Any]) -> tuple[str, ...]:
    example = 'trusted_proxies = ["127.0.0.1"]'
    try:
        return tuple(str(ipaddress.ip_address(each)) for each in _texts(raw, "trusted_proxies", example))
    except ValueError as error:
        raise SettingsError("trusted_proxies", "must be IP addresses", example) from error


def _rooms(raw: Mapping[str, Any]) -> tuple[str, ...]:
    example = 'rooms = ["lobby"]'
    values = _texts(raw, "rooms", example) if "rooms" in raw else ("lobby",)
    if not values or not all(_ROOM.fullmatch(value) for value in values):
        raise SettingsError("rooms", "must be names of letters, digits, '-', '_' and '.'", example)
    return values


def _demo_accounts(raw: Mapping[str, Any]) -> tuple[str, ...]:
    example = 'demo_accounts = ["alice", "bob"]'
    values = _texts(raw, "demo_accounts", example)
    if len({value.casefold() for value in values}) < len(values):
        raise SettingsError("demo_accounts", "must be different names", example)
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,32}", value) for value in values):
        raise SettingsError("demo_accounts", "must be names of letters, digits, '-' and '_'", example)
    return values


def _texts(raw: Mapping[str, Any], key: str, example: str) -> tuple[str, ...]:
    value = raw.get(key, ())
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise SettingsError(key, "must be a list of texts", example)
    if len(value) > 50:
        raise SettingsError(key, "may have at most 50 entries", example)
    return tuple(value)


def _whole(raw: Mapping[str, Any], key: str, default: int, low: int, high: int) -> int:
    value = raw.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise SettingsError(key, f"must be a whole number from {low} to {high}", f"{key} = {default}")
    return value


def _flag(raw: Mapping[str, Any], key: str) -> bool:
    value = raw.get(key, False)
    if not isinstance(value, bool):
        raise SettingsError(key, "must be true or false", f"{key} = false")
    return value
