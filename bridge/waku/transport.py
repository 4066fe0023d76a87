"""What every way to Waku does: the `Transport` protocol and its two value types."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from bridge.waku.errors import NoPeers, TooLarge, TransportDown, TransportError

__all__ = [
    "Health",
    "NoPeers",
    "Peer",
    "TooLarge",
    "Transport",
    "TransportDown",
    "TransportError",
    "TransportState",
    "WakuMessage",
]


@dataclass(frozen=True, slots=True)
class WakuMessage:
    """One message. `timestamp_ns` is the sender's clock since 1970. `meta` is at most 64 bytes and only a
    hint. `version` 2: the application encrypts as it likes. An `ephemeral` message is not stored by nodes.
    """

    content_topic: str
    payload: bytes
    timestamp_ns: int
    meta: bytes = b""
    version: int = 2
    ephemeral: bool = False


class TransportState(Enum):
    """OK: messages can flow. DEGRADED: running, but with nobody to talk to. DOWN: not running."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Peer:
    """A connected peer. `agent` is foreign text. `since` in Unix seconds."""

    peer_id: str
    address: str
    agent: str
    since: float
    in_mesh: bool


@dataclass(frozen=True, slots=True)
class Health:
    """How the transport is. `peers` counts those that take part in the pubsub topic."""

    state: TransportState
    detail: str
    peers: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)
    listening: tuple[str, ...] = ()
    """Multiaddrs with `/p2p/`, for the PEER_ADDRESSES of others."""
    connected: tuple[Peer, ...] = ()


class Transport(Protocol):
    """A way to Waku. All methods are for one event loop. Own messages are not delivered back."""

    async def start(self) -> None:
        """Begin. Returns without waiting for peers. Raises CannotStart."""

    async def stop(self) -> None:
        """End: what was published goes out first. A stopped transport can be started again."""

    async def publish(self, message: WakuMessage) -> None:
        """Hand a message to the network. Publishing it again sends it again.

        Raises NoPeers or TransportDown (keep it and retry), TooLarge or BadMessage (never retry).
        """

    def subscribe(self, content_topics: Collection[str]) -> None:
        """Also receive messages on these content topics; may be called at any time, before `start` too."""

    async def receive(self) -> WakuMessage:
        """The next message, in the order of arrival. Waits. Cancelling loses nothing.

        Messages may come twice (the store drops them) and may be lost (history fills the gap).
        """

    def health(self) -> Health:
        """TransportState now. No IO."""
