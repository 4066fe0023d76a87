"""Accounts for trying things out: made at the first start, with passwords that the page itself tells."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

import structlog

from adapters.web import accounts
from adapters.web.database import Database, Tx
from adapters.web.errors import BadRequest
from adapters.web.passwords import Passwords

_ROW: Final = "demo accounts"
log = structlog.get_logger("web.demo")


async def demo_accounts(
    database: Database, passwords: Passwords, names: Sequence[str], now: float
) -> dict[str, str]:
    """Make those that are missing; returns name and password of each. Only for pages on loopback."""
    if not names:
        return {}
    secret = await database.do(_secret)
    made: dict[str, str] = {}
    for name in names:
        word = _password(secret, name)
        known = await database.do(lambda tx, name=name: accounts.with_password(tx, name))  # type: ignore[misc]
        if known is None:
            stored = await passwords.hash(word)

            def work(tx: Tx, name: str = name, stored: str = stored) -> None:
                accounts.open_hosted(tx, name, stored, operator=False, now=now)

            try:
                await database.do(work)
            except BadRequest as error:
                log.warning("no demo account", name=name, error=str(error))
                continue
        elif not await passwords.check(known[1], word):
            log.warning("no demo account", name=name, error="somebody else has this name")
            continue
        made[name] = word
    return made


def _secret(tx: Tx) -> bytes:
    """What the passwords are made from, so that they are the same after a restart but stand nowhere."""
    tx.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (_ROW, secrets.token_bytes(32)))
    return bytes(tx.execute("SELECT value FROM secrets WHERE name = ?", (_ROW,)).fetchone()["value"])


def _password(secret: bytes, name: str) -> str:
    digest = hmac.new(secret, name.casefold().encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:10]).decode().lower()
