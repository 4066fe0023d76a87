"""Signed transactions, stored before they are sent: a crash between the two repeats the very same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import insert, select, update

from bridge.storage.schema import chain_transactions as table
from bridge.storage.tx import PRUNE_ROWS, Tx, prune_where


class State(IntEnum):
    """Stored in the column `state`."""

    OPEN = 0
    """Its nonce is not confirmed."""
    CONFIRMED = 1
    LOST = 2
    """Its nonce went to another transaction."""


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """One transaction: `call` is what it does, `attempts` all signed forms of it (same nonce, rising fees).

    Both as the chain package encodes them. `cost`: wei at most. `sent_at`: when the newest form was last sent.
    """

    id: int
    chain_id: int
    sender: bytes
    nonce: int
    call: bytes
    attempts: bytes
    cost: int
    sent_at: float


_ROW = (
    table.c.id,
    table.c.chain_id,
    table.c.sender,
    table.c.nonce,
    table.c.call,
    table.c.attempts,
    table.c.cost,
    table.c.sent_at,
)


def add(
    tx: Tx, chain_id: int, sender: bytes, nonce: int, call: bytes, attempts: bytes, cost: int, now: float
) -> int:
    """Store one that is about to be sent; returns its id."""
    values = {
        "chain_id": chain_id,
        "sender": sender,
        "nonce": nonce,
        "call": call,
        "attempts": attempts,
        "state": State.OPEN,
        "cost": str(cost),
        "sent_at": 0.0,
        "created_at": now,
    }
    made = tx.conn.execute(insert(table).values(**values)).inserted_primary_key
    assert made is not None, "an insert of one row"
    return int(made[0])


def open_ones(tx: Tx, chain_id: int, sender: bytes) -> list[TransactionRow]:
    """Those whose nonce is not confirmed, by nonce."""
    query = select(*_ROW).where(
        table.c.state == State.OPEN, table.c.chain_id == chain_id, table.c.sender == sender
    )
    rows = tx.conn.execute(query.order_by(table.c.nonce, table.c.id))
    return [TransactionRow(*row[:6], int(row[6]), row[7]) for row in rows]


def replaced(tx: Tx, row_id: int, attempts: bytes, cost: int) -> None:
    """Another form of it was signed (and not sent yet)."""
    tx.conn.execute(
        update(table).where(table.c.id == row_id).values(attempts=attempts, cost=str(cost), sent_at=0.0)
    )


def was_sent(tx: Tx, row_id: int, now: float) -> None:
    """The newest form has been given to the node."""
    tx.conn.execute(update(table).where(table.c.id == row_id).values(sent_at=now))


def settle(tx: Tx, row_id: int, state: State, cost: int) -> None:
    """Its nonce is confirmed: by it (`cost` in wei is what it took), or by another."""
    tx.conn.execute(
        update(table).where(table.c.id == row_id).values(state=state, cost=str(cost), call=b"", attempts=b"")
    )


def spent(tx: Tx, chain_id: int, since: float) -> int:
    """Wei that transactions made since then have cost, or may cost at most."""
    query = select(table.c.cost).where(table.c.chain_id == chain_id, table.c.created_at >= since)
    return sum(int(cost) for cost in tx.conn.scalars(query))


def prune(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` settled ones made before `before`; returns how many."""
    return prune_where(tx, table, (table.c.state != State.OPEN) & (table.c.created_at < before), limit)
