"""What the parts of a running page share, and who a person is."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Final

from adapters.web import accounts, sessions
from adapters.web.accounts import Account
from adapters.web.addresses import hexed, unhexed
from adapters.web.config import WebConfig
from adapters.web.database import Database
from adapters.web.errors import PageError, Unknown
from adapters.web.frames import http
from adapters.web.hub import Hub
from adapters.web.limits import Limits
from adapters.web.messages import WEB
from adapters.web.outbox import Outbox
from adapters.web.passwords import Passwords
from adapters.web.views import command
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
    outbox: Outbox
    limits: Limits
    passwords: Passwords
    wallets: WalletSignIn
    clock: Callable[[], float] = time.time
    fetching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FETCHES))
    refused: Counter[str] = field(default_factory=Counter)
    """Frames of browsers that were refused, by the code of the refusal."""
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
        """Have the bridge give this person their account, if they have none. Raises PageError (refused)."""
        own = unhexed(account.address) if account.kind == accounts.WALLET else b""
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

    async def session_answer(self, token: str, session: sessions.Session | None) -> http.Session:
        """The answer of GET /api/session. `token`: the cookie that the CSRF token belongs to."""
        return http.Session(
            signed_in=session is not None,
            csrf=sessions.csrf_of(token),
            bridge=http.BridgeVersion(PACKAGE, _version()),
            listens=self.listens,
            user=None if session is None else _user(session.account),
            # Which groups are mirrored here is for those who were let in.
            rooms=[] if session is None else [await self._room_link(room) for room in self.rooms()],
            prefix=self.view.prefix,
            commands=[command(hint) for hint in self.view.commands],
            test_accounts=[http.TestAccount(name, word) for name, word in self.test_accounts.items()],
        )

    async def _room_link(self, room: str) -> http.RoomLink:
        group = await self.hub.group(room)
        return http.RoomLink(room, "" if group is None else group.name)


def _user(account: Account) -> http.User:
    return http.User(account.user_id, account.name, account.address, account.kind, account.operator)


@cache
def _version() -> str:
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "unknown"
