"""What `check` finds."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from adapters.discord import plugin
from bridge.model.ids import RoomRef
from tests.support.discord_arena import DiscordArena
from tests.support.servers.discord.intents import Intent
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.server import DiscordServer

NEEDED = {
    "view_channel",
    "send_messages",
    "read_message_history",
    "add_reactions",
    "embed_links",
    "attach_files",
    "create_public_threads",
    "send_messages_in_threads",
    "manage_webhooks",
    "ban_members",
    "view_audit_log",
}


@pytest.fixture
def place(server: DiscordServer, tmp_path: Path) -> DiscordArena:
    """A channel; no adapter runs."""
    return DiscordArena(server, tmp_path)


async def problems(arena: DiscordArena, *rooms: RoomRef) -> list[str]:
    adapter = plugin.create(plugin.table.model_validate(arena.config()), arena.folder)
    try:
        return await adapter.check(rooms or (arena.room,))
    finally:
        await adapter.stop()


async def test_all_is_well(place: DiscordArena) -> None:
    thread = await place.person.start_thread(place.channel, "talk")
    assert await problems(place, place.room, RoomRef("discord", str(thread.id))) == []


async def test_the_link_has_exactly_what_is_missing_for(place: DiscordArena) -> None:
    place.server.set_permissions(place.guild, Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES)
    found = await problems(place)
    text = "\n".join(found)
    for words in ("Read Message History", "Manage Webhooks", "Ban Members", "View Audit Log", "#general"):
        assert words in text
    assert "'Send Messages'" not in text
    query = parse_qs(urlsplit(found[-1].rpartition(" ")[2]).query)
    granted = discord.Permissions(int(query["permissions"][0]))
    assert granted == discord.Permissions(**dict.fromkeys(NEEDED, True))
    assert set(query["scope"][0].split()) == {"bot", "applications.commands"}
    assert query["client_id"] == [str(place.server.application_id)]


async def test_without_webhooks_their_permission_is_not_asked_for(place: DiscordArena) -> None:
    place.settings["webhooks"] = False
    place.server.set_permissions(place.guild, Permission.BOT_DEFAULT & ~Permission.MANAGE_WEBHOOKS)
    assert await problems(place) == []


async def test_a_permission_taken_in_one_channel_is_found(place: DiscordArena) -> None:
    place.server.set_channel_permissions(place.channel, deny=Permission.ATTACH_FILES)
    found = await problems(place)
    assert "In #general the bot lacks 'Attach Files'" in found[0]
    assert len(found) == 2


async def test_rooms_that_are_none(place: DiscordArena) -> None:
    hidden = place.server.add_channel(place.guild, "hidden")
    place.server.set_channel_permissions(hidden, deny=Permission.VIEW_CHANNEL)
    found = await problems(
        place, RoomRef("discord", "general"), RoomRef("discord", "77"), RoomRef("discord", str(hidden.id))
    )
    assert "no Discord channel id" in found[0]
    assert "There is no channel 77" in found[1]
    assert "cannot see" in found[2]


async def test_a_server_that_the_settings_leave_out(place: DiscordArena) -> None:
    place.settings["guilds"] = ["1"]
    assert "'guilds' leaves out" in (await problems(place))[0]


async def test_token_and_intents(tmp_path: Path) -> None:
    async with DiscordServer(allowed_intents=Intent(0)) as server:
        arena = DiscordArena(server, tmp_path)
        assert "Message Content Intent" in (await problems(arena))[0]
        arena.settings["token"] = "not-the-token-of-this-bot"
        [problem] = await problems(arena)
        assert "set 'token'" in problem
