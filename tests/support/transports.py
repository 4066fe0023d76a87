"""Pairs of connected transports of each kind, for one behaviour suite over all of them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable

from bridge.waku.embedded import EmbeddedConfig, EmbeddedTransport
from bridge.waku.memory import MemoryHub, MemoryTransport
from bridge.waku.rest import RestConfig, RestTransport
from bridge.waku.transport import Transport, TransportState, WakuMessage
from tests.support.servers.gowaku import GoWaku
from tests.support.waiting import guard

TOPIC = "/suite/1/app_msg/proto"

SETTLE = 0.2
"""Longer than the default: nine processes on two cores delay a go-waku's goroutines by more than usual."""

_clock = itertools.count(time.time_ns())


def message(payload: bytes, topic: str = TOPIC, *, meta: bytes = b"") -> WakuMessage:
    """A message with a timestamp of its own."""
    return WakuMessage(topic, payload, next(_clock), meta)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with guard():
        while not condition():
            await asyncio.sleep(0.01)


async def receive(transport: Transport) -> bytes:
    """The next payload."""
    async with guard():
        return (await transport.receive()).payload


async def both_ok(pair: Pair) -> None:
    """Wait until both sides have a peer."""
    await until(lambda: all(side.health().state is TransportState.OK for side in (pair.near, pair.far)))


class Pair:
    """Two transports that reach each other, and the means to break that. `far` is the one that breaks."""

    near: Transport
    far: Transport
    at_once = 200
    """Messages that may be under way without a loss."""

    async def open(self) -> None:
        """Subscribe and start both, wait until they are connected."""
        for side in (self.near, self.far):
            side.subscribe([TOPIC])
            await side.start()
        await both_ok(self)

    async def close(self) -> None:
        """Stop both."""
        await self.near.stop()
        await self.far.stop()

    async def sever(self) -> None:
        """Kill what lies between or beyond; returns when `near` has noticed."""
        raise NotImplementedError

    async def restore(self) -> None:
        """Bring it back; returns when both are connected again."""
        raise NotImplementedError


class MemoryPair(Pair):
    """Over the in-memory hub."""

    def __init__(self) -> None:
        self.hub = MemoryHub()
        self.near = MemoryTransport(self.hub)
        self.far = MemoryTransport(self.hub)

    async def sever(self) -> None:
        await self.far.stop()

    async def restore(self) -> None:
        await self.far.start()


class EmbeddedPair(Pair):
    """Two embedded nodes; `near` dials `far`, whose port and key stay over a restart."""

    def __init__(self, port: int) -> None:
        self.far = EmbeddedTransport(EmbeddedConfig(port=port, identity=b"\7" * 32))

    async def open(self) -> None:
        await self.far.start()
        self.near = EmbeddedTransport(EmbeddedConfig(peers=self.far.health().listening))
        await super().open()

    async def sever(self) -> None:
        await self.far.stop()
        await until(lambda: self.near.health().state is TransportState.DEGRADED)

    async def restore(self) -> None:
        await self.far.start()
        await both_ok(self)


class RestPair(Pair):
    """`near` over the REST interface of a go-waku node, `far` an embedded node connected to it."""

    at_once = 20
    """The queues of go-libp2p-pubsub hold 32 messages."""

    def __init__(self, node: GoWaku) -> None:
        self._node = node
        self.near = RestTransport(RestConfig(url=node.rest_url, settle=SETTLE))
        self.far = EmbeddedTransport(EmbeddedConfig(peers=(node.multiaddr,), settle=SETTLE))

    async def sever(self) -> None:
        await asyncio.to_thread(self._node.kill)
        await until(lambda: self.near.health().state is TransportState.DOWN)
        await until(lambda: self.far.health().state is TransportState.DEGRADED)

    async def restore(self) -> None:
        await asyncio.to_thread(self._node.start)
        await both_ok(self)


class MixedPair(RestPair):
    """Two embedded nodes that know each other only through a go-waku node."""

    def __init__(self, node: GoWaku) -> None:
        super().__init__(node)
        self.near = EmbeddedTransport(EmbeddedConfig(peers=(node.multiaddr,), settle=SETTLE))

    async def sever(self) -> None:
        await asyncio.to_thread(self._node.kill)
        for side in (self.near, self.far):
            await until(lambda side=side: side.health().state is TransportState.DEGRADED)  # type: ignore[misc]
