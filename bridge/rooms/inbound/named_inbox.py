"""The inbox of one adapter: an adapter names its rooms by its platform, the bridge by the adapter's own name.

So two accounts of one platform are told apart by rooms, deliveries and cursors, and neither adapter knows of
it. People are not renamed: whoever writes by either account is the same person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from bridge.model.adapter import Inbound, Inbox
from bridge.model.adapter_store import Change
from bridge.model.ids import RoomRef


class SharedInbox(Inbox, Protocol):
    """The inbox of all adapters, which is told whose rows are meant."""

    async def accept(
        self,
        account: str,
        cursor: str,
        events: Sequence[Inbound],
        remember: Change | None = None,
        *,
        adapter: str = "",
    ) -> None:
        """See `Inbox.accept`; `remember` works on the rows of the adapter called `adapter`."""


class NamedInbox:
    """An `Inbox` for the adapter called `name` (its table under [adapters])."""

    def __init__(self, inbox: SharedInbox, name: str) -> None:
        self._inbox = inbox
        self._name = name

    async def accept(
        self, account: str, cursor: str, events: Sequence[Inbound], remember: Change | None = None
    ) -> None:
        """Store events and cursor, the rooms renamed; accounts of equal name do not share a cursor."""
        named = [replace(event, room=self._room(event.room)) for event in events]
        await self._inbox.accept(self._account(account), cursor, named, remember, adapter=self._name)

    async def cursor(self, account: str) -> str:
        """The last stored cursor of this account, '' at first."""
        return await self._inbox.cursor(self._account(account))

    async def is_own(self, room: RoomRef, event_id: str) -> bool:
        """Whether the mirror itself made this platform event."""
        return await self._inbox.is_own(self._room(room), event_id)

    def linked(self, room: RoomRef) -> bool:
        """Whether the configuration links this adapter's room to a group."""
        return self._inbox.linked(self._room(room))

    def _room(self, room: RoomRef) -> RoomRef:
        return RoomRef(self._name, room.room_id)

    def _account(self, account: str) -> str:
        return f"{self._name}/{account}"
