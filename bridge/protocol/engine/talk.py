"""Chat: what waits for Working, what goes out, what comes in and in which order.

Order: every message names the one that its bridge sent before it (`after`). A message whose predecessor is
not known is held for a moment and what is missing is asked for; so a bridge that was down shows what it
missed in order. A false `after` delays nothing but its own message.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from bridge.model.message import ChatMessage
from bridge.model.notices import Chat, ChatDropped, ChatSent
from bridge.protocol import errors
from bridge.protocol.engine.core import Core
from bridge.protocol.engine.state import MAX_HELD_BYTES, MAX_KNOWN_IDS, MAX_WAITING_CHAT, HeldChat, WaitingChat
from bridge.protocol.events import SendChat
from bridge.protocol.permissions import Kind
from bridge.protocol.ports import Address
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.codec import conversation_from_wire, conversation_to_wire

if TYPE_CHECKING:
    from bridge.protocol.engine import GroupEngine

HOLD: Final = 10.0
"""Seconds for which a message waits for its predecessor."""
MAX_HELD_CHAT: Final = 1_024
FOLLOWS: Final = 600.0
"""A message names its predecessor if that is not older than this, in seconds: receivers forget ids."""


class Talk:
    """Conversation messages."""

    def __init__(self, core: Core, engine: GroupEngine) -> None:
        self._core = core
        self._engine = engine
        self._known = set(core.state.known_ids)

    # ---- sending ----

    def send(self, event: SendChat) -> None:
        """Show it in this bridge's rooms at once; to the group now or, in order, when it is allowed.

        Raises QueueFull, or NotPermitted for what does not fit a message; then nothing has changed.
        """
        core = self._core
        message, leaf = self._authored(event)
        if message.message_id in self._known:
            return
        if len(core.state.chat) >= MAX_WAITING_CHAT:
            raise errors.QueueFull("too many messages wait for the group")
        wire = _to_wire(message)
        waiting = WaitingChat(wire.SerializeToString(deterministic=True), leaf, message.message_id)
        self._remember(message.message_id)
        at_once = not core.state.chat and self._may_send()
        core.tell(Chat(message, waiting=not at_once))
        if at_once:
            self._publish(waiting)
        else:
            core.state.chat.append(waiting)

    def _authored(self, event: SendChat) -> tuple[ChatMessage, Address]:
        """A member speaks by his own leaf; for anybody else the bridge's leaf speaks, and says so."""
        core = self._core
        leaf = event.leaf
        if leaf is not None and core.joined and leaf in core.view.members and leaf in core.mls.hosted():
            return _signed_by(event.message, leaf), leaf
        return _signed_by(event.message, b""), core.config.own

    def _may_send(self) -> bool:
        return self._core.joined and self._core.may_send(Kind.CONVERSATION)

    def flush(self) -> None:
        """Send what waits, in order, as long as the state allows it."""
        core = self._core
        while core.state.chat and self._may_send():
            waiting = core.state.chat.pop(0)
            if self._publish(waiting):
                core.tell(ChatSent(waiting.message_id))

    def _publish(self, waiting: WaitingChat) -> bool:
        core, state = self._core, self._core.state
        wire = pb.ConversationMessage.FromString(waiting.message)
        if state.last_chat and core.now - state.last_chat_at <= FOLLOWS:
            wire.after, wire.after_epoch = state.last_chat, state.last_chat_epoch
        try:
            self._seal(Address(waiting.leaf), wire)
        except errors.ProtocolError as error:
            core.refuse(error)
            core.tell(ChatDropped(waiting.message_id, str(error)))
            return False
        state.last_chat, state.last_chat_epoch = waiting.message_id, core.view.epoch
        state.last_chat_at = core.now
        return True

    def _seal(self, leaf: Address, wire: pb.ConversationMessage) -> None:
        core = self._core
        try:
            core.publish_inside(leaf, Kind.CONVERSATION, pb.AppMessage(conversation_message=wire))
        except errors.LeafBehind:
            # The person's leaf has to rejoin first; his words need not wait for that.
            wire.author.address = b""
            core.publish_inside(core.config.own, Kind.CONVERSATION, pb.AppMessage(conversation_message=wire))

    def member_gone(self, address: bytes) -> None:
        """What a removed person still had waiting does not go out; he is told."""
        core = self._core
        for waiting in [w for w in core.state.chat if w.leaf == address]:
            core.tell(ChatDropped(waiting.message_id, "you are no longer a member of the group"))
        core.state.chat = [w for w in core.state.chat if w.leaf != address]

    # ---- receiving ----

    def receive(self, sender: Address, wire: pb.ConversationMessage) -> None:
        """A Conversation from the group. Raises Malformed."""
        core, state = self._core, self._core.state
        message, after, after_epoch = conversation_from_wire(wire, sender)
        if message.message_id in self._known:
            return
        unknown = self._waits(after, after_epoch)
        if unknown and self._has_room(wire):
            if any(h.after == after and h.sender == sender for h in state.held_chat):
                pass  # asked for already
            else:
                core.catch_up()
            plaintext = wire.SerializeToString(deterministic=True)
            state.held_chat.append(HeldChat(sender, plaintext, after, core.now + HOLD))
            core.set_timer("holdback", min(h.until for h in state.held_chat))
            return
        self._deliver(message, late=unknown)

    def _has_room(self, wire: pb.ConversationMessage) -> bool:
        held = self._core.state.held_chat
        size = sum(len(h.plaintext) for h in held) + wire.ByteSize()
        return len(held) < MAX_HELD_CHAT and size <= MAX_HELD_BYTES

    def _waits(self, after: bytes, after_epoch: int) -> bool:
        """Whether a predecessor is named that we should know: one from before we joined is none."""
        return bool(after) and after not in self._known and after_epoch >= self._core.state.joined_epoch

    def _deliver(self, message: ChatMessage, *, late: bool) -> None:
        """Show a message and then, in order, those that waited for it."""
        ready = [(message, late)]
        while ready:
            current, is_late = ready.pop(0)
            if current.message_id in self._known:
                continue
            self._remember(current.message_id)
            self._core.tell(Chat(current, late=is_late))
            ready += [(m, False) for m in self._released(current.message_id)]

    def _released(self, message_id: bytes) -> list[ChatMessage]:
        state = self._core.state
        free = [h for h in state.held_chat if h.after == message_id]
        if free:
            state.held_chat = [h for h in state.held_chat if h.after != message_id]
        return [_message(h) for h in free]

    def holdback(self) -> None:
        """Some have waited long enough: show them, marked as late, oldest first."""
        self._show_due(self._core.now)
        held = self._core.state.held_chat
        if held:
            self._core.set_timer("holdback", min(h.until for h in held))

    def show_all(self) -> None:
        """Nothing more can come (the own leaf is out): show what waits, whatever is missing before it."""
        self._show_due(float("inf"))

    def _show_due(self, until: float) -> None:
        held = self._core.state
        while (due := next((h for h in held.held_chat if h.until <= until), None)) is not None:
            held.held_chat.remove(due)
            self._deliver(_message(due), late=True)

    def _remember(self, message_id: bytes) -> None:
        ids = self._core.state.known_ids
        ids.append(message_id)
        self._known.add(message_id)
        while len(ids) > MAX_KNOWN_IDS:
            self._known.discard(ids.pop(0))


def _signed_by(message: ChatMessage, address: bytes) -> ChatMessage:
    author = dataclasses.replace(message.author, address=address)
    return dataclasses.replace(message, author=author)


def _to_wire(message: ChatMessage) -> pb.ConversationMessage:
    """A platform's message is from outside as well: one that cannot be sent is refused to its sender."""
    try:
        return conversation_to_wire(message, b"", 0)
    except (errors.RemoteError, ValueError, TypeError) as error:  # protobuf refuses a number by ValueError
        raise errors.NotPermitted(f"this cannot be sent to the group: {error}") from error


def _message(held: HeldChat) -> ChatMessage:
    wire = pb.ConversationMessage.FromString(held.plaintext)
    return conversation_from_wire(wire, Address(held.sender))[0]
