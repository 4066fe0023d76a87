"""A view in memory, for tests of the page: one group, settable from the test; see `bridge.model.view`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Attachment
from bridge.model.notices import State
from bridge.model.view import (
    Group,
    Key,
    LinkOffer,
    Listener,
    Member,
    MembershipStatus,
    News,
    Result,
    SigningRequest,
    ViewError,
)
from bridge.protocol.wallet import recover
from bridge.rooms.commands import router

GROUP = Group(
    name="garden",
    full_name="garden@0x00",
    state=State.WORKING,
    deadline=0,
    epoch=3,
    members=(Member(b"\x01" * 20, "Bridge", Key.HOSTED, is_bridge=True, is_steward=True),),
    queued=0,
    waiting_chat=0,
    ballot=None,
    coordination="waku",
    transport="ok",
)


class MemoryView:
    """`accounts`, `shown`, `closed`, `asked` and `files` may be changed; `tell` then says so."""

    prefix = "!"
    commands = router.SPECS

    def __init__(self, room: RoomRef) -> None:
        self.room = room
        self.shown = GROUP
        self.accounts: dict[UserRef, bytes] = {}
        self.closed: list[Result] = []
        self.asked: list[SigningRequest] = []
        self.signed: list[tuple[str, bytes]] = []
        self.files: dict[str, bytes] = {}
        self.offers: dict[str, LinkOffer] = {}
        self.refuse = ""
        """A reason: nobody gets an account."""
        self._listeners: list[Listener] = []

    def tell(self, *news: News) -> None:
        """What the bridge does after a commit."""
        for listener in list(self._listeners):
            listener(self.room, news)

    def change(self, **fields: Any) -> None:
        """Another state of the group, and word of it."""
        self.shown = replace(self.shown, **fields)
        self.tell()

    async def group(self, room: RoomRef) -> Group | None:
        return self.shown if room == self.room else None

    async def results(self, room: RoomRef, limit: int = 50) -> list[Result]:
        return self.closed[:limit]

    async def standing(self, room: RoomRef, user: UserRef) -> MembershipStatus:
        address = self.accounts.get(user, b"")
        member = any(each.address == address for each in self.shown.members)
        return MembershipStatus(address, is_member=member, has_vote=member)

    async def open_account(self, user: UserRef, name: str, address: bytes = b"") -> bytes:
        if self.refuse:
            raise ViewError(self.refuse)
        made = address or hashlib.sha256(str(user).encode()).digest()[:20]
        if self.accounts.setdefault(user, made) != made:
            raise ViewError("This account has another address.")
        return made

    async def signings(self, room: RoomRef, address: bytes) -> tuple[SigningRequest, ...]:
        return tuple(each for each in self.asked if each.address == address)

    async def sign(self, room: RoomRef, request_id: str, signature: bytes) -> None:
        if all(each.request_id != request_id for each in self.asked):
            raise ViewError("This is not asked any more.")
        self.asked = [each for each in self.asked if each.request_id != request_id]
        self.signed.append((request_id, signature))

    async def link_offer(self, code: str) -> LinkOffer:
        if code not in self.offers:
            raise ViewError("No text waits for your signature.")
        return self.offers[code]

    async def link(self, code: str, signature: bytes) -> str:
        offer = await self.link_offer(code)
        if recover(offer.text.encode(), signature) != offer.address:
            raise ViewError("That is not the signature of your wallet.")
        del self.offers[code]
        return "Your own wallet stands behind your account."

    async def report(self) -> Mapping[str, Any]:
        return {"transports": [], "queues": {"deliveries": 0}}

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        data = self.files.get(attachment.reference)
        if data is None or len(data) > limit:
            raise ViewError("The file is not there.")
        return data

    def watch(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
