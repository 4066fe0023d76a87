"""Who and where on a platform."""

from __future__ import annotations

from dataclasses import dataclass

MESSAGE_ID_BYTES = 16


@dataclass(frozen=True, slots=True, order=True)
class RoomRef:
    """A room (Matrix room, Discord channel, page) of a platform."""

    platform: str
    room_id: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.room_id}"


@dataclass(frozen=True, slots=True, order=True)
class UserRef:
    """An account of a platform."""

    platform: str
    user_id: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.user_id}"
