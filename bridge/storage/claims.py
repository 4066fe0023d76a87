"""Platform accounts of members that other bridges host, as those members say in their own messages.

MLS authenticates the address, not the account: whoever hosts a member vouches for it. The first member of a
group that names an account keeps it, so nobody takes over a name by speaking louder.
"""

from __future__ import annotations

from sqlalchemy import delete, select

from bridge.storage.accounts import Account
from bridge.storage.schema import claims as table
from bridge.storage.tx import Tx, insert_new


def note(tx: Tx, group: str, account: Account) -> None:
    """Remember whose account it is said to be; what is known of the account already stays."""
    values = {
        "group_name": group,
        "platform": account.platform,
        "user_id": account.user_id,
        "address": account.address,
        "display_name": account.display_name,
    }
    insert_new(tx, table, values)


def all_of(tx: Tx, group: str) -> list[Account]:
    """All of a group, sorted by platform and user."""
    columns = (table.c.platform, table.c.user_id, table.c.address, table.c.display_name)
    query = select(*columns).where(table.c.group_name == group).order_by(table.c.platform, table.c.user_id)
    return [Account(*row) for row in tx.conn.execute(query)]


def by_address(tx: Tx, group: str, address: bytes) -> list[Account]:
    """The accounts that are said to be of this member."""
    return [account for account in all_of(tx, group) if account.address == address]


def drop(tx: Tx, group: str, address: bytes) -> int:
    """Forget what a former member said; returns how many accounts."""
    row = (table.c.group_name == group) & (table.c.address == address)
    return tx.conn.execute(delete(table).where(row)).rowcount
