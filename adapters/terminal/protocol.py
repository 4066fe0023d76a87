"""The lines between a terminal room and whoever shows it. JSON objects, UTF-8, one per line.

to the bridge    say     id, room, user, text              answered by `accepted` once stored
                 done    key, ok                           answer to what is below
from the bridge  show    key, room, author, text, waiting, to   a message; author "" is the bridge itself
                 edit    key, room, author, text, waiting, event
                 ban / unban   key, room, user, reason
                 accepted      id
"""

from __future__ import annotations

import json
from typing import Any, Final

MAX_LINE: Final = 200_000
"""Bytes of one line; the mirror splits text far below."""

Line = dict[str, Any]


class BadLine(ValueError):
    """What the other side sent cannot be understood."""


def encode(line: Line) -> bytes:
    """One line with its end."""
    return json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def decode(data: bytes) -> Line:
    """One line. Raises BadLine."""
    try:
        line = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadLine("not JSON") from error
    if not isinstance(line, dict) or not isinstance(line.get("type"), str):
        raise BadLine("not an object with a type")
    return line


def text(line: Line, key: str, most: int = 60_000) -> str:
    """A text field. Raises BadLine when it is missing, of another type or longer than `most` characters."""
    value = line.get(key)
    if not isinstance(value, str) or len(value) > most:
        raise BadLine(f"{key} must be text of at most {most} characters")
    return value
