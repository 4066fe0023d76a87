"""What is to be shown in the rooms: one durable FIFO queue per room.

Only the head of a queue is ever due; while it waits for its next attempt, the room's others wait behind it,
and other rooms do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sqlalchemy import bindparam, func, select, tuple_, update

from bridge.storage.columns import TEXT_CHARS
from bridge.storage.schema import deliveries as table
from bridge.storage.tx import PRUNE_ROWS, Tx, insert_new, prune_where


class State(IntEnum):
    """Stored in the column `state`."""

    WAITING = 0
    DONE = 1
    FAILED = 2


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery. `key` is its idempotency key, `attempts` how often `retry` was called for it."""

    id: int
    platform: str
    room_id: str
    kind: str
    payload: bytes
    key: str
    message_id: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class RoomQueue:
    """A room with waiting deliveries; the head's attempts, due time (Unix seconds) and last error."""

    platform: str
    room_id: str
    waiting: int
    oldest: int
    attempts: int
    due: float
    error: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A delivery that was given up: after how many retries, the last error, and when it was made."""

    platform: str
    room_id: str
    kind: str
    attempts: int
    error: str
    created_at: int


_ROW = (
    table.c.id,
    table.c.platform,
    table.c.room_id,
    table.c.kind,
    table.c.payload,
    table.c.unique_key,
    table.c.message_id,
    table.c.attempts,
)
_waiting = table.c.state == State.WAITING
_platform: Final = bindparam("p", type_=table.c.platform.type)
_room: Final = bindparam("r", type_=table.c.room_id.type)
_in_room = (table.c.platform == _platform) & (table.c.room_id == _room)
_NEXT_ROOM: Final = (
    select(table.c.platform, table.c.room_id)
    .where(_waiting, tuple_(table.c.platform, table.c.room_id) > tuple_(_platform, _room))
    .order_by(table.c.platform, table.c.room_id)
    .limit(1)
)
_HEADS: Final = (
    select(table.c.due_at, *_ROW, table.c.created_at, table.c.error)
    .where(_waiting, _in_room)
    .order_by(table.c.id)
    .limit(2)
)
_COUNT: Final = select(func.count()).where(_waiting, _in_room)


def add(
    tx: Tx,
    platform: str,
    room_id: str,
    kind: str,
    payload: bytes,
    key: str,
    now: float,
    message_id: bytes = b"",
) -> None:
    """Append to the room's queue. A `key` that the room had before is dropped."""
    values = {
        "platform": platform,
        "room_id": room_id,
        "kind": kind,
        "payload": payload,
        "unique_key": key,
        "message_id": message_id,
        "state": State.WAITING,
        "attempts": 0,
        "due_at": 0.0,
        "event_id": "",
        "error": "",
        "created_at": now,
    }
    insert_new(tx, table, values)


def heads(tx: Tx, platform: str, room_id: str) -> list[tuple[float, DeliveryRow]]:
    """(due time, row) of the first two of the room's queue: the second tells whether to look again."""
    place = {"p": platform, "r": room_id}
    return [(row.due_at, DeliveryRow(*row[1 : 1 + len(_ROW)])) for row in tx.conn.execute(_HEADS, place)]


def next_due(tx: Tx, platform: str, room_id: str, now: float) -> DeliveryRow | None:
    """The head of the room's queue; None when the queue is empty or its head is not due at `now`."""
    return next((row for due, row in heads(tx, platform, room_id)[:1] if due <= now), None)


def rooms_with_work(tx: Tx) -> list[tuple[str, str]]:
    """(platform, room id) of all rooms with waiting deliveries, due or not, sorted.

    From one room to the next in the index, one seek each: DISTINCT would read every delivery that waits.
    """
    found: list[tuple[str, str]] = []
    room = ("", "")
    while (row := tx.conn.execute(_NEXT_ROOM, {"p": room[0], "r": room[1]}).first()) is not None:
        room = (row.platform, row.room_id)
        found.append(room)
    return found


def done(tx: Tx, row_id: int, event_id: str) -> None:
    """Delivered as `event_id`. The key is kept (a duplicate is dropped), the payload is not."""
    values = {"state": State.DONE, "event_id": event_id, "payload": b"", "error": ""}
    tx.conn.execute(update(table).where(table.c.id == row_id, _waiting).values(**values))


def retry(tx: Tx, row_id: int, at: float, error: str) -> None:
    """Try again at `at` (Unix seconds); the queue waits meanwhile."""
    values = {"attempts": table.c.attempts + 1, "due_at": at, "error": error[:TEXT_CHARS]}
    tx.conn.execute(update(table).where(table.c.id == row_id, _waiting).values(**values))


def failed(tx: Tx, row_id: int, error: str) -> None:
    """Given up; the queue goes on with the next one."""
    values = {"state": State.FAILED, "error": error[:TEXT_CHARS]}
    tx.conn.execute(update(table).where(table.c.id == row_id, _waiting).values(**values))


def waiting(tx: Tx) -> list[RoomQueue]:
    """The rooms with waiting deliveries, for the status page, sorted."""
    found = []
    for platform, room_id in rooms_with_work(tx):
        room = {"p": platform, "r": room_id}
        head = tx.conn.execute(_HEADS, room).first()
        assert head is not None, "one transaction sees one state"
        count = tx.conn.scalar(_COUNT, room) or 0
        found.append(
            RoomQueue(platform, room_id, count, head.created_at, head.attempts, head.due_at, head.error)
        )
    return found


def failures(tx: Tx, limit: int = 50) -> list[Failure]:
    """The last `limit` deliveries that were given up and not pruned yet, the newest first."""
    columns = (
        table.c.platform,
        table.c.room_id,
        table.c.kind,
        table.c.attempts,
        table.c.error,
        table.c.created_at,
    )
    query = select(*columns).where(table.c.state == State.FAILED).order_by(table.c.id.desc()).limit(limit)
    return [Failure(*row) for row in tx.conn.execute(query)]


def prune(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` finished deliveries made before `before`; returns how many."""
    return prune_where(tx, table, ~_waiting & (table.c.created_at < before), limit)
