"""REST: bans, kicks and the audit log."""

from __future__ import annotations

from typing import Any, Final

from tests.support.servers.discord import actions, wire
from tests.support.servers.discord.call import Call, Route, snowflake
from tests.support.servers.discord.errors import invalid_form, missing_permissions, unknown
from tests.support.servers.discord.model import Ban, Guild, User
from tests.support.servers.discord.permissions import Permission

WEEK: Final = 7 * 86_400
"""Most seconds of messages that a ban may delete."""


def _above(call: Call, guild: Guild, user: User) -> None:
    """Nobody acts on one who ranks as high as themselves; the owner is above all."""
    if call.world.rank(guild, user.id) >= call.world.rank(guild, call.world.bot.id):
        raise missing_permissions()


async def kick(call: Call) -> None:
    """Put a member out."""
    guild, user = call.guild(), call.world.user(call.id("user_id"))
    call.world.require_in_guild(guild, Permission.KICK_MEMBERS)
    if user.id not in guild.members:
        raise unknown("Member")
    _above(call, guild, user)
    actions.kick(call.world, guild, user, call.world.bot, call.reason)


async def ban(call: Call) -> None:
    """Ban a user, member or not. discord.py puts `delete_message_seconds` into the query, the documentation
    into the body; without it no messages are deleted.
    """
    guild, user = call.guild(), call.world.user(call.id("user_id"))
    call.world.require_in_guild(guild, Permission.BAN_MEMBERS)
    _above(call, guild, user)
    given = {**call.query, **(call.payload or {})}.get("delete_message_seconds") or 0
    seconds = snowflake(str(given), "delete_message_seconds")
    if not 0 <= seconds <= WEEK:
        raise invalid_form("delete_message_seconds", "NUMBER_TYPE_MAX", f"Must be between 0 and {WEEK}.")
    actions.ban(call.world, guild, user, call.world.bot, call.reason, seconds)


async def unban(call: Call) -> None:
    """Lift a ban."""
    guild = call.guild()
    call.world.require_in_guild(guild, Permission.BAN_MEMBERS)
    if call.id("user_id") not in guild.bans:
        raise unknown("Ban")
    actions.unban(call.world, guild, call.world.user(call.id("user_id")), call.world.bot, call.reason)


async def read_ban(call: Call) -> Any:
    """The ban of a user."""
    guild = call.guild()
    call.world.require_in_guild(guild, Permission.BAN_MEMBERS)
    if call.id("user_id") not in guild.bans:
        raise unknown("Ban")
    return _shown(call, guild.bans[call.id("user_id")])


async def bans(call: Call) -> Any:
    """A guild's bans by rising user id, before or after one."""
    guild = call.guild()
    call.world.require_in_guild(guild, Permission.BAN_MEMBERS)
    limit, every = call.limit(1000, 1000), sorted(guild.bans)
    if "before" in call.query:
        before = snowflake(call.query["before"], "before")
        chosen = [each for each in every if each < before][-limit:]
    else:
        after = snowflake(call.query.get("after", "0"), "after")
        chosen = [each for each in every if each > after][:limit]
    return [_shown(call, guild.bans[each]) for each in chosen]


def _shown(call: Call, this: Ban) -> dict[str, Any]:
    return {"reason": this.reason, "user": wire.user(call.world.users[this.user_id])}


async def audit_log(call: Call) -> Any:
    """The audit log, newest first (oldest first with `after`), of one actor or action if asked."""
    guild = call.guild()
    call.world.require_in_guild(guild, Permission.VIEW_AUDIT_LOG)
    entries = list(reversed(guild.audit))
    for name in ("user_id", "action_type"):
        if name in call.query:
            value = snowflake(call.query[name], name)
            entries = [each for each in entries if value == (each.by if name == "user_id" else each.action)]
    if "before" in call.query:
        entries = [each for each in entries if each.id < snowflake(call.query["before"], "before")]
    if "after" in call.query:
        entries = [each for each in reversed(entries) if each.id > snowflake(call.query["after"], "after")]
    entries = entries[: call.limit(50, 100)]
    people = {ident for each in entries for ident in (each.by, each.target_id)}
    return {
        "audit_log_entries": [wire.audit_entry(each) for each in entries],
        "users": [wire.user(call.world.users[each]) for each in sorted(people) if each in call.world.users],
        "webhooks": [],
        "integrations": [],
        "threads": [],
        "application_commands": [],
        "auto_moderation_rules": [],
        "guild_scheduled_events": [],
    }


_GUILD: Final = "/guilds/{guild_id}"

ROUTES: list[Route] = [
    ("DELETE", _GUILD + "/members/{user_id}", kick),
    ("GET", _GUILD + "/bans", bans),
    ("GET", _GUILD + "/bans/{user_id}", read_ban),
    ("PUT", _GUILD + "/bans/{user_id}", ban),
    ("DELETE", _GUILD + "/bans/{user_id}", unban),
    ("GET", _GUILD + "/audit-logs", audit_log),
]
