"""A whole bridge, its adapter in this test: people with wallets of their own sign through the view."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from bridge.model.adapter import AdapterHealth, Capabilities, InboundMessage, Inbox, Outgoing
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body
from bridge.model.view import GroupView, Key, MembershipStatus, News, SendUpdate, SigningRequest
from bridge.process import plugins, run
from bridge.settings import load
from tests.support.waiting import guard
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
voting = 20
commit = 2
[adapters.paper]
"""
T = TypeVar("T")
ROOM = RoomRef("paper", "r")
ALICE, WALLET = UserRef("paper", "alice"), Wallet("alice of the view")
BOB, BOBS = UserRef("paper", "bob"), Wallet("bob's own")


class Done(Exception):
    """The story is told."""


class Browser:
    """An adapter with one room and one person, who follows the story of the test."""

    platform = "paper"

    def __init__(self) -> None:
        self.view: GroupView
        self.inbox: Inbox
        self.shown: list[str] = []
        self.news: list[News] = []
        self.end: Exception | None = None
        self.banned: list[str] = []
        self._heard, self._said = asyncio.Event(), asyncio.Event()
        self._events = 0

    def attach_view(self, view: GroupView) -> None:
        self.view = view

    async def start(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.view.watch(self._listen)

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
        assert await self.view.open_account(ALICE, "Alice", WALLET.address) == WALLET.address
        await self.write("!join")
        request = await self.until(self.asked)
        assert (request.purpose, request.method) == ("bind", "personal_sign")
        message = bytes.fromhex(request.payload.removeprefix("0x"))
        await self.view.sign(ROOM, request.request_id, WALLET.sign(message))
        standing = await self.until(self.member)
        assert (standing.key, standing.address, standing.has_vote) == (Key.OWN, WALLET.address, True)
        group = await self.view.group(ROOM)
        assert group is not None
        own = next(member for member in group.members if member.address == WALLET.address)
        assert (own.name, own.key, own.accounts) == ("Alice", Key.OWN, (ALICE,))
        event = await self.write("hello")
        await self.until(lambda: self.sent(event))
        await self._another_account()
        raise Done("ends the bridge")

    async def _another_account(self) -> None:
        """Bob's account gets a wallet by the text that `!link` gives; a ban then holds for both wallets."""
        await self.write(f"!link 0x{BOBS.address.hex()}", BOB)
        text = (await self.answer("Bind this wallet to the paper account bob")).split("\n\n", 1)[1]
        await self.write(f"!link 0x{BOBS.sign(text.encode()).hex()}", BOB)
        await self.answer("stands behind your account")
        await self.write("!join", BOB)
        await self.answer("Your wallet is asked to sign")
        await self.until(lambda: self.signed(BOBS))
        await self.until(self.ballot)
        await self.write("!vote yes")
        await self.until(lambda: self.signed(WALLET))
        await self.until(lambda: self.member(BOB))
        await self.write("!link hosted", BOB)
        await self.answer("Leave the group first")
        await self.write(f"!ban 0x{BOBS.address.hex()}")
        await self.answer("You asked for a ban")
        await self.until(self.ballot)
        # Two members: it takes both, and Bob agrees.
        for user, wallet in ((ALICE, WALLET), (BOB, BOBS)):
            await self.write("!vote yes", user)
            await self.until(lambda wallet=wallet: self.signed(wallet))  # type: ignore[misc]
        await self.until(self.bob_is_out)
        assert self.banned == ["bob"]
        await self.write("!link hosted", BOB)
        await self.answer("banned from the group")

    async def answer(self, words: str) -> str:
        """Wait until the bridge has said this, for the first time since the last look."""
        while True:
            self._said.clear()
            for index, text in enumerate(self.shown):
                if words in text:
                    del self.shown[: index + 1]
                    return text
            await self._said.wait()

    async def signed(self, wallet: Wallet) -> bool:
        """Whether this wallet was asked something, and has signed it."""
        request = next(iter(await self.view.signings(ROOM, wallet.address)), None)
        if request is None:
            return False
        message = bytes.fromhex(request.payload.removeprefix("0x"))
        await self.view.sign(ROOM, request.request_id, wallet.sign(message))
        return True

    async def ballot(self) -> bool:
        group = await self.view.group(ROOM)
        return group is not None and group.ballot is not None

    async def bob_is_out(self) -> bool:
        return (await self.view.standing(ROOM, BOB)).is_banned and bool(self.banned)

    async def ban(self, room: RoomRef, user: UserRef, reason: str) -> None:
        self.banned.append(user.user_id)
        self._heard.set()

    async def unban(self, room: RoomRef, user: UserRef) -> None:
        raise AssertionError("nobody asked for it")

    async def asked(self) -> SigningRequest | None:
        return next(iter(await self.view.signings(ROOM, WALLET.address)), None)

    async def member(self, user: UserRef = ALICE) -> MembershipStatus | None:
        standing = await self.view.standing(ROOM, user)
        return standing if standing.is_member else None

    async def sent(self, event: str) -> bool:
        return any(
            isinstance(item, SendUpdate) and (item.event_id, item.fate) == (event, "sent") for item in self.news
        )

    async def write(self, text: str, user: UserRef = ALICE) -> str:
        """Somebody writes."""
        self._events += 1
        event = f"e{self._events}"
        author = Author(self.platform, user.user_id, user.user_id.capitalize())
        await self.inbox.accept(
            "a", event, [InboundMessage(event, ROOM, author, Body(text), int(time.time() * 1000))]
        )
        return event

    async def until(self, look: Callable[[], Awaitable[T | None]]) -> T:
        """Look again whenever the view tells of news: so it must."""
        while True:
            self._heard.clear()
            if found := await look():
                return found
            await self._heard.wait()

    async def send(self, message: Outgoing) -> str:
        self.shown.append(message.body.plain)
        self._said.set()
        return message.key

    async def stop(self) -> None:
        """Nothing to stop."""

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        return []

    def describe(self, room: RoomRef) -> Capabilities:
        return Capabilities(enforce=True)

    def health(self) -> AdapterHealth:
        return AdapterHealth("ok")


async def test_people_with_their_own_wallets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser()
    monkeypatch.setattr(plugins, "make_adapters", lambda _: {"paper": browser})
    path = tmp_path / "bridge.toml"
    path.write_text(CONFIG)
    async with guard():
        await run.run(load(path, env_file=None))
    assert isinstance(browser.end, Done), (browser.end, browser.shown)
