"""What a platform refused for good: counted, logged, and said once where people can see it."""

from __future__ import annotations

from typing import Final

import structlog

from bridge.model.ids import RoomRef
from bridge.model.text import one_line
from bridge.rooms.outbound.fanout import Notices
from bridge.rooms.outbound.payloads import Ban, Payload, Post, Unban
from bridge.rooms.outbound.writer import DeliveryWriter
from bridge.storage import counters, deliveries
from bridge.storage.deliveries import DeliveryRow
from bridge.storage.tx import Tx

log: Final = structlog.get_logger("bridge.rooms.outbound.failures")
_MAX_ERROR: Final = 300


class Failures:
    """`write` runs in the transaction that gives the delivery up; `log` once after that."""

    def __init__(self, notices: Notices, groups: dict[RoomRef, str]) -> None:
        self._notices = notices
        self._groups = groups
        self._silent: set[RoomRef] = set()
        """Rooms whose trouble was reported and that have taken nothing since."""

    def works(self, room: RoomRef) -> None:
        """The room took something: the next failure is news again."""
        self._silent.discard(room)

    def write(
        self, tx: Tx, room: RoomRef, row: DeliveryRow, payload: Payload | None, error: str, now: float
    ) -> frozenset[RoomRef]:
        """Give up the delivery and queue the report: of bans to all rooms, of a message to the others.

        Returns the rooms that are told.
        """
        error = one_line(error, _MAX_ERROR)
        deliveries.failed(tx, row.id, error)
        group = self._groups.get(room)
        if group is None:
            return frozenset()
        counters.add(tx, group, "delivery_rejected")
        rooms = self._notices.rooms(group)
        writer = DeliveryWriter(tx, group, now, rooms)
        text = self._report(room, payload, error)
        if text:
            others = (
                rooms if isinstance(payload, Ban | Unban) else tuple(other for other in rooms if other != room)
            )
            writer.say(text, "report", row.id, rooms=others, report=True)
        return frozenset(writer.given)

    def _report(self, room: RoomRef, payload: Payload | None, error: str) -> str:
        if isinstance(payload, Ban):
            return (
                f"⚠️ {payload.name} ({payload.user_id}) was banned by {payload.by or 'the group'} but could not "
                f"be removed from {room}: {error}. Somebody who may must do it."
            )
        if isinstance(payload, Unban):
            return (
                f"⚠️ The ban of {payload.name} ({payload.user_id}) was lifted by {payload.by or 'the group'}, "
                f"but it still stands in {room}: {error}. Somebody who may must lift it."
            )
        if room in self._silent or (isinstance(payload, Post) and payload.report):
            return ""
        return f"⚠️ A message could not be shown in {room}: {error}"

    def committed(self, room: RoomRef, row: DeliveryRow, error: str) -> None:
        """The failure is stored: log it, and be quiet about the room until it works again."""
        self._silent.add(room)
        log.error(
            "delivery given up",
            room=str(room),
            kind=row.kind,
            delivery=row.id,
            error=one_line(error, _MAX_ERROR),
        )
