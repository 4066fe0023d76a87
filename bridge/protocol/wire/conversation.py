"""Chat on the wire: `ChatMessage` to and from `ConversationMessage`, bounded and cleaned.

What is received out of bounds is refused. What is sent out of bounds in length is cut visibly; in number or
kind it is refused.
"""

from __future__ import annotations

from bridge.model.ids import MESSAGE_ID_BYTES, RoomRef
from bridge.model.message import Attachment, Author, Body, ChatMessage, MessageKind
from bridge.protocol.errors import Malformed
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.text import clean_line, clean_text, clip

MAX_TEXT_BYTES = 32_768
MAX_HTML_BYTES = 65_536
"""A Matrix event has at most 65,536 bytes; the text stands in it beside the HTML."""
MAX_NAME_BYTES = 256
MAX_REFERENCE_BYTES = 1_024
MAX_ATTACHMENTS = 10
MAX_MENTIONS = 50
MAX_KEY_BYTES = 256
MAX_NUMBER = 2**53
"""Times and sizes: what a double (JSON) holds exactly."""
_CUT = " […]"

_KIND_TO_WIRE = {
    MessageKind.MESSAGE: pb.ConversationMessage.MESSAGE,
    MessageKind.EDIT: pb.ConversationMessage.EDIT,
    MessageKind.DELETE: pb.ConversationMessage.DELETE,
    MessageKind.REACTION: pb.ConversationMessage.REACTION,
    MessageKind.NOTICE: pb.ConversationMessage.NOTICE,
}
_KIND_FROM_WIRE = {number: kind for kind, number in _KIND_TO_WIRE.items()}
_WITH_TARGET = frozenset({MessageKind.EDIT, MessageKind.DELETE, MessageKind.REACTION})


def conversation_to_wire(message: ChatMessage, after: bytes, after_epoch: int) -> pb.ConversationMessage:
    """As message. `after`: the message that this bridge sent before it (16 bytes, or none), and its epoch.

    A text over 32 KiB is cut and says so; HTML over 64 KiB is left out, the plain text remains.
    Raises Malformed: a wrong id, too many attachments.
    """
    author, origin = message.author, message.origin
    html = clean_text(message.body.html)
    wire = pb.ConversationMessage(
        message=_fitting(clean_text(message.body.plain)).encode(),
        message_id=message.message_id,
        kind=_KIND_TO_WIRE[message.kind],
        author=pb.Author(
            platform=_line(author.platform),
            user_id=_line(author.user_id),
            display_name=_line(author.display_name),
            avatar=clean_line(author.avatar, MAX_REFERENCE_BYTES),
            address=author.address,
        ),
        html=html if len(html.encode()) <= MAX_HTML_BYTES else "",
        target=message.target,
        reply_to=message.reply_to,
        thread=message.thread,
        attachments=[_attachment_to_wire(item) for item in message.attachments],
        mentions=[_line(item) for item in message.mentions[:MAX_MENTIONS]],
        origin_platform=_line(origin.platform) if origin else "",
        origin_room=_line(origin.room_id) if origin else "",
        time_ms=message.time_ms,
        after=after,
        after_epoch=after_epoch,
    )
    _check(wire)
    return wire


def conversation_from_wire(message: pb.ConversationMessage, sender: Address) -> tuple[ChatMessage, bytes, int]:
    """(message, after, after_epoch). `sender` is the one that MLS authenticated.

    The author's address is kept only if it is the sender's: whoever speaks for another is no member here.
    Raises Malformed.
    """
    _check(message)
    claimed = message.author
    chat = ChatMessage(
        message_id=message.message_id,
        kind=_KIND_FROM_WIRE[message.kind],
        author=Author(
            platform=_line(claimed.platform),
            user_id=_line(claimed.user_id),
            display_name=_line(claimed.display_name),
            avatar=clean_line(claimed.avatar, MAX_REFERENCE_BYTES),
            address=sender if claimed.address == sender else b"",
        ),
        body=Body(clean_text(_utf8(message.message)), clean_text(message.html)),
        time_ms=message.time_ms,
        origin=_origin(message),
        target=message.target,
        reply_to=message.reply_to,
        thread=message.thread,
        attachments=tuple(_attachment_from_wire(item) for item in message.attachments),
        mentions=tuple(_line(item) for item in message.mentions),
    )
    return chat, message.after, message.after_epoch


def _check(message: pb.ConversationMessage) -> None:
    """The bounds, the same for what is sent and what is received."""
    kind = _KIND_FROM_WIRE.get(message.kind)
    if kind is None:
        raise Malformed("a chat message of an unknown kind")
    if len(message.message_id) != MESSAGE_ID_BYTES:
        raise Malformed(f"a message id has {MESSAGE_ID_BYTES} bytes")
    if kind in _WITH_TARGET and not message.target:
        raise Malformed("an edit, a deletion or a reaction without its target")
    for reference in (message.target, message.reply_to, message.thread, message.after):
        if len(reference) not in (0, MESSAGE_ID_BYTES):
            raise Malformed(f"a reference to a message has {MESSAGE_ID_BYTES} bytes or none")
    if len(message.message) > MAX_TEXT_BYTES or len(message.html.encode()) > MAX_HTML_BYTES:
        raise Malformed("a chat text that is too long")
    if len(message.attachments) > MAX_ATTACHMENTS or len(message.mentions) > MAX_MENTIONS:
        raise Malformed(f"more than {MAX_ATTACHMENTS} attachments or {MAX_MENTIONS} mentions")
    if message.time_ms > MAX_NUMBER:
        raise Malformed("a chat message from beyond all time")
    _check_names(message)
    for attachment in message.attachments:
        _check_attachment(attachment)


def _check_names(message: pb.ConversationMessage) -> None:
    author = message.author
    names = [author.platform, author.user_id, author.display_name, message.origin_platform, message.origin_room]
    if any(len(name.encode()) > MAX_NAME_BYTES for name in [*names, *message.mentions]):
        raise Malformed(f"a name of more than {MAX_NAME_BYTES} bytes")
    if len(author.avatar.encode()) > MAX_REFERENCE_BYTES:
        raise Malformed(f"an avatar's address of more than {MAX_REFERENCE_BYTES} bytes")


def _check_attachment(item: pb.Attachment) -> None:
    if not 0 < len(item.reference.encode()) <= MAX_REFERENCE_BYTES:
        raise Malformed(f"an attachment's reference has 1 to {MAX_REFERENCE_BYTES} bytes")
    if max(len(item.name.encode()), len(item.media_type.encode())) > MAX_NAME_BYTES:
        raise Malformed(f"an attachment's name or type of more than {MAX_NAME_BYTES} bytes")
    if item.size > MAX_NUMBER or len(item.sha256) not in (0, 32) or len(item.key) > MAX_KEY_BYTES:
        raise Malformed("an attachment with an impossible size, hash or key")


def _attachment_to_wire(item: Attachment) -> pb.Attachment:
    if clean_line(item.reference, MAX_REFERENCE_BYTES) != item.reference:  # altered, it would lead nowhere
        raise Malformed("an attachment's reference is too long, or holds control characters")
    return pb.Attachment(
        reference=item.reference,
        name=_line(item.name),
        media_type=_line(item.media_type),
        size=item.size,
        sha256=item.sha256,
        key=item.key,
    )


def _attachment_from_wire(item: pb.Attachment) -> Attachment:
    return Attachment(
        reference=clean_line(item.reference, MAX_REFERENCE_BYTES),
        name=_line(item.name),
        media_type=_line(item.media_type),
        size=item.size,
        sha256=item.sha256,
        key=item.key,
    )


def _origin(message: pb.ConversationMessage) -> RoomRef | None:
    platform, room = _line(message.origin_platform), _line(message.origin_room)
    return RoomRef(platform, room) if platform and room else None


def _fitting(text: str) -> str:
    if len(text.encode()) <= MAX_TEXT_BYTES:
        return text
    return clip(text, MAX_TEXT_BYTES - len(_CUT.encode())) + _CUT


def _line(text: str) -> str:
    return clean_line(text, MAX_NAME_BYTES)


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("a chat text that is not UTF-8") from error
