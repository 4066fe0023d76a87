"""Discord's 2,000 characters: cut between paragraphs, lines or words; code blocks are closed and opened again.

Here and not in the mirror, since the limit counts what Discord gets: characters (not bytes) of the text after
escapes and mentions were put in, and one message in several parts is one event to the bridge.
"""

from __future__ import annotations

import re

LIMIT = 2_000
"""Characters of a message (Discord, "Create Message"); counted as UTF-16 units, the strictest reading."""
LEAST = 64
_FENCE = re.compile(r"```(?:([A-Za-z0-9_+#.-]{0,20})(?=\n|$))?")


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(char > "\uffff" for char in text)


def split(text: str, limit: int = LIMIT) -> list[str]:
    """Parts of at most `limit` (at least 64) units each, in order, none empty; [] for an empty text."""
    limit = max(limit, LEAST)
    parts: list[str] = []
    opening = ""
    rest = text.strip("\n")
    while rest.strip():
        if units(opening) + units(rest) <= limit:
            parts.append(opening + rest)
            break
        # A block may open in this part: keep room to close it.
        at, skip = _cut(rest, limit - units(opening) - 4, bool(opening))
        piece, rest = rest[:at], rest[at + skip :]
        language = _open_fence(opening + piece)
        body = opening + piece
        if body.removeprefix(opening).strip():
            parts.append(body if language is None else f"{body}\n```")
        opening = "" if language is None else f"```{language}\n"
    return parts


def _cut(text: str, room: int, in_block: bool) -> tuple[int, int]:
    """Where to cut so that the beginning has at most `room` units, and how many characters vanish there."""
    end = _reach(text, room)
    window = text[: end + 1]
    for separator in ("\n\n", "\n"):
        at = window.rfind(separator, end // 2)
        if at > 0:
            # In a code block every line feed but the one at the cut stays.
            return at, 1 if in_block else len(separator)
    for separator in ("\n", " "):
        at = window.rfind(separator, 1)
        if at > 0 and text[:at].strip():
            return at, 1
    while end > 1 and text[end - 1] in "\\`":
        end -= 1  # never between a backslash and what it escapes, nor through a fence
    return end, 0


def _reach(text: str, room: int) -> int:
    """How many characters fit into `room` units."""
    count = 0
    for index, char in enumerate(text):
        count += 2 if char > "\uffff" else 1
        if count > room:
            return max(index, 1)
    return len(text)


def _open_fence(text: str) -> str | None:
    """The language of the code block that is open at the end, None when none is."""
    language: str | None = None
    for found in _FENCE.finditer(text):
        language = (found[1] or "") if language is None else None
    return language
