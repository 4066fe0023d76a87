"""From a request's payload to a message: what sends, webhook sends and interaction answers have in common."""

from __future__ import annotations

from typing import Any, Final

from tests.support.servers.discord.call import Call
from tests.support.servers.discord.checks import check_message, check_not_empty
from tests.support.servers.discord.errors import ApiError, invalid_form
from tests.support.servers.discord.interactions import visible_flags
from tests.support.servers.discord.model import Channel, Message, User

REPLY: Final = 19


def new_message(call: Call, channel: Channel, author: User, payload: dict[str, Any]) -> Message:
    """The message that a payload asks for, checked, not yet posted."""
    check_message(payload)
    message = Message(call.world.new_id(), channel.id, author, payload.get("content") or "")
    message.attachments = call.attachments()
    message.embeds = [{"type": "rich", **each} for each in payload.get("embeds") or []]
    message.components = numbered(payload.get("components") or [])
    message.allowed_mentions = payload.get("allowed_mentions")
    message.nonce = payload.get("nonce")
    message.flags = visible_flags(payload.get("flags") or 0)
    guild = call.world.guilds.get(channel.guild_id)
    for sticker_id in payload.get("sticker_ids") or []:
        if guild is None or int(sticker_id) not in guild.stickers:
            raise ApiError(400, 50081, "Invalid sticker sent")
        message.stickers.append(guild.stickers[int(sticker_id)])
    if reference := payload.get("message_reference"):
        refer(channel, message, reference)
    check_not_empty(message.content, message.attachments, message.embeds, message.components, message.stickers)
    return message


def refer(channel: Channel, message: Message, reference: dict[str, Any]) -> None:
    """Make the message a reply; one to an unknown message is refused unless `fail_if_not_exists` is false."""
    target = int(reference["message_id"])
    if target in channel.messages:
        message.reference, message.kind = target, REPLY
    elif reference.get("fail_if_not_exists", True):
        raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")


def numbered(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Components with the `id` that Discord gives each that has none."""
    count = 0

    def number(each: dict[str, Any]) -> dict[str, Any]:
        nonlocal count
        count += 1
        shown = {"id": count, **each}
        if "components" in each:
            shown["components"] = [number(child) for child in each["components"]]
        return shown

    return [number(each) for each in components]


def changes(call: Call, message: Message, payload: dict[str, Any]) -> dict[str, Any]:
    """The fields that an edit sets, checked; files are those that `attachments` keeps, and the new ones."""
    check_message(payload)
    found: dict[str, Any] = {}
    if "content" in payload:
        found["content"] = payload["content"] or ""
    if "embeds" in payload:
        found["embeds"] = [{"type": "rich", **each} for each in payload["embeds"] or []]
    if "components" in payload:
        found["components"] = numbered(payload["components"] or [])
    if "allowed_mentions" in payload:
        found["allowed_mentions"] = payload["allowed_mentions"]
    if "attachments" in payload or call.files:
        kept = {str(each.get("id")) for each in payload.get("attachments") or []}
        old = [each for each in message.attachments if str(each.id) in kept or "attachments" not in payload]
        found["attachments"] = old + call.attachments()
    shown = {
        name: found.get(name, getattr(message, name))
        for name in ("content", "embeds", "components", "attachments")
    }
    check_not_empty(
        shown["content"], shown["embeds"], shown["components"], shown["attachments"], message.stickers
    )
    return found
