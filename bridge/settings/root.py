"""The whole configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from bridge.model.settings import Table
from bridge.settings.tables import (
    ChainSettings,
    CommandSettings,
    GroupSettings,
    LoggingSettings,
    OpsSettings,
    StorageSettings,
    WakuSettings,
)


class Settings(Table):
    """Everything a bridge is told. Made by `load`."""

    name: str = Field(
        "bridge",
        min_length=1,
        max_length=64,
        description="Name of this bridge, as others see it (env NAME).",
        examples=["my-bridge"],
    )
    data_dir: Path = Field(
        Path("data"),
        description="Folder for database, keys and status socket. Made with mode 0700.",
        examples=["data"],
    )
    waku: WakuSettings = Field(WakuSettings(), description="The way to Waku.")
    storage: StorageSettings = Field(StorageSettings(), description="The database.")
    chain: ChainSettings = Field(
        ChainSettings(), description="The contracts that count ballots, for groups that want it so."
    )
    commands: CommandSettings = Field(CommandSettings(), description="Commands that people write in rooms.")
    logging: LoggingSettings = Field(LoggingSettings(), description="Log lines.")
    ops: OpsSettings = Field(OpsSettings(), description="Metrics and the watchdog.")
    groups: tuple[GroupSettings, ...] = Field((), description="The groups, one [[groups]] each.")
    adapters: dict[str, dict[str, Any]] = Field(
        {}, repr=False, description="One table per account of a chat platform; its keys are the platform's own."
    )

    def platform(self, adapter: str) -> str:
        """The platform of a table under [adapters]: its key `platform`, else its own name."""
        return str(self.adapters[adapter].get("platform", adapter))

    @property
    def status_socket(self) -> Path:
        """Where a running bridge answers `demls-bridge status`."""
        return self.data_dir / "status.sock"

    @property
    def storage_url(self) -> str:
        """The database URL, the default filled in."""
        return self.storage.url or f"sqlite:///{(self.data_dir / 'bridge.db').absolute()}"
