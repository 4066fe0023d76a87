"""Long text in parts: cut between paragraphs, lines or words; code blocks are closed and opened again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LEAST: Final = 64
"""Smallest limit in bytes: room for an opened and a closed code fence, and some text between them."""
_FENCE: Final = re.compile(r" {0,3}(`{3,12})([^`]*)")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_+#.-]{0,12}")


@dataclass(frozen=True, slots=True)
class _Fence:
    """An open code block: its back-ticks and its language."""

    ticks: str
    language: str

    @property
    def opening(self) -> str:
        return f"{self.ticks}{self.language}\n"

    @property
    def closing(self) -> str:
        return f"\n{self.ticks}"


def split(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` bytes of UTF-8 each (at least 64), in order; a short text is its only part.

    Only white space at the cuts is lost, and none inside code blocks but the line feed at a cut.
    """
    limit = max(limit, LEAST)
    parts: list[str] = []
    fence: _Fence | None = None
    rest = text
    while True:
        opening = fence.opening if fence else ""
        if _size(opening) + _size(rest) <= limit:
            return [*parts, opening + rest] if rest or not parts else parts
        # A block may open in this part: keep room to close the largest fence there is.
        piece, rest = _cut(rest, limit - _size(opening) - 13, fence)
        fence = _after(piece, fence)
        parts.append(opening + piece + (fence.closing if fence else ""))


def _cut(text: str, room: int, fence: _Fence | None) -> tuple[str, str]:
    """(a beginning of at most `room` bytes, what follows it)."""
    window = text.encode()[: room + 1].decode(errors="ignore")
    end = len(window) if _size(window) <= room else len(window) - 1
    window = text[: end + 1]  # a separator just behind the room counts too
    for separator in ("\n\n", "\n"):
        at = window.rfind(separator, end // 2)
        if at > 0:
            return text[:at], text[at + len(separator) :]
    at = window.rfind(" ", 1)
    if at > 0 and text[:at].strip() and _after(text[:at], fence) is None:
        return text[:at], text[at + 1 :]
    at = window.rfind("\n", 1)
    if at > 0 and text[:at].strip():
        return text[:at], text[at + 1 :]
    ticks = len(text[:end]) - len(text[:end].rstrip("`"))
    if text[end : end + 1] == "`" and 0 < ticks < end:
        end -= ticks  # never through a fence
    return text[:end], text[end:]


def _after(piece: str, fence: _Fence | None) -> _Fence | None:
    """The code block that is open at the end of `piece`."""
    for line in piece.split("\n"):
        match = _FENCE.fullmatch(line)
        if match is None:
            continue
        if fence is None:
            language = _LANGUAGE.match(match[2].strip())
            fence = _Fence(match[1], language[0] if language else "")
        elif len(match[1]) >= len(fence.ticks) and not match[2].strip():
            fence = None
    return fence


def _size(text: str) -> int:
    return len(text.encode())
