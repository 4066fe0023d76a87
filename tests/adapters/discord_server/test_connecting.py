"""discord.py connects: what it learns of the bot and the guild, and how it is refused."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from textwrap import dedent

import aiohttp
import discord
import pytest

from tests.support.servers.discord.intents import Intent
from tests.support.servers.discord.model import Channel, Guild
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.pointing import point_discord_py_at
from tests.support.servers.discord.server import DiscordServer
from tests.support.servers.discord.watcher import Watcher, running


async def test_learns_the_guild(bot: Watcher, guild: Guild, channel: Channel, alice: Person) -> None:
    seen = bot.get_guild(guild.id)
    assert seen is not None
    assert bot.user is not None
    assert bot.user.id == bot.application_id == bot.server.bot.id
    assert [each.name for each in seen.text_channels] == ["general"]
    assert {each.name for each in seen.members} == {"operator", "bridge", "alice", "molly"}
    member = seen.get_member(alice.id)
    assert member is not None
    assert member.display_name == "Alice"
    assert seen.me.guild_permissions.value == Permission.BOT_DEFAULT
    assert await member.display_avatar.read()


async def test_permissions_as_set(bot: Watcher, server: DiscordServer, guild: Guild, channel: Channel) -> None:
    server.set_permissions(guild, Permission.BOT_DEFAULT & ~Permission.BAN_MEMBERS)
    server.set_channel_permissions(channel, deny=Permission.MANAGE_WEBHOOKS)
    await bot.hears("guild_channel_update")
    seen, room = bot.get_guild(guild.id), bot.get_channel(channel.id)
    assert seen is not None
    assert isinstance(room, discord.TextChannel)
    assert not seen.me.guild_permissions.ban_members
    assert seen.me.guild_permissions.manage_webhooks
    assert not room.permissions_for(seen.me).manage_webhooks


async def test_wrong_token(server: DiscordServer, pointed: None) -> None:
    server.world.token = "another"
    bot = Watcher(server)
    with pytest.raises(discord.LoginFailure):
        await bot.start("wrong")
    await bot.close()


async def test_privileged_intents_off() -> None:
    async with DiscordServer(allowed_intents=Intent(0)) as server:
        with point_discord_py_at(server):
            bot = Watcher(server)
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await bot.start(server.token)
            await bot.close()


async def test_without_the_content_intent(
    server: DiscordServer, pointed: None, channel: Channel, alice: Person
) -> None:
    intents = discord.Intents.default()
    async with running(Watcher(server, intents)) as bot:
        await alice.say(channel, "secret", attachments=[("a.txt", b"1", "text/plain")])
        await alice.say(channel, f"for {bot.user.mention if bot.user else ''}")
        message = await bot.hears("message")
        await bot.hears("message", lambda each: each.content.startswith("for "))
        assert (message.content, message.attachments) == ("", [])


async def test_token_revoked(server: DiscordServer, pointed: None, channel: Channel) -> None:
    bot = Watcher(server)
    task = asyncio.create_task(bot.start(server.token))
    await bot.hears("ready")
    server.faults.revoke_token()
    with pytest.raises(discord.ConnectionClosed) as closed:
        await task
    assert closed.value.code == 4004
    again = Watcher(server)
    with pytest.raises(discord.LoginFailure):
        await again.start(server.token)
    await again.close()


async def test_shards_are_asked_for() -> None:
    async with DiscordServer(shards=2) as server:
        first, second = server.add_guild("One", shard=0), server.add_guild("Two", shard=1)
        rooms = [server.add_channel(each, "general") for each in (first, second)]
        alice = server.add_user("alice", first, second)
        with point_discord_py_at(server):
            alone = Watcher(server)
            with pytest.raises(discord.ConnectionClosed) as closed:
                await alone.start(server.token)
            assert closed.value.code == 4011

            class Sharded(Watcher, discord.AutoShardedClient):
                """Takes the number of shards from the server."""

            async with running(Sharded(server)) as bot:
                assert bot.shard_count == 2
                for room in rooms:
                    await alice.say(room, f"in {room.guild_id}")
                for guild in (first, second):
                    heard = await bot.hears("message", partial(_in_guild, guild.id))
                    assert heard.guild.shard_id == (guild.id >> 22) % 2


def _in_guild(guild_id: int, message: discord.Message) -> bool:
    return message.guild is not None and message.guild.id == guild_id


async def test_any_process_may_ask(server: DiscordServer) -> None:
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bot {server.token}"}
        async with session.get(f"{server.api_url}/gateway/bot", headers=headers) as answer:
            assert (await answer.json())["url"] == server.gateway_url
            assert answer.headers["Content-Type"] == "application/json"
        async with session.get(f"{server.api_url}/users/@me") as answer:
            assert answer.status == 401
        async with session.get(f"{server.api_url}/nothing", headers=headers) as answer:
            assert answer.status == 404


async def test_from_another_process(server: DiscordServer, channel: Channel, alice: Person) -> None:
    script = dedent(f"""
        import discord, yarl
        discord.http.Route.BASE = {server.api_url!r}
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL({server.gateway_url!r})
        client = discord.Client(intents=discord.Intents.all(), guild_ready_timeout=0.05)
        @client.event
        async def on_message(message):
            if message.author.id != client.user.id:
                await message.channel.send("heard " + message.content)
        client.run({server.token!r}, log_handler=None)
    """)
    for name in ("one", "two"):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
        try:
            await server.wait_for(lambda: server.connected)
            await alice.say(channel, name)
            await server.wait_for_message(channel, f"heard {name}")
        finally:
            process.kill()
            await process.wait()
        await server.wait_for(lambda: not server.connected)


async def test_heartbeats() -> None:
    async with DiscordServer(heartbeat_seconds=0.1) as server:
        with point_discord_py_at(server):
            async with running(Watcher(server)) as bot:
                await server.wait_for(lambda: server.heartbeats >= 3)
                assert bot.latency < 30


async def test_members_and_channels_change(
    bot: Watcher, server: DiscordServer, guild: Guild, channel: Channel, alice: Person
) -> None:
    server.set_nick(guild, alice, "Ally")
    assert (await bot.hears("member_update")).name == "alice"
    seen = bot.get_guild(guild.id)
    assert seen is not None
    assert await seen.query_members(user_ids=[alice.id])
    server.remove_channel(channel)
    assert (await bot.hears("guild_channel_delete")).id == channel.id
    server.remove_bot(guild)
    await bot.hears("guild_remove")
    with pytest.raises(discord.NotFound):
        await bot.fetch_guild(guild.id)
