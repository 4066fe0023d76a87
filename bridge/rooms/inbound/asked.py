"""What the store knows of a command: who gave it, and in which circumstances it was written."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.model.adapter import InboundCommand, InboundMessage
from bridge.model.ids import RoomRef
from bridge.rooms.ids import ballot_message_id
from bridge.rooms.ports import Written
from bridge.storage import accounts, ballots, messages
from bridge.storage.accounts import Account
from bridge.storage.tx import Tx


@dataclass(frozen=True, slots=True)
class Given:
    """`is_own`: the event is the bridge's own, come back."""

    is_own: bool
    account: Account | None
    written: Written


def given(tx: Tx, group: str, event: InboundMessage | InboundCommand, now: float) -> Given:
    """Read it. `now`: a platform's clock may be ahead of ours, but nothing was written after it came."""
    room = event.room
    at = min(event.time_ms / 1000, now)
    known = ballots.times(tx, group)
    return Given(
        messages.is_own(tx, room.platform, room.room_id, event.event_id),
        accounts.by_user(tx, event.author.platform, event.author.user_id),
        Written(
            at,
            answers=_answered(
                tx, group, room, event.reply_to_event or event.thread_event, [number for number, _, _ in known]
            ),
            # Both times are ours and the platform's clock is not: where they disagree, a vote without a number
            # is refused, which its author reads and can mend. The other way round it would count wrongly.
            open_then=next(
                (
                    number
                    for number, opened, closed in known
                    if opened <= at and (closed is None or at < closed)
                ),
                None,
            ),
        ),
    )


def _answered(tx: Tx, group: str, room: RoomRef, event_id: str, numbers: list[int]) -> int | None:
    """The ballot whose message `event_id` is."""
    if not event_id:
        return None
    message = messages.message_of(tx, room.platform, room.room_id, event_id)
    return next((number for number in numbers if ballot_message_id(group, number) == message), None)
