"""Libraries that others take along wherever they find them installed, kept out where nobody uses them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """While the block runs, an import of these packages raises ModuleNotFoundError; loaded ones stay."""
    hidden = [name for name in names if name not in sys.modules]
    # As importlib documents it: None stands for what must not be found.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
