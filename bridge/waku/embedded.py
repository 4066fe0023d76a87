"""The embedded node: a Waku relay in this process (`bridge/native/waku`)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from bridge import _native
from bridge.waku.errors import BadMessage, CannotStart, NoPeers, TransportDown, TransportError
from bridge.waku.inbox import SETTLE, Inbox
from bridge.waku.limits import check_outgoing
from bridge.waku.transport import Health, Peer, TransportState, WakuMessage

BATCH: Final = 256
"""Messages taken from the node at a time, so that a flood does not hold up the event loop."""


@dataclass(frozen=True, slots=True)
class EmbeddedConfig:
    """Settings of the embedded node."""

    peers: tuple[str, ...] = ()
    """Multiaddrs to stay connected to, checked by `parse_peer_addresses`."""
    port: int = 0
    """TCP port to listen on; 0 takes any free one."""
    listen_address: str = "127.0.0.1"
    """IP address to listen on; loopback unless somebody decides otherwise."""
    pubsub_topic: str = "/waku/2/rs/15/1"
    """Cluster and shard (protocol.md section 4)."""
    identity: bytes = field(default=b"", repr=False)
    """The node's secp256k1 secret, 32 bytes; empty: a new peer id at every start."""
    max_in_flight: int = 24
    """Publishes under way at once. A go-waku relay's queues hold 32 messages and drop what is on top."""
    publish_rate: int = 500
    """Messages per second on average, in bursts of `max_in_flight`."""
    max_waiting: int = 8_192
    """Received messages that may wait in the node."""
    redial_first: float = 0.25
    """Seconds before the second attempt at a peer; doubles from there."""
    redial_longest: float = 30.0
    """Longest wait between attempts, seconds."""
    settle: float = SETTLE
    """Seconds that a received message is held to put a relay's disorder right; 0 for none."""


class EmbeddedTransport:
    """Implements `Transport`."""

    def __init__(self, config: EmbeddedConfig) -> None:
        self._config = config
        self._inbox = Inbox(config.settle)
        self._node: _native.WakuNode | None = None
        self._outcomes: dict[int, asyncio.Future[None]] = {}
        self._slots = asyncio.Semaphore(config.max_in_flight)

    async def start(self) -> None:
        """Listen and begin to dial. Raises CannotStart."""
        if self._node is not None:
            return
        try:
            self._node = await asyncio.to_thread(self._make)
        except _native.WakuFailure as failure:
            raise CannotStart(f"Waku node: {failure.args[1]}") from None
        self._node.subscribe(list(self._inbox.wanted))
        asyncio.get_running_loop().add_reader(self._node.fileno(), self._on_readable)

    async def stop(self) -> None:
        """Hang up and end the node's thread."""
        node, self._node = self._node, None
        if node is None:
            return
        await asyncio.to_thread(node.stop)
        asyncio.get_running_loop().remove_reader(node.fileno())
        self._settle(node)
        self._fail_outcomes()
        while self._take(node):
            pass

    async def publish(self, message: WakuMessage) -> None:
        """Returns when the message was handed to the peers' connections. See `Transport.publish`."""
        check_outgoing(message)
        async with self._slots:
            node = self._node
            if node is None:
                raise TransportDown("the embedded node is not running")
            self._inbox.sent(message)
            try:
                token = node.publish(
                    message.content_topic,
                    message.payload,
                    message.timestamp_ns,
                    message.meta,
                    message.version,
                    message.ephemeral,
                )
            except _native.WakuFailure as failure:
                raise _translated(*failure.args) from None
            outcome = asyncio.get_running_loop().create_future()
            self._outcomes[token] = outcome
            try:
                await outcome
            finally:
                # Cancelled: the outcome still comes and finds nobody.
                self._outcomes.pop(token, None)

    def subscribe(self, content_topics: Collection[str]) -> None:
        """Extend the filter, here and in the node."""
        self._inbox.subscribe(content_topics)
        if self._node is not None:
            self._node.subscribe(list(content_topics))

    async def receive(self) -> WakuMessage:
        """The next message."""
        return await self._inbox.get()

    def health(self) -> Health:
        """Ok as soon as one peer takes part in the pubsub topic."""
        if self._node is None or not self._node.running():
            return Health(TransportState.DOWN, "the embedded node is not running")
        status = self._node.status()
        mesh = set(status["mesh"])
        connected = tuple(
            Peer(id_, at, agent, since, id_ in mesh) for id_, at, agent, since, _ in status["peers"]
        )
        peers = len(status["subscribed"])
        state = TransportState.OK if peers else TransportState.DEGRADED
        problem = f"; {status['last_problem']}" if status["last_problem"] else ""
        return Health(
            state=state,
            detail=f"{peers} peers on {self._config.pubsub_topic}, {len(mesh)} in the mesh{problem}",
            peers=peers,
            counters=self._counters(self._node),
            listening=tuple(status["listening"]),
            connected=connected,
        )

    def _make(self) -> _native.WakuNode:
        config = self._config
        return _native.WakuNode(
            pubsub_topic=config.pubsub_topic,
            listen_address=config.listen_address,
            port=config.port,
            peers=list(config.peers),
            identity=config.identity or None,
            max_in_flight=config.max_in_flight,
            publish_rate=config.publish_rate,
            max_waiting=config.max_waiting,
            redial_first=config.redial_first,
            redial_longest=config.redial_longest,
        )

    def _counters(self, node: _native.WakuNode) -> dict[str, int]:
        """The node's own, with what the second queue, on this side, adds to them."""
        counters = node.counters()
        here = self._inbox.counters
        counters["echoes"] = here["echoes"]
        counters["dropped"] += here["dropped"]
        counters["waiting"] += len(self._inbox)
        return counters

    def _on_readable(self) -> None:
        node = self._node
        if node is None:
            return
        node.acknowledge()
        self._settle(node)
        if self._take(node):
            # More may wait: come back after the loop has served others.
            asyncio.get_running_loop().call_soon(self._on_readable)
        if not node.running():
            asyncio.get_running_loop().remove_reader(node.fileno())
            self._fail_outcomes()

    def _take(self, node: _native.WakuNode) -> bool:
        """Move a batch over; whether it was a full one."""
        batch = node.take_messages(BATCH)
        for topic, payload, timestamp, meta, version, ephemeral in batch:
            self._inbox.put(WakuMessage(topic, payload, timestamp, meta, version, ephemeral))
        return len(batch) == BATCH

    def _settle(self, node: _native.WakuNode) -> None:
        for token, failure in node.take_outcomes():
            outcome = self._outcomes.get(token)
            if outcome is None or outcome.done():
                continue
            if failure is None:
                outcome.set_result(None)
            else:
                outcome.set_exception(_translated(*failure))

    def _fail_outcomes(self) -> None:
        for outcome in self._outcomes.values():
            if not outcome.done():
                outcome.set_exception(TransportDown("the embedded node was stopped"))


def _translated(code: str, text: str) -> TransportError:
    """The native node's failure as one of ours. `too_large` can't come: `check_outgoing` was there first."""
    match code:
        case "no_peers":
            return NoPeers(text)
        case "busy" | "down":
            return TransportDown(text)
        case _:
            return BadMessage(text)
