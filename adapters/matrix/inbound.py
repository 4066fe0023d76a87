"""From a Matrix event to what the bridge understands. Everything in an event is untrusted."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from adapters.matrix.errors import TokenRevoked
from adapters.matrix.fields import identifier, integer, mapping, text
from adapters.matrix.mentions import with_ids
from adapters.matrix.people import PLATFORM, People, localpart
from adapters.matrix.rooms import Rooms
from bridge.model.adapter import (
    Inbound,
    InboundBan,
    InboundDelete,
    InboundMessage,
    InboundReaction,
    Rejected,
    RetryLater,
)
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Attachment, Body

MAX_TEXT: Final = 64 * 1024
"""Bytes of plain text and of HTML; a whole event is not larger (specification, "Size limits")."""
MAX_REACTION: Final = 255
MAX_REASON: Final = 500

TIMELINE_TYPES: Final = (
    "m.room.message",
    "m.room.redaction",
    "m.reaction",
    "m.room.member",
    "m.room.encrypted",
    "m.room.power_levels",
    "m.room.encryption",
)

_TEXT_KINDS: Final = {"m.text", "m.notice", "m.emote"}
_FILE_KINDS: Final = {"m.image", "m.file", "m.audio", "m.video"}
_QUOTE_HEAD: Final = re.compile(r"> (\* )?<@[^>\n]+>")
_QUOTE_HTML: Final = re.compile(r"<mx-reply>.*?</mx-reply>", re.DOTALL)


class Malformed(ValueError):
    """The event lacks what its type must have."""


class Translator:
    """Makes `Inbound` events; asks for names and powers where it needs them."""

    def __init__(
        self,
        rooms: Rooms,
        people: People,
        notices: bool,
        is_command: Callable[[str], bool] = lambda text: False,
    ) -> None:
        self._rooms = rooms
        self._people = people
        self._notices = notices
        self._is_command = is_command
        self.patient = True
        """Whether to raise when a sender's power cannot be found out now; else they count as no admin."""

    async def translate(self, room: RoomRef, event: dict[str, Any]) -> Inbound | None:
        """The bridge's form of an event; None for one that means nothing to it.

        Raises `Malformed`, and `RetryLater` when the sender's power cannot be found out now.
        """
        kind = event.get("type")
        if kind == "m.room.message":
            return await self._message(room, event)
        if kind == "m.room.redaction":
            return await self._redaction(room, event)
        if kind == "m.reaction":
            return await self._reaction(room, event)
        if kind == "m.room.member":
            return await self._ban(room, event)
        return None

    async def _message(self, room: RoomRef, event: dict[str, Any]) -> InboundMessage | None:
        event_id, sender = heads(event)
        content = mapping(event, "content")
        if not content:
            return None  # redacted before we saw it
        relation = mapping(content, "m.relates_to")
        edits = ""
        if relation.get("rel_type") == "m.replace":
            edits = identifier(relation.get("event_id"), "$")
            if not edits:
                raise Malformed("an edit of nothing")
            content = mapping(content, "m.new_content") or content
        if content.get("msgtype") == "m.notice" and not self._notices:
            return None
        thread = identifier(relation.get("event_id"), "$") if relation.get("rel_type") == "m.thread" else ""
        reply = "" if edits else read_reply(relation)
        attachments = read_attachments(content)
        body = Body("") if attachments and not has_caption(content) else read_body(content, bool(reply))
        if self._is_command(body.plain):
            body = Body(with_ids(body.plain, body.html))
        return InboundMessage(
            event_id=event_id,
            room=room,
            author=await self._people.author(room.room_id, sender),
            body=body,
            time_ms=time_ms(event),
            is_admin=await self._is_admin(room, sender),
            attachments=attachments,
            reply_to_event=reply,
            edits_event=edits,
            thread_event=thread,
        )

    async def _is_admin(self, room: RoomRef, sender: str) -> bool:
        """Level 100 or creator. A refusal means no; a passing failure is raised, as no may be wrong."""
        try:
            return (await self._rooms.facts(room.room_id)).is_admin(sender)
        except TokenRevoked:
            raise
        except RetryLater:
            if self.patient:
                raise
            return False
        except Rejected:
            return False

    async def _redaction(self, room: RoomRef, event: dict[str, Any]) -> InboundDelete:
        event_id, sender = heads(event)
        # Room version 11 moved the target into the content.
        target = identifier(event.get("redacts"), "$") or identifier(
            mapping(event, "content").get("redacts"), "$"
        )
        if not target:
            raise Malformed("a redaction of nothing")
        author = await self._people.author(room.room_id, sender)
        return InboundDelete(event_id, room, author, target, time_ms(event))

    async def _reaction(self, room: RoomRef, event: dict[str, Any]) -> InboundReaction | None:
        event_id, sender = heads(event)
        if not mapping(event, "content"):
            return None  # redacted before we saw it
        relation = mapping(event, "content", "m.relates_to")
        target, key = identifier(relation.get("event_id"), "$"), text(relation.get("key"), MAX_REACTION)
        if relation.get("rel_type") != "m.annotation" or not target or not key:
            raise Malformed("a reaction to nothing")
        author = await self._people.author(room.room_id, sender)
        return InboundReaction(event_id, room, author, target, key, time_ms(event))

    async def _ban(self, room: RoomRef, event: dict[str, Any]) -> InboundBan | None:
        """A ban, or a lifted one; other comings and goings mean nothing here."""
        now = mapping(event, "content").get("membership")
        before = mapping(event, "unsigned", "prev_content")
        if "ban" not in (now, before.get("membership")) or now == before.get("membership"):
            return None
        event_id, sender = heads(event)
        target = identifier(event.get("state_key"), "@")
        if not target:
            raise Malformed("a ban of nobody")
        return InboundBan(
            event_id,
            room,
            await self._people.author(room.room_id, sender),
            UserRef(PLATFORM, target),
            # The event that bans carries no name any more.
            text(before.get("displayname"), 255) or localpart(target),
            time_ms(event),
            text(mapping(event, "content").get("reason"), MAX_REASON),
            lifted=now != "ban",
        )


def heads(event: dict[str, Any]) -> tuple[str, str]:
    """Event id and sender. Raises `Malformed`."""
    event_id, sender = identifier(event.get("event_id"), "$"), identifier(event.get("sender"), "@")
    if not event_id or not sender:
        raise Malformed("an event without id or sender")
    return event_id, sender


def time_ms(event: dict[str, Any]) -> int:
    """The sender's server's time, Unix milliseconds, brought into a sane range."""
    return integer(event.get("origin_server_ts"), 0, 0, 2**53)


def read_body(content: dict[str, Any], is_reply: bool) -> Body:
    """Text and HTML of a message; an unknown kind keeps its text. Raises `Malformed` without any text."""
    plain = content.get("body")
    if not isinstance(plain, str):
        raise Malformed("a message without text")
    plain, html = text(plain, MAX_TEXT), ""
    if content.get("msgtype") in _TEXT_KINDS and content.get("format") == "org.matrix.custom.html":
        html = text(content.get("formatted_body"), MAX_TEXT)
    if is_reply:
        plain, html = _without_quote(plain), _QUOTE_HTML.sub("", html, count=1)
    if content.get("msgtype") == "m.emote":
        plain, html = f"* {plain}", f"* {html}" if html else ""
    return Body(plain, html)


def _without_quote(plain: str) -> str:
    """Cut the quotation that clients before specification 1.13 put in front of a reply."""
    if not _QUOTE_HEAD.match(plain):
        return plain
    lines = plain.split("\n")
    first = next((i for i, line in enumerate(lines) if not line.startswith("> ") and line != ">"), len(lines))
    rest = lines[first:]
    return "\n".join(rest[1:] if rest and not rest[0] else rest)


def read_reply(relation: dict[str, Any]) -> str:
    """The event that is replied to; a thread's fallback for old clients is no reply."""
    if relation.get("rel_type") == "m.thread" and relation.get("is_falling_back") is True:
        return ""
    return identifier(mapping(relation, "m.in_reply_to").get("event_id"), "$")


def has_caption(content: dict[str, Any]) -> bool:
    """Whether a file's text is more than its name (specification 1.10, "Media captions")."""
    return "filename" in content and content.get("filename") != content.get("body")


def read_attachments(content: dict[str, Any]) -> tuple[Attachment, ...]:
    """The file of a file message, by its mxc address; the bytes stay where they are."""
    reference = text(content.get("url"), 512)
    if content.get("msgtype") not in _FILE_KINDS or not reference.startswith("mxc://"):
        return ()
    info = mapping(content, "info")
    name = text(content.get("filename"), 255) or text(content.get("body"), 255)
    media_type = text(info.get("mimetype"), 100) or "application/octet-stream"
    return (Attachment(reference, name, media_type, integer(info.get("size"), 0, 0, 2**53)),)


__all__ = ["PLATFORM", "TIMELINE_TYPES", "Malformed", "Translator", "heads", "read_attachments", "read_body"]
