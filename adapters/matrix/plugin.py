"""The entry point: settings in, adapter out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.matrix.config import EXAMPLE, MatrixConfig
from bridge.model.adapter import Adapter, Plugin


class MatrixPlugin:
    """Makes Matrix adapters (see `bridge.model.adapter.Plugin`)."""

    name = "matrix"

    def settings_example(self) -> str:
        """The keys of the `matrix` table with comments, in TOML."""
        return EXAMPLE

    def create(self, config: Mapping[str, Any], state_dir: Path) -> Adapter:
        """Make an adapter, without IO. Raises `SettingsError`."""
        # Late: the library is an extra, and a bridge without this platform does not load it.
        from adapters.matrix.adapter import MatrixAdapter

        return MatrixAdapter(MatrixConfig.parse(config), state_dir)


plugin: Plugin = MatrixPlugin()
