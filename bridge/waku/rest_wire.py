"""The JSON of a Waku node's REST interface, to and from `WakuMessage`. The node's answers are not trusted."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from bridge.waku.limits import MAX_ACCEPTED, MAX_META, well_formed_content_topic
from bridge.waku.transport import WakuMessage

MAX_BATCH: Final = 4_096
"""Messages in one answer; go-waku's cache holds 1,000 by default."""

MAX_INT64: Final = 2**63 - 1


class Refused(ValueError):
    """The answer, or one message in it, is not what it should be."""


def to_json(message: WakuMessage) -> dict[str, Any]:
    """The body of a publish."""
    return {
        "payload": base64.b64encode(message.payload).decode(),
        "contentTopic": message.content_topic,
        "version": message.version,
        "timestamp": message.timestamp_ns,
        "meta": base64.b64encode(message.meta).decode(),
        "ephemeral": message.ephemeral,
    }


def parse_list(body: bytes) -> list[object]:
    """The items of an answer; `null` is an empty list (go-waku). Raises Refused."""
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("not JSON") from None
    if items is None:
        return []
    if not isinstance(items, list) or len(items) > MAX_BATCH:
        raise Refused("not a list of a sensible length")
    return items


def parse_message(item: object) -> WakuMessage:
    """One message. Raises Refused."""
    if not isinstance(item, dict):
        raise Refused("message is not an object")
    topic = item.get("contentTopic")
    if not isinstance(topic, str) or not well_formed_content_topic(topic):
        raise Refused("content topic is not well-formed")
    return WakuMessage(
        content_topic=topic,
        payload=_bytes(item.get("payload"), MAX_ACCEPTED),
        timestamp_ns=_integer(item.get("timestamp"), MAX_INT64),
        meta=_bytes(item.get("meta"), MAX_META),
        version=_integer(item.get("version"), 2**32 - 1),
        ephemeral=item.get("ephemeral") is True,
    )


def connected_peers(body: bytes) -> int:
    """Connected peers in `/admin/v1/peers`: go-waku says true, nwaku "Connected". Raises Refused."""
    items = parse_list(body)
    # A tuple, not a set: a hostile value need not be hashable.
    return sum(isinstance(item, dict) and item.get("connected") in (True, "Connected") for item in items)


def _bytes(value: object, limit: int) -> bytes:
    """Base64, standard or URL alphabet (nodes differ), at most `limit` bytes; absent is empty."""
    if value is None:
        return b""
    if not isinstance(value, str) or len(value) > limit * 4 // 3 + 4:
        raise Refused("not a base64 string of a sensible length")
    text = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("not base64") from None


def _integer(value: object, highest: int) -> int:
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= highest:
        raise Refused("not an integer in range")
    return value
