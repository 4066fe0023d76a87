"""Somebody at a page without a browser: signs in with a test account, says things, sees what comes.

Speaks what the page's own script speaks: HTTP for the sign-in, one WebSocket for everything else.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bridge.cli.demo.failures import PageError, PageRefused
from bridge.cli.demo.people import ROOM

ANSWER_LIMIT: Final = 15.0
"""Seconds that the page may take to store what was said."""
SIGNED_OUT: Final = 4401
"""The page's close code for a session that is over."""
AGAIN: Final = 0.5
"""Seconds between two attempts to connect."""


class Visitor:
    """One person at one page. Use `sign_in`, then `run` in a task. `changed` is called at any news."""

    def __init__(self, url: str, name: str, changed: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self.messages: dict[str, dict[str, Any]] = {}
        """By id, in the newest version."""
        self.group: dict[str, Any] = {}
        self.standing: dict[str, Any] = {}
        self.may_write = False
        """Whether the page takes what they say."""
        self.states: list[str] = []
        """Every state of the steward state machine since the connection, in order."""
        self._url = url.rstrip("/")
        self._changed = changed
        self._http = httpx.AsyncClient(base_url=self._url, headers={"Origin": self._url}, timeout=ANSWER_LIMIT)
        self._socket: ClientConnection | None = None
        self._revision = 0
        self._asked: dict[str, asyncio.Future[None]] = {}

    @property
    def address(self) -> str:
        """Their address ('0x…'); empty before they have joined."""
        return str(self.standing.get("address", ""))

    @property
    def is_member(self) -> bool:
        """As their page says."""
        return bool(self.standing.get("is_member"))

    async def sign_in(self) -> None:
        """With the test account of their name. Raises PageError."""
        try:
            session = (await self._http.get("/api/session")).raise_for_status().json()
            accounts = {account["name"]: account["password"] for account in session["test_accounts"]}
            answer = await self._http.post(
                "/api/sign-in",
                json={"name": self.name, "password": accounts[self.name]},
                headers={"X-CSRF-Token": session["csrf"]},
            )
            answer.raise_for_status()
        except (httpx.HTTPError, KeyError, ValueError) as error:
            raise PageError(f"{self.name} cannot sign in at {self._url}: {error}") from error

    async def run(self) -> None:
        """Stay connected until cancelled; what was missed meanwhile comes again.

        A ban signs a person out. They come back as anybody would, and are told that they are out.
        """
        signed_out = False
        while True:
            try:
                if signed_out:
                    await self.sign_in()
                    signed_out = False
                async with self._connected() as socket:
                    self._socket = socket
                    hello = {"type": "hello", "room": ROOM, "after": self._revision}
                    await socket.send(json.dumps(hello))
                    async for frame in socket:
                        self._take(json.loads(frame))
                        self._changed()
            except ConnectionClosed as error:
                signed_out = error.rcvd is not None and error.rcvd.code == SIGNED_OUT
            except (OSError, InvalidHandshake, PageError):
                pass
            finally:
                self._socket = None
                self._lose()
            await asyncio.sleep(AGAIN)

    def _lose(self) -> None:
        """Whoever waits for an answer on the lost connection waits in vain."""
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(PageError(f"{self.name}'s page has lost the connection"))

    def _connected(self) -> connect:
        cookies = "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())
        url = self._url.replace("http", "ws", 1) + "/live"
        return connect(url, additional_headers={"Cookie": cookies, "Origin": self._url}, proxy=None)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    # -- saying --------------------------------------------------------------------------------------------

    async def say(self, text: str) -> None:
        """Write in the room; returns when it is durable. Raises PageError (PageRefused: the page says no)."""
        await self._ask({"type": "say", "text": text})

    async def vote(self, ballot: int, *, yes: bool) -> None:
        """Press YES or NO. Raises PageError."""
        given = {"ballot": str(ballot), "choice": "yes" if yes else "no"}
        await self._ask({"type": "command", "name": "vote", "arguments": given})

    async def _ask(self, frame: dict[str, Any]) -> None:
        if self._socket is None:
            raise PageError(f"{self.name}'s page is not connected")
        ref = str(uuid.uuid4())
        done = self._asked.setdefault(ref, asyncio.get_running_loop().create_future())
        try:
            await self._socket.send(json.dumps({**frame, "ref": ref}))
            async with asyncio.timeout(ANSWER_LIMIT):
                await done
        except TimeoutError:
            raise PageError(f"the page did not answer {self.name} within {ANSWER_LIMIT:.0f} s") from None
        except ConnectionClosed as error:
            raise PageError(f"{self.name}'s page has closed the connection") from error
        finally:
            self._asked.pop(ref, None)

    # -- seeing --------------------------------------------------------------------------------------------

    def reads(self, words: str, writer: str = "") -> list[dict[str, Any]]:
        """The messages with these words (of this writer, if one is named)."""
        return [
            message
            for message in self.messages.values()
            if words in message["text"] and message["author"]["name"].startswith(writer)
        ]

    def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "welcome" if frame["reset"]:
                self.messages.clear()
            case "messages":
                self.messages |= {message["id"]: message for message in frame["messages"]}
                self._revision = max(self._revision, frame["revision"])
            case "group":
                self.group = frame["group"]
            case "me":
                self.standing, self.may_write = frame["standing"], bool(frame["accepts"])
            case "state":
                self.states.append(frame["new"])
            case "done" | "refused":
                self._answered(frame)

    def _answered(self, frame: dict[str, Any]) -> None:
        waiting = self._asked.get(frame["ref"])
        if waiting is None or waiting.done():
            return
        if frame["type"] == "done":
            waiting.set_result(None)
        else:
            waiting.set_exception(PageRefused(frame["text"]))
