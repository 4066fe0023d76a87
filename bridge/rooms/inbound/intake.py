"""Platform events as they are stored: bounded and cleaned, so that nothing later chokes on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from bridge.model.adapter import Inbound, InboundBan, InboundDelete, InboundMessage, InboundReaction
from bridge.model.message import Attachment, Author, Body
from bridge.model.text import clean_body, one_line

MAX_ID: Final = 255
"""Bytes of an id; Matrix's bound. The group's wire format takes 256."""
MAX_TEXT: Final = 64 * 1024
"""Characters of a text; what goes to the group is cut, visibly, to 32 KiB."""
MAX_NAME: Final = 256
MAX_REFERENCE: Final = 1_024
MAX_ATTACHMENTS: Final = 10
MAX_SIZE: Final = 2**53


class Unusable(ValueError):
    """An event without proper ids: a fault of the adapter, or an attack."""


class _Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    message: InboundMessage | None = None
    delete: InboundDelete | None = None
    reaction: InboundReaction | None = None
    ban: InboundBan | None = None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Stored)


def event_key(event: Inbound) -> str:
    """Unique per account. Raises Unusable."""
    for part in (event.event_id, event.room.platform, event.room.room_id, event.author.user_id):
        _check_id(part)
    return f"{event.room.room_id} {event.event_id}"


def encode(event: Inbound) -> bytes:
    """As stored. Raises Unusable."""
    author = _author(event.author)
    match event:
        case InboundMessage():
            return _encoder.encode(_Stored(message=_message(event, author)))
        case InboundDelete():
            _check_id(event.target_event)
            return _encoder.encode(_Stored(delete=replace(event, author=author)))
        case InboundReaction():
            _check_id(event.target_event)
            return _encoder.encode(_Stored(reaction=replace(event, author=author, key=one_line(event.key, 64))))
        case InboundBan():
            return _encoder.encode(_Stored(ban=_ban(event, author)))


def decode(data: bytes) -> Inbound:
    """As read back. Raises Unusable."""
    try:
        stored = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise Unusable(str(error)) from error
    event = stored.message or stored.delete or stored.reaction or stored.ban
    if event is None:
        raise Unusable("an empty event")
    return event


def _message(event: InboundMessage, author: Author) -> InboundMessage:
    for part in (event.reply_to_event, event.edits_event, event.thread_event):
        if part:
            _check_id(part)
    files = [kept for kept in map(_attachment, event.attachments) if kept is not None][:MAX_ATTACHMENTS]
    plain = clean_body(event.body.plain[:MAX_TEXT])
    if len(files) < len(event.attachments):
        plain = (
            f"{plain}\n[{len(event.attachments) - len(files)} attachment(s) could not be passed on]".lstrip()
        )
    html = clean_body(event.body.html) if len(event.body.html) <= MAX_TEXT else ""
    return replace(event, author=author, body=Body(plain, html), attachments=tuple(files), time_ms=_time(event))


def _ban(event: InboundBan, author: Author) -> InboundBan:
    _check_id(event.target.user_id)
    if event.target.platform != event.author.platform:
        raise Unusable("a ban on another platform")
    name, reason = one_line(event.target_name, MAX_NAME), one_line(event.reason, MAX_NAME)
    return replace(event, author=author, target_name=name, reason=reason, time_ms=_time(event))


def _time(event: InboundMessage | InboundBan) -> int:
    return min(max(event.time_ms, 0), MAX_SIZE)


def _author(author: Author) -> Author:
    """An adapter knows accounts, not members: it gives no address."""
    avatar = one_line(author.avatar, MAX_REFERENCE)
    name = one_line(author.display_name, MAX_NAME)
    return Author(author.platform, author.user_id, name, avatar if avatar == author.avatar else "")


def _attachment(item: Attachment) -> Attachment | None:
    if not 0 < len(item.reference.encode(errors="replace")) <= MAX_REFERENCE:
        return None
    if not 0 <= item.size <= MAX_SIZE or len(item.sha256) not in (0, 32) or len(item.key) > MAX_NAME:
        return None
    name, media_type = one_line(item.name, MAX_NAME), one_line(item.media_type, MAX_NAME)
    return replace(item, reference=one_line(item.reference, MAX_REFERENCE), name=name, media_type=media_type)


def _check_id(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        size = 0
    if not 0 < size <= MAX_ID or "\0" in text:
        raise Unusable("an id is empty, too long, or no text")
