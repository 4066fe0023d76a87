"""What became of accounts in rooms: banned or not, by whomever, and when the bridge itself last tried which.

So the platform's report of the bridge's own ban is known for what it is, and a ban that was carried out is
found again when it is to be lifted.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update

from bridge.storage.schema import enforcements as table
from bridge.storage.tx import Tx, insert_new


@dataclass(frozen=True, slots=True)
class Target:
    """An account in a room of a group; `address` is empty for who has none."""

    platform: str
    room_id: str
    user_id: str
    display_name: str = ""
    address: bytes = b""


def put(tx: Tx, group: str, target: Target, *, banned: bool) -> None:
    """The account is banned in the room from now on, or not any more; who tried what when stays."""
    values = {
        "platform": target.platform,
        "room_id": target.room_id,
        "user_id": target.user_id,
        "group_name": group,
        "address": target.address,
        "display_name": target.display_name,
        "banned": banned,
        "ban_tried_at": 0.0,
        "unban_tried_at": 0.0,
    }
    if insert_new(tx, table, values):
        return
    changed: dict[str, object] = {"group_name": group, "banned": banned}
    if target.address:
        changed |= {"address": target.address}
    tx.conn.execute(update(table).where(_row(target)).values(**changed))


def is_banned(tx: Tx, target: Target) -> bool | None:
    """Whether the account is banned in the room; None when nothing is known of it."""
    return tx.conn.scalar(select(table.c.banned).where(_row(target)))


def banned_of(tx: Tx, group: str, address: bytes) -> list[Target]:
    """All accounts and rooms of the group in which this address is banned, sorted."""
    columns = (table.c.platform, table.c.room_id, table.c.user_id, table.c.display_name, table.c.address)
    query = select(*columns).where(
        table.c.group_name == group, table.c.address == address, table.c.banned.is_(True)
    )
    return [Target(*row) for row in tx.conn.execute(query.order_by(*columns[:3]))]


def trying(tx: Tx, target: Target, now: float, *, ban: bool) -> None:
    """The bridge is about to ban the account in the room (or to lift that): its echo may come at once."""
    at = {"ban_tried_at": now} if ban else {"unban_tried_at": now}
    tx.conn.execute(update(table).where(_row(target)).values(**at))


def last_try(tx: Tx, platform: str, user_id: str, *, ban: bool) -> float:
    """When the bridge last tried that in any room of the platform (some ban in several rooms at once); or 0."""
    at = table.c.ban_tried_at if ban else table.c.unban_tried_at
    query = select(at).where(table.c.platform == platform, table.c.user_id == user_id)
    return max(tx.conn.scalars(query), default=0.0)


def _row(target: Target) -> ColumnElement[bool]:
    room = (table.c.platform == target.platform) & (table.c.room_id == target.room_id)
    return room & (table.c.user_id == target.user_id)
