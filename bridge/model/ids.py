"""Who and where on a platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MESSAGE_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True, order=True)
class RoomRef:
    """A room (Matrix room, Discord channel, page).

    In the bridge `platform` is the name of the adapter, that is of its table under [adapters]: two accounts
    of one platform have rooms of their own. An adapter knows only its platform, and names its rooms so
    (`NamedInbox` translates). `people` is the platform whose accounts are in the room, where its name is
    another; it tells no rooms apart.
    """

    platform: str
    room_id: str
    people: str = field(default="", compare=False, repr=False)

    @property
    def accounts(self) -> str:
        """The platform whose accounts are in it: `UserRef.platform` of everybody who writes there."""
        return self.people or self.platform

    def __str__(self) -> str:
        return f"{self.platform}:{self.room_id}"


@dataclass(frozen=True, slots=True, order=True)
class UserRef:
    """An account of a platform. Two adapters of one platform share its people."""

    platform: str
    user_id: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.user_id}"
