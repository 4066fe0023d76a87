"""Which platform event shows which message: for edits, replies and reactions, and to know our own posts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from bridge.storage.schema import messages as table
from bridge.storage.tx import PRUNE_ROWS, Tx, insert_new, prune_where


@dataclass(frozen=True, slots=True)
class Event:
    """An event that shows a message, or a part of it. `file`: a part that is a file and holds no text."""

    event_id: str
    own: bool
    file: bool


def remember(
    tx: Tx,
    message_id: bytes,
    platform: str,
    room_id: str,
    event_id: str,
    now: float,
    own: bool = False,
    file: bool = False,
) -> bool:
    """Note that `event_id` shows the message; `own`: the bridge made that event; `file`: it shows no text.

    The first note of an event counts, so nobody moves an event to another message. False: noted already.
    """
    values = {
        "message_id": message_id,
        "platform": platform,
        "room_id": room_id,
        "event_id": event_id,
        "own": own,
        "created_at": now,
        "file": file,
    }
    return insert_new(tx, table, values)


def events_of(tx: Tx, message_id: bytes) -> list[tuple[str, str, str]]:
    """(platform, room id, event id) of all events that show the message, in the order they were noted."""
    query = (
        select(table.c.platform, table.c.room_id, table.c.event_id)
        .where(table.c.message_id == message_id)
        .order_by(table.c.id)
    )
    return [(platform, room_id, event_id) for platform, room_id, event_id in tx.conn.execute(query)]


def in_room(tx: Tx, message_id: bytes, platform: str, room_id: str) -> list[Event]:
    """The events of one room that show the message, in the order they were noted."""
    query = (
        select(table.c.event_id, table.c.own, table.c.file)
        .where(table.c.message_id == message_id, table.c.platform == platform, table.c.room_id == room_id)
        .order_by(table.c.id)
    )
    return [Event(*row) for row in tx.conn.execute(query)]


def message_of(tx: Tx, platform: str, room_id: str, event_id: str) -> bytes | None:
    """The message that the event shows, if known."""
    event = (table.c.platform == platform) & (table.c.room_id == room_id) & (table.c.event_id == event_id)
    return tx.conn.scalar(select(table.c.message_id).where(event))


def is_own(tx: Tx, platform: str, room_id: str, event_id: str) -> bool:
    """Whether the bridge itself made the event; False for an unknown one."""
    event = (table.c.platform == platform) & (table.c.room_id == room_id) & (table.c.event_id == event_id)
    return bool(tx.conn.scalar(select(table.c.own).where(event)))


def prune(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` events noted before `before`; returns how many."""
    return prune_where(tx, table, table.c.created_at < before, limit)
