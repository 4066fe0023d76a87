"""What happens in guilds, whoever does it: state and event. What is allowed, the caller checks."""

from __future__ import annotations

import re
from typing import Any, Final

from tests.support.servers.discord import wire
from tests.support.servers.discord.model import (
    DIRECT,
    HAS_THREAD,
    PUBLIC_THREAD,
    AuditEntry,
    Ban,
    Channel,
    Guild,
    Member,
    Message,
    User,
    made_at,
)
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.world import World

KICK: Final = 20
BAN: Final = 22
UNBAN: Final = 23

_EVERYONE: Final = re.compile(r"@(everyone|here)\b")
_MENTION: Final = re.compile(r"<@!?(\d{1,20})>")


def mentioned(world: World, content: str, allowed: dict[str, Any] | None) -> list[int]:
    """The users that a text mentions, as far as `allowed_mentions` lets it (None: all)."""
    found = [int(each) for each in dict.fromkeys(_MENTION.findall(content)) if int(each) in world.users]
    if allowed is None or "users" in allowed.get("parse", ()):
        return found
    named = {int(each) for each in allowed.get("users") or ()}
    return [each for each in found if each in named]


def _pings_everyone(world: World, message: Message) -> bool:
    """Whether @everyone or @here takes effect: a webhook may always, others by permission."""
    allowed = message.allowed_mentions
    if not _EVERYONE.search(message.content) or (
        allowed is not None and "everyone" not in allowed.get("parse", ())
    ):
        return False
    granted = world.permissions(world.channels[message.channel_id], message.author.id)
    return message.author.webhook or bool(granted & Permission.MENTION_EVERYONE)


def post(world: World, message: Message) -> Message:
    """Put a message into its channel. An ephemeral one makes no event."""
    channel = world.channel(message.channel_id)
    if channel.kind == PUBLIC_THREAD and channel.archived:
        set_archived(world, channel, archived=False)
    message.mentions = mentioned(world, message.content, message.allowed_mentions)
    message.pings_everyone = _pings_everyone(world, message)
    channel.messages[message.id] = message
    if not message.ephemeral:
        _show(world, "MESSAGE_CREATE", message)
    return message


def _show(world: World, event: str, message: Message) -> None:
    channel = world.channels[message.channel_id]
    world.emit(event, wire.message_event(world, message), channel.guild_id, channel.id)


def edit(world: World, message: Message, changes: dict[str, Any]) -> Message:
    """Set fields of a message, and that it was edited."""
    for name, value in changes.items():
        setattr(message, name, value)
    message.mentions = mentioned(world, message.content, message.allowed_mentions)
    message.edited_at = world.now()
    if not message.ephemeral:
        _show(world, "MESSAGE_UPDATE", message)
    return message


def unfurl(world: World, message: Message, embeds: list[dict[str, Any]]) -> None:
    """Discord adds the previews of a message's links some time later: an update, but no edit."""
    message.embeds = embeds
    _show(world, "MESSAGE_UPDATE", message)


def delete(world: World, message: Message) -> None:
    """Take a message away."""
    channel = world.channels[message.channel_id]
    del channel.messages[message.id]
    if not message.ephemeral:
        world.emit("MESSAGE_DELETE", _place(channel, id=str(message.id)), channel.guild_id, channel.id)


def delete_many(world: World, channel: Channel, ids: list[int]) -> None:
    """Take messages away in one event; unknown ids are passed over."""
    gone = [each for each in ids if channel.messages.pop(each, None)]
    if gone:
        data = _place(channel, ids=[str(each) for each in gone])
        world.emit("MESSAGE_DELETE_BULK", data, channel.guild_id, channel.id)


def _place(channel: Channel, **more: Any) -> dict[str, Any]:
    where = {"guild_id": str(channel.guild_id)} if channel.guild_id else {}
    return {"channel_id": str(channel.id), **where, **more}


def react(world: World, message: Message, key: str, user: User) -> None:
    """Add a reaction; once a user and emoji."""
    users = message.reactions.setdefault(key, [])
    if user.id in users:
        return
    users.append(user.id)
    data = _reaction(world, message, key, user) | {"message_author_id": str(message.author.id)}
    channel = world.channels[message.channel_id]
    if channel.guild_id and (member := world.guilds[channel.guild_id].members.get(user.id)):
        data["member"] = wire.full_member(member)
    world.emit("MESSAGE_REACTION_ADD", data, channel.guild_id, channel.id)


def unreact(world: World, message: Message, key: str, user: User) -> None:
    """Take a reaction back, if there is one."""
    users = message.reactions.get(key, [])
    if user.id not in users:
        return
    users.remove(user.id)
    if not users:
        del message.reactions[key]
    channel = world.channels[message.channel_id]
    data = _reaction(world, message, key, user)
    world.emit("MESSAGE_REACTION_REMOVE", data, channel.guild_id, channel.id)


def _reaction(world: World, message: Message, key: str, user: User) -> dict[str, Any]:
    return _place(
        world.channels[message.channel_id],
        user_id=str(user.id),
        message_id=str(message.id),
        emoji=wire.emoji(key),
        burst=False,
        type=0,
    )


def start_thread(
    world: World, parent: Channel, name: str, user: User, source: Message | None = None
) -> Channel:
    """A public thread; on `source` it has that message's id, else its own."""
    thread_id = source.id if source else world.new_id()
    thread = Channel(thread_id, PUBLIC_THREAD, name, parent.guild_id, parent.id, user.id)
    world.channels[thread_id] = thread
    data = {**wire.channel(world, thread), "newly_created": True}
    world.emit("THREAD_CREATE", data, parent.guild_id, parent.id)
    if source:
        source.flags |= HAS_THREAD
        _show(world, "MESSAGE_UPDATE", source)
    else:
        post(world, Message(world.new_id(), parent.id, user, name, kind=18))
    return thread


def set_archived(world: World, thread: Channel, *, archived: bool) -> None:
    """Archive a thread or take it up again."""
    thread.archived, thread.archived_at = archived, world.now()
    world.emit("THREAD_UPDATE", wire.channel(world, thread), thread.guild_id, thread.id)


def direct_channel(world: World, user: User) -> Channel:
    """The direct conversation of the bot and a user; made when there is none."""
    for channel in world.channels.values():
        if channel.kind == DIRECT and channel.recipient == user:
            return channel
    channel = Channel(world.new_id(), DIRECT, "", recipient=user)
    world.channels[channel.id] = channel
    world.emit("CHANNEL_CREATE", wire.channel(world, channel), 0, channel.id)
    return channel


def join(world: World, guild: Guild, user: User, roles: list[int]) -> Member:
    """Make a user a member."""
    member = guild.members[user.id] = Member(user, roles, world.now())
    data = {**wire.full_member(member), "guild_id": str(guild.id)}
    world.emit("GUILD_MEMBER_ADD", data, guild.id, 0)
    return member


def set_nick(world: World, guild: Guild, user: User, nick: str | None) -> None:
    """Give a member another name in the guild."""
    member = guild.members[user.id]
    member.nick = nick
    data = {**wire.full_member(member), "guild_id": str(guild.id)}
    world.emit("GUILD_MEMBER_UPDATE", data, guild.id, 0)


def leave(world: World, guild: Guild, user: User) -> None:
    """End a membership, whatever the reason."""
    if guild.members.pop(user.id, None):
        data = {"guild_id": str(guild.id), "user": wire.user(user)}
        world.emit("GUILD_MEMBER_REMOVE", data, guild.id, 0)


def note(world: World, guild: Guild, action: int, by: User, target: User, reason: str | None) -> None:
    """Write a line of the audit log."""
    entry = AuditEntry(world.new_id(), action, by.id, target.id, reason)
    guild.audit.append(entry)
    data = {**wire.audit_entry(entry), "guild_id": str(guild.id)}
    world.emit("GUILD_AUDIT_LOG_ENTRY_CREATE", data, guild.id, 0)


def kick(world: World, guild: Guild, user: User, by: User, reason: str | None) -> None:
    """Put a member out."""
    leave(world, guild, user)
    note(world, guild, KICK, by, user, reason)


def ban(world: World, guild: Guild, user: User, by: User, reason: str | None, delete_seconds: int) -> None:
    """Ban a user, member or not, and delete what they wrote lately. A second ban changes nothing."""
    if user.id in guild.bans:
        return
    guild.bans[user.id] = Ban(user.id, reason, by.id, delete_seconds)
    data = {"guild_id": str(guild.id), "user": wire.user(user)}
    world.emit("GUILD_BAN_ADD", data, guild.id, 0)
    leave(world, guild, user)
    note(world, guild, BAN, by, user, reason)
    since = world.now() - delete_seconds
    for channel in [each for each in world.channels.values() if each.guild_id == guild.id and delete_seconds]:
        theirs = [each.id for each in channel.messages.values() if each.author.id == user.id]
        delete_many(world, channel, [each for each in theirs if made_at(each) >= since])


def unban(world: World, guild: Guild, user: User, by: User, reason: str | None) -> None:
    """Lift a ban that stands."""
    del guild.bans[user.id]
    data = {"guild_id": str(guild.id), "user": wire.user(user)}
    world.emit("GUILD_BAN_REMOVE", data, guild.id, 0)
    note(world, guild, UNBAN, by, user, reason)
