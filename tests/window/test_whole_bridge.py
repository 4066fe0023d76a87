"""A whole bridge, its adapter in this test: a person comes with his own wallet and signs through the window."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from bridge import app
from bridge.model.adapter import AdapterHealth, Capabilities, InboundMessage, Inbox, Outgoing
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body
from bridge.model.window import Key, News, OwnMessage, SigningRequest, Standing, Window
from bridge.settings import load
from tests.support.wallets import Wallet

CONFIG = """
name = "b1"
[waku]
node_port = 0
[[groups]]
name = "lobby"
create = true
rooms = [{ platform = "paper", room = "r" }]
[groups.timing]
steward_epoch = 1
waiting = 1
voting = 5
commit = 2
[adapters.paper]
"""
T = TypeVar("T")
ROOM = RoomRef("paper", "r")
ALICE, WALLET = UserRef("paper", "alice"), Wallet("alice of the window")


class Done(Exception):
    """The story is told."""


class Browser:
    """An adapter with one room and one person, who follows the story of the test."""

    platform = "paper"

    def __init__(self) -> None:
        self.window: Window
        self.inbox: Inbox
        self.shown: list[str] = []
        self.news: list[News] = []
        self.end: Exception | None = None
        self._heard = asyncio.Event()
        self._events = 0

    def look(self, window: Window) -> None:
        self.window = window

    async def start(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.window.watch(self._listen)

    def _listen(self, room: RoomRef, news: Sequence[News]) -> None:
        assert room == ROOM
        self.news += news
        self._heard.set()

    async def run(self) -> None:
        try:
            await self._story()
        except Exception as error:
            self.end = error
            raise

    async def _story(self) -> None:
        assert await self.window.open_account(ALICE, "Alice", WALLET.address) == WALLET.address
        await self.write("!join")
        request = await self.until(self.asked)
        assert (request.purpose, request.method) == ("bind", "personal_sign")
        message = bytes.fromhex(request.payload.removeprefix("0x"))
        await self.window.sign(ROOM, request.request_id, WALLET.sign(message))
        standing = await self.until(self.member)
        assert (standing.key, standing.address, standing.has_vote) == (Key.OWN, WALLET.address, True)
        group = await self.window.group(ROOM)
        assert group is not None
        own = next(member for member in group.members if member.address == WALLET.address)
        assert (own.name, own.key, own.accounts) == ("Alice", Key.OWN, (ALICE,))
        event = await self.write("hello")
        await self.until(lambda: self.sent(event))
        raise Done("ends the bridge")

    async def asked(self) -> SigningRequest | None:
        return next(iter(await self.window.signings(ROOM, WALLET.address)), None)

    async def member(self) -> Standing | None:
        standing = await self.window.standing(ROOM, ALICE)
        return standing if standing.is_member else None

    async def sent(self, event: str) -> bool:
        return any(
            isinstance(item, OwnMessage) and (item.event_id, item.fate) == (event, "sent") for item in self.news
        )

    async def write(self, text: str) -> str:
        """Alice writes."""
        self._events += 1
        event = f"e{self._events}"
        author = Author(self.platform, ALICE.user_id, "Alice")
        await self.inbox.accept("a", event, [InboundMessage(event, ROOM, author, Body(text), 1)])
        return event

    async def until(self, look: Callable[[], Awaitable[T]]) -> T:
        """Look again whenever the window tells of news: so it must."""
        while True:
            self._heard.clear()
            if found := await look():
                return found
            await self._heard.wait()

    async def send(self, message: Outgoing) -> str:
        self.shown.append(message.body.plain)
        return message.key

    async def stop(self) -> None:
        """Nothing to stop."""

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        return []

    def describe(self, room: RoomRef) -> Capabilities:
        return Capabilities()

    def health(self) -> AdapterHealth:
        return AdapterHealth("ok")


async def test_a_person_with_his_own_wallet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser()
    monkeypatch.setattr(app.plugins, "make_adapters", lambda _: {"paper": browser})
    path = tmp_path / "bridge.toml"
    path.write_text(CONFIG)
    async with asyncio.timeout(120):
        await app.run(load(path, env_file=None))
    assert isinstance(browser.end, Done), (browser.end, browser.shown)
