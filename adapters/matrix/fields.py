"""Reading untrusted JSON: every value from a homeserver goes through one of these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

MAX_ID: Final = 255
"""Bytes of an event, room or user id (Matrix specification, "Size limits")."""


def mapping(value: Any, *path: str) -> dict[str, Any]:
    """The object at `path`, or {} when it is absent or no object."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a list; anything else yields nothing."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def text(value: Any, limit: int) -> str:
    """At most `limit` bytes of UTF-8, without NUL (PostgreSQL refuses it) and unpaired surrogates."""
    if not isinstance(value, str):
        return ""
    raw = value.replace("\x00", "").encode("utf-8", "replace")
    return raw[:limit].decode("utf-8", "ignore")


def identifier(value: Any, sigil: str) -> str:
    """A Matrix id with this first character, or '' when it has another form."""
    if not isinstance(value, str) or not value.startswith(sigil) or not value.isprintable():
        return ""
    return value if len(value.encode("utf-8", "replace")) <= MAX_ID and " " not in value else ""


def integer(value: Any, default: int, low: int, high: int) -> int:
    """A whole number brought into [low, high]; power levels of old rooms may be strings."""
    if isinstance(value, str) and len(value) < 20 and value.strip().lstrip("+-").isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return default
    return min(max(value, low), high)
