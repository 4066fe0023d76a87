"""The engine's timers: set ones survive a restart."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from bridge.storage.schema import timers as table
from bridge.storage.tx import Tx, upsert


@dataclass(frozen=True, slots=True)
class TimerRow:
    """Fires at `at` (Unix seconds) with `token`."""

    name: str
    at: float
    token: int


def put(tx: Tx, group: str, name: str, at: float, token: int) -> None:
    """Set a timer, replacing one of the same name."""
    upsert(tx, table, {"group_name": group, "name": name, "at": at, "token": token})


def drop(tx: Tx, group: str, name: str) -> None:
    """Forget a timer; an unknown one is ignored."""
    tx.conn.execute(delete(table).where(table.c.group_name == group, table.c.name == name))


def all_of(tx: Tx, group: str) -> list[TimerRow]:
    """A group's timers, the earliest first."""
    query = (
        select(table.c.name, table.c.at, table.c.token)
        .where(table.c.group_name == group)
        .order_by(table.c.at, table.c.name)
    )
    return [TimerRow(*row) for row in tx.conn.execute(query)]
