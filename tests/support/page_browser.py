"""A browser on the page: cookies, CSRF token, and the live socket with an outbox that resends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.waiting import guard

Frame = dict[str, Any]


class Refused(Exception):
    """The page said no to a frame."""


class Browser:
    """One person's browser at one page. `url` may change: the page was started again on another port."""

    def __init__(self, url: str) -> None:
        self.http = httpx.AsyncClient(base_url=url, trust_env=False)
        self.url = url
        self.csrf = ""

    async def close(self) -> None:
        await self.http.aclose()

    async def session(self) -> Frame:
        answer = await self.http.get("/api/session")
        assert answer.status_code == 200, answer.text
        self.csrf = answer.json()["csrf"]
        return dict(answer.json())

    async def post(self, path: str, body: Frame, **headers: str) -> httpx.Response:
        """With the right CSRF token and origin unless `headers` says otherwise (`_` stands for `-`)."""
        sent = {"origin": self.url, "x-csrf-token": self.csrf}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        answer = await self.http.post(path, json=body, headers={k: v for k, v in sent.items() if v})
        if answer.status_code == 200 and "csrf" in answer.json():
            self.csrf = answer.json()["csrf"]
        return answer

    async def sign_in(self, name: str, password: str) -> httpx.Response:
        await self.session()
        return await self.post("/api/sign-in", {"name": name, "password": password})

    def cookie(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)

    async def open(self, path: str = "/live", **headers: str) -> ClientConnection:
        sent = {"cookie": self.cookie(), **headers}
        origin = sent.pop("origin", self.url)
        url = f"ws{self.url.removeprefix('http')}{path}"
        return await connect(url, origin=origin or None, additional_headers=sent, proxy=None)  # type: ignore[arg-type]


class Tab:
    """An open page: what it has seen, and what it still has to say. Reconnects until it is closed."""

    def __init__(self, url: Callable[[], str], cookie: Callable[[], str], room: str = "lobby") -> None:
        self._url, self._cookie, self._room = url, cookie, room
        self.messages: dict[str, Frame] = {}
        self.frames: list[Frame] = []
        self.revision = 0
        self.codes: list[int] = []
        self._outbox: dict[str, Frame] = {}
        self._answers: dict[str, asyncio.Future[None]] = {}
        self._socket: ClientConnection | None = None
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def enqueue(self, kind: str, **fields: Any) -> str:
        """Put it into the outbox; returns the ref. Sent now and again after each reconnection until done."""
        ref = str(uuid.uuid4())
        self._outbox[ref] = {"type": kind, "ref": ref, **fields}
        return ref

    async def ask(self, kind: str, **fields: Any) -> str:
        """Returns the ref when the page says done. Raises Refused."""
        ref = self.enqueue(kind, **fields)
        answer = self._answers[ref] = asyncio.get_running_loop().create_future()
        await self._send(self._outbox[ref])
        async with guard():
            await answer
        return ref

    async def raw(self, frame: Frame) -> None:
        """Send a frame as it is, once, as soon as there is a connection."""
        await self.until(lambda: self._socket is not None)
        await self._send(frame)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with guard():
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def shown(self) -> list[Frame]:
        return sorted(self.messages.values(), key=lambda each: int(each["position"]))

    def last(self, kind: str) -> Frame:
        return next(frame for frame in reversed(self.frames) if frame["type"] == kind)

    async def _send(self, frame: Frame) -> None:
        with contextlib.suppress(ConnectionClosed):
            if self._socket is not None:
                await self._socket.send(json.dumps(frame))

    async def _run(self) -> None:
        while True:
            try:
                url = f"ws{self._url().removeprefix('http')}/live"
                headers = {"cookie": self._cookie()}
                async with connect(url, origin=self._url(), additional_headers=headers, proxy=None) as socket:  # type: ignore[arg-type]
                    await self._talk(socket)
            except (OSError, ConnectionClosed, InvalidStatus, EOFError):
                pass
            self._socket = None
            self._changed.set()
            await asyncio.sleep(0.02)

    async def _talk(self, socket: ClientConnection) -> None:
        await socket.send(json.dumps({"type": "hello", "room": self._room, "after": self.revision}))
        for frame in list(self._outbox.values()):
            await socket.send(json.dumps(frame))
        self._socket = socket
        self._changed.set()
        try:
            async for data in socket:
                self._take(json.loads(data))
                self._changed.set()
        finally:
            self.codes.append(socket.close_code or 0)

    def _take(self, frame: Frame) -> None:
        self.frames.append(frame)
        match frame["type"]:
            case "welcome" if frame["reset"]:
                self.messages.clear()
                self.revision = 0
            case "messages":
                revisions = [each["revision"] for each in frame["messages"]]
                assert revisions == sorted(revisions)
                assert min(revisions) > self.revision, "a change came twice"
                self.messages.update({each["id"]: each for each in frame["messages"]})
                self.revision = frame["revision"]
            case "done" | "refused":
                self._outbox.pop(frame["ref"], None)
                answer = self._answers.pop(frame["ref"], None)
                if answer is not None and not answer.done():
                    if frame["type"] == "done":
                        answer.set_result(None)
                    else:
                        answer.set_exception(Refused(frame["text"]))
