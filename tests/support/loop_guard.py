"""Notices what blocks the event loop: files and databases opened, and statements run, on its own thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine, event

_watching: Final[dict[int, list[str]]] = {}
"""By thread, what was found."""


def _hook(name: str, arguments: tuple[Any, ...]) -> None:
    """Hooks of Python's audit stay for ever; this one does nothing outside of `watched`."""
    if not _watching or name not in ("open", "sqlite3.connect"):
        return
    found = _watching.get(threading.get_ident())
    path = str(arguments[0])
    # A module that is imported late is read once; what is meant is work that comes back.
    if found is not None and not path.endswith((".py", ".pyc", ".so")) and not path.isdigit():
        found.append(f"{name} {path}")


sys.addaudithook(_hook)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What this thread opened or asked a database while the block ran."""
    thread = threading.get_ident()
    found = _watching[thread] = []

    def statement(_conn: object, _cursor: object, text: str, *_: object) -> None:
        if threading.get_ident() == thread:
            found.append(text)

    event.listen(Engine, "before_cursor_execute", statement)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        del _watching[thread]
