"""Names and texts made fit to show, and HTML made safe. Everything here is total."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import nh3

MAX_NAME: Final = 64
"""Characters of a display name."""
MAX_HTML: Final = 64 * 1024
"""Bytes; longer markup is left out, the plain text stays."""
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTION: Final = re.compile("[\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff]")
_TAGS: Final = {
    "a", "b", "blockquote", "br", "code", "del", "em", "hr", "i", "li", "ol", "p", "pre", "s", "strong",
    "sub", "sup", "u", "ul",
}  # fmt: skip


def clean_text(text: str) -> str:
    """Several lines: control characters but line feed and tab are left out, line ends are made alike."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int) -> str:
    """One line of at most `limit` characters, without control and direction characters."""
    line = " ".join(_DIRECTION.sub("", clean_text(text)).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def clean_name(name: str) -> str:
    """A display name; '' when nothing of it can be seen."""
    line = one_line(unicodedata.normalize("NFC", name[: 4 * MAX_NAME]), MAX_NAME)
    seen = any(unicodedata.category(char)[0] in "LNSP" for char in line)
    return line if seen else ""


def name_key(name: str) -> str:
    """What two names have in common that a person would take for the same one."""
    folded = unicodedata.normalize("NFKC", clean_name(name)).casefold()
    return "".join(char for char in folded if not char.isspace())


def safe_html(html: str) -> str:
    """The small subset that the page inserts as HTML: text formatting and absolute links."""
    if not html or len(html.encode(errors="replace")) > MAX_HTML:
        return ""
    cleaned = nh3.clean(
        clean_text(html),
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "textarea"},
        attributes={"a": {"href"}},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return cleaned if len(cleaned.encode()) <= MAX_HTML else ""


def _attribute(_tag: str, name: str, value: str) -> str | None:
    """Links must be absolute; what nh3 itself adds (rel) stays."""
    return value if name != "href" or value.lower().startswith(("http://", "https://", "mailto:")) else None


def hexed(address: bytes) -> str:
    """`0x` and 40 digits; '' for no address."""
    return f"0x{address.hex()}" if address else ""
