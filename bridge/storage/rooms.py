"""Which room shows which group. A room shows one group; a group may have any number of rooms."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from bridge.storage.errors import AlreadyLinked
from bridge.storage.schema import rooms as table
from bridge.storage.tx import Tx, insert_new


@dataclass(frozen=True, slots=True)
class RoomLink:
    """A room and its group."""

    platform: str
    room_id: str
    group: str


def link(tx: Tx, platform: str, room_id: str, group: str) -> bool:
    """Link; False when it was linked so already. Raises AlreadyLinked when it shows another group."""
    if insert_new(tx, table, {"platform": platform, "room_id": room_id, "group_name": group}):
        return True
    present = tx.conn.scalar(
        select(table.c.group_name).where(table.c.platform == platform, table.c.room_id == room_id)
    )
    if present != group:
        raise AlreadyLinked(f"this room is linked to the group {present}; unlink it first")
    return False


def unlink(tx: Tx, platform: str, room_id: str, group: str | None = None) -> bool:
    """Undo a link (of `group` only, when given); False when there was none."""
    statement = delete(table).where(table.c.platform == platform, table.c.room_id == room_id)
    if group is not None:
        statement = statement.where(table.c.group_name == group)
    return tx.conn.execute(statement).rowcount > 0


def all_links(tx: Tx) -> list[RoomLink]:
    """All links, sorted by platform and room."""
    query = select(table.c.platform, table.c.room_id, table.c.group_name)
    return [RoomLink(*row) for row in tx.conn.execute(query.order_by(table.c.platform, table.c.room_id))]
