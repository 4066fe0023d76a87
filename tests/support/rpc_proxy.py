"""A JSON-RPC node that misbehaves on demand, in front of a real one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from aiohttp import web


class RpcProxy:
    """`mode`: ok, gone (HTTP 503), error (a JSON-RPC error), nonsense (an answer of the wrong kind), stale.

    Stale: the newest block is the one that was newest when `freeze` was called. `losing`: methods whose
    requests reach the node while the answers are lost.
    """

    def __init__(self, url: str) -> None:
        self._target = url
        self._frozen = 0
        self.mode = "ok"
        self.nonsense: Any = "nonsense"
        self.losing: frozenset[str] = frozenset()
        self.url = ""

    def freeze(self, block: int) -> None:
        """Be a node that is behind: at this block."""
        self.mode, self._frozen = "stale", block

    async def answer(self, request: web.Request) -> web.Response:
        """One request."""
        asked = json.loads(await request.read())
        if self.mode == "gone":
            return web.Response(status=503)
        if self.mode == "error":
            return self._reply(asked, {"error": {"code": -32000, "message": "something is wrong"}})
        if self.mode == "nonsense":
            return self._reply(asked, {"result": self.nonsense})
        if self.mode == "stale":
            asked["params"] = [hex(self._frozen) if part == "latest" else part for part in asked["params"]]
        async with httpx.AsyncClient() as http:
            found = (await http.post(self._target, json=asked)).json()
        if asked["method"] in self.losing:
            return web.Response(status=502)
        return web.json_response(found)

    @staticmethod
    def _reply(asked: dict[str, Any], rest: dict[str, Any]) -> web.Response:
        return web.json_response({"jsonrpc": "2.0", "id": asked["id"], **rest})


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[RpcProxy]:
    """A proxy in front of `url`, on loopback."""
    proxy = RpcProxy(url)
    app = web.Application(client_max_size=10**6)
    app.router.add_post("/", proxy.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield proxy
    finally:
        await runner.cleanup()
