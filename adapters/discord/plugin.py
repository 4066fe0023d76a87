"""The entry point: settings in, adapter out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.discord.config import EXAMPLE, DiscordConfig
from bridge.model.adapter import Adapter, Plugin


class DiscordPlugin:
    """Makes Discord adapters (see `bridge.model.adapter.Plugin`)."""

    name = "discord"

    def settings_example(self) -> str:
        """The keys of the `discord` table with comments, in TOML."""
        return EXAMPLE

    def create(self, config: Mapping[str, Any], state_dir: Path) -> Adapter:
        """Make an adapter, without connecting. Raises `SettingsError`."""
        # Late: the library is an extra, and a bridge without this platform does not load it.
        from adapters.discord.adapter import DiscordAdapter

        return DiscordAdapter(DiscordConfig.parse(config), state_dir)


plugin: Plugin = DiscordPlugin()
