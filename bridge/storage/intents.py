"""What is asked of the chain, in the transaction of the event that asks it.

WAITING ──► SENT (in a transaction whose fate is open) ──► DONE
   ▲            │                                      └─► FAILED
   └────────────┘ its nonce went to another transaction
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import select, update

from bridge.storage.columns import TEXT_CHARS
from bridge.storage.schema import chain_intents as table
from bridge.storage.tx import PRUNE_ROWS, Tx, insert_new, prune_where


class State(IntEnum):
    """Stored in the column `state`."""

    WAITING = 0
    SENT = 1
    DONE = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class IntentRow:
    """One intent. `payload` as the chain package encodes it."""

    id: int
    group: str
    key: str
    payload: bytes
    transaction_id: int = 0


_ROW = (table.c.id, table.c.group_name, table.c.unique_key, table.c.payload, table.c.transaction_id)


def add(tx: Tx, group: str, key: str, payload: bytes, now: float) -> bool:
    """Ask for it; False when the same was asked before (whatever became of that)."""
    values = {
        "group_name": group,
        "unique_key": key,
        "payload": payload,
        "state": State.WAITING,
        "transaction_id": 0,
        "note": "",
        "created_at": now,
    }
    return insert_new(tx, table, values)


def waiting(tx: Tx, limit: int) -> list[IntentRow]:
    """Those that are in no transaction, the oldest first."""
    query = select(*_ROW).where(table.c.state == State.WAITING).order_by(table.c.id).limit(limit)
    return [IntentRow(*row) for row in tx.conn.execute(query)]


def of_transaction(tx: Tx, transaction_id: int) -> list[IntentRow]:
    """Those that a transaction does."""
    query = select(*_ROW).where(table.c.transaction_id == transaction_id, table.c.state == State.SENT)
    return [IntentRow(*row) for row in tx.conn.execute(query.order_by(table.c.id))]


def sent(tx: Tx, ids: Sequence[int], transaction_id: int) -> None:
    """They are in this transaction now."""
    tx.conn.execute(
        update(table).where(table.c.id.in_(ids)).values(state=State.SENT, transaction_id=transaction_id)
    )


def settle(tx: Tx, ids: Sequence[int], state: State, note: str = "") -> None:
    """What became of them: done, failed, or waiting again."""
    values = {"state": state, "note": note[:TEXT_CHARS]}
    if state is State.WAITING:
        values["transaction_id"] = 0
    tx.conn.execute(update(table).where(table.c.id.in_(ids)).values(**values))


def prune(tx: Tx, before: float, limit: int = PRUNE_ROWS) -> int:
    """Forget at most `limit` finished ones asked for before `before`; returns how many."""
    finished = table.c.state.in_((State.DONE, State.FAILED))
    return prune_where(tx, table, finished & (table.c.created_at < before), limit)
