"""Bans both ways."""

from __future__ import annotations

import asyncio

from bridge.model.adapter import InboundBan
from bridge.model.ids import UserRef
from tests.support.discord_arena import DiscordArena
from tests.support.servers.discord.permissions import Permission


def bans(arena: DiscordArena) -> list[InboundBan]:
    return [event for event in arena.inbox.events if isinstance(event, InboundBan)]


async def test_a_ban_bears_its_reason_and_deletes_nothing(arena: DiscordArena) -> None:
    said = await arena.say("mine", arena.other)
    await arena.adapter.ban(arena.room, arena.victim, "vote 7: spam")
    ban = arena.server.bans(arena.guild)[arena.other.id]
    assert (ban.reason, ban.by, ban.delete_message_seconds) == ("vote 7: spam", arena.server.bot.id, 0)
    assert arena.message(said)


async def test_how_much_is_deleted_is_a_setting(arena: DiscordArena) -> None:
    await arena.stop_adapter()
    arena.settings["delete_message_seconds"] = 3_600
    await arena.start_adapter()
    await arena.adapter.ban(arena.room, arena.victim, "spam " * 500)
    ban = arena.server.bans(arena.guild)[arena.other.id]
    assert ban.delete_message_seconds == 3_600
    assert ban.reason is not None
    assert len(ban.reason) <= 512


async def test_a_moderators_ban_is_told_with_its_author(arena: DiscordArena) -> None:
    await arena.moderator.ban(arena.guild, arena.other, "spam")
    await arena.inbox.wait_for(1)
    await arena.moderator.unban(arena.guild, arena.other)
    await arena.inbox.wait_for(2)
    ban, lifted = bans(arena)
    assert ban.room == arena.room
    assert (ban.author.user_id, ban.author.display_name) == (str(arena.moderator.id), "Mona")
    assert (ban.target, ban.target_name) == (UserRef("discord", str(arena.other.id)), "Victor")
    assert (ban.reason, ban.lifted) == ("spam", False)
    assert lifted.lifted


async def test_own_bans_do_not_come_back(arena: DiscordArena) -> None:
    await arena.adapter.ban(arena.room, arena.victim, "voted out")
    await arena.adapter.unban(arena.room, arena.victim)
    await arena.moderator.ban(arena.guild, arena.other)
    await arena.inbox.wait_for(1)
    await arena.say("over")
    await arena.inbox.wait_for_text("over")
    assert [(each.author.display_name, each.lifted) for each in bans(arena)] == [("Mona", False)]


async def test_a_doubled_event_is_one_ban(arena: DiscordArena) -> None:
    arena.server.faults.double("GUILD_BAN_ADD", 1)
    await arena.moderator.ban(arena.guild, arena.other)
    await arena.inbox.wait_for(1)
    await arena.say("over")
    await arena.inbox.wait_for_text("over")
    assert len(bans(arena)) == 1
    assert arena.inbox.repeats == 0


async def test_without_the_audit_log_the_moderator_has_no_name(arena: DiscordArena) -> None:
    arena.server.set_permissions(arena.guild, Permission.BOT_DEFAULT & ~Permission.VIEW_AUDIT_LOG)
    await arena.moderator.ban(arena.guild, arena.other)
    await arena.inbox.wait_for(1)
    assert bans(arena)[0].author.display_name == "a moderator"


async def test_a_refused_ban_leaves_a_later_one_news(arena: DiscordArena) -> None:
    arena.server.set_permissions(arena.guild, Permission.BOT_DEFAULT & ~Permission.BAN_MEMBERS)
    results = await asyncio.gather(arena.adapter.ban(arena.room, arena.victim, "x"), return_exceptions=True)
    assert "Ban Members" in str(results[0])
    await arena.moderator.ban(arena.guild, arena.other)
    await arena.inbox.wait_for(1)
    assert len(bans(arena)) == 1
