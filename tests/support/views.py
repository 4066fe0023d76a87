"""A view on a scripted group: real store, mirror and book."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bridge.identity.book import AddressBook
from bridge.identity.linking import Linking
from bridge.identity.master import Master
from bridge.model.ids import RoomRef
from bridge.model.notices import Notice
from bridge.model.view import News as Item
from bridge.model.view import SendUpdate
from bridge.rooms.commands.linker import Linker
from bridge.rooms.commands.sentences import say
from bridge.rooms.view.files import Files
from bridge.rooms.view.group_view import Around, PlatformView
from bridge.rooms.view.news import News
from bridge.storage.store import Tx
from tests.support.mirrors import GROUP, PLATFORM, ROOM_A, ROOM_B, Bench, ScriptedGroup

LINKS = {ROOM_A: GROUP, ROOM_B: GROUP}


class Said(msgspec.Struct):
    """A report of a process that is not there."""

    words: dict[str, int]


async def report() -> Said:
    """The report."""
    return Said({"all is well": 1})


@dataclass
class Heard:
    """A listener that remembers. Each call is (room, items)."""

    calls: list[tuple[RoomRef, tuple[Item, ...]]] = field(default_factory=list)

    def __call__(self, room: RoomRef, items: Sequence[Item]) -> None:
        self.calls.append((room, tuple(items)))

    def items(self, room: RoomRef) -> list[Item]:
        """All items of one room, in order."""
        return [item for place, items in self.calls if place == room for item in items]

    def own(self, room: RoomRef) -> list[tuple[str, str, str]]:
        """(event, fate, reason) of what became of messages written there."""
        found = [item for item in self.items(room) if isinstance(item, SendUpdate)]
        return [(item.event_id, item.fate.value, item.reason) for item in found]


@dataclass
class Outlook:
    """Everything that a view looks at, and the view of the platform `paper`."""

    bench: Bench
    book: AddressBook
    news: News
    view: PlatformView
    _task: asyncio.Task[None]

    @classmethod
    async def open(cls, path: Path, adapters: dict[str, Any] | None = None) -> Outlook:
        """Start mirror and news on a new database."""
        bench = await Bench(path).open()
        book = AddressBook(bench.store, await Master.load(bench.store))
        news = News(bench.store, bench.mirror, bench.groups, LINKS, look_every=0.01)
        bench.group = ScriptedGroup(bench.store, news)  # type: ignore[arg-type]  # a fanout, as a mirror is
        bench.groups.put(bench.group)
        linking = Linking("bench", lambda: "")
        linker = Linker(linking, book, lambda: [bench.group.status()], say)
        around = Around(bench.store, book, LINKS, bench.groups, Files(adapters or {}), news, report, linker)
        return cls(bench, book, news, PlatformView(PLATFORM, PLATFORM, around), asyncio.create_task(news.run()))

    @property
    def group(self) -> ScriptedGroup:
        """The group."""
        return self.bench.group

    async def close(self) -> None:
        """Stop everything. Raises what made the news end."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self.bench.crash()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it."""
        await self.bench.until(condition)

    async def tell(self, *notices: Notice) -> None:
        """The group says this, in one transaction."""
        await self.group.tell(*notices)

    async def store(self, work: Callable[[Tx], object]) -> None:
        """Write to the database."""
        await self.bench.store.write(work)
