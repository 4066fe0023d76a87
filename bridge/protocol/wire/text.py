"""Text from outside: what may stand in it, and how it is cut."""

from __future__ import annotations

import re

_BIDI = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
_LINE_UNSAFE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]+")
_TEXT_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")


def clip(text: str, limit: int) -> str:
    """The longest beginning of `text` whose UTF-8 has at most `limit` bytes."""
    data = text.encode()
    return text if len(data) <= limit else data[:limit].decode(errors="ignore")


def clean_line(text: str, limit: int) -> str:
    """One line for a name or a reason, at most `limit` bytes of UTF-8; idempotent.

    Control characters become a space. So do direction marks: with them a name could make the rest of the
    line, a ballot's question for one, read backwards.
    """
    return clip(_LINE_UNSAFE.sub(" ", text).strip(), limit).rstrip()


def clean_text(text: str) -> str:
    """Text of several lines: control characters other than line feed and tab are left out; idempotent."""
    return _TEXT_UNSAFE.sub("", text)
