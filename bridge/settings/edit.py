"""Changes to a configuration file that keep what people wrote into it: comments, order, their own lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from bridge.settings.problems import toml_value

_HEADER: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)


def put(text: str, table: str, values: Mapping[str, Any]) -> str:
    """The file's text with these keys of [table] set: in place of the old line or of the commented default,
    else below the header. A missing table comes before the first list of tables, or at the end.
    """
    header = re.search(rf"^[ \t]*\[{re.escape(table)}\][^\n]*\n?", text, re.MULTILINE)
    if header is None:
        begin = re.search(r"^[ \t]*\[\[", text, re.MULTILINE)
        at = _before_comments(text, begin.start()) if begin else len(text)
        made = f"[{table}]\n{_lines(values)}\n"
        gap = (
            "" if not text[:at] or text[:at].endswith("\n\n") else "\n" if text[:at].endswith("\n") else "\n\n"
        )
        return f"{text[:at]}{gap}{made}{text[at:]}"
    following = _HEADER.search(text, header.end())
    end = following.start() if following else len(text)
    body = text[header.end() : end]
    for key, value in values.items():
        body = _set(body, key, f"{key} = {toml_value(value)}")
    head = header.group() if header.group().endswith("\n") else header.group() + "\n"
    return f"{text[: header.start()]}{head}{body}{text[end:]}"


def _set(body: str, key: str, line: str) -> str:
    for form in (rf"^[ \t]*{key}[ \t]*=.*$", rf"^# {key} = .*$"):
        new, count = re.subn(form, lambda _: line, body, count=1, flags=re.MULTILINE)
        if count:
            return new
    return f"{line}\n{body}"


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in values.items())


def _before_comments(text: str, at: int) -> int:
    """Where the comments that stand right above a position begin."""
    lines = text[:at].splitlines(keepends=True)
    while lines and lines[-1].startswith("#"):
        at -= len(lines.pop())
    return at
