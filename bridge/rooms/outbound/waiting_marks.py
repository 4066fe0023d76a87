"""Messages that the rooms show as waiting, kept until they have gone to the group.

A notice that a message was sent carries its id only; to take the mark away by an edit its text is needed. Each
one is parked in a delivery queue of its own, of a platform that no adapter has, so nobody delivers it.
"""

from __future__ import annotations

from typing import Final

from bridge.rooms.ids import delivery_key
from bridge.rooms.outbound import payloads
from bridge.rooms.outbound.payloads import Post
from bridge.storage import deliveries
from bridge.storage.tx import Tx

PLATFORM: Final = "demls.parked"


def park(tx: Tx, message_id: bytes, post: Post, now: float) -> None:
    """Keep a waiting message. Once per id."""
    data, key = payloads.encode(post), delivery_key("parked", message_id)
    deliveries.add(tx, PLATFORM, message_id.hex(), payloads.kind(post), data, key, now, message_id)


def take(tx: Tx, message_id: bytes, now: float) -> Post | None:
    """Give the message back, once; None when it was not parked."""
    row = deliveries.next_due(tx, PLATFORM, message_id.hex(), now)
    if row is None:
        return None
    deliveries.done(tx, row.id, "")
    payload = payloads.decode(row.payload)
    return payload if isinstance(payload, Post) else None
