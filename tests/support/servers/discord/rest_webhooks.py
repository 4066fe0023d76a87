"""REST: webhooks, and messages sent through them. A token's path may also belong to an interaction."""

from __future__ import annotations

import secrets
from typing import Any, Final

from tests.support.servers.discord import actions, rest_followups, wire
from tests.support.servers.discord.call import Call, Route, snowflake
from tests.support.servers.discord.checks import WEBHOOKS, check_webhook_name
from tests.support.servers.discord.compose import changes, new_message
from tests.support.servers.discord.errors import ApiError, invalid_form, unknown
from tests.support.servers.discord.model import PUBLIC_THREAD, Channel, Message, User, Webhook
from tests.support.servers.discord.permissions import Permission

WEBHOOK_MADE: Final = 50


def _changed(call: Call, webhook: Webhook) -> None:
    data = {"guild_id": str(webhook.guild_id), "channel_id": str(webhook.channel_id)}
    call.world.emit("WEBHOOKS_UPDATE", data, webhook.guild_id, webhook.channel_id)


async def create(call: Call) -> Any:
    """Make a webhook for a channel (not for a thread); at most 15."""
    channel = call.world.channel(call.id("channel_id"))
    call.world.require(channel, Permission.MANAGE_WEBHOOKS)
    if channel.kind == PUBLIC_THREAD:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    check_webhook_name(call.payload.get("name") or "", "name")
    if len([each for each in call.world.webhooks.values() if each.channel_id == channel.id]) >= WEBHOOKS:
        raise ApiError(400, 30007, f"Maximum number of webhooks reached ({WEBHOOKS})")
    made = Webhook(
        call.world.new_id(),
        secrets.token_urlsafe(51),
        channel.id,
        channel.guild_id,
        call.payload["name"].strip(),
        call.world.bot,
        call.world.application_id,
        call.payload.get("avatar"),
    )
    call.world.webhooks[made.id] = made
    _changed(call, made)
    guild = call.world.guilds[channel.guild_id]
    target = User(made.id, made.name, webhook=True)
    actions.note(call.world, guild, WEBHOOK_MADE, call.world.bot, target, call.reason)
    return wire.webhook(call.world, made, token=True)


async def of_channel(call: Call) -> Any:
    """A channel's webhooks."""
    channel = call.world.channel(call.id("channel_id"))
    call.world.require(channel, Permission.MANAGE_WEBHOOKS)
    return [_seen(call, each) for each in call.world.webhooks.values() if each.channel_id == channel.id]


async def of_guild(call: Call) -> Any:
    """A guild's webhooks."""
    guild = call.guild()
    call.world.require_in_guild(guild, Permission.MANAGE_WEBHOOKS)
    return [_seen(call, each) for each in call.world.webhooks.values() if each.guild_id == guild.id]


def _seen(call: Call, webhook: Webhook) -> dict[str, Any]:
    """Webhooks that another application made come without their token."""
    own = webhook.application_id in (None, call.world.application_id)
    return wire.webhook(call.world, webhook, token=own)


def _managed(call: Call) -> Webhook:
    webhook = call.world.webhook(call.id("webhook_id"))
    call.world.require(call.world.channel(webhook.channel_id), Permission.MANAGE_WEBHOOKS)
    return webhook


def _by_token(call: Call) -> Webhook:
    webhook = call.world.webhook(call.id("webhook_id"))
    if not secrets.compare_digest(webhook.token, call.params["token"]):
        raise ApiError(401, 50027, "Invalid Webhook Token")
    return webhook


def _interaction(call: Call) -> bool:
    return call.id("webhook_id") == call.world.application_id


async def read(call: Call) -> Any:
    """One webhook, for the bot."""
    return _seen(call, _managed(call))


async def read_by_token(call: Call) -> Any:
    """One webhook, for who holds its token."""
    return wire.webhook(call.world, _by_token(call), token=True)


async def change(call: Call) -> Any:
    """Rename a webhook, change its picture, or move it to another channel of the guild."""
    webhook = _managed(call)
    if "channel_id" in call.payload:
        webhook.channel_id = call.world.channel(int(call.payload["channel_id"])).id
    return _renamed(call, webhook)


async def change_by_token(call: Call) -> Any:
    """Rename a webhook or change its picture."""
    return _renamed(call, _by_token(call))


def _renamed(call: Call, webhook: Webhook) -> dict[str, Any]:
    if "name" in call.payload:
        check_webhook_name(call.payload["name"] or "", "name")
        webhook.name = call.payload["name"].strip()
    webhook.avatar = call.payload.get("avatar", webhook.avatar)
    _changed(call, webhook)
    return wire.webhook(call.world, webhook, token=True)


async def remove(call: Call) -> None:
    """Delete a webhook; what it sent stays."""
    _remove(call, _managed(call))


async def remove_by_token(call: Call) -> None:
    """Delete a webhook by its token."""
    _remove(call, _by_token(call))


def _remove(call: Call, webhook: Webhook) -> None:
    del call.world.webhooks[webhook.id]
    _changed(call, webhook)


def _place(call: Call, webhook: Webhook) -> Channel:
    """The webhook's channel, or the thread of it that `thread_id` names."""
    channel = call.world.channel(webhook.channel_id)
    if "thread_id" not in call.query:
        return channel
    thread = call.world.channel(snowflake(call.query["thread_id"], "thread_id"))
    if thread.parent_id != channel.id:
        raise unknown("Channel")
    return thread


async def execute(call: Call) -> Any:
    """Send as the webhook; `wait=true` returns the message, else 204. Discord knows no nonce here."""
    if _interaction(call):
        return await rest_followups.create(call)
    webhook, payload = _by_token(call), dict(call.payload or {})
    if payload.get("thread_name"):
        raise ApiError(400, 220003, "Webhooks can only create threads in forum channels")
    if payload.get("username"):
        check_webhook_name(payload["username"], "username")
    author = User(
        webhook.id,
        payload.get("username") or webhook.name,
        avatar=payload.get("avatar_url") or webhook.avatar,
        webhook=True,
    )
    for name in ("nonce", "message_reference", "sticker_ids"):  # fields that this route does not have
        payload.pop(name, None)
    if payload.get("components") and webhook.application_id is None:
        raise invalid_form("components", "UNKNOWN", "Only an application's webhook may send components.")
    message = new_message(call, _place(call, webhook), author, payload)
    message.webhook_id, message.application_id = webhook.id, webhook.application_id
    actions.post(call.world, message)
    return wire.message(call.world, message) if call.query.get("wait") in ("true", "1", "True") else None


def _sent(call: Call) -> Message:
    webhook = _by_token(call)
    message = call.world.message(_place(call, webhook).id, call.id("message_id"))
    if message.webhook_id != webhook.id:
        raise unknown("Message")
    return message


async def read_message(call: Call) -> Any:
    """A message that the webhook sent; in a thread only with `thread_id`."""
    if _interaction(call):
        return await rest_followups.read(call)
    return wire.message(call.world, _sent(call))


async def edit_message(call: Call) -> Any:
    """Edit a message that the webhook sent."""
    if _interaction(call):
        return await rest_followups.edit(call)
    message = _sent(call)
    edited = actions.edit(call.world, message, changes(call, message, call.payload or {}))
    return wire.message(call.world, edited)


async def delete_message(call: Call) -> None:
    """Delete a message that the webhook sent."""
    if _interaction(call):
        await rest_followups.delete(call)
        return
    actions.delete(call.world, _sent(call))


_BY_TOKEN: Final = "/webhooks/{webhook_id}/{token}"
_MESSAGE: Final = _BY_TOKEN + "/messages/{message_id}"

ROUTES: list[Route] = [
    ("POST", "/channels/{channel_id}/webhooks", create),
    ("GET", "/channels/{channel_id}/webhooks", of_channel),
    ("GET", "/guilds/{guild_id}/webhooks", of_guild),
    ("GET", "/webhooks/{webhook_id}", read),
    ("PATCH", "/webhooks/{webhook_id}", change),
    ("DELETE", "/webhooks/{webhook_id}", remove),
    ("GET", _BY_TOKEN, read_by_token),
    ("PATCH", _BY_TOKEN, change_by_token),
    ("DELETE", _BY_TOKEN, remove_by_token),
    ("POST", _BY_TOKEN, execute),
    ("GET", _MESSAGE, read_message),
    ("PATCH", _MESSAGE, edit_message),
    ("DELETE", _MESSAGE, delete_message),
]
