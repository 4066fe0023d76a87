"""Platform users and their addresses: hosted wallets, or linked wallets of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, select

from bridge.storage.schema import accounts as table
from bridge.storage.tx import Tx, upsert


@dataclass(frozen=True, slots=True)
class Account:
    """A user of a platform; `address` has 20 bytes and may belong to several accounts."""

    platform: str
    user_id: str
    address: bytes
    display_name: str


def put(tx: Tx, platform: str, user_id: str, address: bytes, display_name: str, now: float) -> None:
    """Store or replace an account."""
    values = {
        "platform": platform,
        "user_id": user_id,
        "address": address,
        "display_name": display_name,
        "updated_at": now,
    }
    upsert(tx, table, values)


def by_user(tx: Tx, platform: str, user_id: str) -> Account | None:
    """The account of a platform user."""
    found = _accounts(tx, _select().where(table.c.platform == platform, table.c.user_id == user_id))
    return found[0] if found else None


def by_address(tx: Tx, address: bytes) -> list[Account]:
    """All accounts with that address, sorted."""
    return _accounts(tx, _select().where(table.c.address == address))


def all(tx: Tx) -> list[Account]:  # noqa: A001 - read as accounts.all
    """All accounts, sorted by platform and user."""
    return _accounts(tx, _select())


def drop(tx: Tx, platform: str, user_id: str) -> bool:
    """Forget an account; False when there was none."""
    row = (table.c.platform == platform) & (table.c.user_id == user_id)
    return tx.conn.execute(delete(table).where(row)).rowcount > 0


def _select() -> Select[Any]:
    columns = (table.c.platform, table.c.user_id, table.c.address, table.c.display_name)
    return select(*columns).order_by(table.c.platform, table.c.user_id)


def _accounts(tx: Tx, query: Select[Any]) -> list[Account]:
    return [Account(*row) for row in tx.conn.execute(query)]
