"""What a Waku message may be. The same rules as in `bridge/native/waku/src/message.rs`, for the transports
that do not go through the native node. One test holds both against each other.
"""

from __future__ import annotations

import re
from typing import Final

from bridge.waku.errors import BadMessage, TooLarge
from bridge.waku.transport import WakuMessage

MAX_ENCODED: Final = 148_000
"""Largest encoded message that is published, bytes. The network's limit is 150,000; exceeding it loses the
next seconds of messages in silence (measured with go-waku 0.10)."""

MAX_ACCEPTED: Final = 150_000
"""Largest payload that is accepted, bytes: the network's limit."""

MAX_CONTENT_TOPIC: Final = 512
"""Bytes of UTF-8. Our choice; ours are under 100."""

MAX_META: Final = 64
"""Bytes (14/WAKU2-MESSAGE)."""

_CONTENT_TOPIC: Final = re.compile(r"(/[0-9]+)?(/[^/]+){4}")
_NOT_TEXT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of characters, which have no UTF-8."""


def well_formed_content_topic(topic: str) -> bool:
    """Whether `topic` has the form `/app/version/name/encoding`, optionally after a generation number."""
    if _NOT_TEXT.search(topic) or not _CONTENT_TOPIC.fullmatch(topic):
        return False
    return len(topic.encode(errors="replace")) <= MAX_CONTENT_TOPIC


def encoded_size(message: WakuMessage) -> int:
    """Size of the message as the `WakuMessage` protobuf, in bytes."""
    topic = len(message.content_topic.encode())
    size = _field(1, len(message.payload)) + _field(1, topic) + _field(1, len(message.meta))
    if message.version:
        size += 1 + _varint(message.version)
    if message.timestamp_ns:
        # sint64: zigzag, so that small negative numbers stay short.
        zigzag = message.timestamp_ns * 2 if message.timestamp_ns > 0 else -message.timestamp_ns * 2 - 1
        size += 1 + _varint(zigzag)
    return size + (3 if message.ephemeral else 0)


def check_outgoing(message: WakuMessage) -> None:
    """Refuse what the network would not carry. Raises TooLarge or BadMessage."""
    if not well_formed_content_topic(message.content_topic):
        raise BadMessage("content topic is not well-formed: it must look like /app/version/name/encoding")
    if len(message.meta) > MAX_META:
        raise BadMessage(f"meta of {len(message.meta)} bytes, the limit is {MAX_META}")
    if not -(2**63) <= message.timestamp_ns < 2**63 or not 0 <= message.version < 2**32:
        raise BadMessage("timestamp or version out of range")
    size = encoded_size(message)
    if size > MAX_ENCODED:
        raise TooLarge(size, MAX_ENCODED)


def _field(tag: int, length: int) -> int:
    """Size of a length-delimited field; an empty one is left out."""
    return tag + _varint(length) + length if length else 0


def _varint(value: int) -> int:
    return max(1, -(-value.bit_length() // 7))
