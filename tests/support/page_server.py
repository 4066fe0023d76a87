"""A small server that speaks the page's protocol by a script, for tests of the front end alone.

It keeps messages with revisions as the real one does, so that resuming is tested; everything else it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.support import page_data

Json = dict[str, Any]

STATIC: Final = Path(__file__).parents[2] / "adapters" / "web" / "static"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
NEWEST: Final = 100


def _listener(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


class PageServer:
    """State is public: set it, then `push` what browsers should hear of."""

    def __init__(self) -> None:
        self._listener = _listener(0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.session = page_data.session()
        self.group: Json = page_data.group()
        self.results: list[Json] = []
        self.me: Json = page_data.me()
        self.report: Json = {}
        self.messages: dict[str, Json] = {}
        self.revision = 1_000
        self.said: list[Json] = []
        """Every frame of a browser but hellos, repetitions included."""
        self.posted: list[tuple[str, Json]] = []
        self.answers: dict[str, tuple[int, Json]] = {}
        """Answers to POSTs by path; the session without one."""
        self.refusals: dict[str, str] = {}
        """By frame type: refused with this text."""
        self.deaf = False
        """Takes frames and then drops the connection without having answered."""
        self._sockets: set[WebSocket] = set()
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._refs: set[str] = set()

    # -- life

    async def start(self) -> None:
        """Listen; also again after `stop`, on the same port."""
        if self._listener.fileno() < 0:
            self._listener = _listener(int(self.url.rpartition(":")[2]))
        config = uvicorn.Config(self._app(), log_level="critical", lifespan="off", ws="websockets-sansio")
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server.serve([self._listener]))
        while not self._server.started:
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """End as a crash does: connections break."""
        assert self._server is not None
        assert self._task is not None
        self._server.force_exit = self._server.should_exit = True
        await self.drop()
        await self._task
        self._listener.close()

    async def drop(self) -> None:
        """Break every live connection."""
        for one in list(self._sockets):
            with contextlib.suppress(RuntimeError):
                await one.close(1012)
        self._sockets.clear()

    # -- scripts

    def add(self, text: str, **fields: Any) -> Json:
        """A message that the server has; `push_messages` shows it."""
        self.revision += 1
        position = len(self.messages) + 1
        message = page_data.message(text, position=position, revision=self.revision, **fields)
        self.messages[message["id"]] = message
        return message

    def change(self, message: Json, **fields: Any) -> None:
        """Change a message as an edit, a reaction or a fate does."""
        self.revision += 1
        message.update(fields, revision=self.revision)

    async def push(self, frame: Json) -> None:
        """To every browser."""
        await self.push_raw(json.dumps(frame))

    async def push_raw(self, text: str) -> None:
        """Anything, to every browser."""
        for one in list(self._sockets):
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await one.send_text(text)

    async def push_messages(self, after: int) -> None:
        """What changed after a revision."""
        await self.push(self._changes(after))

    async def push_group(self, **changes: Any) -> None:
        """The group, changed."""
        self.group.update(changes, now=time.time())
        await self.push({"type": "group", "group": self.group})

    async def push_me(self, **changes: Any) -> None:
        """MembershipStatus, signings, accepts."""
        self.me.update(changes)
        await self.push({"type": "me", **self.me})

    async def move(self, new: str, cause: str = "", deadline: float = 0) -> None:
        """A transition of the state machine."""
        old = self.group["state"]
        self.group.update(state=new, deadline=deadline)
        at_ms = time.time() * 1_000
        await self.push(
            {"type": "state", "old": old, "new": new, "deadline": deadline, "cause": cause, "at_ms": at_ms}
        )
        await self.push_group()

    # -- HTTP

    def _app(self) -> ASGIApp:
        routes = [
            Route("/", lambda _request: FileResponse(STATIC / "index.html")),
            Route("/api/session", self._session),
            Route("/api/operator", self._report),
            Route("/api/rooms/{room}/messages", self._older),
            Route("/api/{path:path}", self._post, methods=["POST"]),
            WebSocketRoute("/live", self._live),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        return _Policy(Starlette(routes=routes))

    async def _session(self, _request: Request) -> Response:
        return JSONResponse(self.session)

    async def _report(self, _request: Request) -> Response:
        # Escaped, because a hostile text may be no valid Unicode.
        return Response(json.dumps(self.report), media_type="application/json")

    async def _older(self, request: Request) -> Response:
        before, limit = int(request.query_params["before"]), int(request.query_params["limit"])
        older = [message for message in self.messages.values() if message["position"] < before]
        older.sort(key=lambda message: int(message["position"]))
        return JSONResponse({"messages": older[-limit:], "more": len(older) > limit})

    async def _post(self, request: Request) -> Response:
        path, body = request.url.path, await request.json()
        assert request.headers["x-csrf-token"] == self.session["csrf"]
        self.posted.append((path, body))
        if path == "/api/sign-out":
            self.session = page_data.session()
        elif path in {"/api/sign-in", "/api/siwe", "/api/invitation"} and path not in self.answers:
            self.session = page_data.session(user=page_data.user(body.get("name") or "Alice"))
        status, answer = self.answers.get(path, (200, self.session))
        return JSONResponse(answer, status)

    # -- WebSocket

    async def _live(self, live: WebSocket) -> None:
        await live.accept()
        if not self.session["signed_in"]:
            await live.close(4401)
            return
        self._sockets.add(live)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await self._take(live, json.loads(await live.receive_text()))
        self._sockets.discard(live)

    async def _take(self, live: WebSocket, frame: Json) -> None:
        if frame["type"] == "hello":
            await self._greet(live, frame)
            return
        self.said.append(frame)
        before = self.revision
        refused = self.refusals.get(frame["type"])
        if refused is None:
            self._act(frame)
        if self.deaf:
            await live.close(1012)
            return
        answer = {"type": "done"} if refused is None else {"type": "refused", "text": refused}
        await live.send_text(json.dumps({**answer, "ref": frame["ref"]}))
        await self.push_messages(before)

    def _act(self, frame: Json) -> None:
        """What a frame does, once for each ref."""
        if frame["ref"] in self._refs:
            return
        self._refs.add(frame["ref"])
        if frame["type"] == "say":
            author = page_data.author(self.session["user"]["name"], me=True)
            self.add(frame["text"], id=frame["ref"], author=author, reply_to=frame.get("reply_to", ""))
        elif frame["type"] == "edit":
            self.change(self.messages[frame["id"]], text=frame["text"], edited=True)
        elif frame["type"] == "delete":
            self.change(self.messages[frame["id"]], text="", deleted=True)
        elif frame["type"] == "react":
            mine = {"key": frame["key"], "count": 1, "names": [self.session["user"]["name"]], "mine": True}
            self.change(self.messages[frame["id"]], reactions=[mine])

    async def _greet(self, live: WebSocket, hello: Json) -> None:
        reset = not 0 < hello["after"] <= self.revision
        welcome = {"type": "welcome", "room": hello["room"], "revision": self.revision, "reset": reset}
        newest = sorted(self.messages.values(), key=lambda message: int(message["position"]))[-NEWEST:]
        newest.sort(key=lambda message: int(message["revision"]))
        changes = self._changes(hello["after"])
        if reset:
            changes = {"type": "messages", "messages": newest, "revision": self.revision}
        self.group["now"] = time.time()
        group, results = {"type": "group", "group": self.group}, {"type": "results", "results": self.results}
        for frame in (welcome, changes, {"type": "me", **self.me}, group, results):
            await live.send_text(json.dumps(frame))

    def _changes(self, after: int) -> Json:
        changed = [message for message in self.messages.values() if message["revision"] > after]
        changed.sort(key=lambda message: int(message["revision"]))
        return {"type": "messages", "messages": changed, "revision": self.revision}


class _Policy:
    """Adds the strict policy of the real server to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"content-security-policy", POLICY.encode())]
            await send(message)

        await self._app(scope, receive, with_policy)


@pytest.fixture
async def page_server() -> AsyncIterator[PageServer]:
    """A scripted server, running."""
    server = PageServer()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
