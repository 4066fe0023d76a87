"""The at-rest key: where it comes from, and that it stays private."""

from __future__ import annotations

import os
import stat
import sys
import traceback
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bridge.identity.errors import KeyUnavailable
from bridge.identity.keyfile import load_key

KEY = bytes(range(32))


def test_a_missing_file_is_made_private_and_announced(tmp_path: Path) -> None:
    file = tmp_path / "data" / "bridge.key"
    old = os.umask(0)
    try:
        with capture_logs() as logs:
            key = load_key(file, environ={})
    finally:
        os.umask(old)
    assert len(key) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry["file"] for entry in logs] == [str(file)]
    assert key.hex() not in str(logs)
    with capture_logs() as logs:
        assert load_key(file, environ={}) == key
    assert logs == []


def test_command_before_variable_before_file(tmp_path: Path) -> None:
    file = tmp_path / "bridge.key"
    load_key(file, environ={})
    other = bytes(32)
    command = [sys.executable, "-c", f"print('{KEY.hex()}')"]
    environ = {"DEMLS_BRIDGE_KEY": other.hex()}
    assert load_key(file, command, environ) == KEY
    assert load_key(file, (), environ) == other
    assert load_key(file, (), {"MINE": KEY.hex()}, variable="MINE") == KEY


def test_nothing_is_made_when_the_key_comes_from_elsewhere(tmp_path: Path) -> None:
    load_key(tmp_path / "bridge.key", environ={"DEMLS_BRIDGE_KEY": KEY.hex()})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "bridge.key"
    file.write_text(KEY.hex())
    file.chmod(mode)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        load_key(file, environ={})


@pytest.mark.parametrize("text", ["", "zz" * 32, KEY.hex()[:-2], KEY.hex() + "00", "é" * 64, "00" * 9000])
def test_malformed_keys_are_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bridge.key"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(KeyUnavailable) as caught:
        load_key(file, environ={})
    assert not text or text not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "command",
    [
        ["/nonexistent/command"],
        [sys.executable, "-c", "import sys; print('s3cret'); sys.exit(3)"],
        [sys.executable, "-c", "print('s3cret')"],
    ],
)
def test_commands_that_give_no_key(tmp_path: Path, command: list[str]) -> None:
    with pytest.raises(KeyUnavailable) as caught:
        load_key(tmp_path / "bridge.key", command, {})
    assert "s3cret" not in str(caught.value)


def test_places_that_hold_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeyUnavailable):
        load_key(tmp_path / "file" / "bridge.key", environ={})
    with pytest.raises(KeyUnavailable):
        load_key(tmp_path, environ={})
