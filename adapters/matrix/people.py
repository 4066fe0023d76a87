"""Names and avatars as a room shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from nio import Api

from adapters.matrix.fields import text
from adapters.matrix.http import MatrixHttp
from bridge.model.adapter import DeliveryError
from bridge.model.bounded import BoundedMap
from bridge.model.message import Author

PLATFORM: Final = "matrix"
MAX_PEOPLE: Final = 10_000
MAX_NAME: Final = 255
MAX_AVATAR: Final = 512
MAX_LOOKUP_SECONDS: Final = 5.0
"""A name is an ornament: a slow server may not hold up messages for longer (own choice)."""

log: Final = structlog.get_logger(__name__)


class People:
    """Bounded cache of (room, user): filled by the member events that sync brings, else by a look-up."""

    def __init__(self, http: MatrixHttp) -> None:
        self._http = http
        self._known: BoundedMap[tuple[str, str], Author] = BoundedMap(MAX_PEOPLE)

    def learn(self, room_id: str, user_id: str, content: Mapping[str, Any]) -> Author:
        """Take the content of a m.room.member event."""
        name = " ".join(text(content.get("displayname"), MAX_NAME).split())
        author = Author(
            platform=PLATFORM,
            user_id=user_id,
            display_name=name or localpart(user_id),
            avatar=text(content.get("avatar_url"), MAX_AVATAR),
        )
        self._known[room_id, user_id] = author
        return author

    async def author(self, room_id: str, user_id: str) -> Author:
        """The person as seen in this room; never fails (then the name is the id's local part)."""
        known = self._known.touch((room_id, user_id))
        if known is not None:
            return known
        method, path = Api.room_get_state_event("", room_id, "m.room.member", user_id)
        try:
            content = await self._http.call((method, path), MAX_LOOKUP_SECONDS)
        except DeliveryError as error:
            log.debug("no name", user=user_id, error=str(error))
            return Author(PLATFORM, user_id, localpart(user_id))
        return self.learn(room_id, user_id, content)


def localpart(user_id: str) -> str:
    """`alice` of `@alice:example.org`."""
    return user_id[1:].partition(":")[0] or user_id
