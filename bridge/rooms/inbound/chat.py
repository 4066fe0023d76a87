"""From a platform event to the group's chat message. Pure, given what the store knows of the event."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.conversation.ports import SendChat
from bridge.model.adapter import InboundDelete, InboundMessage, InboundReaction
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body, ChatMessage, MessageKind
from bridge.model.text import clean_name, safe_html
from bridge.protocol.ports import Address
from bridge.rooms.ids import message_id
from bridge.storage import accounts, bans, messages
from bridge.storage.accounts import Account
from bridge.storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store knows: the sender's account, what is edited, deleted, reacted to or replied to.

    `target` is empty when that is no message of the group (an answer of the bridge's).
    """

    account: Account | None = None
    own: bool = False
    """The event is the bridge's own, come back."""
    banned: bool = False
    target: bytes = b""
    target_own: bool = False
    """The target is the bridge's copy of somebody's message."""
    reply_to: bytes = b""
    thread: bytes = b""


ChatEvent = InboundMessage | InboundDelete | InboundReaction
"""What becomes chat; bans are `bridge.rooms.inbound.moderators`'."""


def look_up(tx: Tx, group: str, event: ChatEvent) -> Facts:
    """Read the facts of one event."""
    room = event.room
    account = accounts.by_user(tx, event.author.platform, event.author.user_id)
    target = event.edits_event if isinstance(event, InboundMessage) else event.target_event
    reply = event.reply_to_event if isinstance(event, InboundMessage) else ""
    thread = event.thread_event if isinstance(event, InboundMessage) else ""
    return Facts(
        account=account,
        own=messages.is_own(tx, room.platform, room.room_id, event.event_id),
        banned=account is not None and bans.is_banned(tx, group, account.address),
        target=_shown(tx, room, target),
        target_own=bool(target) and messages.is_own(tx, room.platform, room.room_id, target),
        reply_to=_shown(tx, room, reply),
        thread=_shown(tx, room, thread),
    )


def _shown(tx: Tx, room: RoomRef, event_id: str) -> bytes:
    """The message that an event shows; for a person's event the id follows from the event itself."""
    if not event_id:
        return b""
    known = messages.message_of(tx, room.platform, room.room_id, event_id)
    return message_id(room, event_id) if known is None else known


def chat_request(event: ChatEvent, facts: Facts) -> SendChat | str:
    """The request to the group, or a note why there is none."""
    message = _message(event, facts)
    if isinstance(message, str):
        return message
    return SendChat(message, Address(facts.account.address) if facts.account else None)


def _message(event: ChatEvent, facts: Facts) -> ChatMessage | str:
    base = ChatMessage(
        message_id=message_id(event.room, event.event_id),
        kind=MessageKind.MESSAGE,
        author=_author(event.author),
        body=Body(""),
        time_ms=event.time_ms,
        origin=event.room,
    )
    match event:
        case InboundDelete():
            if not facts.target or facts.target_own:
                return "a copy was deleted; that stays in its room"
            return replace(base, kind=MessageKind.DELETE, target=facts.target)
        case InboundReaction():
            if not facts.target or not event.key:
                return "a reaction to no message of the group"
            return replace(base, kind=MessageKind.REACTION, target=facts.target, body=Body(event.key))
        case InboundMessage():
            return _text(base, event, facts)


def _text(base: ChatMessage, event: InboundMessage, facts: Facts) -> ChatMessage | str:
    if not event.body.plain.strip() and not event.attachments:
        return "empty"
    body = Body(event.body.plain, safe_html(event.body.html))
    message = replace(base, body=body, attachments=event.attachments, reply_to=facts.reply_to)
    message = replace(message, thread=facts.thread)
    if not event.edits_event:
        return message
    if not facts.target or facts.target_own:
        return "an edit of no message of the sender's"
    return replace(message, kind=MessageKind.EDIT, target=facts.target, reply_to=b"")


def _author(author: Author) -> Author:
    return replace(author, display_name=clean_name(author.display_name, author.user_id), address=b"")
