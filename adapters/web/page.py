"""What the parts of a running page share, and who a person is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Any, Final

from adapters.web import accounts, sessions
from adapters.web.accounts import Account
from adapters.web.config import WebConfig
from adapters.web.database import Database
from adapters.web.errors import PageError, Unknown
from adapters.web.hub import Hub
from adapters.web.limits import Limits
from adapters.web.messages import WEB
from adapters.web.offers import Outbox
from adapters.web.passwords import Passwords
from adapters.web.text import hexed
from adapters.web.views import command_json
from adapters.web.wallets import WalletSignIn
from bridge.model.adapter import Inbox
from bridge.model.ids import RoomRef, UserRef
from bridge.model.view import GroupView, ViewError

PACKAGE: Final = "demls-bridge"
FETCHES: Final = 4
"""Attachments fetched at once: they are held in memory."""


@dataclass(frozen=True, slots=True)
class Page:
    """One running page. `url` is where people find it; `port` what it listens on; `clock`: Unix seconds."""

    config: WebConfig
    port: int
    url: str
    database: Database
    view: GroupView
    inbox: Inbox
    hub: Hub
    courier: Outbox
    limits: Limits
    passwords: Passwords
    wallets: WalletSignIn
    clock: Callable[[], float] = time.time
    fetching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FETCHES))
    test_accounts: dict[str, str] = field(default_factory=dict, repr=False)
    """Name and password of the accounts for trying things out."""

    @property
    def cookie(self) -> str:
        """The session cookie's name. With the port, which cookies do not tell apart: bridges share hosts."""
        return "__Host-demls_session" if self.config.secure else f"demls_session_{self.port}"

    @property
    def visit_cookie(self) -> str:
        """Of the cookie that a browser has before it signs in."""
        return "__Host-demls_visit" if self.config.secure else f"demls_visit_{self.port}"

    @property
    def listens(self) -> str:
        """Who can connect, in words."""
        return "this computer only" if self.config.loopback else f"the network: {self.config.listen}"

    def rooms(self) -> list[str]:
        """The page's rooms that are linked to a group."""
        return [room for room in self.config.rooms if self.inbox.linked(RoomRef(WEB, room))]

    def room(self, name: str) -> RoomRef:
        """One of them. Raises Unknown."""
        ref = RoomRef(WEB, name)
        if name not in self.config.rooms or not self.inbox.linked(ref):
            raise Unknown("There is no such room on this page.", "no-room")
        return ref

    async def find_session(self, token: str) -> sessions.Session | None:
        """The session of a cookie's value."""
        if not sessions.plausible(token):
            return None
        return await self.database.do(lambda tx: sessions.find(tx, token, self.clock()))

    async def with_address(self, account: Account) -> Account:
        """Have the bridge give this person his account, if he has none. Raises PageError (refused)."""
        own = bytes.fromhex(account.address[2:]) if account.kind == accounts.WALLET else b""
        if account.address and not own:
            return account
        try:
            user = UserRef(WEB, account.user_id)
            address = hexed(await self.view.open_account(user, account.name, own))
        except ViewError as error:
            raise PageError(str(error), "no-account") from error
        if address != account.address:
            await self.database.do(lambda tx: accounts.set_address(tx, account.user_id, address))
        return Account(account.user_id, account.kind, account.name, address, account.operator)

    async def session_json(self, token: str, session: sessions.Session | None) -> dict[str, Any]:
        """The answer of GET /api/session. `token`: the cookie that the CSRF token belongs to."""
        return {
            "signed_in": session is not None,
            "csrf": sessions.csrf_of(token),
            "bridge": {"name": PACKAGE, "version": _version()},
            "listens": self.listens,
            "user": None if session is None else _user(session.account),
            # Which groups are mirrored here is for those who were let in.
            "rooms": [] if session is None else [await self._room_json(room) for room in self.rooms()],
            "prefix": self.view.prefix,
            "commands": [command_json(hint) for hint in self.view.commands],
            "test_accounts": [{"name": name, "password": word} for name, word in self.test_accounts.items()],
            "siwe": True,
        }

    async def _room_json(self, room: str) -> dict[str, str]:
        group = await self.hub.group(room)
        return {"id": room, "group": "" if group is None else group.name}


def _user(account: Account) -> dict[str, Any]:
    return {
        "user_id": account.user_id,
        "name": account.name,
        "address": account.address,
        "kind": account.kind,
        "operator": account.operator,
    }


@cache
def _version() -> str:
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "unknown"
