"""Mentions in a command: a client writes the name into the text, and whom it means into the HTML alone."""

from __future__ import annotations

import re
from html import unescape
from typing import Final
from urllib.parse import unquote

_PILL: Final = re.compile(
    r"""<a\s[^>]*?href=["']https://matrix\.to/#/(?P<user>(?:@|%40)[^"'?<>\s]{1,760})[^"']*["'][^>]*>"""
    r"""(?P<name>[^<]{1,256})</a>""",
    re.IGNORECASE,
)
MAX_PILLS: Final = 20


def with_ids(plain: str, html: str) -> str:
    """The text with each mentioned name, in order, replaced by the user's id, which is exact."""
    parts: list[str] = []
    word, gap, rest = plain.partition(" ")
    parts.append(word + gap)  # a name may be spelt like the command
    for count, found in enumerate(_PILL.finditer(html)):
        before, name, behind = rest.partition(unescape(found["name"]))
        if not name or count >= MAX_PILLS:
            break
        parts += [before, unquote(found["user"])]
        rest = behind
    return "".join([*parts, rest])
