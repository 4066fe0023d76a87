"""Writing files that only their owner can read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bridge.cli.output import UserError


def write_private(path: Path, text: str) -> None:
    """Write or replace a file of mode 0600; after a crash it is the old or the new one. Raises UserError."""
    draft = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error


def edit(path: Path, change: Callable[[str], str], check: Callable[[Path], object]) -> None:
    """Change a file, but only when `check` takes the changed one (by what it raises). Raises UserError."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    # In the same folder: relative paths in it count from there.
    draft = path.with_name(f".{path.name}.draft")
    try:
        write_private(draft, change(text))
        check(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
