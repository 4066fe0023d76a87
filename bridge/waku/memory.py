"""The in-memory transport of the tests: a hub that loses, doubles, delays and reorders when told to."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from bridge.waku.errors import NoPeers, TransportDown
from bridge.waku.inbox import Inbox
from bridge.waku.limits import check_outgoing
from bridge.waku.transport import Health, TransportState, WakuMessage


@dataclass(slots=True)
class Faults:
    """Probabilities (0 to 1) for each delivery; all zero is a perfect network. May be changed at any time."""

    drop: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    """A delayed delivery comes after up to `longest_delay` seconds, thus possibly out of order."""
    reorder: float = 0.0
    """A reordered delivery waits until the next one to the same receiver has passed it."""
    longest_delay: float = 0.05


class MemoryHub:
    """Joins `MemoryTransport`s. The same `seed` and the same publishes give the same faults."""

    def __init__(self, seed: int = 0, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.counters: Counter[str] = Counter()
        self._rng = random.Random(seed)  # noqa: S311 (faults, not keys)
        self._members: list[MemoryTransport] = []
        self._held: dict[MemoryTransport, WakuMessage] = {}
        self._cut: set[MemoryTransport] = set()
        self._later: set[asyncio.TimerHandle] = set()

    def cut(self, transport: MemoryTransport) -> None:
        """Take a transport off the network; it finds itself without peers."""
        self._cut.add(transport)

    def heal(self, transport: MemoryTransport) -> None:
        """Put it back."""
        self._cut.discard(transport)

    def release(self) -> None:
        """Deliver what reordering still holds back."""
        for receiver, message in list(self._held.items()):
            del self._held[receiver]
            self._hand_over(receiver, message)

    def inject(self, message: WakuMessage) -> None:
        """A message from nobody to everybody, unchecked and without faults: for hostile input."""
        for member in self._members:
            self._hand_over(member, message)

    def attach(self, transport: MemoryTransport) -> None:
        """A started transport."""
        self._members.append(transport)

    def detach(self, transport: MemoryTransport) -> None:
        """A stopped one."""
        self._members.remove(transport)
        self._held.pop(transport, None)
        if not self._members:
            for handle in self._later:
                handle.cancel()
            self._later.clear()

    def peers(self, transport: MemoryTransport) -> list[MemoryTransport]:
        """Those that a transport reaches now."""
        if transport in self._cut:
            return []
        return [other for other in self._members if other is not transport and other not in self._cut]

    def publish(self, sender: MemoryTransport, message: WakuMessage) -> None:
        """To every peer of the sender, each with faults of its own. Raises NoPeers."""
        peers = self.peers(sender)
        if not peers:
            raise NoPeers("no other transport on the hub")
        for peer in peers:
            self._deliver(peer, message)

    def _deliver(self, receiver: MemoryTransport, message: WakuMessage) -> None:
        faults = self.faults
        if self._happens("drop", faults.drop):
            return
        copies = 2 if self._happens("duplicate", faults.duplicate) else 1
        for _ in range(copies):
            if self._happens("delay", faults.delay):
                self._deliver_later(receiver, message, self._rng.uniform(0, faults.longest_delay))
            elif receiver not in self._held and self._happens("reorder", faults.reorder):
                self._held[receiver] = message
            else:
                self._hand_over(receiver, message)
                held = self._held.pop(receiver, None)
                if held is not None:
                    self._hand_over(receiver, held)

    def _deliver_later(self, receiver: MemoryTransport, message: WakuMessage, seconds: float) -> None:
        def deliver() -> None:
            self._later.discard(handle)
            self._hand_over(receiver, message)

        handle = asyncio.get_running_loop().call_later(seconds, deliver)
        self._later.add(handle)

    def _hand_over(self, receiver: MemoryTransport, message: WakuMessage) -> None:
        if receiver in self._members and receiver not in self._cut:
            receiver.inbox.put(message)

    def _happens(self, name: str, probability: float) -> bool:
        happens = probability > 0 and self._rng.random() < probability
        self.counters[name] += happens
        return happens


class MemoryTransport:
    """Implements `Transport` on a hub. What is published while it is stopped never reaches it."""

    def __init__(self, hub: MemoryHub) -> None:
        self.inbox = Inbox()
        self._hub = hub
        self._running = False

    async def start(self) -> None:
        """Join the hub."""
        if not self._running:
            self._running = True
            self._hub.attach(self)

    async def stop(self) -> None:
        """Leave the hub; what has arrived can still be received."""
        if self._running:
            self._running = False
            self._hub.detach(self)

    async def publish(self, message: WakuMessage) -> None:
        """See `Transport.publish`."""
        check_outgoing(message)
        if not self._running:
            raise TransportDown("the in-memory transport is not running")
        self.inbox.sent(message)
        self._hub.publish(self, message)
        # Like a real transport: others get a turn.
        await asyncio.sleep(0)

    def subscribe(self, content_topics: Collection[str]) -> None:
        """Extend the filter."""
        self.inbox.subscribe(content_topics)

    async def receive(self) -> WakuMessage:
        """The next message."""
        return await self.inbox.get()

    def health(self) -> Health:
        """Ok when another transport is on the hub."""
        if not self._running:
            return Health(TransportState.DOWN, "the in-memory transport is not running")
        peers = len(self._hub.peers(self))
        state = TransportState.OK if peers else TransportState.DEGRADED
        return Health(state, f"{peers} others on the hub", peers, dict(self.inbox.snapshot()))
