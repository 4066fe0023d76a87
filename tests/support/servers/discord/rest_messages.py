"""REST: messages of a channel and their reactions."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from tests.support.servers.discord import actions, wire
from tests.support.servers.discord.call import Call, Route, snowflake
from tests.support.servers.discord.compose import changes, new_message
from tests.support.servers.discord.errors import ApiError
from tests.support.servers.discord.intents import Intent, redacted
from tests.support.servers.discord.model import DIRECT, PUBLIC_THREAD, Channel, Message, made_at
from tests.support.servers.discord.permissions import Permission

NONCE_SECONDS: Final = 5 * 60
"""How long `enforce_nonce` finds an equal send ("the past few minutes"); our choice of a number."""
BULK_SECONDS: Final = 14 * 86_400


def place(call: Call, needed: Permission = Permission.VIEW_CHANNEL) -> Channel:
    """The channel in the path; the bot must have these permissions in it."""
    channel = call.world.channel(call.id("channel_id"))
    call.world.require(channel, needed)
    return channel


def found(call: Call) -> Message:
    """The message in the path."""
    return call.world.message(call.id("channel_id"), call.id("message_id"))


def shown(call: Call, message: Message) -> dict[str, Any]:
    """A message as the bot sees it: without the content intent that of others is empty."""
    data = wire.message(call.world, message)
    direct = call.world.channels[message.channel_id].kind == DIRECT
    if direct or call.world.allowed_intents & Intent.MESSAGE_CONTENT:
        return data
    return redacted(data, call.world.bot.id)


async def send(call: Call) -> Any:
    """Send a message; with `enforce_nonce` an equal nonce of the past minutes returns the first message."""
    channel = call.world.channel(call.id("channel_id"))
    thread = channel.kind == PUBLIC_THREAD
    needed = Permission.SEND_MESSAGES_IN_THREADS if thread else Permission.SEND_MESSAGES
    payload = call.payload or {}
    if call.files:
        needed |= Permission.ATTACH_FILES
    if payload.get("embeds"):
        needed |= Permission.EMBED_LINKS
    if payload.get("message_reference"):
        needed |= Permission.READ_MESSAGE_HISTORY
    call.world.require(channel, needed)
    message = new_message(call, channel, call.world.bot, payload)
    if payload.get("enforce_nonce") and message.nonce is not None:
        key = (channel.id, str(message.nonce))
        when, earlier = call.world.nonces.get(key, (0.0, 0))
        if earlier in channel.messages and call.world.now() - when < NONCE_SECONDS:
            return wire.message(call.world, channel.messages[earlier])
        call.world.nonces[key] = (call.world.now(), message.id)
    return wire.message(call.world, actions.post(call.world, message))


async def history(call: Call) -> Any:
    """Up to 100 messages, newest first; after, before or around an id."""
    channel = place(call)
    if not call.world.permissions(channel, call.world.bot.id) & Permission.READ_MESSAGE_HISTORY:
        return []
    limit = call.limit(50, 100)
    every = sorted(each for each, message in channel.messages.items() if not message.ephemeral)
    if "after" in call.query:
        after = snowflake(call.query["after"], "after")
        chosen = [each for each in every if each > after][:limit]
    elif "before" in call.query:
        before = snowflake(call.query["before"], "before")
        chosen = [each for each in every if each < before][-limit:]
    elif "around" in call.query:
        around = snowflake(call.query["around"], "around")
        older = [each for each in every if each < around][-(limit // 2) :]
        chosen = older + [each for each in every if each >= around][: limit - len(older)]
    else:
        chosen = every[-limit:]
    return [shown(call, channel.messages[each]) for each in reversed(chosen)]


async def read(call: Call) -> Any:
    """One message."""
    place(call, Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY)
    return shown(call, found(call))


async def edit(call: Call) -> Any:
    """Edit one of the bot's own messages."""
    place(call)
    message = found(call)
    if message.author.id != call.world.bot.id:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    edited = actions.edit(call.world, message, changes(call, message, call.payload or {}))
    return wire.message(call.world, edited)


async def delete(call: Call) -> None:
    """Delete the bot's own message, or with MANAGE_MESSAGES anybody's."""
    channel, message = place(call), found(call)
    if message.author.id != call.world.bot.id:
        call.world.require(channel, Permission.MANAGE_MESSAGES)
    actions.delete(call.world, message)


async def bulk_delete(call: Call) -> None:
    """Delete 2 to 100 messages of the last two weeks."""
    channel = place(call, Permission.MANAGE_MESSAGES)
    ids = [snowflake(str(each), "messages") for each in call.payload["messages"]]
    if not 2 <= len(ids) <= 100:
        raise ApiError(400, 50016, "Provided too few or too many messages to delete.")
    oldest = call.world.now() - BULK_SECONDS
    if any(made_at(each) < oldest for each in ids):
        raise ApiError(400, 50034, "You can only bulk delete messages that are under 14 days old.")
    actions.delete_many(call.world, channel, ids)


async def typing(call: Call) -> None:
    """The typing note; nobody is told here."""
    place(call, Permission.SEND_MESSAGES)


def emoji(call: Call) -> str:
    """The emoji in the path; 10014 for what can't be one."""
    key = unquote(call.params["emoji"])
    if not key or (key.isascii() and ":" not in key):
        raise ApiError(400, 10014, "Unknown Emoji")
    return key


async def react(call: Call) -> None:
    """React as the bot; at most 20 emojis a message."""
    place(call, Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY)
    message, key = found(call), emoji(call)
    if key not in message.reactions:
        place(call, Permission.ADD_REACTIONS)
        if len(message.reactions) >= 20:
            raise ApiError(400, 30010, "Maximum number of reactions reached (20)")
    actions.react(call.world, message, key, call.world.bot)


async def unreact(call: Call) -> None:
    """Take back the bot's reaction, or with MANAGE_MESSAGES a user's."""
    user = call.world.bot
    if call.params["user_id"] != "@me":
        place(call, Permission.MANAGE_MESSAGES)
        user = call.world.user(call.id("user_id"))
    place(call)
    actions.unreact(call.world, found(call), emoji(call), user)


async def reacted(call: Call) -> Any:
    """The users who reacted with an emoji."""
    place(call)
    after = snowflake(call.query.get("after", "0"), "after")
    users = sorted(each for each in found(call).reactions.get(emoji(call), []) if each > after)
    return [wire.user(call.world.users[each]) for each in users[: call.limit(25, 100)]]


_MESSAGES: Final = "/channels/{channel_id}/messages"
_MESSAGE: Final = _MESSAGES + "/{message_id}"
_REACTION: Final = _MESSAGE + "/reactions/{emoji}"

ROUTES: list[Route] = [
    ("POST", "/channels/{channel_id}/typing", typing),
    ("POST", _MESSAGES, send),
    ("POST", _MESSAGES + "/bulk-delete", bulk_delete),
    ("GET", _MESSAGES, history),
    ("GET", _MESSAGE, read),
    ("PATCH", _MESSAGE, edit),
    ("DELETE", _MESSAGE, delete),
    ("PUT", _REACTION + "/@me", react),
    ("DELETE", _REACTION + "/{user_id}", unreact),
    ("GET", _REACTION, reacted),
]
