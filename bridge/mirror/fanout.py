"""From notices to deliveries: runs inside the transaction of the event that caused the notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bridge.mirror import changes
from bridge.mirror.ballots import BallotDesk
from bridge.mirror.chat import ChatDesk, Local
from bridge.mirror.desk import Desk
from bridge.mirror.ids import ReplyTo
from bridge.mirror.payloads import Post
from bridge.mirror.ports import Words
from bridge.mirror.series import Series
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
        series: Series,
        local: Mapping[bytes, Local],
        edits: Callable[[RoomRef], bool],
    ) -> None:
        self._rooms: dict[str, tuple[RoomRef, ...]] = {}
        for room, group in sorted(links.items()):
            self._rooms[group] = (*self._rooms.get(group, ()), room)
        self._words = words
        self._chat = ChatDesk(local, words, edits)
        self._ballots = BallotDesk(prefix, series)

    def rooms(self, group: str) -> tuple[RoomRef, ...]:
        """The rooms linked to a group, sorted."""
        return self._rooms.get(group, ())

    def write(self, tx: Tx, group: str, notices: Sequence[Notice], now: float) -> None:
        """Store what follows from the notices, in order."""
        desk = Desk(tx, group, now, self.rooms(group))
        for notice in notices:
            self._one(desk, notice)

    def _one(self, desk: Desk, notice: Notice) -> None:
        match notice:
            case Chat():
                self._chat.chat(desk, notice)
            case ChatSent():
                self._chat.sent(desk, notice)
            case ChatDropped():
                self._chat.dropped(desk, notice)
            case BallotOpened():
                self._ballots.opened(desk, notice)
            case BallotTally():
                self._ballots.tally(desk, notice)
            case BallotClosed():
                self._ballots.closed(desk, notice)
            case MembersChanged():
                changes.members_changed(desk, notice)
            case SelfRemoved():
                changes.self_removed(desk, notice)
            case Answer():
                self._answer(desk, notice)
            case _:
                pass  # states and refusals belong to `status` and the metrics, not into rooms

    def _answer(self, desk: Desk, notice: Answer) -> None:
        """The outcome of a request, in the room where it was made."""
        reply = ReplyTo.parse(notice.reply_to)
        if reply is None or reply.place not in desk.rooms:
            return
        code = _PURPOSES.get((reply.purpose, notice.code), notice.code)
        text = self._words(code, dict(notice.facts))
        post = Post(Body(text), reply_event=reply.event, to_user=reply.user, thread_event=reply.thread)
        about = [part for fact in notice.facts for part in fact]
        desk.put(reply.place, post, "answer", notice.reply_to, notice.code, *about)
