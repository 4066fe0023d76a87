"""The fault switches, and what real discord.py does under each; rate limits are honoured."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import discord
import pytest

from tests.support.servers.discord.model import Channel, Guild
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.pointing import point_discord_py_at
from tests.support.servers.discord.rates import REAL, Limiter, Rate, Rates
from tests.support.servers.discord.server import DiscordServer
from tests.support.servers.discord.watcher import Watcher, running


@pytest.mark.parametrize("fault", ["drop", "op 7", "op 9"])
async def test_resumes_and_misses_nothing(
    bot: Watcher, server: DiscordServer, channel: Channel, alice: Person, fault: str
) -> None:
    for number in range(10):
        await alice.say(channel, str(number))
        if number == 4 and fault == "drop":
            server.faults.drop_gateway()
        elif number == 4 and fault == "op 7":
            server.faults.reconnect()
        elif number == 4:
            server.faults.invalidate(resumable=True)
    await bot.hears("resumed")
    await bot.hears("message", lambda each: each.content == "9")
    assert bot.texts == [str(number) for number in range(10)]
    assert (server.resumes, server.sessions) == (1, 1)


async def test_a_reset_socket(bot: Watcher, server: DiscordServer, channel: Channel, alice: Person) -> None:
    server.faults.reset_gateway()
    await alice.say(channel, "while it is away")
    await bot.hears("message")
    assert server.resumes == 1


async def test_a_session_that_is_gone(
    bot: Watcher, server: DiscordServer, channel: Channel, alice: Person
) -> None:
    server.faults.invalidate(resumable=False)
    await server.wait_for(lambda: server.sessions == 0)
    await alice.say(channel, "missed")
    await server.wait_for(lambda: server.connected)
    await alice.say(channel, "heard")
    await bot.hears("message")
    assert (bot.texts, server.resumes) == (["heard"], 0)


async def test_a_buffer_too_small(channel: Channel) -> None:
    async with DiscordServer(buffer=3) as server:
        room = server.add_channel(server.add_guild("Club"), "general")
        alice = server.add_user("alice", server.world.guilds[room.guild_id])
        with point_discord_py_at(server):
            async with running(Watcher(server)) as bot:
                server.faults.drop_gateway()
                for number in range(4):
                    await alice.say(room, str(number))
                await bot.hears("disconnect")
                await server.wait_for(lambda: server.connected)
                await alice.say(room, "now")
                await bot.hears("message")
                assert bot.texts == ["now"]


async def test_late_and_doubled_events(
    bot: Watcher, server: DiscordServer, channel: Channel, alice: Person
) -> None:
    server.faults.late("MESSAGE_CREATE", 0.05)
    server.faults.double("MESSAGE_CREATE")
    await alice.say(channel, "late")
    await alice.say(channel, "twice")
    await bot.hears("message", lambda each: each.content == "late")
    assert bot.texts == ["twice", "twice", "late"]


async def test_a_malformed_event_ends_the_client(
    server: DiscordServer, pointed: None, channel: Channel, alice: Person
) -> None:
    bot = Watcher(server)
    task = asyncio.create_task(bot.start(server.token))
    await bot.hears("ready")
    server.faults.malform("MESSAGE_CREATE")
    await alice.say(channel, "after it")
    with pytest.raises(KeyError):
        await task
    await bot.close()


async def test_a_gateway_that_refuses(server: DiscordServer, pointed: None, channel: Channel) -> None:
    server.faults.refuse_gateway()
    bot = Watcher(server)
    with pytest.raises(AttributeError):  # of discord.py, when its first connection fails
        await bot.start(server.token)
    await bot.close()
    async with running(Watcher(server)):
        assert server.connected


async def test_an_error_after_the_deed(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel
) -> None:
    server.faults.fail_before("/messages", status=503)
    with pytest.raises(discord.DiscordServerError):
        await room.send("not sent")
    server.faults.fail_after("/messages", status=503)
    with pytest.raises(discord.DiscordServerError):
        await room.send("sent")
    server.faults.reset_after("/messages")
    with pytest.raises(aiohttp.ClientError):
        await room.send("sent too")
    server.faults.reset_before("/messages")
    with pytest.raises(aiohttp.ClientError):
        await room.send("not sent")
    assert server.texts(channel) == ["sent", "sent too"]


async def test_what_is_left_can_be_healed(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel
) -> None:
    server.faults.fail_before("/messages", times=2, status=503, skip=1, method="POST")
    await room.send("one")
    with pytest.raises(discord.DiscordServerError):
        await room.send("two")
    server.faults.heal()
    await room.send("three")
    assert server.texts(channel) == ["one", "three"]


async def test_a_429_is_waited_for(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel
) -> None:
    server.faults.limit("/messages", 0.01)
    server.faults.limit("/messages", 0.01, is_global=True)
    await room.send("in the end")
    assert server.faults.hit["LIMIT"] == 2
    server.faults.limit("/messages", via=False)
    with pytest.raises(discord.HTTPException) as refused:
        await room.send("never")
    assert refused.value.status == 429
    server.faults.limit("/messages", None)
    with pytest.raises(KeyError):  # of discord.py, when nobody says how long
        await room.send("never")
    assert server.texts(channel) == ["in the end"]


async def test_headers_are_honoured() -> None:
    rates = Rates(messages=Rate(5, 0.1), webhooks=Rate(5, 0.1))
    async with DiscordServer(rates=rates) as server:
        channel = server.add_channel(server.add_guild("Club"), "general")
        with point_discord_py_at(server):
            async with running(Watcher(server)) as bot:
                room = bot.get_channel(channel.id)
                assert isinstance(room, discord.TextChannel)
                hook = await room.create_webhook(name="Bridge")
                began = time.monotonic()
                for number in range(12):
                    await room.send(str(number))
                for number in range(12):
                    await hook.send(str(number))
                assert time.monotonic() - began >= 0.4  # twice two windows that had to end
    assert server.limiter.refused == 0
    assert len(server.messages(channel)) == 24


async def test_the_hidden_limit_of_webhooks() -> None:
    rates = Rates(webhooks_hidden=Rate(3, 0.1))
    async with DiscordServer(rates=rates) as server:
        channel = server.add_channel(server.add_guild("Club"), "general")
        with point_discord_py_at(server):
            async with running(Watcher(server)) as bot:
                room = bot.get_channel(channel.id)
                assert isinstance(room, discord.TextChannel)
                hook = await room.create_webhook(name="Bridge")
                for number in range(4):
                    await hook.send(str(number))
    assert server.limiter.refused == 1
    assert server.texts(channel) == ["0", "1", "2", "3"]


def test_the_real_rates() -> None:
    limiter = Limiter(REAL)

    def admitted(method: str, route: str, count: int, channel: int = 0) -> int:
        passes = [
            limiter.admit(method, route, "1", bot=not channel, channel_id=channel)[1] for _ in range(count)
        ]
        return passes.count(None)

    assert admitted("POST", "/channels/{channel_id}/messages", 6) == 5
    assert admitted("POST", "/webhooks/{webhook_id}/{token}", 6, channel=1) == 5
    assert admitted("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me", 2) == 1


async def test_the_state_outlives_the_bot(
    server: DiscordServer, pointed: None, channel: Channel, guild: Guild, alice: Person
) -> None:
    async with running(Watcher(server)) as first:
        await alice.say(channel, "one")
        await first.hears("message")
    await alice.say(channel, "two")
    async with running(Watcher(server)) as second:
        room = second.get_channel(channel.id)
        assert isinstance(room, discord.TextChannel)
        assert [each.content async for each in room.history(oldest_first=True)] == ["one", "two"]
