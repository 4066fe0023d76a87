"""What must be known of a room: who may do what in it, and whether it is encrypted.

Fetched when first needed, kept until an event in the room says that it changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from nio import Api

from adapters.matrix.errors import MatrixRejected
from adapters.matrix.fields import identifier, integer, mapping
from adapters.matrix.http import MatrixHttp
from bridge.model.bounded import BoundedMap

ADMIN_POWER: Final = 100
MAX_ROOMS: Final = 1_000
INFINITE: Final = math.inf
STATE_TYPES: Final = ("m.room.power_levels", "m.room.create", "m.room.encryption")
"""State events that change what is kept here."""

_CREATORS_RULE_SINCE: Final = 12
"""Room version from which creators stand above every power level (specification, room version 12)."""
_POWER_RANGE: Final = 2**53


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """`creators` outrank everybody (room version 12 and later); `actions` are the levels that acts need."""

    users: Mapping[str, int] = field(default_factory=dict)
    users_default: int = 0
    creators: frozenset[str] = frozenset()
    actions: Mapping[str, int] = field(default_factory=dict)
    encrypted: bool = False

    def power(self, user_id: str) -> float:
        """The person's level; infinite for a creator of a version 12 room."""
        return INFINITE if user_id in self.creators else self.users.get(user_id, self.users_default)

    def is_admin(self, user_id: str) -> bool:
        """Level 100 or more."""
        return self.power(user_id) >= ADMIN_POWER

    def needed(self, action: str) -> int:
        """The level that `ban` or `redact` needs (50 unless the room says otherwise)."""
        return self.actions.get(action, 50)


class Rooms:
    """Facts of the rooms that are in use, at most `MAX_ROOMS` of them."""

    def __init__(self, http: MatrixHttp) -> None:
        self._http = http
        self._facts: BoundedMap[str, RoomFacts] = BoundedMap(MAX_ROOMS)

    async def facts(self, room_id: str) -> RoomFacts:
        """The room's facts. Raises `RetryLater`, or `Rejected` when we may not see them."""
        known = self._facts.touch(room_id)
        if known is None:
            known = self._facts[room_id] = await self._fetch(room_id)
        return known

    def forget(self, room_id: str) -> None:
        """Something changed: fetch anew at the next use."""
        self._facts.pop(room_id, None)

    async def membership(self, room_id: str, user_id: str) -> str:
        """join, invite, leave, ban or knock; '' when the person was never there."""
        return str((await self._state(room_id, "m.room.member", user_id)).get("membership", ""))[:20]

    async def _fetch(self, room_id: str) -> RoomFacts:
        create = await self._state(room_id, "m.room.create", whole=True)
        levels = await self._state(room_id, "m.room.power_levels")
        encryption = await self._state(room_id, "m.room.encryption")
        return read_facts(create, levels, bool(encryption))

    async def _state(self, room_id: str, kind: str, key: str = "", whole: bool = False) -> dict[str, Any]:
        """The content of a state event ({} when there is none); `whole`: the event around it too."""
        method, path = Api.room_get_state_event("", room_id, kind, key)
        try:
            return await self._http.call((method, path + ("&format=event" if whole else "")))
        except MatrixRejected as error:
            if error.code == "M_NOT_FOUND":
                return {}
            raise


def read_facts(create: Mapping[str, Any], levels: Mapping[str, Any], encrypted: bool) -> RoomFacts:
    """Combine the m.room.create event and the content of m.room.power_levels ({} when absent)."""
    content = mapping(create, "content") or dict(create)
    creator = identifier(create.get("sender"), "@") or identifier(content.get("creator"), "@")
    creators = {creator} if creator else set()
    above_all = integer(content.get("room_version"), 1, 0, 1000) >= _CREATORS_RULE_SINCE
    if above_all:
        extra = content.get("additional_creators")
        creators |= {name for name in extra if identifier(name, "@")} if isinstance(extra, list) else set()
    users = {
        name: integer(level, 0, -_POWER_RANGE, _POWER_RANGE)
        for name, level in mapping(levels, "users").items()
        if identifier(name, "@")
    }
    if not levels and not above_all:
        # Without the event the creator alone has power (specification, m.room.power_levels).
        users = dict.fromkeys(creators, 100)
    return RoomFacts(
        users=users,
        users_default=integer(levels.get("users_default"), 0, -_POWER_RANGE, _POWER_RANGE),
        creators=frozenset(creators) if above_all else frozenset(),
        actions={act: integer(levels.get(act), 50, -_POWER_RANGE, _POWER_RANGE) for act in ("ban", "redact")},
        encrypted=encrypted,
    )
