"""The whole configuration, and where its values come from: environment, .env, file, defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bridge.settings.tables import (
    ChainSettings,
    GroupSettings,
    LoggingSettings,
    OpsSettings,
    StorageSettings,
    WakuSettings,
)

PREFIX = "DEMLS_"
SEED_NAMES = {
    "NAME": ("name",),
    "NODE_PORT": ("waku", "node_port"),
    "PEER_ADDRESSES": ("waku", "peer_addresses"),
}
"""The environment names of the seed's .env files, and the settings they stand for."""


class Settings(BaseSettings):
    """Everything a bridge is told. Made by `load`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid", str_strip_whitespace=True
    )

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
    logging: LoggingSettings = Field(LoggingSettings(), description="Log lines.")
    ops: OpsSettings = Field(OpsSettings(), description="Metrics and the watchdog.")
    groups: tuple[GroupSettings, ...] = Field((), description="The groups, one [[groups]] each.")
    adapters: dict[str, dict[str, Any]] = Field(
        {}, repr=False, description="One table per chat platform; its keys are the adapter's own."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The file comes in as keyword arguments of `load`, so it stands last."""
        return (
            env_settings,
            _SeedNames(settings_cls, os.environ),
            _KnownOnly(settings_cls, dotenv_settings),
            _SeedNames(settings_cls, _dotenv_values(dotenv_settings)),
            init_settings,
        )

    @property
    def status_socket(self) -> Path:
        """Where a running bridge answers `demls-bridge status`."""
        return self.data_dir / "status.sock"

    @property
    def storage_url(self) -> str:
        """The database URL, the default filled in."""
        return self.storage.url or f"sqlite:///{(self.data_dir / 'bridge.db').absolute()}"


class _KnownOnly(PydanticBaseSettingsSource):
    """A .env file may hold variables of other programs (the seed's BACKEND_PORT): those are no faults."""

    def __init__(self, settings_cls: type[BaseSettings], inner: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._inner = inner

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """As the file has it."""
        return self._inner.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        """The values whose keys are settings."""
        return {key: value for key, value in self._inner().items() if key in self.settings_cls.model_fields}


class _SeedNames(PydanticBaseSettingsSource):
    """NAME, NODE_PORT and PEER_ADDRESSES as the seed's .env files have them."""

    def __init__(self, settings_cls: type[BaseSettings], values: Mapping[str, str | None]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Not used: `__call__` answers for all fields."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The nested values of those names that are set."""
        found: dict[str, Any] = {}
        for variable, (*tables, key) in SEED_NAMES.items():
            if value := self._values.get(variable):
                table = found
                for part in tables:
                    table = table.setdefault(part, {})
                table[key] = value
        return found


def _dotenv_values(source: PydanticBaseSettingsSource) -> dict[str, str | None]:
    # pydantic-settings lower-cases the names it reads from a .env file.
    if isinstance(source, DotEnvSettingsSource):
        return {name.upper(): value for name, value in source.env_vars.items()}
    return {}
