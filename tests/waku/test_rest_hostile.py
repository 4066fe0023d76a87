"""The REST transport against a node that answers nonsense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from bridge.waku.errors import BadMessage, NoPeers, TooLarge, TransportDown
from bridge.waku.rest import RestConfig, RestTransport
from bridge.waku.rest_wire import to_json
from bridge.waku.transport import TransportState
from tests.support.transports import TOPIC, message, receive, until


class LyingNode:
    """An HTTP server whose answers the test sets; every request gets the one of its method."""

    def __init__(self) -> None:
        self.get = (404, b"")
        self.post = (200, b"true")

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                await reader.readexactly(int(line.split(b":")[1]))
        status, body = self.post if head.startswith(b"POST") else self.get
        if head.startswith(b"GET /admin"):
            status, body = 404, b""
        answer = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(answer.encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def node() -> AsyncIterator[LyingNode]:
    made = LyingNode()
    yield made
    await made.stop()


@pytest.fixture
async def transport(node: LyingNode) -> AsyncIterator[RestTransport]:
    made = RestTransport(RestConfig(url=await node.start(), retry_first=0.01, retry_longest=0.05))
    made.subscribe([TOPIC])
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"garbage"),
        (200, b"{}"),
        (200, b"\xff\xff"),
        (200, b"[" * 50_000),
        (503, b""),
        (302, b""),
        (404, b""),
    ],
)
async def test_nonsense_is_down_and_heals(
    node: LyingNode, transport: RestTransport, answer: tuple[int, bytes]
) -> None:
    node.get = answer
    await until(lambda: transport.health().counters.get("failed_polls", 0) >= 2)
    assert transport.health().state is TransportState.DOWN
    node.get = (200, json.dumps([to_json(message(b"well again"))]).encode())
    assert await receive(transport) == b"well again"
    await until(lambda: transport.health().state is TransportState.OK)


async def test_one_bad_message_does_not_hide_the_others(node: LyingNode, transport: RestTransport) -> None:
    items = [7, {"contentTopic": "x"}, to_json(message(b"good")), {"payload": "*"}]
    node.get = (200, json.dumps(items).encode())
    assert await receive(transport) == b"good"
    assert transport.health().counters["invalid"] >= 3


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ((500, b""), TransportDown),
        ((429, b"slow down"), TransportDown),
        ((503, b"no peers to publish to"), NoPeers),
        ((413, b""), TooLarge),
        ((400, b"missing payload"), BadMessage),
        ((200, b"x" * 2_000_000), TransportDown),
    ],
)
async def test_answers_to_a_publish(
    node: LyingNode, transport: RestTransport, answer: tuple[int, bytes], wanted: type[Exception]
) -> None:
    node.post = answer
    with pytest.raises(wanted):
        await transport.publish(message(b"x"))


async def test_nobody_there() -> None:
    transport = RestTransport(RestConfig(url="http://127.0.0.1:9", retry_first=0.01))
    await transport.start()
    with pytest.raises(TransportDown):
        await transport.publish(message(b"x"))
    await until(lambda: transport.health().counters.get("failed_polls", 0) > 0)
    assert transport.health().state is TransportState.DOWN
    await transport.stop()
