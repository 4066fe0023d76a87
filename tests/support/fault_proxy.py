"""An HTTP proxy on loopback that injects faults: error answers, and answers lost after the deed was done."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web
from yarl import URL

from tests.support.waiting import limit

_SKIPPED_HEADERS = {"host", "content-length", "transfer-encoding", "connection", "content-encoding"}


@dataclass
class _Fault:
    part: str
    left: int
    skip: int = 0
    status: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
    """With status 0 the request is forwarded, and the connection cut instead of an answer."""


class FaultProxy:
    """Forwards to `target` but for the faults that were asked for."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._faults: list[_Fault] = []
        self.forwarded: Counter[str] = Counter()
        self.faulted: Counter[str] = Counter()
        self.url = ""

    async def start(self) -> None:
        """Listen on a free loopback port; sets `url`."""
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._session = ClientSession(timeout=ClientTimeout(total=limit()), auto_decompress=True)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close all."""
        await self._runner.cleanup()
        await self._session.close()

    def answer(self, part: str, status: int, body: Mapping[str, Any], times: int, skip: int = 0) -> None:
        """Answer requests whose path contains `part` with this, without forwarding them.

        The first `skip` go through, the next `times` do not.
        """
        self._faults.append(_Fault(part, times, skip, status, body))

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    def lose_answer(self, part: str, times: int = 1) -> None:
        """Forward the next `times` such requests, then cut the connection instead of answering."""
        self._faults.append(_Fault(part, times))

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        fault = next((each for each in self._faults if each.left and each.part in request.path), None)
        if fault and fault.skip:
            fault.skip -= 1
            fault = None
        if fault:
            fault.left -= 1
            self.faulted[fault.part] += 1
            if fault.status:
                return web.Response(
                    status=fault.status, body=json.dumps(fault.body), content_type="application/json"
                )
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _SKIPPED_HEADERS}
        url = URL(self._target + request.raw_path, encoded=True)
        data = await request.read()
        async with self._session.request(request.method, url, data=data, headers=headers) as answer:
            body = await answer.read()
            self.forwarded[request.path.split("/")[-1]] += 1
            if fault:
                assert request.transport
                request.transport.abort()
            return web.Response(
                status=answer.status, body=body, headers={"Content-Type": answer.headers["Content-Type"]}
            )
