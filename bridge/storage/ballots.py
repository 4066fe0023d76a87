"""Ballots as the rooms saw them. The payloads belong to the caller; the truth is the engine's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, update

from bridge.storage.schema import ballots as table
from bridge.storage.tx import PRUNE_ROWS, Tx, insert_new, prune_where


@dataclass(frozen=True, slots=True)
class BallotRow:
    """One ballot; `result` and `closed_at` are None while it is open. Times in Unix seconds."""

    ballot_id: int
    opened: bytes
    opened_at: int
    result: bytes | None
    closed_at: int | None


def record(tx: Tx, group: str, ballot_id: int, opened: bytes, now: float) -> bool:
    """Note an opened ballot; False when that id was noted already (the first note counts)."""
    values = {"group_name": group, "ballot_id": ballot_id, "opened": opened, "opened_at": now}
    return insert_new(tx, table, values)


def close(tx: Tx, group: str, ballot_id: int, result: bytes, now: float) -> bool:
    """Note the result; False when no open ballot has that id (a result is never replaced)."""
    row = (table.c.group_name == group) & (table.c.ballot_id == ballot_id) & table.c.result.is_(None)
    return tx.conn.execute(update(table).where(row).values(result=result, closed_at=now)).rowcount > 0


def open_ones(tx: Tx, group: str) -> list[BallotRow]:
    """The open ballots, the oldest first."""
    query = _select(group).where(table.c.result.is_(None)).order_by(table.c.opened_at, table.c.ballot_id)
    return [BallotRow(*row) for row in tx.conn.execute(query)]


def over(tx: Tx, group: str, limit: int = 100) -> list[BallotRow]:
    """The last `limit` ballots that have a result, the newest first."""
    query = _select(group).where(table.c.result.is_not(None))
    query = query.order_by(table.c.closed_at.desc(), table.c.opened_at.desc(), table.c.ballot_id.desc())
    return [BallotRow(*row) for row in tx.conn.execute(query.limit(limit))]


def times(tx: Tx, group: str, limit: int = 100) -> list[tuple[int, int, int | None]]:
    """(number, opened at, closed at or None) of the last `limit` ballots, the newest first."""
    query = select(table.c.ballot_id, table.c.opened_at, table.c.closed_at).where(table.c.group_name == group)
    query = query.order_by(table.c.opened_at.desc(), table.c.ballot_id.desc()).limit(limit)
    return [(number, opened, closed) for number, opened, closed in tx.conn.execute(query)]


def prune(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` ballots that were closed before `before`; returns how many."""
    return prune_where(tx, table, table.c.result.is_not(None) & (table.c.closed_at < before), limit)


def _select(group: str) -> Select[Any]:
    columns = (table.c.ballot_id, table.c.opened, table.c.opened_at, table.c.result, table.c.closed_at)
    return select(*columns).where(table.c.group_name == group)
