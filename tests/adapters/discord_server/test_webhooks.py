"""Webhooks: made, listed, sent through under other names, in threads, edited and deleted."""

from __future__ import annotations

import discord
import pytest

from tests.support.servers.discord.model import Channel
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.server import DiscordServer
from tests.support.servers.discord.watcher import Watcher


async def test_sends_under_another_name(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel
) -> None:
    hook = await room.create_webhook(name="Bridge", reason="to mirror")
    picture = f"{server.url}/avatars/1/a.png"
    sent = await hook.send("hello", username="Bob (Matrix)", avatar_url=picture, wait=True)
    stored = server.messages(channel)[0]
    assert (stored.author.name, stored.author.avatar, stored.webhook_id) == ("Bob (Matrix)", picture, hook.id)
    heard = await bot.hears("message")
    assert (heard.webhook_id, heard.application_id) == (hook.id, bot.application_id)
    await sent.edit(content="hello!")
    assert (stored.content, stored.edited) == ("hello!", True)
    await hook.delete_message(sent.id)
    assert server.messages(channel) == []
    assert [each.id for each in await room.webhooks()] == [hook.id]
    await hook.delete()
    with pytest.raises(discord.NotFound) as unknown:
        await hook.send("gone")
    assert unknown.value.code == 10015


async def test_in_a_thread(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel, alice: Person
) -> None:
    thread = await alice.start_thread(channel, "topic")
    hook = await room.create_webhook(name="Bridge")
    sent = await hook.send("inside", thread=discord.Object(thread.id), wait=True)
    assert server.texts(thread) == ["inside"]
    await hook.edit_message(sent.id, content="inside!", thread=discord.Object(thread.id))
    assert server.texts(thread) == ["inside!"]
    with pytest.raises(discord.NotFound):
        await hook.edit_message(sent.id, content="not there")


@pytest.mark.parametrize("name", ["my Discord", "CLYDE2", "everyone", "here", "x" * 81])
async def test_names_refused(bot: Watcher, room: discord.TextChannel, name: str) -> None:
    hook = await room.create_webhook(name="Bridge")
    with pytest.raises(discord.HTTPException) as refused:
        await hook.send("hello", username=name)
    assert (refused.value.status, refused.value.code) == (400, 50035)
    with pytest.raises(discord.HTTPException):
        await room.create_webhook(name=name)


async def test_no_more_than_fifteen(bot: Watcher, room: discord.TextChannel) -> None:
    for number in range(15):
        await room.create_webhook(name=f"Bridge {number}")
    with pytest.raises(discord.HTTPException) as refused:
        await room.create_webhook(name="one more")
    assert refused.value.code == 30007


async def test_without_the_permission(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel
) -> None:
    server.set_channel_permissions(channel, deny=Permission.MANAGE_WEBHOOKS)
    for refused in (room.create_webhook(name="Bridge"), room.webhooks()):
        with pytest.raises(discord.Forbidden) as error:
            await refused
        assert error.value.code == 50013


async def test_a_foreign_webhook(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel
) -> None:
    foreign = server.add_webhook(channel, "Other bridge")
    await server.webhook_says(foreign, "from elsewhere", name="Carol")
    heard = await bot.hears("message")
    assert (heard.author.name, heard.webhook_id, heard.author.bot) == ("Carol", foreign.id, True)
    assert [each.token for each in await room.webhooks()] == [None]
