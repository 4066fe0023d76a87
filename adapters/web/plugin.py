"""The entry point: settings in, adapter out; and invitations, also while the bridge runs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from adapters.web.config import EXAMPLE, WebConfig
from adapters.web.errors import PageError
from bridge.model.adapter import Adapter, Plugin, SettingsError

URL_FILE: Final = "url"
"""In the state folder, while the page runs: where it is found."""


class WebPlugin:
    """Makes pages (see `bridge.model.adapter.Plugin` and `bridge.model.view.Invites`)."""

    name = "web"

    def settings_example(self) -> str:
        """The keys of the `web` table with comments, in TOML."""
        return EXAMPLE

    def create(self, config: Mapping[str, Any], state_dir: Path) -> Adapter:
        """Make an adapter, without IO. Raises `SettingsError`."""
        # Late: the server is an extra, and a bridge without a page does not load it.
        from adapters.web.adapter import WebAdapter

        return WebAdapter(WebConfig.parse(config), state_dir)

    def invite(self, config: Mapping[str, Any], state_dir: Any, name: str, *, operator: bool) -> str:
        """Make an invitation for one person; returns the link. Raises `SettingsError`."""
        from adapters.web import accounts, database

        folder = Path(state_dir)
        link = f"{_url(WebConfig.parse(config), folder)}/#invitation="
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


plugin: Plugin = WebPlugin()
