"""Settings of one Matrix account, checked by hand: adapters know nothing of the bridge's own settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bridge.model.adapter import SettingsError

EXAMPLE = """\
# The bot's homeserver, without a path.
homeserver = "https://matrix.example.org"
# The bot's full Matrix ID.
user_id = "@bridge:example.org"
# Either an access token (best kept in the environment or a file) ...
access_token = "syt_..."
# ... or a password: the bridge then logs in once and keeps device and token in its state folder.
# password = "..."
# device_id = "DEMLSBRIDGE"
# Most events of one room in one sync answer; what exceeds it is fetched page by page (1 to 1000).
# timeline_limit = 500
# Whether notices (m.notice, the messages of other bots) are mirrored.
# notices = true
"""

_USER_ID = re.compile(r"@[^:\s\x00]{1,230}:[A-Za-z0-9.\-:\[\]]{1,230}")
_DEVICE_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_KEYS = ("homeserver", "user_id", "access_token", "password", "device_id", "timeline_limit", "notices")


@dataclass(frozen=True, slots=True)
class MatrixConfig:
    """One bot account. Exactly one of `access_token` and `password` is set; neither shows in `repr`."""

    homeserver: str
    user_id: str
    access_token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    device_id: str = ""
    timeline_limit: int = 500
    """Events per room and sync answer; from a measurement: 50 of 100 parallel sends were cut off at 50."""
    notices: bool = True

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> MatrixConfig:
        """Check a configuration table. Raises `SettingsError` naming key, problem and an example."""
        for key in raw:
            if key not in _KEYS:
                raise SettingsError(str(key), f"is not known here (known: {', '.join(_KEYS)})", EXAMPLE_LINE)
        access_token, password = _text(raw, "access_token"), _text(raw, "password")
        if bool(access_token) == bool(password):
            problem = "either this or password must be set" + (", not both" if password else "")
            raise SettingsError("access_token", problem, 'access_token = "syt_..."')
        return cls(
            homeserver=_homeserver(raw),
            user_id=_matching(raw, "user_id", _USER_ID, 'user_id = "@bridge:example.org"'),
            access_token=access_token,
            password=password,
            device_id=_matching(raw, "device_id", _DEVICE_ID, 'device_id = "DEMLSBRIDGE"', required=False),
            timeline_limit=_limit(raw),
            notices=_flag(raw, "notices"),
        )


EXAMPLE_LINE = 'user_id = "@bridge:example.org"'


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key, "")
    # The value is not repeated in the error: it may be a secret.
    if not isinstance(value, str) or any(ord(c) < 0x20 for c in value) or len(value) > 4096:
        raise SettingsError(key, "must be one line of text", f'{key} = "..."')
    return value


def _homeserver(raw: Mapping[str, Any]) -> str:
    value = _text(raw, "homeserver")
    example = 'homeserver = "https://matrix.example.org"'
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise SettingsError("homeserver", "is no address", example) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError("homeserver", "must begin with https:// (or http://) and a host name", example)
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username or parts.password:
        raise SettingsError("homeserver", "must have no path, query, user name or password", example)
    return f"{parts.scheme}://{parts.netloc}"


def _matching(
    raw: Mapping[str, Any], key: str, pattern: re.Pattern[str], example: str, required: bool = True
) -> str:
    value = _text(raw, key)
    if not value and not required:
        return ""
    if not pattern.fullmatch(value):
        raise SettingsError(key, "is missing" if not value else f"{value[:80]!r} has a wrong form", example)
    return value


def _limit(raw: Mapping[str, Any]) -> int:
    value = raw.get("timeline_limit", 500)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise SettingsError("timeline_limit", "must be a whole number from 1 to 1000", "timeline_limit = 500")
    return value


def _flag(raw: Mapping[str, Any], key: str) -> bool:
    value = raw.get(key, True)
    if not isinstance(value, bool):
        raise SettingsError(key, "must be true or false", f"{key} = true")
    return value
