"""The entry point: settings in, adapter out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.terminal.adapter import TerminalAdapter
from bridge.model.adapter import Plugin, SettingsError

EXAMPLE = """\
# Unix socket to listen on; made for its owner only. `demls-bridge demo` connects to it.
socket = "/tmp/demo/rooms.sock"
# Whether the bridge ends when the process that showed the rooms is gone: the demo leaves nothing behind.
# end_with_viewer = false
"""
_KEYS = ("socket", "end_with_viewer")


class TerminalPlugin:
    """Makes terminal adapters (see `bridge.model.adapter.Plugin`)."""

    name = "terminal"

    def settings_example(self) -> str:
        """The keys of the `terminal` table with comments, in TOML."""
        return EXAMPLE

    def create(self, config: Mapping[str, Any], state_dir: Path) -> TerminalAdapter:
        """Make an adapter, without IO. Raises `SettingsError`."""
        example = 'socket = "/tmp/demo/rooms.sock"'
        for key in config:
            if key not in _KEYS:
                raise SettingsError(key, f"is not known here (known: {', '.join(_KEYS)})", example)
        path = config.get("socket")
        if not isinstance(path, str) or not 0 < len(path.encode()) <= 103:
            raise SettingsError("socket", "must be a path of 1 to 103 bytes", example)
        end_with_viewer = config.get("end_with_viewer", False)
        if not isinstance(end_with_viewer, bool):
            raise SettingsError("end_with_viewer", "must be true or false", "end_with_viewer = false")
        return TerminalAdapter(Path(path), state_dir, end_with_viewer=end_with_viewer)


plugin: Plugin = TerminalPlugin()
