"""What `demls-bridge check` asks of a Matrix account."""

from __future__ import annotations

from collections.abc import Sequence

from nio import Api

from adapters.matrix.http import MatrixHttp
from adapters.matrix.moderation import lack_of_power
from adapters.matrix.rooms import Rooms
from bridge.model.adapter import DeliveryError
from bridge.model.ids import RoomRef


async def check_account(http: MatrixHttp, rooms: Rooms, me: str, linked: Sequence[RoomRef]) -> list[str]:
    """Problems with the linked rooms, each a sentence that says what to do. Raises `DeliveryError`."""
    answer = (await http.call(Api.joined_rooms(""))).get("joined_rooms")
    joined = set(answer) if isinstance(answer, list) else set()
    problems = []
    for room in linked:
        if not room.room_id.startswith("!"):
            problems.append(f"{room} is no room id: use the internal id (it begins with !), not an alias.")
        elif room.room_id not in joined:
            problems.append(f"The bot is not in {room}: invite {me} there (the running bridge then joins).")
        else:
            problems += await _check_room(rooms, me, room)
    return problems


async def _check_room(rooms: Rooms, me: str, room: RoomRef) -> list[str]:
    rooms.forget(room.room_id)
    try:
        facts = await rooms.facts(room.room_id)
    except DeliveryError as error:
        return [f"The state of {room} cannot be read ({error}): invite {me} anew."]
    problems = []
    if facts.encrypted:
        problems.append(f"{room} is encrypted and cannot be mirrored: link a room without encryption.")
    missing = lack_of_power(facts, me)
    if missing:
        problems.append(f"In {room} bans cannot be enforced: {missing}.")
    return problems
