"""From Waku payloads to what the engine may see: fragments joined, history requests put aside.

Nothing is judged here. What does not parse goes to the engine, which refuses and counts it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bridge.conversation.topics import content_topic, digest
from bridge.protocol.errors import RemoteError
from bridge.protocol.events import Topic
from bridge.protocol.wire import codec
from bridge.protocol.wire import demls_pb2 as pb
from bridge.protocol.wire.fragments import Reassembly, split

FRAGMENT_LIMIT = 140_000
"""Bytes of payload above which it travels in pieces (protocol.md section 4)."""
DIGEST_BYTES = 32
MLS_VERSION = b"\0"
"""First byte of every MLS message (its version is 0x0001), and of no protobuf message."""


@dataclass(frozen=True, slots=True)
class Received:
    """One payload from the wire. `replayed`: it came as (part of) an answer to a history request."""

    topic: Topic
    payload: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole payload, with the digests by which it, or its pieces, are known again."""

    topic: Topic
    payload: bytes
    digests: tuple[bytes, ...]
    name: bytes
    """SHA-256 of the payload: how history requests name it."""
    archive: bool
    """Whether others may want it (if the engine does not refuse it)."""
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class HistoryCall:
    """Somebody's HistoryRequest, unverified."""

    request: pb.HistoryRequest
    digest: bytes


class Intake:
    """One group's: holds the fragments that wait for the others."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._reassembly = {topic: Reassembly() for topic in Topic}

    def keys(self, received: Received) -> tuple[bytes, bytes]:
        """(digest to look up before anything else, name in history requests).

        A fragment is looked up, and named, by its whole (as it claims).
        """
        message = _parse(received)
        if message is not None and len(message.fragment.id) == DIGEST_BYTES:
            return message.fragment.id, message.fragment.id
        topic = content_topic(self._group, received.topic)
        return digest(topic, received.payload), hashlib.sha256(received.payload).digest()

    def take(self, received: Received, now: float) -> Whole | HistoryCall | None:
        """What to do with it; None for a fragment that waits for others.

        Raises a RemoteError for a fragment that breaks a bound.
        """
        message = _parse(received)
        kind = message.WhichOneof("payload") if message is not None else None
        if message is not None and kind == "fragment":
            return self._piece(received, message.fragment, now)
        if isinstance(message, pb.AppMessage) and kind == "history_request":
            known = digest(content_topic(self._group, received.topic), received.payload)
            return HistoryCall(message.history_request, known)
        # An announcement is replaced by the next one; garbage on the welcome topic is nobody's loss.
        wanted = received.topic is Topic.APP or kind in ("join_request", "invitation_to_join")
        return self._whole(received, received.payload, wanted=wanted)

    def _whole(self, received: Received, payload: bytes, *, wanted: bool) -> Whole:
        digests = whole_digests(self._group, received.topic, payload)
        name = hashlib.sha256(payload).digest()
        return Whole(received.topic, payload, digests, name, wanted, received.replayed)

    def _piece(self, received: Received, fragment: pb.Fragment, now: float) -> Whole | None:
        whole = self._reassembly[received.topic].feed(fragment, now)
        return None if whole is None else self._whole(received, whole, wanted=True)


def _parse(received: Received) -> pb.WelcomeMessage | pb.AppMessage | None:
    """None for what is no protobuf of ours: a bare MLS message, or garbage."""
    if received.topic is Topic.APP and received.payload[:1] == MLS_VERSION:
        return None
    try:
        if received.topic is Topic.WELCOME:
            return codec.decode_welcome(received.payload)
        return codec.decode_app(received.payload)
    except RemoteError:
        return None


def whole_digests(group: str, topic: Topic, payload: bytes) -> tuple[bytes, ...]:
    """Digests under which a payload is marked as seen: its own and, if it travels in pieces, theirs."""
    own = digest(content_topic(group, topic), payload)
    return (own, hashlib.sha256(payload).digest()) if len(payload) > FRAGMENT_LIMIT else (own,)


def pieces(topic: Topic, payload: bytes) -> list[bytes]:
    """The payloads that go on the wire for this one: itself, or its fragments (always the same bytes)."""
    if len(payload) <= FRAGMENT_LIMIT:
        return [payload]
    wrapper = pb.WelcomeMessage if topic is Topic.WELCOME else pb.AppMessage
    return [
        wrapper(fragment=part).SerializeToString(deterministic=True) for part in split(payload, FRAGMENT_LIMIT)
    ]
