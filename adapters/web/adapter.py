"""The page as an adapter: what the mirror asks becomes rows, what people do goes to the inbox."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from socket import socket
from typing import Final, TypeVar

import structlog

from adapters.web import messages, sessions
from adapters.web.app import make_app
from adapters.web.config import WebConfig
from adapters.web.database import Database, Tx
from adapters.web.demo import demo_accounts
from adapters.web.errors import PageError, Unknown
from adapters.web.hub import Hub
from adapters.web.limits import Limits
from adapters.web.messages import WEB
from adapters.web.outbox import Outbox
from adapters.web.page import Page
from adapters.web.passwords import Passwords
from adapters.web.plugin import URL_FILE
from adapters.web.server import Server, listen
from adapters.web.wallets import WalletSignIn
from bridge.model.adapter import (
    AdapterHealth,
    Capabilities,
    Inbox,
    Outgoing,
    Rejected,
    RetryLater,
)
from bridge.model.ids import RoomRef, UserRef
from bridge.model.text import one_line
from bridge.model.view import GroupView

T = TypeVar("T")
CAPABILITIES: Final = Capabilities(
    edit=True, delete=True, react=True, reply=True, html=True, enforce=True, thread=True, ballot=True
)
GROUP_NAME: Final = "the group"
"""Who reacts when the mirror does: it does not say who it was."""
AGAIN: Final = 0.2
log = structlog.get_logger("web")


class WebAdapter:
    """See `bridge.model.adapter.Adapter` and `bridge.model.view.WantsView`.

    `passwords`, `limits` and `clock` are given by tests only.
    """

    platform = WEB

    def __init__(
        self,
        config: WebConfig,
        state_dir: Path,
        *,
        passwords: Callable[[], Passwords] = Passwords,
        limits: Callable[[], Limits] = Limits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config = config
        self._state_dir = state_dir
        self._make_passwords = passwords
        self._make_limits = limits
        self._clock = clock
        self._view: GroupView | None = None
        self._page: Page | None = None
        self._server: Server | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._unwatch: Callable[[], None] = lambda: None

    def attach_view(self, view: GroupView) -> None:
        """See `WantsView`."""
        self._view = view

    @property
    def url(self) -> str:
        """Where people find the page; '' while it does not run."""
        return "" if self._page is None else self._page.url

    # -- life ------------------------------------------------------------------------------------------------

    async def start(self, inbox: Inbox) -> None:
        """Bind the port and open the database. Raises Rejected with what to do."""
        if self._view is None:
            raise Rejected("the bridge gave the page no view")
        try:
            listener = listen(self._config.listen, self._config.port)
        except OSError as error:
            where = f"{self._config.listen}:{self._config.port}"
            text = f"cannot listen on {where} ({error.strerror}); stop what does, or set another port"
            raise Rejected(text) from error
        try:
            database = await Database.open(self._state_dir)
        except (OSError, sqlite3.Error) as error:
            listener.close()
            raise Rejected(f"cannot open the page's database in {self._state_dir}: {error}") from error
        try:
            await self._open(inbox, self._view, listener, database)
        except BaseException:
            listener.close()
            await database.close()
            raise

    async def _open(self, inbox: Inbox, view: GroupView, listener: socket, database: Database) -> None:
        config, port = self._config, int(listener.getsockname()[1])
        passwords = self._make_passwords()
        await passwords.prepare()
        page = Page(
            config=config,
            port=port,
            url=config.url(port),
            database=database,
            view=view,
            inbox=inbox,
            hub=Hub(database, view),
            outbox=Outbox(database, inbox),
            limits=self._make_limits(),
            passwords=passwords,
            wallets=WalletSignIn(self._clock),
            clock=self._clock,
            test_accounts=await demo_accounts(database, passwords, config.demo_accounts, self._clock()),
        )
        await database.do(lambda tx: _open_rooms(tx, config.rooms))
        await asyncio.to_thread(_write_url, self._state_dir / URL_FILE, page.url)
        self._page = page
        self._server = Server(make_app(page), listener)
        self._unwatch = page.hub.watch()
        for room in set(config.rooms) - set(page.rooms()):
            log.warning("this room of the page is linked to no group", room=room)
        log.info("the page is open", url=page.url, listens=page.listens)

    async def run(self) -> None:
        """Serve until cancelled; `stop` then closes in order."""
        assert self._page is not None, "start() comes first"
        assert self._server is not None
        self._tasks = [
            self._server.start(),
            asyncio.create_task(self._page.outbox.run()),
            asyncio.create_task(self._page.hub.run()),
        ]
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        raise Rejected("the page's server ended")

    async def stop(self) -> None:
        """Say goodbye to browsers (1001), answer what was asked, close. Idempotent."""
        page, server = self._page, self._server
        if page is None or server is None:
            return
        self._page, self._server = None, None
        self._unwatch()
        server.refuse()
        await page.hub.close()
        await server.stop()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        await page.passwords.close()
        await page.database.close()
        await asyncio.to_thread(_remove, self._state_dir / URL_FILE)

    # -- from the mirror -------------------------------------------------------------------------------------

    def describe(self, room: RoomRef) -> Capabilities:
        """All there is."""
        return CAPABILITIES

    async def send(self, message: Outgoing) -> str:
        """Show it; the event's id is made from the key."""
        return await self._do(message.room, lambda tx: messages.show(tx, message))

    async def edit(self, message: Outgoing, event_id: str) -> str:
        """Replace the text of `event_id`."""
        return await self._do(message.room, lambda tx: messages.correct(tx, message, event_id))

    async def delete(self, room: RoomRef, event_id: str, key: str, reason: str) -> None:
        """Empty a message, or take a reaction back."""

        def work(tx: Tx) -> None:
            if not messages.unreact(tx, event_id):
                messages.erase(tx, event_id)

        await self._do(room, work)

    async def react(self, room: RoomRef, event_id: str, reaction: str, key: str) -> str:
        """Add a reaction by the group; an equal one is found again."""
        sign = one_line(reaction, 64)
        own = messages.shown_id(f"react {event_id} {sign}")

        def work(tx: Tx) -> str:
            if tx.execute("SELECT 1 FROM messages WHERE id = ?", (event_id,)).fetchone() is None:
                raise Unknown("the page does not keep this message any more")
            return messages.react(tx, own, event_id, sign, "", GROUP_NAME)

        return await self._do(room, work)

    async def ban(self, room: RoomRef, user: UserRef, reason: str) -> None:
        """Sign them out and say why; when they come again they see that they are out, and nothing new."""

        def work(tx: Tx) -> bool:
            new = messages.ban(tx, room.room_id, user.user_id, reason)
            if new:
                sessions.end_all(tx, user.user_id)
            return new

        if await self._do(room, work) and self._page is not None:
            why = f" Reason: {one_line(reason, 300)}" if reason else ""
            self._page.hub.expel(user.user_id, f"You are banned from {room.room_id}.{why}")

    async def unban(self, room: RoomRef, user: UserRef) -> None:
        """They may read and write again, also what was said meanwhile."""
        await self._do(room, lambda tx: messages.unban(tx, room.room_id, user.user_id))
        if self._page is not None:
            self._page.hub.readmit(user.user_id)

    async def _do(self, room: RoomRef, work: Callable[[Tx], T]) -> T:
        """One transaction, then tell the browsers. Raises RetryLater, Rejected."""
        page = self._page
        if page is None:
            raise RetryLater("the page is not running", after=AGAIN)
        if room.room_id not in page.config.rooms:
            raise Rejected(f'add "{room.room_id}" to rooms in [adapters.web]')
        try:
            result = await page.database.do(work)
        except PageError as error:
            raise Rejected(str(error)) from error
        except (sqlite3.OperationalError, RuntimeError) as error:
            # The disk is full, or the page is just being closed.
            raise RetryLater(f"the page's database: {error}", after=AGAIN) from error
        except sqlite3.Error as error:
            raise Rejected(f"the page's database: {error}") from error
        page.hub.changed(room.room_id)
        return result

    # -- state -----------------------------------------------------------------------------------------------

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        """Whether the port is free (or this page has it) and all rooms are known."""
        problems = [
            f'[[groups]] names the room "{room.room_id}": add it to rooms in [adapters.web]'
            for room in rooms
            if room.room_id not in self._config.rooms
        ]
        running = await asyncio.to_thread((self._state_dir / URL_FILE).exists)
        if self._page is None and not running:
            try:
                listen(self._config.listen, self._config.port).close()
            except OSError as error:
                where = f"{self._config.listen}:{self._config.port}"
                problems.append(f"cannot listen on {where} ({error.strerror}): set another port")
        return problems

    def health(self) -> AdapterHealth:
        """Where the page is and how many look at it."""
        page = self._page
        if page is None:
            return AdapterHealth("down", "not running")
        detail = f"{page.url}, {len(page.hub)} connected, {page.listens}"
        if page.refused:
            detail += f", {page.refused.total()} frames refused"
        if page.outbox.stuck:
            return AdapterHealth("degraded", f"{detail}; messages wait for the bridge ({page.outbox.stuck})")
        return AdapterHealth("ok", detail)


def _open_rooms(tx: Tx, rooms: Sequence[str]) -> None:
    for room in rooms:
        messages.open_room(tx, room)


def _write_url(path: Path, url: str) -> None:
    path.write_text(f"{url}\n", "utf-8")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
