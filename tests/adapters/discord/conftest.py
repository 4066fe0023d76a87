"""The Discord adapter's tests: a local server, and a running adapter on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import discord.asset
import discord.gateway
import discord.http
import pytest

from adapters.discord import client, errors
from tests.support.discord_arena import DiscordArena
from tests.support.servers.discord.server import DiscordServer


@pytest.fixture(autouse=True)
def addresses() -> Iterator[None]:
    """The adapter sets the library's base addresses from its settings; they are put back."""
    route, socket, asset = discord.http.Route, discord.gateway.DiscordWebSocket, discord.asset.Asset
    before = route.BASE, socket.DEFAULT_GATEWAY, asset.BASE
    yield
    route.BASE, socket.DEFAULT_GATEWAY, asset.BASE = before


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is only waited out, and not what is waited for: the local server shows everything at once."""
    monkeypatch.setattr(client, "IDENTIFY_SECONDS", 0.1)
    monkeypatch.setattr(errors, "UNCERTAIN_SECONDS", 0.1)
    monkeypatch.setattr(errors, "NO_TIME_SECONDS", 0.1)


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """A fresh server without rate limits."""
    async with DiscordServer() as made:
        yield made


@pytest.fixture
async def arena(server: DiscordServer, tmp_path: Path) -> AsyncIterator[DiscordArena]:
    """A channel and its people; the adapter runs."""
    made = DiscordArena(server, tmp_path)
    await made.start_adapter()
    await made.connected()
    try:
        yield made
    finally:
        await made.stop_adapter()
