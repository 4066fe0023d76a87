"""Bans and kicks, by the bot and by a moderator, and the audit log that tells who did it."""

from __future__ import annotations

import discord
import pytest

from tests.support.servers.discord.model import Channel, Guild
from tests.support.servers.discord.people import Person
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.server import DiscordServer
from tests.support.servers.discord.watcher import Watcher


@pytest.fixture
def seen(bot: Watcher, guild: Guild) -> discord.Guild:
    """The guild as discord.py has it."""
    found = bot.get_guild(guild.id)
    assert found is not None
    return found


async def test_the_bot_bans_and_unbans(
    bot: Watcher, server: DiscordServer, seen: discord.Guild, guild: Guild, channel: Channel, alice: Person
) -> None:
    await alice.say(channel, "spam")
    await seen.ban(discord.Object(alice.id), reason="Voted: é / 5", delete_message_seconds=60)
    ban = server.bans(guild)[alice.id]
    assert (ban.reason, ban.by, ban.delete_message_seconds) == ("Voted: é / 5", server.bot.id, 60)
    assert server.messages(channel) == []
    await bot.hears("raw_bulk_message_delete")
    await bot.hears("member_remove")
    assert (await seen.fetch_ban(discord.Object(alice.id))).reason == "Voted: é / 5"
    assert [each.user.id async for each in seen.bans()] == [alice.id]
    with pytest.raises(PermissionError):
        server.join(guild, alice)
    await seen.unban(discord.Object(alice.id), reason="lifted")
    assert server.bans(guild) == {}
    assert [(each.action, each.reason) for each in server.audit_log(guild)] == [
        (22, "Voted: é / 5"),
        (23, "lifted"),
    ]
    with pytest.raises(discord.NotFound) as unknown:
        await seen.fetch_ban(discord.Object(alice.id))
    assert unknown.value.code == 10026


async def test_a_moderators_ban_is_heard(
    bot: Watcher, seen: discord.Guild, guild: Guild, alice: Person, moderator: Person
) -> None:
    await moderator.ban(guild, alice, "rude")
    entry = await bot.hears("audit_log_entry_create")
    assert (entry.action, entry.user_id, entry.reason) == (discord.AuditLogAction.ban, moderator.id, "rude")
    names = [name for name, _ in bot.heard]
    assert names.index("member_ban") < names.index("member_remove") < names.index("audit_log_entry_create")
    listed = [each async for each in seen.audit_logs(action=discord.AuditLogAction.ban)]
    assert [(each.user_id, each.target.id if each.target else 0) for each in listed] == [
        (moderator.id, alice.id)
    ]
    await moderator.unban(guild, alice)
    await bot.hears("member_unban")


async def test_people_are_no_moderators(guild: Guild, alice: Person, moderator: Person) -> None:
    with pytest.raises(PermissionError):
        await alice.ban(guild, moderator)


async def test_who_may_not_be_banned(
    bot: Watcher, server: DiscordServer, seen: discord.Guild, guild: Guild, alice: Person
) -> None:
    with pytest.raises(discord.Forbidden) as owner:
        await seen.ban(discord.Object(guild.owner_id), delete_message_seconds=0)
    assert owner.value.code == 50013
    server.set_permissions(guild, Permission.BOT_DEFAULT & ~Permission.BAN_MEMBERS)
    with pytest.raises(discord.Forbidden) as anybody:
        await seen.ban(discord.Object(alice.id), delete_message_seconds=0)
    assert anybody.value.code == 50013
    assert server.bans(guild) == {}


async def test_the_bot_kicks(
    bot: Watcher, server: DiscordServer, seen: discord.Guild, guild: Guild, alice: Person
) -> None:
    await seen.kick(discord.Object(alice.id), reason="out")
    assert alice.id not in guild.members
    assert server.audit_log(guild)[-1].reason == "out"
    await bot.hears("member_remove", lambda each: each.id == alice.id)
    server.join(guild, alice)
    await bot.hears("member_join", lambda each: each.id == alice.id)
