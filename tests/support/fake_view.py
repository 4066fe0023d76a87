"""A view whose view is set by the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Attachment
from bridge.model.notices import State
from bridge.model.view import (
    Ballot,
    Group,
    LinkOffer,
    Listener,
    Member,
    MembershipStatus,
    Result,
    SigningRequest,
    ViewError,
)
from bridge.rooms.commands import router


class FakeView:
    """Implements `bridge.model.view.GroupView`: `members`, `ballot`, `files` (by reference) may be changed."""

    def __init__(self) -> None:
        self.prefix = "!"
        self.commands = router.SPECS
        self.members: tuple[Member, ...] = ()
        self.ballot: Ballot | None = None
        self.files: dict[str, bytes] = {}

    async def group(self, room: RoomRef) -> Group | None:
        """The same for every room."""
        return Group(
            name="club",
            full_name="0x1/club",
            state=State.WORKING,
            deadline=0.0,
            epoch=1,
            members=self.members,
            queued=0,
            waiting_chat=0,
            ballot=self.ballot,
            coordination="waku",
            transport="ok",
        )

    async def results(self, room: RoomRef, limit: int = 50) -> list[Result]:
        return []

    async def standing(self, room: RoomRef, user: UserRef) -> MembershipStatus:
        return MembershipStatus(b"")

    async def open_account(self, user: UserRef, name: str, address: bytes = b"") -> bytes:
        raise ViewError("not here")

    async def signings(self, room: RoomRef, address: bytes) -> tuple[SigningRequest, ...]:
        return ()

    async def sign(self, room: RoomRef, request_id: str, signature: bytes) -> None:
        raise ViewError("not here")

    async def link_offer(self, code: str) -> LinkOffer:
        raise ViewError("No text waits for your signature.")

    async def link(self, code: str, signature: bytes) -> str:
        raise ViewError("No text waits for your signature.")

    async def report(self) -> Mapping[str, Any]:
        return {}

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        content = self.files.get(attachment.reference)
        if content is None or len(content) > limit:
            raise ViewError("no such file")
        return content

    def watch(self, listener: Listener) -> Callable[[], None]:
        return lambda: None
