"""The way over an external Waku node's REST interface (go-waku, nwaku)."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import httpx

from bridge.model.backoff import Backoff
from bridge.waku.errors import BadMessage, NoPeers, TooLarge, TransportDown
from bridge.waku.inbox import SETTLE, Inbox
from bridge.waku.limits import MAX_ENCODED, check_outgoing, encoded_size
from bridge.waku.rest_wire import Refused, connected_peers, parse_list, parse_message, to_json
from bridge.waku.transport import Health, TransportState, WakuMessage

MAX_ANSWER: Final = 256 * 1024 * 1024
"""Bytes of one answer: go-waku's full cache, 1,000 messages of the largest size in base64, fits."""

MAX_SHORT_ANSWER: Final = 1024 * 1024
"""Bytes of any other answer."""

CENSUS_EVERY: Final = 1.0
"""Seconds between questions for the node's peers (our choice)."""


@dataclass(frozen=True, slots=True)
class RestConfig:
    """Settings of the REST transport. Times in seconds."""

    url: str = "http://127.0.0.1:8645"
    """Base URL of the node's REST interface; the seed's port."""
    pubsub_topic: str = "/waku/2/rs/15/1"
    max_in_flight: int = 24
    """Publishes under way at once. A go-waku relay's queues hold 32 messages and drop what is on top."""
    poll_fastest: float = 0.02
    """Wait between polls while messages come. The node's cache is bounded: poll often."""
    poll_slowest: float = 0.25
    """Longest wait between polls while none come."""
    retry_first: float = 0.25
    """Wait after the first failure; doubles from there, with jitter."""
    retry_longest: float = 15.0
    timeout: float = 10.0
    """Of one request."""
    settle: float = SETTLE
    """Seconds that a received message is held to put a relay's disorder right; 0 for none."""


class RestTransport:
    """Implements `Transport`."""

    def __init__(self, config: RestConfig) -> None:
        self._config = config
        self._path = f"/relay/v1/messages/{quote(config.pubsub_topic, safe='')}"
        self._inbox = Inbox(config.settle)
        self._slots = asyncio.Semaphore(config.max_in_flight)
        self._client: httpx.AsyncClient | None = None
        self._poller: asyncio.Task[None] | None = None
        self._problem = "not connected yet"
        self._peers: int | None = None
        self._census_at = 0.0

    async def start(self) -> None:
        """Begin to poll; the node may come up later."""
        if self._client is not None:
            return
        limits = httpx.Limits(max_connections=self._config.max_in_flight + 2)
        # The environment's proxies are for the internet, not for one's own node.
        self._client = httpx.AsyncClient(
            base_url=self._config.url,
            timeout=self._config.timeout,
            limits=limits,
            headers={"Accept-Encoding": "identity"},
            trust_env=False,
        )
        self._problem = "not connected yet"
        self._poller = asyncio.create_task(self._run(self._client), name="waku rest poller")

    async def stop(self) -> None:
        """Stop polling. Publishes under way fail with TransportDown."""
        client, self._client = self._client, None
        if client is None or self._poller is None:
            return
        self._poller.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._poller
        await client.aclose()

    async def publish(self, message: WakuMessage) -> None:
        """Returns when the node has accepted it. See `Transport.publish`."""
        check_outgoing(message)
        async with self._slots:
            if self._client is None:
                raise TransportDown("the REST transport is not running")
            if self._peers == 0:
                raise NoPeers("the external node has no peers")
            self._inbox.sent(message)
            try:
                status, said = await _ask(self._client, "POST", self._path, to_json(message))
            except (httpx.HTTPError, Refused, RuntimeError) as error:
                # httpx raises RuntimeError when the client was closed in between.
                raise TransportDown(_described(error)) from None
        self._judge(status, said[:200].decode(errors="replace"), message)

    def subscribe(self, content_topics: Collection[str]) -> None:
        """Extend the filter; the node delivers the whole pubsub topic."""
        self._inbox.subscribe(content_topics)

    async def receive(self) -> WakuMessage:
        """The next message."""
        return await self._inbox.get()

    def health(self) -> Health:
        """Down while polls fail; degraded when the node says that it has no peers."""
        counters = dict(self._inbox.snapshot())
        if self._client is None or self._poller is None or self._poller.done():
            return Health(TransportState.DOWN, "the REST transport is not running", counters=counters)
        if self._problem:
            return Health(TransportState.DOWN, f"{self._config.url}: {self._problem}", counters=counters)
        if self._peers is None:
            # A node without admin interface: it counts as the one peer.
            return Health(TransportState.OK, f"{self._config.url} answers", 1, counters)
        state = TransportState.OK if self._peers else TransportState.DEGRADED
        detail = f"{self._config.url} has {self._peers} peers"
        return Health(state, detail, self._peers, counters)

    def _judge(self, status: int, said: str, message: WakuMessage) -> None:
        """Raise what the node's answer to a publish means."""
        if status in range(200, 300):
            self._inbox.counters["published"] += 1
        elif "peers" in said.lower() or self._peers == 0:
            raise NoPeers(f"the external node has no peers ({status} {said})")
        elif status == httpx.codes.REQUEST_ENTITY_TOO_LARGE or "size" in said.lower():
            raise TooLarge(encoded_size(message), MAX_ENCODED)
        elif status == httpx.codes.BAD_REQUEST:
            raise BadMessage(f"the external node refuses it: {said}")
        else:
            raise TransportDown(f"the external node answers {status} {said}")

    async def _run(self, client: httpx.AsyncClient) -> None:
        config = self._config
        backoff = Backoff(config.retry_first, config.retry_longest, random.random)
        wait = config.poll_fastest
        while True:
            try:
                came = await self._poll(client)
                await self._census(client)
                self._problem = ""
                backoff.succeeded()
                wait = config.poll_fastest if came else min(wait * 1.5, config.poll_slowest)
            except (httpx.HTTPError, Refused) as error:
                self._problem = _described(error)
                self._peers = None
                self._census_at = 0.0
                self._inbox.counters["failed_polls"] += 1
                wait = backoff.failed()
            await asyncio.sleep(wait)

    async def _poll(self, client: httpx.AsyncClient) -> bool:
        """Fetch what the node has cached; whether there was anything."""
        status, body = await _ask(client, "GET", self._path, limit=MAX_ANSWER)
        if status in {httpx.codes.NOT_FOUND, httpx.codes.BAD_REQUEST}:
            # Not subscribed: at the beginning, or because the node was restarted. Only then: go-waku would
            # give a second subscription a second cache, of which this GET reads the first only.
            status, _ = await _ask(client, "POST", "/relay/v1/subscriptions", [self._config.pubsub_topic])
            if status != httpx.codes.OK:
                raise Refused(f"answers {status} to a subscription")
            self._inbox.counters["subscriptions"] += 1
            status, body = await _ask(client, "GET", self._path, limit=MAX_ANSWER)
        if status != httpx.codes.OK:
            raise Refused(f"answers {status} to a poll")
        items = parse_list(body)
        for item in items:
            try:
                message = parse_message(item)
            except Refused:
                self._inbox.counters["invalid"] += 1
            else:
                self._inbox.put(message)
        return bool(items)

    async def _census(self, client: httpx.AsyncClient) -> None:
        """Ask now and then how many peers the node has; nodes without the admin interface do not say."""
        now = time.monotonic()
        if now < self._census_at:
            return
        self._census_at = now + CENSUS_EVERY
        status, body = await _ask(client, "GET", "/admin/v1/peers")
        self._peers = connected_peers(body) if status == httpx.codes.OK else None


async def _ask(
    client: httpx.AsyncClient, method: str, path: str, body: object = None, limit: int = MAX_SHORT_ANSWER
) -> tuple[int, bytes]:
    """Status and body. An answer of more than `limit` bytes is refused before it is read to its end."""
    async with client.stream(method, path, json=body) as answer:
        data = bytearray()
        # Raw: we accept no compression, so that a small answer can't unfold into a large one.
        async for chunk in answer.aiter_raw():
            data += chunk
            if len(data) > limit:
                raise Refused("answer too large")
        return answer.status_code, bytes(data)


def _described(error: Exception) -> str:
    """httpx leaves some texts empty."""
    return str(error) or type(error).__name__
