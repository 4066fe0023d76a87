"""Where we are in the account's stream, as stored with the events (`Inbox.accept`)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from adapters.matrix.fields import identifier, mapping


@dataclass(frozen=True, slots=True)
class Cursor:
    """The sync token, and the rooms that the bot was in at that point.

    The rooms tell a room that was joined since (nothing from before the join is ours) from one whose
    events we merely missed (all are).
    """

    since: str
    rooms: frozenset[str] = frozenset()

    def dump(self) -> str:
        """As text for the store."""
        return json.dumps({"since": self.since, "rooms": sorted(self.rooms)}, separators=(",", ":"))

    @classmethod
    def load(cls, stored: str) -> Cursor | None:
        """From the store; None when there is none yet. Raises `ValueError` for what `dump` never wrote."""
        if not stored:
            return None
        value = mapping(json.loads(stored))
        since, rooms = value.get("since"), value.get("rooms")
        if not isinstance(since, str) or not since or not isinstance(rooms, list):
            raise ValueError("not a stored Matrix position")
        return cls(since, frozenset(room for room in rooms if identifier(room, "!")))
