"""Text from outside, made fit to show: names, bodies, HTML. Everything here is total: it never raises."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

MAX_NAME: Final = 64
"""Characters of a display name. Platforms allow up to 256; a name is not a message."""
MAX_HTML: Final = 64 * 1024
"""Bytes; what a Matrix event holds at most. Longer markup is left out, the plain text stays."""
MAX_MARKS: Final = 2
"""Combining marks on one letter of a name: enough for every script, too few to paint over other lines."""

_KEEP: Final = {"\u200d", "\ufe0f"}
"""Joiner and emoji selector: families and flags are written with them."""
_MARKS: Final = {"Mn", "Me"}
_UNSEEN: Final = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs", "Mn", "Me"}
_BLANK: Final = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"}
"""Letters by category that show nothing."""
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_TAGS: Final = {
    "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "li", "ol", "p", "pre", "s", "strong", "sub", "sup", "u", "ul",
}  # fmt: skip
_LANGUAGE: Final = re.compile(r"language-[A-Za-z0-9_+#.-]{1,32}")


def clean_name(name: str, fallback: str) -> str:
    """One visible line of at most 64 characters, without control and direction characters.

    A name that shows nothing becomes `fallback` (cleaned the same way), at last "?".
    """
    for candidate in (name, fallback):
        cleaned = _visible_line(candidate[: 4 * MAX_NAME])
        if any(char not in _BLANK and unicodedata.category(char) not in _UNSEEN for char in cleaned):
            return cleaned
    return "?"


def name_key(name: str) -> str:
    """What two names have in common that a person would take for the same one; '' for one that shows nothing.

    Case, width, white space, and whatever cannot be seen make no difference.
    """
    folded = unicodedata.normalize("NFKC", _visible_line(name[: 4 * MAX_NAME])).casefold()
    return "".join(char for char in folded if char not in _BLANK and unicodedata.category(char) not in _UNSEEN)


def _visible_line(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text.encode(errors="replace").decode()):
        category = unicodedata.category(char)
        marks = marks + 1 if category in _MARKS else 0
        if category[0] == "Z" or char in "\t\n\r":
            kept.append(" ")
        elif char in _KEEP or (category[0] != "C" and marks <= MAX_MARKS):
            kept.append(char)
    return " ".join("".join(kept).split())[:MAX_NAME].rstrip()


def clean_body(text: str) -> str:
    """Several lines: control characters but line feed and tab are left out, line ends are made alike."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int) -> str:
    """A reason or a fact on one line, at most `limit` characters, cut visibly."""
    line = " ".join(_CONTROLS.sub(" ", text).split())
    line = "".join(c for c in line if unicodedata.category(c) not in {"Cf", "Zl", "Zp"} or c in _KEEP)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def safe_html(html: str) -> str:
    """The small subset that every adapter may show: text formatting and links to http, https and mailto."""
    if not html or len(html.encode(errors="replace")) > MAX_HTML:
        return ""
    # Late: 1.5 MB of HTML parser, for the first message that has formatting.
    import nh3

    cleaned = nh3.clean(
        clean_body(html),
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "textarea", "mx-reply"},
        attributes={"a": {"href"}, "code": {"class"}},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return cleaned if len(cleaned.encode()) <= MAX_HTML else ""


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Of classes only a code block's language; of links only absolute ones."""
    if tag == "code":
        return value if _LANGUAGE.fullmatch(value) else None
    if name == "href":
        return value if value.lower().startswith(("http://", "https://", "mailto:")) else None
    return value


def short_address(address: bytes) -> str:
    """`0x1234…abcd`."""
    digits = address.hex()
    return f"0x{digits[:4]}…{digits[-4:]}"


def clock_time(at: float) -> str:
    """`14:05:09 UTC` for a Unix time."""
    return datetime.fromtimestamp(min(max(at, 0), 253_402_300_799), UTC).strftime("%H:%M:%S UTC")


def duration(seconds: float) -> str:
    """`45 s`, `10 min`, `2 h 5 min`, `3 d 4 h`: at most two units, rounded up to the smallest shown."""
    left = max(0, -int(-seconds // 1))
    if left < 120:
        return f"{left} s"
    minutes = -(-left // 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
