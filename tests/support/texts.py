"""All texts of the project that people write, for tests that read them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ENDINGS: Final = {
    ".py", ".pyi", ".rs", ".sol", ".proto", ".js", ".css", ".html", ".md", ".toml", ".yml", ".env", ".json",
    ".svg", ".sh", ""
}  # fmt: skip
NOT_OURS: Final = {"LICENSE-APACHE", "LICENSE-MIT", "uv.lock", "Cargo.lock", ".DS_Store"}
FOLDERS_LEFT_OUT: Final = {"target", "node_modules", "dist", "build", "data", "artifacts", "__pycache__"}
"""Made by machines, or data that tests compare byte for byte."""


def paths() -> Iterator[Path]:
    """Every file of the project that holds text written by people."""
    for folder, inner, names in os.walk(ROOT):
        hidden = [name for name in inner if name.startswith(".") and name not in {".ci", ".github"}]
        inner[:] = sorted(set(inner) - set(hidden) - FOLDERS_LEFT_OUT)
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix in ENDINGS and name not in NOT_OURS and "_pb2." not in name and path.is_file():
                yield path


def texts() -> Iterator[tuple[Path, str]]:
    """(path, content) of each."""
    for path in paths():
        try:
            yield path, path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
