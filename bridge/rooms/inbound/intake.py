"""Platform events as they are stored: bounded and cleaned, so that nothing later chokes on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from bridge.model.adapter import (
    Inbound,
    InboundBan,
    InboundCommand,
    InboundDelete,
    InboundMessage,
    InboundReaction,
)
from bridge.model.commands import BadValue, CommandSpec, find
from bridge.model.ids import RoomRef
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


class _Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """An `InboundCommand`; its arguments by type, because msgpack's reader tells no union of them apart."""

    event_id: str
    room: RoomRef
    author: Author
    name: str
    time_ms: int
    words: dict[str, str] = {}
    numbers: dict[str, int] = {}
    data: dict[str, bytes] = {}
    reply_to_event: str = ""
    thread_event: str = ""

    @classmethod
    def of(cls, event: InboundCommand) -> _Command:
        given = event.arguments.items()
        return cls(
            event.event_id,
            event.room,
            event.author,
            event.name,
            event.time_ms,
            {name: value for name, value in given if isinstance(value, str)},
            {name: value for name, value in given if isinstance(value, int)},
            {name: value for name, value in given if isinstance(value, bytes)},
            event.reply_to_event,
            event.thread_event,
        )

    def event(self) -> InboundCommand:
        return InboundCommand(
            self.event_id,
            self.room,
            self.author,
            self.name,
            {**self.words, **self.numbers, **self.data},
            self.time_ms,
            self.reply_to_event,
            self.thread_event,
        )


class _Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    message: InboundMessage | None = None
    command: _Command | None = None
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


def encode(event: Inbound, specs: Sequence[CommandSpec] = ()) -> bytes:
    """As stored. `specs`: the commands that there are. Raises Unusable."""
    author = _author(event.author)
    match event:
        case InboundMessage():
            return _encoder.encode(_Stored(message=_message(event, author)))
        case InboundCommand():
            return _encoder.encode(_Stored(command=_Command.of(_command(event, author, specs))))
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
    command = stored.command.event() if stored.command else None
    event = stored.message or command or stored.delete or stored.reaction or stored.ban
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


def _command(event: InboundCommand, author: Author, specs: Sequence[CommandSpec]) -> InboundCommand:
    """Only what is declared: a command, parameter or value that is unknown, or too long, is refused."""
    for part in (event.reply_to_event, event.thread_event):
        if part:
            _check_id(part)
    spec = find(specs, event.name)
    if spec is None:
        raise Unusable(f"there is no command {event.name[:MAX_NAME]!r}")
    try:
        arguments = spec.check(event.arguments)
    except BadValue as error:
        raise Unusable(f"{spec.name}: {error}") from error
    return replace(event, author=author, arguments=arguments, time_ms=_time(event))


def _ban(event: InboundBan, author: Author) -> InboundBan:
    _check_id(event.target.user_id)
    if event.target.platform != event.author.platform:
        raise Unusable("a ban on another platform")
    name, reason = one_line(event.target_name, MAX_NAME), one_line(event.reason, MAX_NAME)
    return replace(event, author=author, target_name=name, reason=reason, time_ms=_time(event))


def _time(event: InboundMessage | InboundCommand | InboundBan) -> int:
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
