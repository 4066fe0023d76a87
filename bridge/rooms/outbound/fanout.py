"""From notices to deliveries: runs inside the transaction of the event that caused the notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bridge.model.ids import RoomRef
from bridge.model.message import Body
from bridge.model.notices import (
    Answer,
    BallotClosed,
    BallotOpened,
    BallotTally,
    Chat,
    ChatDropped,
    ChatSent,
    MembersChanged,
    Notice,
    SelfRemoved,
)
from bridge.rooms.ids import ReplyTo
from bridge.rooms.outbound import changes
from bridge.rooms.outbound.ballots import BallotNotices
from bridge.rooms.outbound.chat import ChatNotices, Local
from bridge.rooms.outbound.coalescer import EditCoalescer
from bridge.rooms.outbound.payloads import Post
from bridge.rooms.outbound.writer import DeliveryWriter
from bridge.rooms.ports import Words
from bridge.storage.tx import Tx

_PURPOSES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("unban", "join_requested"): "unban_requested",
        ("unban", "join_queued"): "unban_queued",
        ("unban", "joined"): "unban_passed",
        ("unban", "join_rejected"): "unban_failed",
        ("moderation", "ban_requested"): "moderation_requested",
        ("moderation", "ban_queued"): "moderation_requested",
        ("moderation", "ban_passed"): "moderation_passed",
        ("moderation", "ban_failed"): "moderation_failed",
    }
)
"""(a request's purpose, the engine's code) -> the code whose sentence fits."""


class Notices:
    """Called from the store's writer thread; keeps nothing that the database does not."""

    def __init__(
        self,
        links: Mapping[RoomRef, str],
        words: Words,
        prefix: str,
        series: EditCoalescer,
        local: Mapping[bytes, Local],
        edits: Callable[[RoomRef], bool],
    ) -> None:
        self._rooms: dict[str, tuple[RoomRef, ...]] = {}
        for room, group in sorted(links.items()):
            self._rooms[group] = (*self._rooms.get(group, ()), room)
        self._words = words
        self._chat = ChatNotices(local, words, edits)
        self._ballots = BallotNotices(prefix, series)

    def rooms(self, group: str) -> tuple[RoomRef, ...]:
        """The rooms linked to a group, sorted."""
        return self._rooms.get(group, ())

    def write(self, tx: Tx, group: str, notices: Sequence[Notice], now: float) -> frozenset[RoomRef]:
        """Store what follows from the notices, in order; returns the rooms that got something."""
        writer = DeliveryWriter(tx, group, now, self.rooms(group))
        for notice in notices:
            self._one(writer, notice)
        return frozenset(writer.given)

    def _one(self, writer: DeliveryWriter, notice: Notice) -> None:
        match notice:
            case Chat():
                self._chat.chat(writer, notice)
            case ChatSent():
                self._chat.sent(writer, notice)
            case ChatDropped():
                self._chat.dropped(writer, notice)
            case BallotOpened():
                self._ballots.opened(writer, notice)
            case BallotTally():
                self._ballots.tally(writer, notice)
            case BallotClosed():
                self._ballots.closed(writer, notice)
            case MembersChanged():
                changes.members_changed(writer, notice)
            case SelfRemoved():
                changes.self_removed(writer, notice)
            case Answer():
                self._answer(writer, notice)
            case _:
                pass  # states and refusals belong to `status` and the metrics, not into rooms

    def _answer(self, writer: DeliveryWriter, notice: Answer) -> None:
        """The outcome of a request, in the room where it was made."""
        reply = ReplyTo.parse(notice.reply_to)
        if reply is None or reply.place not in writer.rooms:
            return
        code = _PURPOSES.get((reply.purpose, notice.code), notice.code)
        text = self._words(code, dict(notice.facts))
        post = Post(Body(text), reply_event=reply.event, to_user=reply.user, thread_event=reply.thread)
        about = [part for fact in notice.facts for part in fact]
        writer.put(reply.place, post, "answer", notice.reply_to, notice.code, *about)
