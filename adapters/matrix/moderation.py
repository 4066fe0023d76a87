"""Bans and what they need: one place for the power rules and their wording."""

from __future__ import annotations

from typing import Final

from nio import Api

from adapters.matrix.errors import MatrixRejected
from adapters.matrix.http import MatrixHttp
from adapters.matrix.rooms import RoomFacts, Rooms

MAX_REASON: Final = 500


class Moderation:
    """Bans and unbans as the bot. Raises `RetryLater` or `Rejected`."""

    def __init__(self, http: MatrixHttp, rooms: Rooms, me: str) -> None:
        self._http = http
        self._rooms = rooms
        self._me = me

    async def ban(self, room_id: str, user_id: str, reason: str) -> None:
        """Remove and keep out; a person who is not in the room is kept out too."""
        try:
            await self._http.call(Api.room_ban("", room_id, user_id, reason[:MAX_REASON]))
        except MatrixRejected as refusal:
            if await self._rooms.membership(room_id, user_id) == "ban":
                return
            raise await self._explained(refusal, room_id, user_id, "ban") from refusal

    async def unban(self, room_id: str, user_id: str) -> None:
        """Lift a ban; one that is not banned stays what they are."""
        try:
            await self._http.call(Api.room_unban("", room_id, user_id))
        except MatrixRejected as refusal:
            if await self._rooms.membership(room_id, user_id) != "ban":
                return
            raise await self._explained(refusal, room_id, user_id, "unban") from refusal

    async def _explained(self, refusal: MatrixRejected, room_id: str, user_id: str, act: str) -> MatrixRejected:
        """The refusal, with the power that is missing when that is the cause."""
        self._rooms.forget(room_id)
        facts = await self._rooms.facts(room_id)
        missing = lack_of_power(facts, self._me, user_id)
        return MatrixRejected(
            f"cannot {act} {user_id} in {room_id}: {missing}" if missing else str(refusal), refusal.code
        )


def lack_of_power(facts: RoomFacts, me: str, user_id: str = "") -> str:
    """What `me` lacks to ban (this person), as advice; '' when nothing."""
    mine, needed = facts.power(me), facts.needed("ban")
    if mine < needed:
        return f"the bot has power {mine:g} but needs {needed} to ban; give {me} power {needed} or more"
    theirs = facts.power(user_id) if user_id else -1.0
    if theirs >= mine:
        if user_id in facts.creators:
            return f"{user_id} created the room and nobody can ban its creator"
        return f"{user_id} has power {theirs:g}, the bot {mine:g}; the bot needs more than {theirs:g}"
    return ""
