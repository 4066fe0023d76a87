"""Settings of one Discord bot, checked by hand: adapters know nothing of the bridge's own settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bridge.model.adapter import SettingsError

EXAMPLE = """\
# The bot's token (Developer Portal, Bot, Reset Token); best kept in the environment or a file.
token = "paste-the-bots-token-here"
# ... or the path of a file that holds nothing else.
# token_file = "/run/secrets/discord-token"
# Only these servers, by id; without this line all that the bot is in.
# guilds = ["112233445566778899"]
# Show people of other platforms under their own names by webhook (needs "Manage Webhooks").
# webhooks = true
# How many seconds of a banned person's messages Discord deletes too (0 to 604800).
# delete_message_seconds = 0
# Whether messages of other bots and foreign webhooks are mirrored.
# mirror_bots = false
"""

EXAMPLE_LINE = 'token = "..."'
MAX_DELETE_SECONDS = 604_800
"""Seven days: Discord's bound."""
_KEYS = (
    "token",
    "token_file",
    "guilds",
    "webhooks",
    "delete_message_seconds",
    "mirror_bots",
    "api_url",
    "gateway_url",
)
_TOKEN = re.compile(r"[A-Za-z0-9._\-]{20,200}")
_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class DiscordConfig:
    """One bot. `api_url` and `gateway_url` are empty, but for tests and proxies."""

    token: str = field(repr=False)
    guilds: frozenset[int] = frozenset()
    webhooks: bool = True
    delete_message_seconds: int = 0
    """The library's own default is a whole day; a group votes on a person, not on what he wrote."""
    mirror_bots: bool = False
    api_url: str = ""
    gateway_url: str = ""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> DiscordConfig:
        """Check a configuration table. Raises `SettingsError` naming key, problem and an example."""
        for key in raw:
            if key not in _KEYS:
                raise SettingsError(str(key), f"is not known here (known: {', '.join(_KEYS)})", EXAMPLE_LINE)
        return cls(
            token=_token(raw),
            guilds=_guilds(raw),
            webhooks=_flag(raw, "webhooks", True),
            delete_message_seconds=_seconds(raw),
            mirror_bots=_flag(raw, "mirror_bots", False),
            api_url=_address(raw, "api_url", ("https", "http"), "https://discord.com/api/v10"),
            gateway_url=_address(raw, "gateway_url", ("wss", "ws"), "wss://gateway.discord.gg/"),
        )

    def allows(self, guild_id: int) -> bool:
        """Whether the bot works in this server."""
        return not self.guilds or guild_id in self.guilds


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key, "")
    # The value is not repeated in the error: it may be a secret.
    if not isinstance(value, str) or any(ord(c) < 0x20 for c in value) or len(value) > 4096:
        raise SettingsError(key, "must be one line of text", f'{key} = "..."')
    return value


def _token(raw: Mapping[str, Any]) -> str:
    token, path = _text(raw, "token"), _text(raw, "token_file")
    if bool(token) == bool(path):
        problem = "either this or token_file must be set" + (", not both" if path else "")
        raise SettingsError("token", problem, EXAMPLE_LINE)
    key = "token"
    if path:
        key = "token_file"
        try:
            token = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeError) as error:
            problem = f"{path} cannot be read ({type(error).__name__})"
            raise SettingsError(key, problem, 'token_file = "/run/secrets/discord-token"') from error
    token = token.removeprefix("Bot ").strip()
    if not _TOKEN.fullmatch(token):
        raise SettingsError(key, "holds no bot token (letters, digits, dots; from the page Bot)", EXAMPLE_LINE)
    return token


def _guilds(raw: Mapping[str, Any]) -> frozenset[int]:
    value = raw.get("guilds", [])
    if not isinstance(value, list | tuple) or not all(
        isinstance(each, str) and _ID.fullmatch(each) for each in value
    ):
        raise SettingsError(
            "guilds", "must be a list of server ids in quotes", 'guilds = ["112233445566778899"]'
        )
    return frozenset(int(each) for each in value)


def _seconds(raw: Mapping[str, Any]) -> int:
    value = raw.get("delete_message_seconds", 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_DELETE_SECONDS:
        problem = f"must be a whole number from 0 to {MAX_DELETE_SECONDS}"
        raise SettingsError("delete_message_seconds", problem, "delete_message_seconds = 0")
    return value


def _flag(raw: Mapping[str, Any], key: str, default: bool) -> bool:
    value = raw.get(key, default)
    if not isinstance(value, bool):
        raise SettingsError(key, "must be true or false", f"{key} = {str(default).lower()}")
    return value


def _address(raw: Mapping[str, Any], key: str, schemes: tuple[str, str], example: str) -> str:
    value = _text(raw, key)
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise SettingsError(key, "is no address", f'{key} = "{example}"') from error
    if parts.scheme not in schemes or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise SettingsError(key, f"must begin with {schemes[0]}:// and a host name", f'{key} = "{example}"')
    return value.rstrip("/") if key == "api_url" else value
