"""Ids that the mirror makes: deterministic, so that what is done twice has the same id twice."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from bridge.model.ids import MESSAGE_ID_BYTES, RoomRef, UserRef

KEY_HEX: Final = 48
"""Characters of a delivery key; with a part's suffix it stays below the 64 that `Outgoing` allows."""
_MAX_TOKEN: Final = 4_096


def message_id(room: RoomRef, event_id: str) -> bytes:
    """The id of a message that a person wrote as `event_id` in `room` (16 bytes)."""
    return _hash("demls message v1", room.platform, room.room_id, event_id)[:MESSAGE_ID_BYTES]


def ballot_message_id(group: str, ballot_id: int) -> bytes:
    """The id under which a ballot's message is remembered (16 bytes)."""
    return _hash("demls ballot v1", group, str(ballot_id))[:MESSAGE_ID_BYTES]


def delivery_key(*about: str | bytes | int) -> str:
    """The idempotency key of a delivery: 48 hexadecimal digits, a hash of what it is about."""
    return _hash("demls delivery v1", *about).hex()[:KEY_HEX]


def _hash(*parts: str | bytes | int) -> bytes:
    """SHA-256 over the parts, each with its length, so that no two lists run together."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode(errors="replace")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()


class ReplyTo(msgspec.Struct, frozen=True, omit_defaults=True):
    """To whom, and under which message, an answer goes: the opaque `reply_to` of a request.

    `purpose` says what a request was made for, if not for what its kind says (`bridge.rooms.outbound.fanout`
    words it); `about` keeps apart two requests that answer no message.
    """

    platform: str
    room: str
    event: str
    user: str
    thread: str = ""
    purpose: str = ""
    about: str = ""

    @classmethod
    def to(cls, room: RoomRef, event_id: str, user: UserRef, thread: str = "") -> ReplyTo:
        """The answer to what `user` wrote as `event_id` in `room` (in the thread on the event `thread`)."""
        return cls(room.platform, room.room_id, event_id, user.user_id, thread)

    @classmethod
    def parse(cls, token: str) -> ReplyTo | None:
        """None for what `token()` did not make (a request of the page, of an older version)."""
        if len(token) > _MAX_TOKEN:
            return None
        try:
            return msgspec.json.decode(token, type=cls)
        except (msgspec.MsgspecError, UnicodeError):
            return None

    @classmethod
    def with_purpose(cls, token: str, purpose: str) -> str:
        """The same token, for another purpose; one that `token()` did not make stays as it is."""
        reply = cls.parse(token)
        return token if reply is None else msgspec.structs.replace(reply, purpose=purpose).token()

    def token(self) -> str:
        """The string that travels through the engine."""
        return msgspec.json.encode(self).decode()

    @property
    def place(self) -> RoomRef:
        """The room."""
        return RoomRef(self.platform, self.room)
