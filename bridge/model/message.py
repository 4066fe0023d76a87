"""A chat message, the same for every platform and for the group (protocol.md section 5, Conversation)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bridge.model.ids import RoomRef


class MessageKind(StrEnum):
    """What a message does."""

    MESSAGE = "message"
    EDIT = "edit"
    DELETE = "delete"
    REACTION = "reaction"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it. `address` (20 bytes) is set for members only and is the one that MLS authenticated."""

    platform: str
    user_id: str
    display_name: str
    avatar: str = ""
    address: bytes = b""


@dataclass(frozen=True, slots=True)
class Body:
    """Text. `html` is empty or the safe subset (see `bridge.model.text`); never trusted when received."""

    plain: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file by reference: where it lies, MIME type, size in bytes, SHA-256, key when encrypted."""

    reference: str
    name: str
    media_type: str
    size: int
    sha256: bytes = b""
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message. Ids are 16 bytes; `target` is the message that is edited, deleted or reacted to.

    `time_ms` is Unix time in milliseconds. `mentions` are addresses or `platform:user_id` strings.
    """

    message_id: bytes
    kind: MessageKind
    author: Author
    body: Body
    time_ms: int
    origin: RoomRef | None = None
    target: bytes = b""
    reply_to: bytes = b""
    thread: bytes = b""
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[str, ...] = ()
