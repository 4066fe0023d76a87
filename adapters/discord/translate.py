"""From discord.py's objects to `bridge.model`. Ids of events that Discord has none for are made here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import discord

from adapters.discord import reading
from adapters.discord.places import PLATFORM
from adapters.discord.store import digest
from bridge.model.adapter import InboundMessage
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body

KINDS = (discord.MessageType.default, discord.MessageType.reply, discord.MessageType.chat_input_command)
"""What people write; joins, pins, boosts and the like are Discord's own notes."""


def author_of(user: discord.User | discord.Member | discord.Object, name: str = "") -> Author:
    """A person as others see them here."""
    if isinstance(user, discord.Object):
        return Author(PLATFORM, str(user.id), name or "somebody")
    return Author(PLATFORM, str(user.id), user.display_name, avatar=user.display_avatar.url)


def moment(time: datetime) -> int:
    """Unix milliseconds."""
    return int(time.timestamp() * 1000)


def content_digest(message: discord.Message) -> str:
    """A hash of all that an edit by its author can change."""
    files = ",".join(str(file.id) for file in message.attachments)
    return digest(message.content, files)


def edit_event_id(message: discord.Message) -> str:
    """The same for the gateway's event and the comparison after downtime."""
    at = message.edited_at
    stamp = str(int(at.timestamp() * 1_000_000)) if at else content_digest(message)
    return f"{message.id}:edit:{stamp}"


def inbound(
    message: discord.Message, room: RoomRef, is_command: Callable[[str], bool], reply_to: str
) -> InboundMessage:
    """A new message. `reply_to`: the event id of what it answers."""
    author = message.author
    return InboundMessage(
        event_id=str(message.id),
        room=room,
        author=author_of(author),
        body=Body(reading.readable(message, is_command)),
        time_ms=moment(message.created_at),
        is_admin=isinstance(author, discord.Member) and author.guild_permissions.administrator,
        attachments=reading.attachments(message),
        reply_to_event=reply_to,
        thread_event=thread_event(message.channel, room, message.id),
    )


def inbound_edit(message: discord.Message, room: RoomRef) -> InboundMessage:
    """A message whose text was changed."""
    return InboundMessage(
        event_id=edit_event_id(message),
        room=room,
        author=author_of(message.author),
        body=Body(reading.readable(message)),
        time_ms=moment(message.edited_at or message.created_at),
        attachments=reading.attachments(message),
        edits_event=str(message.id),
        thread_event=thread_event(message.channel, room, message.id),
    )


def thread_event(channel: object, room: RoomRef, message_id: int = 0) -> str:
    """What the thread hangs on, whose id it has; '' at that very message, and where the thread is the room."""
    if not isinstance(channel, discord.Thread) or room.room_id == str(channel.id) or channel.id == message_id:
        return ""
    return str(channel.id)
