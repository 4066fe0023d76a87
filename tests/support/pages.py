"""A running page: real loopback sockets, a view in memory, cheap password hashing, a clock to move."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

import argon2
import pytest

from adapters.web.accounts import invite
from adapters.web.adapter import WebAdapter
from adapters.web.config import WebConfig
from adapters.web.database import connect, transact
from adapters.web.limits import Limits
from adapters.web.passwords import Passwords
from bridge.model.ids import RoomRef
from tests.support.memory_inbox import MemoryInbox
from tests.support.page_browser import Browser, Tab
from tests.support.page_view import MemoryView

ROOM = RoomRef("web", "lobby")
PASSWORD = "correct horse battery"


class Clock:
    """Unix seconds and monotonic seconds in one, moved by hand."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def cheap() -> Passwords:
    """Argon2 at its cheapest."""
    return Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def server_log(caplog: pytest.LogCaptureFixture) -> str:
    """All log lines but those of the tests' own clients, which share the process."""
    clients = ("websockets.client", "httpx", "httpcore")
    return "\n".join(each.getMessage() for each in caplog.records if not each.name.startswith(clients))


class RunningPage:
    """One page; `stop` and `start` keep the port and the state folder."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.settings = {"port": 0, **settings}
        self.inbox = MemoryInbox([ROOM])
        self.view = MemoryView(ROOM)
        self.clock = Clock()
        self.adapter: WebAdapter
        self.run: asyncio.Task[None]
        self.closing = contextlib.ExitStack()
        self._open: list[Browser | Tab] = []

    @property
    def url(self) -> str:
        return self.adapter.url

    async def start(self, inbox: Any = None) -> None:
        config = WebConfig.model_validate(self.settings)
        self.adapter = WebAdapter(
            config, self.folder, passwords=cheap, limits=lambda: Limits(self.clock), clock=self.clock
        )
        self.adapter.attach_view(self.view)
        await self.adapter.start(inbox or self.inbox)
        self.settings["port"] = int(self.adapter.url.rpartition(":")[2])
        self.run = asyncio.create_task(self.adapter.run())

    async def stop(self) -> None:
        self.run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.run
        await self.adapter.stop()

    async def close(self) -> None:
        self.closing.close()
        for each in self._open:
            await each.close()
        await self.stop()

    def invitation(self, name: str = "", *, operator: bool = False) -> str:
        connection = connect(self.folder)
        try:
            now = self.clock()
            return transact(connection, lambda tx: invite(tx, name, operator=operator, now=now))
        finally:
            connection.close()

    def browser(self) -> Browser:
        made = Browser(self.url)
        self._open.append(made)
        return made

    async def person(self, name: str, *, operator: bool = False) -> Browser:
        """A browser signed in to a new hosted account."""
        browser = self.browser()
        await browser.session()
        body = {"token": self.invitation(name, operator=operator), "name": name, "password": PASSWORD}
        answer = await browser.post("/api/invitation", body)
        assert answer.status_code == 200, answer.text
        return browser

    def tab(self, browser: Browser) -> Tab:
        """Opened on the page; connects again after every loss."""
        last = [self.url]

        def url() -> str:
            last[0] = self.adapter.url or last[0]
            return last[0]

        made = Tab(url, browser.cookie)
        self._open.insert(0, made)
        return made
