"""What a repository function is given: an open transaction and the cipher; and the statements they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Table, delete, select, tuple_
from sqlalchemy.sql import ColumnElement

from bridge.storage.cipher import Cipher

PRUNE_ROWS = 1000
"""Rows that one prune call removes at most: it holds up other writers for some milliseconds only."""


@dataclass(frozen=True)
class Tx:
    """An open transaction. Never commit or roll back `conn`: the store does."""

    conn: Connection
    cipher: Cipher


def _dialect_insert(dialect: str, table: Table) -> Any:
    """INSERT of the database in use; the other's dialect (PostgreSQL's: 5 MB) is not imported."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql

        return postgresql(table)
    from sqlalchemy.dialects.sqlite import insert

    return insert(table)


@cache
def _insert(dialect: str, table: Table) -> Any:
    """INSERT ... ON CONFLICT DO NOTHING. Statements are built once: that costs more than to run them.

    The dialects spell ON CONFLICT alike, but it is no part of SQLAlchemy's generic insert.
    """
    # inline: no RETURNING of the new id, which nobody reads; an INSERT's rowcount is kept only when asked for.
    return (
        _dialect_insert(dialect, table)
        .inline()
        .on_conflict_do_nothing()
        .execution_options(preserve_rowcount=True)
    )


@cache
def _upsert(dialect: str, table: Table, summed: str | None) -> Any:
    """INSERT, or replace all other columns of the row with this primary key (or add to `summed`)."""
    statement = _dialect_insert(dialect, table)
    changed: dict[str, Any]
    if summed is None:
        changed = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    else:
        changed = {summed: table.c[summed] + statement.excluded[summed]}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)


@cache
def _insert_with_id(dialect: str, table: Table) -> Any:
    """The same, with RETURNING of the new id."""
    return _dialect_insert(dialect, table).on_conflict_do_nothing().returning(table.c.id)


def insert_with_id(tx: Tx, table: Table, values: Mapping[str, Any]) -> int | None:
    """Insert unless a unique key exists already; the new row's id, or None."""
    found: int | None = tx.conn.execute(
        _insert_with_id(tx.conn.dialect.name, table), values
    ).scalar_one_or_none()
    return found


def insert_new(tx: Tx, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert unless a unique key exists already; True when the row is new."""
    result: CursorResult[Any] = tx.conn.execute(_insert(tx.conn.dialect.name, table), values)
    return result.rowcount == 1


def upsert(tx: Tx, table: Table, *rows: Mapping[str, Any]) -> None:
    """Insert rows (all columns given), or replace those with the same primary key."""
    if rows:
        tx.conn.execute(_upsert(tx.conn.dialect.name, table, None), rows)


def add_up(tx: Tx, table: Table, values: Mapping[str, Any], summed: str) -> None:
    """Insert a row, or add `values[summed]` to what the row with the same primary key holds."""
    tx.conn.execute(_upsert(tx.conn.dialect.name, table, summed), values)


def prune_where(tx: Tx, table: Table, condition: ColumnElement[bool], limit: int) -> int:
    """Delete at most `limit` rows; returns how many, so a caller goes on while it gets `limit`."""
    key = tuple_(*table.primary_key.columns)
    chosen = select(*table.primary_key.columns).where(condition).limit(limit)
    return tx.conn.execute(delete(table).where(key.in_(chosen))).rowcount
