"""Two adapters of one platform at one mirror: rooms and cursors apart."""

from __future__ import annotations

import dataclasses

from bridge.model.adapter import InboundMessage
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body
from bridge.rooms.inbound.named_inbox import NamedInbox
from tests.support.memory_inbox import MemoryInbox

HOME, WORK = RoomRef("matrix", "!a:x"), RoomRef("work", "!a:x")
EVENT = InboundMessage("$1", HOME, Author("matrix", "@a:x", "A"), Body("hello"), 1)


async def test_rooms_go_by_the_adapters_name_and_people_do_not() -> None:
    inner = MemoryInbox()
    await NamedInbox(inner, "work").accept("@bot:x", "7", [EVENT])
    assert inner.events == [dataclasses.replace(EVENT, room=WORK)]
    assert inner.events[0].author == EVENT.author


async def test_equal_accounts_have_cursors_of_their_own() -> None:
    inner = MemoryInbox()
    for name, cursor in (("matrix", "1"), ("work", "2")):
        await NamedInbox(inner, name).accept("discord:bans:9", cursor, [])
    assert await NamedInbox(inner, "matrix").cursor("discord:bans:9") == "1"
    assert await NamedInbox(inner, "work").cursor("discord:bans:9") == "2"
    assert await NamedInbox(inner, "other").cursor("discord:bans:9") == ""


async def test_what_is_linked_and_own_is_asked_of_its_own_room() -> None:
    class OnlyWork(MemoryInbox):
        async def is_own(self, room: RoomRef, event_id: str) -> bool:
            return room == WORK and event_id == "$2"

    inner = OnlyWork([WORK])
    work, home = NamedInbox(inner, "work"), NamedInbox(inner, "matrix")
    assert (work.linked(HOME), home.linked(HOME)) == (True, False)
    assert (await work.is_own(HOME, "$2"), await home.is_own(HOME, "$2")) == (True, False)
