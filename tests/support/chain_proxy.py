"""The way from one bridge to its node, broken at will: JSON-RPC over HTTP, on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any, Final

from aiohttp import ClientSession, web
from eth_utils.crypto import keccak

SEND: Final = "eth_sendRawTransaction"
NEWEST: Final = ("latest", "pending")


class ChainProxy:
    """In front of the node at `target`; `url` is for the bridge. Begins as a node that works.

    `sent`: the raw transactions that the bridge sent, in order, each time that it sent them.
    """

    def __init__(self, target: str) -> None:
        self.url = ""
        self.sent: list[bytes] = []
        self.held: list[bytes] = []
        """Transactions that were accepted and not passed on."""
        self._target = target
        self._mode = "up"
        self._frozen = 0
        self._holds = False
        self._ways = cycle(("http", "rpc"))

    # ---- faults; each is one call, and `up` ends all of them ----

    def up(self) -> None:
        """Be a node that works again. What was held stays held: see `release`."""
        self._mode, self._holds = "up", False

    def down(self) -> None:
        """Every connection is cut."""
        self._mode = "down"

    def errors(self) -> None:
        """Answer with HTTP 500 and with a JSON-RPC error in turn."""
        self._mode = "errors"

    async def stale(self) -> None:
        """Be a node that gets no new blocks: heads, states and logs stay as they are now."""
        answer = await self._passed_on({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []})
        self._mode, self._frozen = "stale", int(answer["result"], 16)

    def hold(self) -> None:
        """Accept transactions, and keep them."""
        self._holds = True

    async def release(self, *, send: bool = True) -> None:
        """Hold no more. `send`: what was held goes to the node now, late; else it is lost."""
        self._holds = False
        held, self.held = self.held, []
        for raw in held if send else ():
            await self._passed_on({"jsonrpc": "2.0", "id": 1, "method": SEND, "params": ["0x" + raw.hex()]})

    # ---- serving ----

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request of the bridge."""
        asked = json.loads(await request.read())
        if self._mode == "down":
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=503)
        if self._mode == "errors":
            if next(self._ways) == "http":
                return web.Response(status=500, text="out of order")
            error = {"code": -32000, "message": "something is wrong"}
            return _reply(asked, "error", error)
        if asked["method"] == SEND:
            raw = bytes.fromhex(asked["params"][0][2:])
            self.sent.append(raw)
            if self._holds:
                self.held.append(raw)
                return _reply(asked, "result", "0x" + keccak(raw).hex())
        if self._mode == "stale":
            if asked["method"] == "eth_getTransactionReceipt":
                return _reply(asked, "result", None)
            asked["params"] = [hex(self._frozen) if part in NEWEST else part for part in asked["params"]]
        return web.json_response(await self._passed_on(asked))

    async def _passed_on(self, asked: dict[str, Any]) -> dict[str, Any]:
        async with self._http.post(self._target, json=asked) as answer:
            found: dict[str, Any] = await answer.json()
        return found

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[ChainProxy]:
        """Serve while the block runs."""
        app = web.Application(client_max_size=10**6)
        app.router.add_post("/", self.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        async with ClientSession() as self._http:
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
                yield self
            finally:
                await runner.cleanup()


def _reply(asked: dict[str, Any], what: str, value: object) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": asked["id"], what: value})
