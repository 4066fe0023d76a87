"""Names under which webhooks speak: Discord forbids some words, and every copy shows where it came from."""

from __future__ import annotations

import re

from bridge.model.message import Author

MAX_NAME = 80
"""Characters of a webhook's name (Discord, "Execute Webhook")."""
MARKS = {"matrix": "Matrix", "discord": "DC", "page": "web", "terminal": "terminal"}
_FORBIDDEN = re.compile(r"discord|clyde|everyone|\bhere\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DOT = "\N{MIDDLE DOT}"


def mark(author: Author) -> str:
    """The platform in a word."""
    word = MARKS.get(author.platform, author.platform[:20] or "?")
    return sanitised(word)


def shown_name(author: Author) -> str:
    """`Bob [Matrix]`, 1 to 80 characters, without the words that Discord refuses."""
    tail = f" [{mark(author)}]"
    name = sanitised(author.display_name) or sanitised(author.user_id) or "?"
    return name[: MAX_NAME - len(tail)].rstrip() + tail


def sanitised(name: str) -> str:
    """One line; a dot in the middle of forbidden words, `@` and back-ticks replaced by look-alikes."""
    line = " ".join(_CONTROL.sub(" ", name).split())
    line = line.replace("@", "\N{FULLWIDTH COMMERCIAL AT}").replace("```", "'''")
    return _FORBIDDEN.sub(lambda found: f"{found[0][:2]}{_DOT}{found[0][2:]}", line)


def avatar_url(author: Author) -> str | None:
    """Only https: Discord fetches it itself, and it is shown to everybody."""
    return author.avatar if author.avatar.startswith("https://") and len(author.avatar) <= 1024 else None
