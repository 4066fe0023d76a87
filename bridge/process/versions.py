"""Which versions this process consists of, for reports of faults."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Final

NATIVE: Final = MappingProxyType({"mls-rs": "0.57.0", "rust-libp2p": "0.57.1"})
"""Linked into `bridge._native`, which does not say. As bridge/native/Cargo.toml pins them; a test compares."""


def bridge() -> str:
    """Of the distribution."""
    try:
        return version("demls-bridge")
    except PackageNotFoundError:
        return "unknown"


def everything() -> dict[str, str]:
    """Version by name."""
    # Late: a bridge on PostgreSQL does without.
    import sqlite3

    return {
        "bridge": bridge(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **NATIVE,
    }
