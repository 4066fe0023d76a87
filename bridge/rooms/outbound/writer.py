"""One transaction's view for those who turn notices into deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bridge.model.ids import RoomRef
from bridge.model.message import Body
from bridge.rooms.ids import delivery_key
from bridge.rooms.outbound import payloads
from bridge.rooms.outbound.payloads import Payload, Post
from bridge.storage import deliveries
from bridge.storage.tx import Tx


@dataclass(frozen=True, slots=True)
class DeliveryWriter:
    """Of one group: `rooms` are the ones linked to it, `now` is Unix seconds, `given` who got one."""

    tx: Tx
    group: str
    now: float
    rooms: tuple[RoomRef, ...]
    given: set[RoomRef] = field(default_factory=set)

    def put(self, room: RoomRef, payload: Payload, *about: str | bytes | int, message_id: bytes = b"") -> None:
        """Queue a delivery. The same payload kind about the same thing is queued once per room."""
        kind = payloads.kind(payload)
        key = delivery_key(kind, self.group, room.platform, room.room_id, *about)
        data = payloads.encode(payload)
        deliveries.add(self.tx, room.platform, room.room_id, kind, data, key, self.now, message_id)
        self.given.add(room)

    def say(
        self,
        text: str,
        *about: str | bytes | int,
        message_id: bytes = b"",
        reply_to: bytes = b"",
        rooms: Iterable[RoomRef] | None = None,
        report: bool = False,
    ) -> None:
        """Let the bridge speak in all rooms of the group, or in these."""
        post = Post(Body(text), reply_to=reply_to, report=report)
        for room in self.rooms if rooms is None else rooms:
            self.put(room, post, *about, message_id=message_id)
