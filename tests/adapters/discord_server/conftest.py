"""A local server with one guild and channel, and real discord.py 2.7.1 connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import discord
import pytest

from tests.support.servers.discord.model import Channel, Guild
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.pointing import point_discord_py_at
from tests.support.servers.discord.server import DiscordServer
from tests.support.servers.discord.watcher import Watcher, running


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(answer_seconds=20) as server:
        yield server


@pytest.fixture
def pointed(server: DiscordServer) -> Iterator[None]:
    with point_discord_py_at(server):
        yield


@pytest.fixture
def guild(server: DiscordServer) -> Guild:
    return server.add_guild("Club")


@pytest.fixture
def channel(server: DiscordServer, guild: Guild) -> Channel:
    return server.add_channel(guild, "general")


@pytest.fixture
def alice(server: DiscordServer, guild: Guild) -> Person:
    return server.add_user("alice", guild, display_name="Alice", avatar="a picture")


@pytest.fixture
def moderator(server: DiscordServer, guild: Guild) -> Person:
    return server.add_user("molly", guild, moderator=True)


@pytest.fixture
async def bot(
    server: DiscordServer, pointed: None, channel: Channel, alice: Person, moderator: Person
) -> AsyncIterator[Watcher]:
    async with running(Watcher(server)) as bot:
        yield bot


@pytest.fixture
def room(bot: Watcher, channel: Channel) -> discord.TextChannel:
    """The channel as discord.py has it."""
    found = bot.get_channel(channel.id)
    assert isinstance(found, discord.TextChannel)
    return found
