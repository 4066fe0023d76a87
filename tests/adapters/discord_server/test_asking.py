"""What the bot asks by REST rather than hears: guilds, channels, members, reactions, webhooks, commands."""

from __future__ import annotations

import aiohttp
import discord
import pytest
from discord import app_commands

from tests.support.servers.discord.intents import Intent
from tests.support.servers.discord.model import Channel, Guild
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.pointing import point_discord_py_at
from tests.support.servers.discord.server import DiscordServer
from tests.support.servers.discord.watcher import Watcher, running


async def test_guilds_and_members(bot: Watcher, guild: Guild, channel: Channel, alice: Person) -> None:
    assert [each.id async for each in bot.fetch_guilds()] == [guild.id]
    fetched = await bot.fetch_guild(guild.id)
    assert fetched.approximate_member_count == 4
    assert [each.name for each in await fetched.fetch_channels()] == ["general"]
    assert {each.name for each in await fetched.fetch_roles()} >= {"@everyone", "bridge", "Moderators"}
    names = {each.name async for each in fetched.fetch_members(limit=None)}
    assert names == {"operator", "bridge", "alice", "molly"}
    assert (await fetched.fetch_member(alice.id)).display_name == "Alice"
    assert [each.id for each in await fetched.query_members("ali")] == [alice.id]
    for unknown in (fetched.fetch_member(1), bot.fetch_channel(1), bot.fetch_guild(1), bot.fetch_user(1)):
        with pytest.raises(discord.NotFound):
            await unknown


async def test_reactions(bot: Watcher, room: discord.TextChannel, alice: Person, channel: Channel) -> None:
    message = await alice.say(channel, "x")
    await alice.react(message, "👍")
    seen = await room.fetch_message(message.id)
    await seen.add_reaction("👍")
    seen = await room.fetch_message(message.id)
    assert [(each.emoji, each.count, each.me) for each in seen.reactions] == [("👍", 2, True)]
    assert {each.id async for each in seen.reactions[0].users()} == {alice.id, bot.server.bot.id}
    await seen.remove_reaction("👍", discord.Object(alice.id))
    assert message.reactions == {"👍": [bot.server.bot.id]}
    with pytest.raises(discord.HTTPException) as refused:
        await seen.add_reaction("x")
    assert refused.value.code == 10014


async def test_many_deleted_and_typing(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel, alice: Person
) -> None:
    said = [await alice.say(channel, str(number)) for number in range(3)]
    await room.typing()
    await room.delete_messages([discord.Object(each.id) for each in said[:2]])
    assert server.texts(channel) == ["2"]
    assert (await bot.hears("raw_bulk_message_delete")).message_ids == {said[0].id, said[1].id}


async def test_threads(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel
) -> None:
    thread = await (await room.send("topic?")).create_thread(name="topic")
    assert thread.id == server.messages(channel)[0].id
    await thread.join()
    await thread.edit(archived=True)
    assert [each.id async for each in room.archived_threads()] == [thread.id]
    await thread.edit(archived=False, name="other")
    assert str(await bot.fetch_channel(thread.id)) == "other"


async def test_webhooks(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel, guild: Guild
) -> None:
    hook = await room.create_webhook(name="Bridge", avatar=b"\x89PNG\r\n\x1a\n")
    await (await hook.edit(name="Renamed")).edit(name="Again", prefer_auth=False)
    found = await bot.fetch_webhook(hook.id)
    assert (found.name, found.token) == ("Again", hook.token)
    seen = bot.get_guild(guild.id)
    assert seen is not None
    assert [each.id for each in await seen.webhooks()] == [hook.id]
    sent = await hook.send("x", wait=True, file=discord.File(__file__, "t.py"))
    assert (await hook.fetch_message(sent.id)).attachments[0].filename == "t.py"
    await hook.edit_message(sent.id, attachments=[])
    assert server.messages(channel)[0].attachments == []
    await hook.delete(prefer_auth=False)
    assert server.webhooks(channel) == []


async def test_commands(bot: Watcher, server: DiscordServer) -> None:
    @bot.tree.command(description="One")
    async def one(interaction: discord.Interaction[Watcher]) -> None:
        await interaction.response.send_message("1")

    first = await bot.tree.sync()
    assert [each.id for each in await bot.tree.sync()] == [each.id for each in first]
    fetched = (await bot.tree.fetch_commands())[0]
    assert fetched.name == "one"
    await fetched.delete()
    assert server.commands() == []
    bot.tree.add_command(app_commands.Command(name="two", description="x" * 101, callback=one.callback))
    with pytest.raises(discord.HTTPException) as refused:
        await bot.tree.sync()
    assert refused.value.code == 50035


async def test_content_is_empty_by_rest_too() -> None:
    async with DiscordServer(allowed_intents=Intent.GUILD_MEMBERS) as server:
        guild = server.add_guild("Club")
        channel = server.add_channel(guild, "general")
        await server.add_user("alice", guild).say(channel, "secret")
        intents = discord.Intents.default()
        with point_discord_py_at(server):
            async with running(Watcher(server, intents)) as bot:
                assert not bot.application_flags.gateway_message_content_limited
                room = bot.get_channel(channel.id)
                assert isinstance(room, discord.TextChannel)
                assert [each.content async for each in room.history()] == [""]


async def test_a_body_that_is_not_json(server: DiscordServer, channel: Channel) -> None:
    url = f"{server.api_url}/channels/{channel.id}/messages"
    headers = {"Authorization": f"Bot {server.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(url, data=b"x", headers={"Content-Type": "application/json"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, 50109)
        async with session.post(url, data=b"x", headers={"Content-Type": "text/plain"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, 50035)
        async with session.get(f"{server.api_url}/channels/x/messages") as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, 50035)
