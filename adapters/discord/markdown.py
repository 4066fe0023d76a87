"""Foreign text as Discord Markdown: what would change its meaning is escaped, code and links are kept.

Nothing here may ring a bell: `@everyone`, `@here` and raw `<@...>` are broken by a zero-width space (and every
request says `AllowedMentions.none()` besides).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

ZERO = "\N{ZERO WIDTH SPACE}"
_CODE = r"(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
_URL = r"https?://[^\s<>\"']+"
_TOKEN = re.compile(rf"(?P<code>{_CODE})|(?P<url>{_URL})|(?P<mention>@[^\s@<>`]+)", re.DOTALL)
_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
_LINE_START = re.compile(r"^([ \t]*)(>>>|>|#{1,3}|-#)(?= )", re.MULTILINE)
_MASKED = re.compile(r"\[(?=[^\]\n]{0,500}\]\()")
_ANGLE = re.compile(r"<(?=@|#|/|:|a:|t:|id:)")
_LOUD = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def mentions_pattern(people: Mapping[str, str]) -> re.Pattern[str] | None:
    """Finds `@Name` for the names (keys in `people`, case-folded), the longest first."""
    names = sorted((name for name in people if name), key=len, reverse=True)[:1000]
    if not names:
        return None
    return re.compile(rf"@({'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)


def escape(text: str, people: Mapping[str, str] | None = None, *, keep_markup: bool = False) -> str:
    """Plain text as Markdown that shows the same. `people`: case-folded name -> Discord user id to mention.

    `keep_markup`: the text is Discord's own Markdown already; only mentions are made harmless.
    """
    people = people or {}
    pattern = mentions_pattern(people)
    text = quiet(text)
    pieces: list[str] = []
    at = 0
    while found := _TOKEN.search(text, at):
        pieces.append(_plain(text[at : found.start()], text, keep_markup))
        end = found.end()
        if found["mention"]:
            named = pattern.match(text, found.start()) if pattern else None
            if named and named[1].casefold() in people:
                end = named.end()
                pieces.append(f"<@{people[named[1].casefold()]}>")
            else:
                pieces.append(_plain(found[0], text, keep_markup))
        else:
            pieces.append(found[0])
        at = end
    pieces.append(_plain(text[at:], text, keep_markup))
    return _line_starts("".join(pieces)) if not keep_markup else "".join(pieces)


def quiet(text: str) -> str:
    """`@everyone`, `@here` and raw mentions broken."""
    return _ANGLE.sub(f"<{ZERO}", _LOUD.sub(f"@{ZERO}", text))


def _plain(piece: str, whole: str, keep_markup: bool) -> str:
    """Escapes in text that is neither code nor a link. A lone `*` changes nothing and stays as it is."""
    if keep_markup:
        return piece
    piece = _BACKSLASH.sub(r"\\\\", piece)
    for char in "*`":
        if whole.count(char) > 1:
            piece = piece.replace(char, f"\\{char}")
    if whole.count("_") > 1:
        piece = _UNDERSCORE.sub(r"\\_", piece)
    for pair in ("~~", "||"):
        piece = piece.replace(pair, f"\\{pair[0]}\\{pair[1]}")
    return _MASKED.sub(r"\\[", piece)


def _line_starts(text: str) -> str:
    """Quotes and headings. Code blocks are left alone."""
    if "```" not in text:
        return _LINE_START.sub(r"\1\\\2", text)
    blocks = re.split(r"(```.*?```)", text, flags=re.DOTALL)
    return "".join(block if block.startswith("```") else _LINE_START.sub(r"\1\\\2", block) for block in blocks)


_PAIRS = {"b": "**", "strong": "**", "i": "*", "em": "*", "u": "__", "s": "~~", "del": "~~", "code": "`"}
_HEADINGS = {"h1": "# ", "h2": "## ", "h3": "### ", "h4": "**", "h5": "**", "h6": "**"}
_BLOCKS = {"p", "ul", "ol", "blockquote", "pre", "div", *_HEADINGS}


def from_html(html: str, people: Mapping[str, str] | None = None) -> str:
    """The safe HTML subset as Discord Markdown; '' when nothing of it can be shown."""
    writer = _Writer(people or {})
    writer.feed(html)
    writer.close()
    text = re.sub(r"\n{3,}", "\n\n", "".join(writer.out))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


class _Writer(HTMLParser):
    """Writes Markdown as tags come. Unknown tags leave their text."""

    def __init__(self, people: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._people = people
        self._links: list[str] = []
        self._lists: list[int | None] = []
        self._quotes = 0
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open what Markdown has a sign for."""
        if tag in _BLOCKS:
            self._fresh_line()
        if tag == "br":
            self._newline()
        elif tag == "hr":
            self._fresh_line()
            self._write("⸻")
            self._newline()
        elif tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._pre += 1
            self._write("```\n")
        elif tag in _PAIRS and not self._pre:
            self._write(_PAIRS[tag])
        elif tag in _HEADINGS:
            self._write(_HEADINGS[tag])
        elif tag in {"ul", "ol"}:
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._item()
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")
            self._write("[")

    def handle_endtag(self, tag: str) -> None:
        """Close it."""
        if tag == "pre" and self._pre:
            self._pre -= 1
            self._fresh_line()
            self._write("```")
        elif tag in _PAIRS and not self._pre:
            self._write(_PAIRS[tag])
        elif tag in {"h4", "h5", "h6"}:
            self._write("**")
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "a" and self._links:
            self._close_link(self._links.pop())
        if tag in _BLOCKS:
            self._fresh_line()
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)

    def handle_data(self, data: str) -> None:
        """Text: escaped, but in code blocks."""
        if self._pre:
            text = data.replace("```", f"`{ZERO}``")
        else:
            text = escape(re.sub(r"\s+", " ", data), self._people)
        self._write(text)

    def _write(self, text: str) -> None:
        if self._quotes and (not self.out or self.out[-1].endswith("\n")) and text:
            self.out.append("> ")
        self.out.append(text)

    def _newline(self) -> None:
        self.out.append("\n")

    def _fresh_line(self) -> None:
        if self.out and not self.out[-1].endswith("\n"):
            self.out.append("\n")

    def _item(self) -> None:
        self._fresh_line()
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        indent = "  " * max(0, len(self._lists) - 1)
        self._write(f"{indent}{f'{number}.' if number is not None else '-'} ")

    def _close_link(self, href: str) -> None:
        """`[text](url)`, or the address alone when the text says the same. Only web addresses."""
        start = max((i for i, piece in enumerate(self.out) if piece == "["), default=None)
        if start is None:
            return
        label = "".join(self.out[start + 1 :])
        del self.out[start:]
        if not href.startswith(("https://", "http://")) or label in {href, href.rstrip("/")}:
            self.out.append(label)
        else:
            self.out.append(f"[{label}](<{href.replace(')', '%29').replace('>', '%3E')}>)")
