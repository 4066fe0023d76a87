"""REST: guilds, their channels and threads, members and roles."""

from __future__ import annotations

from typing import Any, Final

from tests.support.servers.discord import actions, wire
from tests.support.servers.discord.call import Call, Route, snowflake
from tests.support.servers.discord.errors import ApiError, invalid_form, missing_access, unknown
from tests.support.servers.discord.intents import Intent
from tests.support.servers.discord.model import PUBLIC_THREAD, Channel, Message
from tests.support.servers.discord.permissions import Permission


async def read(call: Call) -> Any:
    """A guild."""
    return wire.guild(call.world, call.guild())


async def channels(call: Call) -> Any:
    """A guild's channels, threads apart."""
    guild = call.guild()
    return [wire.channel(call.world, each) for each in call.world.channels_of(guild.id, threads=False)]


async def active_threads(call: Call) -> Any:
    """A guild's threads that are not archived."""
    guild = call.guild()
    return _threads(call, [e for e in call.world.channels_of(guild.id, threads=True) if not e.archived])


async def archived_threads(call: Call) -> Any:
    """A channel's archived threads."""
    parent = _seen(call, Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY)
    every = call.world.channels_of(parent.guild_id, threads=True)
    return {
        **_threads(call, [each for each in every if each.parent_id == parent.id and each.archived]),
        "has_more": False,
    }


def _threads(call: Call, threads: list[Channel]) -> dict[str, Any]:
    return {"threads": [wire.channel(call.world, each) for each in threads], "members": []}


async def roles(call: Call) -> Any:
    """A guild's roles."""
    return [wire.role(each) for each in call.guild().roles.values()]


async def members(call: Call) -> Any:
    """Members by rising id; needs the members intent."""
    guild = call.guild()
    if not call.world.allowed_intents & Intent.GUILD_MEMBERS:
        raise missing_access()
    after = snowflake(call.query.get("after", "0"), "after")
    found = [guild.members[each] for each in sorted(guild.members) if each > after]
    return [wire.full_member(each) for each in found[: call.limit(1, 1000)]]


async def search(call: Call) -> Any:
    """Members whose name or nick begins with the query."""
    start = call.query.get("query", "").lower()
    every = call.guild().members.values()
    found = [
        e for e in every if e.user.name.lower().startswith(start) or (e.nick or "").lower().startswith(start)
    ]
    return [wire.full_member(each) for each in found[: call.limit(1, 1000)]]


async def member(call: Call) -> Any:
    """One member."""
    found = call.guild().members.get(call.id("user_id"))
    if found is None:
        raise unknown("Member")
    return wire.full_member(found)


def _seen(call: Call, needed: Permission = Permission.VIEW_CHANNEL) -> Channel:
    channel = call.world.channel(call.id("channel_id"))
    call.world.require(channel, needed)
    return channel


async def channel(call: Call) -> Any:
    """A channel or thread."""
    return wire.channel(call.world, _seen(call))


async def change_channel(call: Call) -> Any:
    """Rename a channel; archive a thread or take it up."""
    found = _seen(call)
    payload = call.payload or {}
    if found.kind == PUBLIC_THREAD:
        call.world.require(found, Permission.MANAGE_THREADS)
    else:
        call.world.require(found, Permission.MANAGE_CHANNELS)
    if "name" in payload:
        found.name = payload["name"]
    if "archived" in payload:
        actions.set_archived(call.world, found, archived=payload["archived"])
    else:
        event = "THREAD_UPDATE" if found.kind == PUBLIC_THREAD else "CHANNEL_UPDATE"
        call.world.emit(event, wire.channel(call.world, found), found.guild_id, found.id)
    return wire.channel(call.world, found)


async def start_thread(call: Call) -> Any:
    """A public thread without a first message."""
    return _start(call, None)


async def start_thread_on(call: Call) -> Any:
    """A public thread on a message; it takes the message's id."""
    return _start(call, call.world.message(call.id("channel_id"), call.id("message_id")))


def _start(call: Call, source: Message | None) -> dict[str, Any]:
    parent = _seen(call, Permission.CREATE_PUBLIC_THREADS)
    name = call.payload.get("name") or ""
    if not 1 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if parent.kind == PUBLIC_THREAD:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    if source is None and call.payload.get("type", 12) != PUBLIC_THREAD:
        raise ApiError(400, 50024, "This server has public threads only")
    if source and source.id in call.world.channels:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    thread = actions.start_thread(call.world, parent, name, call.world.bot, source)
    return wire.channel(call.world, thread)


async def join_thread(call: Call) -> None:
    """Join a thread; the bot sees public ones without."""
    _seen(call)


_GUILD: Final = "/guilds/{guild_id}"
_CHANNEL: Final = "/channels/{channel_id}"

ROUTES: list[Route] = [
    ("GET", _GUILD, read),
    ("GET", _GUILD + "/channels", channels),
    ("GET", _GUILD + "/threads/active", active_threads),
    ("GET", _GUILD + "/roles", roles),
    ("GET", _GUILD + "/members", members),
    ("GET", _GUILD + "/members/search", search),
    ("GET", _GUILD + "/members/{user_id}", member),
    ("GET", _CHANNEL, channel),
    ("PATCH", _CHANNEL, change_channel),
    ("GET", _CHANNEL + "/threads/archived/public", archived_threads),
    ("POST", _CHANNEL + "/threads", start_thread),
    ("POST", _CHANNEL + "/messages/{message_id}/threads", start_thread_on),
    ("PUT", _CHANNEL + "/thread-members/@me", join_thread),
]
