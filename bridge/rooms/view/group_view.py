"""One adapter's view (see `bridge.model.view.GroupView`)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from bridge.conversation.ports import GroupHandle
from bridge.identity.book import AddressBook
from bridge.identity.errors import LinkError
from bridge.identity.linking import LinkText
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Attachment
from bridge.model.view import (
    Group,
    LinkOffer,
    Listener,
    MembershipStatus,
    Result,
    SigningRequest,
    ViewError,
)
from bridge.rooms.commands.linker import Linker
from bridge.rooms.commands.router import SPECS
from bridge.rooms.people import People
from bridge.rooms.view import opening, signing, views
from bridge.rooms.view.files import Files
from bridge.rooms.view.news import News
from bridge.rooms.view.results import result
from bridge.storage import accounts, ballots, bans
from bridge.storage.errors import StorageError
from bridge.storage.store import Store
from bridge.storage.tx import Tx

MAX_RESULTS: Final = 500


@dataclass(frozen=True, slots=True)
class Around:
    """What all windows of a process share. `groups` by name; `links` room -> group name.

    `report` gives the report of the whole process, a `msgspec.Struct` without secrets.
    """

    store: Store
    book: AddressBook
    links: Mapping[RoomRef, str]
    groups: Mapping[str, GroupHandle]
    files: Files
    news: News
    report: Callable[[], Awaitable[msgspec.Struct]]
    linker: Linker
    clock: Callable[[], float] = time.time


class PlatformView:
    """The view of one adapter. `name`: its table under [adapters]; it calls its rooms by its `platform`."""

    def __init__(self, name: str, platform: str, around: Around, prefix: str = "!") -> None:
        self.prefix = prefix
        self.commands = SPECS
        self._name = name
        self._platform = platform
        self._a = around

    def __repr__(self) -> str:
        return f"PlatformView({self._name})"

    async def group(self, room: RoomRef) -> Group | None:
        """The room's group as it is now."""
        handle = self._handle(room)
        if handle is None:
            return None
        people = await self._a.store.read(lambda tx: People.everybody(tx, handle.name))
        return views.group(handle.status(), people, self._a.book)

    async def results(self, room: RoomRef, limit: int = 50) -> list[Result]:
        """The last ballots that are over, newest first; at most 500."""
        group = self._a.links.get(self._named(room))
        if group is None:
            return []
        most = min(max(limit, 1), MAX_RESULTS)
        rows = await self._a.store.read(lambda tx: ballots.over(tx, group, most))
        return [found for found in map(result, rows) if found is not None]

    async def standing(self, room: RoomRef, user: UserRef) -> MembershipStatus:
        """Where this person stands; in a room that is not linked, their account alone."""
        handle = self._handle(room)

        def look_up(tx: Tx) -> tuple[bytes, bool]:
            # The store, not the book: that learns of accounts made by `!join` at the next start only.
            account = accounts.by_user(tx, user.platform, user.user_id)
            if account is None:
                return b"", False
            return account.address, handle is not None and bans.is_banned(tx, handle.name, account.address)

        address, banned = await self._a.store.read(look_up)
        if not address:
            return MembershipStatus(b"")
        return views.standing(handle.status() if handle else None, address, self._a.book, banned=banned)

    async def open_account(self, user: UserRef, name: str, address: bytes = b"") -> bytes:
        """Give one of this platform's users an account. Raises ViewError."""
        if user.platform != self._platform:
            raise ViewError(f"Accounts of {user.platform} are not made here.")
        around = self._a
        return await opening.open_account(around.store, around.book, user, name, address, around.clock())

    async def signings(self, room: RoomRef, address: bytes) -> tuple[SigningRequest, ...]:
        """What this own wallet is asked to sign now."""
        handle = self._handle(room)
        return () if handle is None else signing.requests(handle.status(), address)

    async def sign(self, room: RoomRef, request_id: str, signature: bytes) -> None:
        """Answer a signing request; what is not signed by the wallet that was asked is refused."""
        handle = self._handle(room)
        if handle is None:
            raise ViewError("This room is linked to no group.")
        await signing.answer(handle, request_id, signature)

    async def link_offer(self, code: str) -> LinkOffer:
        """What a link is about. Raises ViewError."""
        made = self._link_text(code)
        return LinkOffer(made.platform, made.name, made.address, made.text)

    async def link(self, code: str, signature: bytes) -> str:
        """Put an own wallet behind a platform account. Raises ViewError."""
        made, linker = self._link_text(code), self._a.linker
        try:
            change = linker.signed(made, signature)
            return await self._a.store.write(lambda tx: change(tx, self._a.clock()))
        except LinkError as error:
            raise ViewError(linker.words(error.code, error.facts)) from error
        except StorageError as error:
            raise ViewError("The link cannot be stored now. Begin again in a moment.") from error

    def _link_text(self, code: str) -> LinkText:
        linker = self._a.linker
        try:
            return linker.linking.of_code(code, self._a.clock())
        except LinkError as error:
            raise ViewError(linker.words(error.code, error.facts)) from error

    async def report(self) -> Mapping[str, Any]:
        """The process for operators, in JSON types."""
        built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(await self._a.report()))
        return built

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """A file's content from the adapter that holds it."""
        return await self._a.files.fetch(attachment, limit)

    def watch(self, listener: Listener) -> Callable[[], None]:
        """Be told of what happens in the groups of this platform's rooms."""
        return self._a.news.watch(self._name, listener)

    def _handle(self, room: RoomRef) -> GroupHandle | None:
        return self._a.groups.get(self._a.links.get(self._named(room), ""))

    def _named(self, room: RoomRef) -> RoomRef:
        return RoomRef(self._name, room.room_id)
