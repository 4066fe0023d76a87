"""Chat notices to deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body, ChatMessage, MessageKind
from bridge.model.notices import Chat, ChatDropped, ChatSent
from bridge.model.text import clean_body, clean_name, one_line, safe_html
from bridge.rooms.outbound import authors, waiting_marks
from bridge.rooms.outbound.payloads import Delete, Edit, Post, React, Unreact
from bridge.rooms.outbound.writer import DeliveryWriter
from bridge.rooms.ports import Words
from bridge.storage import accounts, claims, counters, members, messages, reactions
from bridge.storage.accounts import Account

MAX_REACTION: Final = 32
"""Characters. An emoji with all its joiners has a dozen; platforms' own ones are named `:like_this:`."""
Local = tuple[RoomRef, str]
"""Room and event id."""


@dataclass(slots=True)
class ChatNotices:
    """Shows chat in the rooms. `local`: what our own people are sending just now, and where they wrote it."""

    local: Mapping[bytes, Local]
    words: Words
    edits: Callable[[RoomRef], bool]
    """Whether a room can show an edit."""

    def chat(self, writer: DeliveryWriter, notice: Chat) -> None:
        """A message for all rooms of the group but the one that it was written in."""
        message = notice.message
        local = self.local.get(message.message_id)
        # Only of our own people's messages is the origin known; a foreign claim must hide nothing.
        rooms = tuple(room for room in writer.rooms if local is None or room != local[0])
        author = shown_author(message.author)
        if local is None and author.address:
            members.set_name(writer.tx, writer.group, author.address, author.display_name)
            _note_account(writer, author)
        match message.kind:
            case MessageKind.MESSAGE | MessageKind.NOTICE:
                self._post(writer, notice, author, rooms, local)
            case MessageKind.REACTION:
                self._react(writer, message, author, rooms, local)
            case MessageKind.EDIT | MessageKind.DELETE:
                self._change(writer, message, author, rooms, local)

    def _post(
        self,
        writer: DeliveryWriter,
        notice: Chat,
        author: Author,
        rooms: tuple[RoomRef, ...],
        local: Local | None,
    ) -> None:
        message = notice.message
        post = Post(
            body=_body(message),
            author=author,
            reply_to=message.reply_to,
            attachments=message.attachments,
            waiting=notice.waiting,
            late=notice.late,
            thread=message.thread,
        )
        authors.remember(writer.tx, message.message_id, message.author, writer.now)
        if local is not None:
            room, event_id = local
            messages.remember(writer.tx, message.message_id, room.platform, room.room_id, event_id, writer.now)
        for room in rooms:
            writer.put(room, post, message.message_id, message_id=message.message_id)
        if notice.waiting and any(self.edits(room) for room in rooms):
            waiting_marks.park(writer.tx, message.message_id, post, writer.now)

    def _react(
        self,
        writer: DeliveryWriter,
        message: ChatMessage,
        author: Author,
        rooms: tuple[RoomRef, ...],
        local: Local | None,
    ) -> None:
        reaction, reaction_id = one_line(message.body.plain, MAX_REACTION), message.message_id
        if not reaction:
            return
        where = (local[0].platform, local[0].room_id) if local else ("", "")
        made = reactions.Reaction(message.target, reaction, *where)
        if not reactions.note(writer.tx, writer.group, reaction_id, made, writer.now):
            return
        authors.remember(writer.tx, reaction_id, message.author, writer.now)
        if local is not None:
            messages.remember(writer.tx, reaction_id, *where, local[1], writer.now)
        for room in rooms:
            react = React(message.target, reaction, author.display_name)
            writer.put(room, react, reaction_id, message_id=reaction_id)

    def _change(
        self,
        writer: DeliveryWriter,
        message: ChatMessage,
        author: Author,
        rooms: tuple[RoomRef, ...],
        local: Local | None,
    ) -> None:
        """An edit or a deletion (of a message or a reaction): only the author's own."""
        owner = authors.is_author(writer.tx, message.target, message.author, local=local is not None)
        deletes = message.kind is MessageKind.DELETE
        # What is taken away in the room that it was written in was allowed by that platform: its moderators.
        moderated = deletes and local is not None and _shown_in(writer, message.target, local[0])
        if not moderated and (owner is False or (deletes and owner is None)):
            counters.add(writer.tx, writer.group, "not_the_author")
            return
        reaction = reactions.get(writer.tx, writer.group, message.target) if deletes else None
        if reaction is not None:
            reactions.take_back(writer.tx, writer.group, message.target)
        for room in rooms:
            if reaction is not None:
                taken = Unreact(reaction.target, reaction.reaction, author.display_name, message.target)
                writer.put(room, taken, message.message_id)
            elif deletes:
                writer.put(room, Delete(message.target, author.display_name), message.message_id)
            else:  # of an unknown message: shown as a new one
                target = message.target if owner else b""
                edit = Edit(target, _body(message), author, thread=message.thread)
                writer.put(room, edit, message.message_id, message_id=target)

    def sent(self, writer: DeliveryWriter, notice: ChatSent) -> None:
        """Take the mark away where rooms can show an edit."""
        post = waiting_marks.take(writer.tx, notice.message_id, writer.now)
        if post is not None:
            self._unmark(writer, notice.message_id, post, post.body)

    def dropped(self, writer: DeliveryWriter, notice: ChatDropped) -> None:
        """Tell the author where they wrote it, and those who saw it waiting."""
        reason = one_line(notice.reason, 300)
        text = self.words("chat_dropped", {"reason": reason})
        for platform, room_id, event_id in messages.events_of(writer.tx, notice.message_id):
            room = RoomRef(platform, room_id)
            if room in writer.rooms and not messages.is_own(writer.tx, platform, room_id, event_id):
                writer.put(room, Post(Body(text), reply_event=event_id), "dropped", notice.message_id)
        post = waiting_marks.take(writer.tx, notice.message_id, writer.now)
        if post is not None:
            note = self.words("not_in_the_group", {})
            self._unmark(writer, notice.message_id, post, Body(f"{post.body.plain}\n{note}"))

    def _unmark(self, writer: DeliveryWriter, message_id: bytes, post: Post, body: Body) -> None:
        edit = Edit(message_id, body, post.author, or_post=False, thread=post.thread)
        for room in writer.rooms:
            if self.edits(room):
                writer.put(room, edit, "unmark", message_id, message_id=message_id)


def shown_author(author: Author) -> Author:
    """As rooms see them: a clean name. Whoever is no member speaks by a bridge's leaf, and it says so."""
    name = clean_name(author.display_name, author.user_id)
    return replace(author, display_name=name if author.address else f"{name} (guest)")


def _note_account(writer: DeliveryWriter, author: Author) -> None:
    """Whose account it is, so that commands find them by it and a ban reaches it in our rooms too."""
    platform, user_id = author.platform, author.user_id
    if platform and user_id and accounts.by_user(writer.tx, platform, user_id) is None:
        claims.note(writer.tx, writer.group, Account(platform, user_id, author.address, author.display_name))


def _body(message: ChatMessage) -> Body:
    return Body(clean_body(message.body.plain), safe_html(message.body.html))


def _shown_in(writer: DeliveryWriter, message_id: bytes, room: RoomRef) -> bool:
    """Whether it was written in that room (and not posted there by us)."""
    return any(
        RoomRef(platform, room_id) == room and not messages.is_own(writer.tx, platform, room_id, event_id)
        for platform, room_id, event_id in messages.events_of(writer.tx, message_id)
    )
