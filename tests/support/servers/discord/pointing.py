"""Real discord.py on the local server: its three base addresses, and nothing else of it, are set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol

import discord.asset
import discord.gateway
import discord.http
import discord.webhook.async_
import yarl


class Addresses(Protocol):
    """Where a server is."""

    @property
    def api_url(self) -> str:
        """REST."""

    @property
    def gateway_url(self) -> str:
        """The gateway."""

    @property
    def cdn_url(self) -> str:
        """Pictures."""


@contextlib.contextmanager
def point_discord_py_at(server: Addresses) -> Iterator[None]:
    """Set the addresses, and put the old ones back."""
    route, socket, asset = discord.http.Route, discord.gateway.DiscordWebSocket, discord.asset.Asset
    before = route.BASE, socket.DEFAULT_GATEWAY, asset.BASE
    route.BASE, asset.BASE = server.api_url, server.cdn_url
    socket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
    try:
        yield
    finally:
        route.BASE, socket.DEFAULT_GATEWAY, asset.BASE = before
