"""The entry point: settings in, adapter out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from adapters.matrix.config import MatrixConfig
from bridge.model.adapter import Adapter, Plugin


class MatrixPlugin:
    """Makes Matrix adapters (see `bridge.model.adapter.Plugin`)."""

    name = "matrix"
    table = MatrixConfig

    def create(self, config: MatrixConfig, state_dir: Path) -> Adapter:
        """Make an adapter, without IO. Raises `SettingsError`."""
        # Late: the library is an extra, and a bridge without this platform does not load it.
        from adapters.matrix.adapter import MatrixAdapter

        return MatrixAdapter(config, state_dir)


plugin: Final[Plugin[MatrixConfig]] = MatrixPlugin()
