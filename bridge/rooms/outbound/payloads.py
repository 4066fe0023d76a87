"""What a delivery holds, as it is stored: MessagePack, tagged by kind."""

from __future__ import annotations

import msgspec

from bridge.model.adapter import BallotCard
from bridge.model.message import Attachment, Author, Body


class _Payload(msgspec.Struct, frozen=True, omit_defaults=True):
    pass


class Post(_Payload, tag="post", frozen=True):
    """Show a message. `author` None: the bridge speaks.

    `reply_to` and `thread` (the message that the thread hangs on) are message ids; `reply_event` and
    `thread_event` are events of the very room, for answers.
    """

    body: Body
    author: Author | None = None
    reply_to: bytes = b""
    reply_event: str = ""
    to_user: str = ""
    attachments: tuple[Attachment, ...] = ()
    waiting: bool = False
    late: bool = False
    report: bool = False
    """A report of a failed delivery: when it fails too, nothing follows."""
    thread: bytes = b""
    thread_event: str = ""
    ballot: BallotCard | None = None


class Edit(_Payload, tag="edit", frozen=True):
    """Change the message `target`, where the platform can; else post it anew if `or_post`."""

    target: bytes
    body: Body
    author: Author | None = None
    or_post: bool = True
    series: str = ""
    step: int = 0
    """Of a series only the edit with the highest step matters; earlier ones are skipped."""
    thread: bytes = b""
    ballot: BallotCard | None = None


class Delete(_Payload, tag="delete", frozen=True):
    """Take the message `target` away. `who` wrote it and took it back."""

    target: bytes
    who: str


class React(_Payload, tag="react", frozen=True):
    """Add `reaction` of `who` to the message `target`."""

    target: bytes
    reaction: str
    who: str


class Unreact(_Payload, tag="unreact", frozen=True):
    """`who` took their `reaction` to the message `target` back. `reaction_id`: the message that it was."""

    target: bytes
    reaction: str
    who: str
    reaction_id: bytes


class Ban(_Payload, tag="ban", frozen=True):
    """Remove a platform user from the room and keep them out. `by`: who decided it, if not the group."""

    user_id: str
    name: str
    reason: str = ""
    by: str = ""


class Unban(_Payload, tag="unban", frozen=True):
    """Let a platform user come back. `by`: who decided it, if not the group."""

    user_id: str
    name: str
    by: str = ""


Payload = Post | Edit | Delete | React | Unreact | Ban | Unban

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Payload] = msgspec.msgpack.Decoder(Payload)


def encode(payload: Payload) -> bytes:
    """As stored."""
    return _encoder.encode(payload)


def decode(data: bytes) -> Payload:
    """As read back. Raises msgspec.MsgspecError."""
    return _decoder.decode(data)


def kind(payload: Payload) -> str:
    """The tag: for the column `kind`."""
    return type(payload).__name__.lower()
