"""The tests' own consumer of an adapter: keeps what was handed over, as a store would."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bridge.model.adapter import (
    Inbound,
    InboundBan,
    InboundCommand,
    InboundDelete,
    InboundMessage,
    InboundReaction,
)
from bridge.model.adapter_store import Change
from bridge.model.ids import RoomRef
from tests.support.memory_store import MemoryStore
from tests.support.waiting import guard


class MemoryInbox:
    """Implements `bridge.model.adapter.Inbox`. `links` may be changed at any time."""

    def __init__(self, links: Sequence[RoomRef] = ()) -> None:
        self.links = set(links)
        self.events: list[Inbound] = []
        self.cursors: dict[str, str] = {}
        self.own: set[str] = set()
        self.store = MemoryStore()
        """Of the one adapter that uses this inbox."""
        self.repeats = 0
        """Events that were handed over again (a store would drop them)."""
        self._known: set[str] = set()
        self._changed = asyncio.Condition()

    async def accept(
        self,
        account: str,
        cursor: str,
        events: Sequence[Inbound],
        remember: Change | None = None,
        *,
        adapter: str = "",
    ) -> None:
        async with self._changed:
            if remember is not None:
                await self.store.write(remember)
            for event in events:
                if event.event_id in self._known:
                    self.repeats += 1
                else:
                    self._known.add(event.event_id)
                    self.events.append(event)
            self.cursors[account] = cursor
            self._changed.notify_all()

    async def cursor(self, account: str) -> str:
        return self.cursors.get(account, "")

    async def is_own(self, room: RoomRef, event_id: str) -> bool:
        return event_id in self.own

    def linked(self, room: RoomRef) -> bool:
        return room in self.links

    @property
    def messages(self) -> list[InboundMessage]:
        return [event for event in self.events if isinstance(event, InboundMessage)]

    @property
    def commands(self) -> list[InboundCommand]:
        return [event for event in self.events if isinstance(event, InboundCommand)]

    @property
    def texts(self) -> list[str]:
        return [message.body.plain for message in self.messages]

    @property
    def deletes(self) -> list[InboundDelete]:
        return [event for event in self.events if isinstance(event, InboundDelete)]

    @property
    def reactions(self) -> list[InboundReaction]:
        return [event for event in self.events if isinstance(event, InboundReaction)]

    @property
    def bans(self) -> list[InboundBan]:
        return [event for event in self.events if isinstance(event, InboundBan)]

    async def wait_for(self, count: int) -> None:
        """Until `count` events were handed over in all (guarded, so that a failure does not hang)."""
        async with guard(), self._changed:
            await self._changed.wait_for(lambda: len(self.events) >= count)

    async def wait_for_text(self, text: str) -> InboundMessage:
        """Until a message with exactly this text came; returns it."""
        async with guard(), self._changed:
            await self._changed.wait_for(lambda: text in self.texts)
        return next(message for message in self.messages if message.body.plain == text)

    async def wait_for_delete(self, target_event: str) -> None:
        """Until the deletion of this message came."""
        async with guard(), self._changed:
            await self._changed.wait_for(lambda: target_event in {each.target_event for each in self.deletes})
