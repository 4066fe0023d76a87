"""Messages both ways: text, replies, edits, deletes, files, stickers, reactions, history, threads."""

from __future__ import annotations

import io
from typing import Any

import discord
import pytest

from tests.support.servers.discord.model import Channel, Guild
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.server import DiscordServer
from tests.support.servers.discord.watcher import Watcher


async def test_a_person_is_heard(bot: Watcher, server: DiscordServer, channel: Channel, alice: Person) -> None:
    server.add_sticker(server.world.guilds[channel.guild_id], "wave")
    first = await alice.say(channel, "one")
    await alice.say(channel, "two", reply_to=first, stickers=["wave"], embeds=[{"type": "link", "title": "T"}])
    second = await bot.hears("message", lambda each: each.content == "two")
    assert second.author.display_name == "Alice"
    assert second.reference.message_id == first.id
    assert second.reference.resolved.content == "one"
    assert [each.name for each in second.stickers] == ["wave"]
    assert second.embeds[0].title == "T"
    await alice.edit(first, "one!")
    assert (await bot.hears("raw_message_edit")).message.content == "one!"
    await alice.react(first, "👍")
    assert str((await bot.hears("raw_reaction_add")).emoji) == "👍"
    await alice.unreact(first, "👍")
    await bot.hears("raw_reaction_remove")
    await alice.delete(first)
    assert (await bot.hears("raw_message_delete")).message_id == first.id


async def test_files_both_ways(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel, alice: Person
) -> None:
    await alice.say(channel, attachments=[("a b.txt", b"hello", "text/plain")])
    heard = await bot.hears("message")
    assert heard.attachments[0].filename == "a b.txt"
    assert await heard.attachments[0].read() == b"hello"
    await room.send(file=discord.File(io.BytesIO(b"\x00\x01"), "b.bin", description="two bytes"))
    sent = server.messages(channel)[-1].attachments[0]
    assert (sent.filename, sent.data, sent.description) == ("b.bin", b"\x00\x01", "two bytes")
    with pytest.raises(discord.HTTPException) as refused:
        await room.send(file=discord.File(io.BytesIO(bytes(10 * 2**20 + 1)), "big.bin"))
    assert (refused.value.status, refused.value.code) == (413, 40005)


async def test_the_bot_sends_edits_and_deletes(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel, alice: Person
) -> None:
    question = await alice.say(channel, "?")
    none = discord.AllowedMentions.none()
    partial = room.get_partial_message(question.id)
    sent = await room.send(f"hello {alice.mention}", reference=partial, allowed_mentions=none)
    stored = server.messages(channel)[-1]
    assert (stored.reference, stored.allowed_mentions) == (question.id, {"parse": []})
    assert sent.mentions == []
    await sent.edit(content="hi")
    assert (stored.content, stored.edited) == ("hi", True)
    await partial.add_reaction("✅")
    assert question.reactions == {"✅": [server.bot.id]}
    await partial.remove_reaction("✅", discord.Object(server.bot.id))
    await sent.delete()
    assert server.texts(channel) == ["?"]
    with pytest.raises(discord.Forbidden) as refused:
        await partial.edit(content="not mine")
    assert refused.value.code == 50005
    with pytest.raises(discord.NotFound) as unknown:
        await room.fetch_message(sent.id)
    assert unknown.value.code == 10008


async def test_an_equal_nonce_sends_once(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel
) -> None:
    first = await room.send("once", nonce="outbox-1")
    assert (await room.send("once", nonce="outbox-1")).id == first.id
    assert (await room.send("other", nonce="outbox-2")).id != first.id
    server.advance(3600)
    assert (await room.send("once", nonce="outbox-1")).id != first.id
    assert server.texts(channel) == ["once", "other", "once"]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
        ({"embed": discord.Embed(title="t" * 257)}, "embeds"),
    ],
)
async def test_limits(bot: Watcher, room: discord.TextChannel, fields: dict[str, Any], place: str) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await room.send(**fields)
    assert (refused.value.status, refused.value.code) == (400, 50035)
    assert f"In {place}" in refused.value.text


async def test_an_empty_message_is_refused(bot: Watcher, room: discord.TextChannel) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await room.send(" ")
    assert refused.value.code == 50006


@pytest.mark.parametrize(
    ("missing", "code"), [(Permission.SEND_MESSAGES, 50013), (Permission.VIEW_CHANNEL, 50001)]
)
async def test_missing_permission(
    bot: Watcher,
    server: DiscordServer,
    room: discord.TextChannel,
    channel: Channel,
    alice: Person,
    missing: Permission,
    code: int,
) -> None:
    server.set_channel_permissions(channel, deny=missing)
    with pytest.raises(discord.Forbidden) as refused:
        await room.send("x")
    assert refused.value.code == code
    other = server.add_channel(server.world.guilds[channel.guild_id], "other")
    await alice.say(channel, "here")
    await alice.say(other, "there")
    await bot.hears("message", lambda each: each.content == "there")
    assert bot.texts == (["there"] if missing is Permission.VIEW_CHANNEL else ["here", "there"])


async def test_history(bot: Watcher, room: discord.TextChannel, channel: Channel, alice: Person) -> None:
    said = [await alice.say(channel, str(number)) for number in range(120)]
    after = discord.Object(said[9].id)
    missed = [each.content async for each in room.history(after=after, limit=None, oldest_first=True)]
    assert missed == [str(number) for number in range(10, 120)]
    latest = [each.content async for each in room.history(limit=3)]
    assert latest == ["119", "118", "117"]
    around = [each.content async for each in room.history(around=discord.Object(said[50].id), limit=3)]
    assert sorted(around) == ["49", "50", "51"]


async def test_threads(
    bot: Watcher,
    server: DiscordServer,
    room: discord.TextChannel,
    channel: Channel,
    guild: Guild,
    alice: Person,
) -> None:
    opening = await alice.say(channel, "topic?")
    thread = await alice.start_thread(channel, "a topic", opening)
    await alice.say(thread, "inside")
    heard = await bot.hears("message", lambda each: each.content == "inside")
    assert isinstance(heard.channel, discord.Thread)
    assert (heard.channel.id, heard.channel.parent_id) == (opening.id, channel.id)
    made = await room.create_thread(name="by the bot", type=discord.ChannelType.public_thread)
    await made.send("first")
    assert [each.name for each in server.threads(channel)] == ["a topic", "by the bot"]
    assert server.texts(server.threads(channel)[1]) == ["first"]
    await alice.archive(thread)
    await bot.hears("thread_update", lambda each: each.id == thread.id)
    await heard.channel.send("again")
    assert not thread.archived
    seen = bot.get_guild(guild.id)
    assert seen is not None
    assert {each.name for each in await seen.active_threads()} == {"a topic", "by the bot"}


async def test_previews_are_no_edit(
    bot: Watcher, server: DiscordServer, channel: Channel, alice: Person
) -> None:
    message = await alice.say(channel, "https://example.org")
    await server.unfurl(message, {"type": "link", "title": "Example"})
    update = await bot.hears("raw_message_edit")
    assert update.message.edited_at is None
    assert [each.title for each in update.message.embeds] == ["Example"]


async def test_everyone_is_pinged_by_permission_only(
    bot: Watcher, server: DiscordServer, room: discord.TextChannel, channel: Channel
) -> None:
    await room.send("@everyone")
    hook = await room.create_webhook(name="Bridge")
    await hook.send("@here")
    await hook.send("@here", allowed_mentions=discord.AllowedMentions.none())
    assert [each.pings_everyone for each in server.messages(channel)] == [False, True, False]


async def test_direct_messages(bot: Watcher, server: DiscordServer, alice: Person) -> None:
    user = await bot.fetch_user(alice.id)
    await user.send("psst")
    assert server.texts(alice.direct()) == ["psst"]
    await alice.say(alice.direct(), "yes?")
    assert (await bot.hears("message", lambda each: each.content == "yes?")).guild is None
