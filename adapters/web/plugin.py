"""The entry point: settings in, adapter out; and invitations, also while the bridge runs."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Final

from adapters.web.config import WebConfig
from adapters.web.errors import PageError
from bridge.model.adapter import Adapter, Plugin, SettingsError
from bridge.model.adapter_store import AdapterStore

URL_FILE: Final = "url"
"""In the state folder, while the page runs: where it is found."""


class WebPlugin:
    """Makes pages (see `bridge.model.adapter.Plugin` and `bridge.model.view.Invites`)."""

    name = "web"
    table = WebConfig

    def create(self, config: WebConfig, state_dir: Path) -> Adapter:
        """Make an adapter, without IO. Raises `SettingsError`."""
        # Late: the server is an extra, and a bridge without a page does not load it.
        from adapters.web.adapter import WebAdapter

        return WebAdapter(config, state_dir)

    async def invite(
        self, config: WebConfig, store: AdapterStore, state_dir: Path, name: str, *, operator: bool
    ) -> str:
        """Make an invitation for one person; returns the link. Raises `SettingsError`."""
        return await asyncio.to_thread(self._invite, config, state_dir, name, operator=operator)

    def _invite(self, config: WebConfig, state_dir: Path, name: str, *, operator: bool) -> str:
        from adapters.web import accounts, database

        folder = state_dir
        link = f"{_url(config, folder)}/#invitation="
        try:
            connection = database.connect(folder)
            try:
                return link + database.transact(
                    connection, lambda tx: accounts.invite(tx, name, operator=operator, now=time.time())
                )
            finally:
                connection.close()
        except (OSError, sqlite3.Error, PageError) as error:
            raise SettingsError(
                "invitation", f"cannot be made: {error}", f"check the folder {folder}"
            ) from error


def _url(config: WebConfig, folder: Path) -> str:
    """Where the page is found. Raises SettingsError while nobody can know."""
    if config.public_url:
        return config.public_url
    try:
        return (folder / URL_FILE).read_text("utf-8").strip()
    except OSError:
        pass  # the page does not run: its settings say where it will be
    if config.port == 0:
        raise SettingsError("port", "is 0, so the address is known only while the bridge runs", "port = 8080")
    return config.url(config.port)


plugin: Final[Plugin[WebConfig]] = WebPlugin()
