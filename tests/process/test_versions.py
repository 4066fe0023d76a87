"""The versions in a report are those that were built in."""

from __future__ import annotations

import tomllib
from pathlib import Path

from bridge.process import versions

CARGO = Path(__file__).resolve().parents[2] / "bridge" / "native" / "Cargo.toml"


def test_native_parts_as_cargo_pins_them() -> None:
    pinned = tomllib.loads(CARGO.read_text())["workspace"]["dependencies"]
    assert versions.NATIVE["mls-rs"] == pinned["mls-rs"]["version"].removeprefix("=")
    assert versions.NATIVE["rust-libp2p"] == pinned["libp2p"]["version"].removeprefix("=")


def test_every_part_has_a_version() -> None:
    found = versions.everything()
    assert found["bridge"] == versions.bridge()
    assert all(found.values())
