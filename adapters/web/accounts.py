"""Accounts and invitations in the database. None of these hashes a password: that is slow."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Final

from adapters.web.database import Tx
from adapters.web.errors import BadRequest, Unknown
from adapters.web.frames.http import AccountKind
from bridge.model.text import clean_name, name_key

INVITATION_SECONDS: Final = 14 * 86_400.0
"""An invitation that nobody used in two weeks is forgotten."""
MAX_INVITATIONS: Final = 1_000
MAX_ACCOUNTS: Final = 10_000
HOSTED: Final = "hosted"
WALLET: Final = "wallet"


@dataclass(frozen=True, slots=True)
class Account:
    """One person. `user_id` never changes; `address` is '' until the bridge has opened their account."""

    user_id: str
    kind: AccountKind
    name: str
    address: str
    operator: bool


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation offers."""

    name: str
    operator: bool


def hashed(token: str) -> bytes:
    """How a token of 256 random bits is stored: nothing slower than SHA-256 is needed for it."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def by_id(tx: Tx, user_id: str) -> Account | None:
    """One account."""
    row = tx.execute("SELECT * FROM accounts WHERE user_id = ?", (user_id,)).fetchone()
    return None if row is None else _account(row)


def with_password(tx: Tx, name: str) -> tuple[Account, str] | None:
    """A hosted account and the hash of its password, by name."""
    sql = "SELECT * FROM accounts WHERE name_key = ? AND kind = ?"
    row = tx.execute(sql, (name_key(name), HOSTED)).fetchone()
    return None if row is None else (_account(row), str(row["password_hash"]))


def open_hosted(tx: Tx, name: str, password_hash: str, *, operator: bool, now: float) -> Account:
    """Make an account with a password. Raises BadRequest (name taken)."""
    return _open(tx, f"u{secrets.token_hex(8)}", HOSTED, name, "", password_hash, operator, now)


def open_wallet(tx: Tx, address: str, name: str, now: float) -> Account:
    """The account of a wallet whose ownership was shown; made when it is new. `address`: 0x, lower case."""
    known = by_id(tx, address)
    if known is not None:
        return known
    return _open(tx, address, WALLET, name or f"{address[:6]}…{address[-4:]}", address, "", False, now)


def _open(
    tx: Tx, user_id: str, kind: AccountKind, name: str, address: str, password: str, operator: bool, now: float
) -> Account:
    name = _free_name(tx, name, user_id)
    if tx.execute("SELECT count(*) FROM accounts").fetchone()[0] >= MAX_ACCOUNTS:
        raise BadRequest("This page has no room for more accounts. Please tell the operator.", "full")
    tx.execute(
        "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (user_id, kind, name, name_key(name), address, password, int(operator), now),
    )
    return Account(user_id, kind, name, address, operator)


def _free_name(tx: Tx, name: str, user_id: str) -> str:
    name = clean_name(name, "")
    # "?" is what the cleaner makes of a name that shows nothing.
    if name == "?" or not name_key(name):
        raise BadRequest("Please choose a name with letters or digits.", "bad-name")
    sql = "SELECT 1 FROM accounts WHERE name_key = ? AND user_id <> ?"
    if tx.execute(sql, (name_key(name), user_id)).fetchone():
        raise BadRequest("That name is taken. Please choose another one.", "name-taken")
    return name


def set_name(tx: Tx, user_id: str, name: str) -> None:
    """Another display name; a hosted account signs in with it from now on. Raises BadRequest."""
    name = _free_name(tx, name, user_id)
    tx.execute("UPDATE accounts SET name = ?, name_key = ? WHERE user_id = ?", (name, name_key(name), user_id))


def set_address(tx: Tx, user_id: str, address: str) -> None:
    """The address that the bridge gave to a hosted account."""
    tx.execute("UPDATE accounts SET address = ? WHERE user_id = ?", (address, user_id))


# -- invitations ---------------------------------------------------------------------------------------------


def invite(tx: Tx, name: str, *, operator: bool, now: float) -> str:
    """A new invitation's token; only its hash is kept. `name` proposes a name and may be empty."""
    tx.execute("DELETE FROM invitations WHERE expires_at <= ?", (now,))
    if tx.execute("SELECT count(*) FROM invitations").fetchone()[0] >= MAX_INVITATIONS:
        raise BadRequest("There are too many unused invitations. Old ones end after two weeks.", "full")
    token = secrets.token_urlsafe(32)
    row = (hashed(token), clean_name(name, "") if name else "", int(operator), now + INVITATION_SECONDS)
    tx.execute("INSERT INTO invitations VALUES (?, ?, ?, ?)", row)
    return token


def invitation(tx: Tx, token: str, now: float) -> Invitation:
    """What a token offers. Raises Unknown."""
    sql = "SELECT name, operator FROM invitations WHERE token_hash = ? AND expires_at > ?"
    row = tx.execute(sql, (hashed(token), now)).fetchone()
    if row is None:
        text = "This invitation was used already, or is too old. Please ask the operator for a new one."
        raise Unknown(text, "no-invitation")
    return Invitation(row["name"], bool(row["operator"]))


def redeem(tx: Tx, token: str, name: str, password_hash: str, now: float) -> Account:
    """Use an invitation up and make its account, both or neither. Raises Unknown, BadRequest."""
    offer = invitation(tx, token, now)
    tx.execute("DELETE FROM invitations WHERE token_hash = ?", (hashed(token),))
    return open_hosted(tx, name or offer.name, password_hash, operator=offer.operator, now=now)


def _account(row: Any) -> Account:
    return Account(row["user_id"], row["kind"], row["name"], row["address"], bool(row["operator"]))
