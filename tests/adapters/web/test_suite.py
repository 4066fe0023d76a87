"""The shared adapter behaviour on the page, seen from real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bridge.model.ids import UserRef
from tests.adapters.suite import AdapterSuite, Shown
from tests.support.page_browser import Browser, Refused, Tab
from tests.support.pages import PASSWORD, ROOM, RunningPage


class PageArena:
    """See `tests.adapters.suite.Arena`. The server is the adapter itself, so killing it is stopping it."""

    room = ROOM

    def __init__(self, folder: Path) -> None:
        self.page = RunningPage(folder)
        self.inbox = self.page.inbox
        self.alice: UserRef
        self.victim: UserRef
        self._tab: Tab
        self._down = False

    @property
    def adapter(self):  # type: ignore[no-untyped-def]
        return self.page.adapter

    async def open(self) -> None:
        await self.page.start()
        alice, self._victor = await self.page.person("Alice"), await self.page.person("Victor")
        self.alice = UserRef("web", (await alice.session())["user"]["user_id"])
        self.victim = UserRef("web", (await self._victor.session())["user"]["user_id"])
        self._tab = self.page.tab(alice)

    async def say(self, text: str) -> str:
        if self._down:  # they type on; their page sends it when it is connected again
            return self._tab.enqueue("say", text=text)
        return await self._tab.ask("say", text=text)

    async def say_at_once(self, texts: Sequence[str]) -> None:
        await asyncio.gather(*(self.say(text) for text in texts))

    async def edit(self, event_id: str, text: str) -> None:
        await self._tab.ask("edit", id=event_id, text=text)

    async def delete(self, event_id: str) -> None:
        await self._tab.ask("delete", id=event_id)

    async def react(self, event_id: str, key: str) -> None:
        await self._tab.ask("react", id=event_id, key=key)

    async def _fresh(self) -> Tab:
        """What a reload shows."""
        tab = self.page.tab(self._alice_browser())
        await tab.until(lambda: any(frame["type"] == "me" for frame in tab.frames))
        await tab.close()
        return tab

    def _alice_browser(self) -> Browser:
        return next(each for each in self.page._open if isinstance(each, Browser))

    async def read(self) -> list[Shown]:
        shown = (await self._fresh()).shown()
        return [Shown(each["id"], _seen(each)) for each in shown if not each["author"]["me"]]

    async def reactions(self, event_id: str) -> list[str]:
        message = (await self._fresh()).messages[event_id]
        return [each["key"] for each in message["reactions"] for _ in range(each["count"])]

    async def is_in_room(self, user: UserRef) -> bool:
        return await self.try_to_join(user)

    async def try_to_join(self, user: UserRef) -> bool:
        assert user == self.victim
        answer = await self._victor.sign_in("Victor", PASSWORD)
        assert answer.status_code == 200, answer.text
        tab = self.page.tab(self._victor)
        try:
            await tab.until(lambda: any(frame["type"] == "me" for frame in tab.frames))
            out = tab.last("me")["standing"]["is_banned"]
            try:
                await tab.ask("say", text="am I in?")
            except Refused:
                assert out
                return False
            assert not out
            return True
        finally:
            await tab.close()

    async def kill_server(self) -> None:
        await self.page.stop()

    async def start_server(self) -> None:
        await self.page.start()

    async def stop_adapter(self) -> None:
        self._down = True
        await self.page.stop()

    async def start_adapter(self) -> None:
        await self.page.start()
        self._down = False
        await self._tab.until(lambda: not self._tab._outbox)


def _seen(message: dict[str, object]) -> str:
    """As the page draws it."""
    if message["deleted"]:
        return ""
    author = message["author"]
    assert isinstance(author, dict)
    return f"{author['name']}: {message['text']}" + (" (waiting)" if message["status"] == "waiting" else "")


@pytest.fixture
async def arena(tmp_path: Path) -> AsyncIterator[PageArena]:
    """Alice and Victor on a fresh page."""
    made = PageArena(tmp_path / "web")
    await made.open()
    try:
        yield made
    finally:
        await made.page.close()


class TestPage(AdapterSuite):
    """All of the suite, with the arena of this file."""
