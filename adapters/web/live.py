"""The WebSocket /live: one task reads what the browser asks, one writes what it has not seen yet.

What can be read again (messages, group, results, standing) is only marked and read when the browser can take
it, so a slow one gets fewer, newer frames. The rest waits in a bounded queue; when that is full the socket is
closed with 1013 and the browser resumes by revision.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Final

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from adapters.web import history, messages, views
from adapters.web.addresses import unhexed
from adapters.web.errors import BadRequest, Forbidden, NotSignedIn, PageError, TooLarge, TooMany
from adapters.web.frames import page as frames
from adapters.web.frames.bounds import read
from adapters.web.frames.browser import FRAMES, REFS, FromBrowser, Hello, Sign
from adapters.web.hub import UNAUTHORISED
from adapters.web.page import Page
from adapters.web.sessions import Session
from adapters.web.speaking import act
from bridge.model.ids import RoomRef, UserRef
from bridge.model.notices import StateChanged
from bridge.model.text import one_line
from bridge.model.view import News, SigningRequest, ViewError

MAX_QUEUE: Final = 200
"""Frames that wait for a slow browser."""
SEND_LIMIT: Final = 20.0
"""Seconds a browser may take for one frame."""
MAX_FAULTS: Final = 20
"""Malformed frames after which a socket is closed."""
RESULTS: Final = 50
WRONG: Final = 1008
TRY_AGAIN: Final = 1013
FAILED: Final = 1011
log = structlog.get_logger("web.live")


async def serve(page: Page, socket: WebSocket, session: Session) -> None:
    """Serve an accepted socket until it is closed."""
    live = Live(page, socket, session)
    try:
        page.hub.add(live)
    except TooMany as error:
        await socket.send_text(frames.encoded(frames.Bye(str(error))))
        await socket.close(TRY_AGAIN)
        return
    reader = asyncio.create_task(live.read())
    try:
        await live.write()
    finally:
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reader
        page.hub.remove(live)
        live.closed.set()


class Live:
    """One browser tab; a `hub.Follower`."""

    def __init__(self, page: Page, socket: WebSocket, session: Session) -> None:
        self.user_id = session.account.user_id
        self.session = session.key
        self.room = ""
        self.closed = asyncio.Event()
        self._page = page
        self._socket = socket
        self._expires_at = session.expires_at
        self._account = session.account
        self._address = b""
        self._after = 0
        self._marked: set[str] = set()
        self._queue: deque[frames.FromPage] = deque()
        self._wake = asyncio.Event()
        self._end: tuple[int, str] | None = None
        self._faults = 0
        self._out = True
        """Whether they are banned from the room; until that is known, they learn nothing of the group."""

    # -- hub.Follower ----------------------------------------------------------------------------------------

    def mark(self, *what: str) -> None:
        """See `hub.Follower`."""
        self._marked.update(what)
        self._wake.set()

    def news(self, items: Sequence[News]) -> None:
        """Every transition is told, so that short states are seen too."""
        now_ms = int(self._page.clock() * 1000)
        for item in items:
            if isinstance(item, StateChanged) and not self._out:
                self._put(views.transition(item, now_ms))

    def end(self, code: int, text: str = "") -> None:
        """The first reason counts."""
        self._end = self._end or (code, text)
        self._wake.set()

    async def ended(self) -> None:
        """See `hub.Follower`."""
        await self.closed.wait()

    def _put(self, frame: frames.FromPage) -> None:
        if len(self._queue) >= MAX_QUEUE:
            self.end(TRY_AGAIN, "Your connection is too slow; the page connects again by itself.")
            return
        self._queue.append(frame)
        self._wake.set()

    # -- from the browser ------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Take frames until the socket is closed."""
        try:
            while True:
                await self._take(await self._socket.receive_text())
        except (WebSocketDisconnect, KeyError, RuntimeError):
            self.end(1000)  # gone, or it sent bytes
        except Exception:
            # One socket's fault must neither end the page nor hang its writer.
            log.exception("a socket failed")
            self.end(FAILED, "Something went wrong here; the page connects again by itself.")

    async def _take(self, data: str) -> None:
        """One frame: decoded within its bounds, done, and answered."""
        try:
            self._page.limits.frame.take(f"{self.user_id} {self.session.hex()}")
            frame = read(FRAMES, data)
        except PageError as error:
            self._refused(_ref(data), error)
            return
        ref = "" if isinstance(frame, Hello) else frame.ref
        try:
            await self._do(frame)
        except (PageError, ViewError) as error:
            self._refused(ref, error)
        else:
            if ref:
                self._put(frames.Done(ref))

    def _refused(self, ref: str, error: PageError | ViewError) -> None:
        """Say so, count it, and close the socket on who is signed out or keeps sending nonsense."""
        if isinstance(error, NotSignedIn):
            self.end(UNAUTHORISED, str(error))
            return
        code = error.code if isinstance(error, PageError) else "view"
        self._page.refused[code] += 1
        self._put(frames.Refused(ref, code, str(error)))
        if isinstance(error, BadRequest | TooLarge):
            self._faults += 1
            if self._faults > MAX_FAULTS:
                self.end(WRONG, "This page sends what the bridge does not understand.")

    async def _do(self, frame: FromBrowser) -> None:
        if self._page.clock() >= self._expires_at:
            raise NotSignedIn("Your session is over. Please sign in again.")
        if isinstance(frame, Hello):
            await self._hello(frame)
        elif not self.room:
            raise BadRequest("hello comes first.")
        elif isinstance(frame, Sign):
            await self._sign(frame)
        else:
            await act(self._page, self.user_id, self.session, self.room, frame)

    async def _hello(self, frame: Hello) -> None:
        self._page.room(frame.room)
        # Without an account a person may still look; `me` shows that they have no address.
        with contextlib.suppress(PageError):
            self._account = await self._page.with_address(self._account)
            self._address = unhexed(self._account.address)
        self.room, self._after, self._out = frame.room, frame.after, True
        self._marked.clear()
        self.mark("hello", "group", "results", "me")

    async def _sign(self, frame: Sign) -> None:
        self._page.limits.say.take(self.user_id)
        if self._account.kind != "wallet":
            raise Forbidden("The bridge holds this wallet and signs for you.")
        ref = RoomRef(messages.WEB, self.room)
        mine = {each.request_id for each in await self._page.view.signings(ref, self._address)}
        if frame.request not in mine:
            raise Forbidden("This is not asked of you any more.")
        await self._page.view.sign(ref, frame.request, unhexed(frame.signature))
        self.mark("me", "group")

    # -- to the browser --------------------------------------------------------------------------------------

    async def write(self) -> None:
        """Send until there is a reason to close, then close."""
        try:
            while self._end is None:
                await self._wait()
                self._wake.clear()
                while self._end is None and (self._queue or self._marked):
                    await self._write_some()
            await self._goodbye(*self._end)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the browser is gone
        except TimeoutError:
            await self._goodbye(TRY_AGAIN, "")
        except Exception:
            log.exception("a socket failed")
            await self._goodbye(FAILED, "Something went wrong here; the page connects again by itself.")

    async def _wait(self) -> None:
        """Until something is to be done; the session's end is something."""
        left = self._expires_at - self._page.clock()
        try:
            async with asyncio.timeout(max(0.0, min(left, 86_400.0))):
                await self._wake.wait()
        except TimeoutError:
            if self._page.clock() >= self._expires_at:
                self.end(UNAUTHORISED, "Your session is over. Please sign in again.")

    async def _write_some(self) -> None:
        """What waits, then a bit of what is marked; in an order in which a browser can show it."""
        while self._queue and "hello" not in self._marked:
            await self._send(self._queue.popleft())
        marked = self._marked
        if marked & {"hello", "messages"}:
            await self._messages()
        if "me" in marked:
            marked.discard("me")
            await self._me()
        if self._out:
            marked -= {"group", "results"}
        if "group" in marked:
            marked.discard("group")
            await self._group()
        if "results" in marked:
            marked.discard("results")
            await self._results()

    async def _messages(self) -> None:
        """One page of what changed. The mark goes first: what changes from now on marks it again."""
        hello = "hello" in self._marked
        self._marked -= {"hello", "messages"}
        room, viewer, after = self.room, self.user_id, self._after
        changes = await self._page.database.do(lambda tx: history.since(tx, room, viewer, after))
        if room != self.room or "hello" in self._marked:
            return  # another hello came meanwhile
        if hello or changes.reset:
            await self._send(frames.Welcome(room, changes.revision, changes.reset))
        if changes.messages:
            await self._send(frames.Messages(changes.messages, changes.revision))
        if "hello" not in self._marked:
            self._after = changes.revision
            if changes.more:
                self.mark("messages")

    async def _me(self) -> None:
        ref = RoomRef(messages.WEB, self.room)
        viewer, room = self.user_id, self.room
        out = await self._page.database.do(lambda tx: messages.banned(tx, room, viewer))
        self._out = out is not None
        standing = await self._page.view.standing(ref, UserRef(messages.WEB, self.user_id))
        asked: list[SigningRequest] = []
        if self._account.kind == "wallet" and self._address:
            asked = list(await self._page.view.signings(ref, self._address))
        await self._send(views.me_frame(standing, asked, is_out=out is not None))

    async def _group(self) -> None:
        group = await self._page.hub.group(self.room)
        if group is not None:
            await self._send(views.group_frame(group, self._address, self._page.clock()))

    async def _results(self) -> None:
        found = await self._page.view.results(RoomRef(messages.WEB, self.room), RESULTS)
        await self._send(views.results_frame(found))

    async def _send(self, frame: frames.FromPage) -> None:
        async with asyncio.timeout(SEND_LIMIT):
            await self._socket.send_text(frames.encoded(frame))

    async def _goodbye(self, code: int, text: str) -> None:
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(1.0):
                if text and self.room and code == UNAUTHORISED:
                    await self._me()
                if text:
                    await self._send(frames.Bye(text))
                await self._socket.close(code)


def _ref(data: str) -> str:
    """The ref of a frame that was refused, if it has one, so that the browser knows what it was."""
    with contextlib.suppress(PageError):
        return one_line(read(REFS, data).ref, 64)
    return ""
