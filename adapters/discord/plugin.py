"""The entry point: settings in, adapter out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from adapters.discord.config import DiscordConfig
from bridge.model.adapter import Adapter, Plugin


class DiscordPlugin:
    """Makes Discord adapters (see `bridge.model.adapter.Plugin`)."""

    name = "discord"
    table = DiscordConfig

    def create(self, config: DiscordConfig, state_dir: Path) -> Adapter:
        """Make an adapter, without connecting. Raises `SettingsError`."""
        # Late: the library is an extra, and a bridge without this platform does not load it.
        from adapters.discord.adapter import DiscordAdapter

        return DiscordAdapter(config)


plugin: Final[Plugin[DiscordConfig]] = DiscordPlugin()
