"""Sessions: who sent this request. The cookie holds 256 random bits; the database only their hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from adapters.web.accounts import Account, by_id, hashed
from adapters.web.database import Tx

MAX_PER_USER: Final = 20
"""Browsers of one person; the oldest is signed out for a new one."""
_TOKEN: Final = 43
"""Characters of a token: 32 bytes in base64url."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser; `key` is the hash of its token."""

    key: bytes
    account: Account
    expires_at: float


def new_token() -> str:
    """For a cookie."""
    return secrets.token_urlsafe(32)


def csrf_of(token: str) -> str:
    """The token that a POST must carry, made from the cookie's: nobody who cannot read that can make it."""
    return hmac.new(token.encode(errors="replace"), b"demls page csrf", hashlib.sha256).hexdigest()


def plausible(token: str) -> bool:
    """Whether a cookie's value can be a token at all."""
    return len(token) == _TOKEN and token.isascii()


def begin(tx: Tx, user_id: str, now: float, seconds: float) -> str:
    """Sign in; returns the token for the cookie."""
    tx.execute("DELETE FROM sessions WHERE expires_at <= ?", (now,))
    token = new_token()
    tx.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (hashed(token), user_id, now, now + seconds))
    tx.execute(
        "DELETE FROM sessions WHERE user_id = ? AND token_hash NOT IN "
        "(SELECT token_hash FROM sessions WHERE user_id = ? ORDER BY made_at DESC LIMIT ?)",
        (user_id, user_id, MAX_PER_USER),
    )
    return token


def find(tx: Tx, token: str, now: float) -> Session | None:
    """The session of a cookie. By its hash, so that the look-up's time tells nothing of the token."""
    if not plausible(token):
        return None
    key = hashed(token)
    row = tx.execute("SELECT user_id, expires_at FROM sessions WHERE token_hash = ?", (key,)).fetchone()
    if row is None or row["expires_at"] <= now:
        return None
    account = by_id(tx, row["user_id"])
    return None if account is None else Session(key, account, row["expires_at"])


def end(tx: Tx, key: bytes) -> None:
    """Sign one browser out."""
    tx.execute("DELETE FROM sessions WHERE token_hash = ?", (key,))


def end_all(tx: Tx, user_id: str) -> None:
    """Sign a person out everywhere."""
    tx.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))
