"""Reactions that are taken back: the bridge reacts once for everybody, until the last one leaves."""

import dataclasses

from bridge.model.adapter import InboundDelete, InboundReaction
from bridge.model.ids import RoomRef
from bridge.model.message import Author, Body, ChatMessage, MessageKind
from bridge.model.notices import Chat
from bridge.protocol.events import SendChat
from bridge.rooms.ids import message_id
from tests.support.mirrors import ALL, PLATFORM, ROOM_A, ROOM_B, Bench

CAROL = Author("far", "carol", "Carol", address=b"\3" * 20)
MALLORY = Author("far", "mallory", "Mallory", address=b"\4" * 20)
REMOTE = b"\7" * 16


def person(name: str) -> Author:
    return Author(PLATFORM, name.lower(), name)


async def written(bench: Bench) -> str:
    """Alice writes in A; returns their event once B shows it."""
    event = await bench.say(ROOM_A, "Alice", "hello")
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_B]))
    await bench.settled()
    return event


async def react(bench: Bench, event_id: str, room: RoomRef, name: str, target: str) -> None:
    event = InboundReaction(event_id, room, person(name), target, "👍", 1)
    await bench.mirror.accept("account", "", [event])
    await bench.settled()


async def take_back(bench: Bench, event_id: str, room: RoomRef, name: str, target: str) -> None:
    await bench.mirror.accept("account", "", [InboundDelete(event_id, room, person(name), target, 1)])
    await bench.settled()


def remote(target: bytes, author: Author = CAROL, number: bytes = REMOTE) -> Chat:
    return Chat(ChatMessage(number, MessageKind.REACTION, author, Body("👍"), 1, target=target))


def remote_delete(target: bytes, author: Author = CAROL) -> Chat:
    return Chat(ChatMessage(b"\x09" * 16, MessageKind.DELETE, author, Body(""), 1, target=target))


async def test_a_reaction_goes_when_it_is_taken_back(bench: Bench) -> None:
    event = await written(bench)
    await react(bench, "r1", ROOM_A, "Alice", event)
    assert len(bench.paper.reactions) == 1
    await bench.restart()
    await take_back(bench, "d1", ROOM_A, "Alice", "r1")
    assert bench.paper.reactions == []
    assert len(bench.paper.rooms[ROOM_B]) == 1  # the message stays


async def test_it_stays_until_the_last_one_takes_his_back(bench: Bench) -> None:
    event = await written(bench)
    copy = bench.paper.rooms[ROOM_B][0].event_id
    for number, name in enumerate(("Alice", "Bob")):
        await react(bench, f"r{number}", ROOM_A, name, event)
    await bench.group.tell(remote(message_id(ROOM_A, event)))
    await bench.settled()
    assert sorted(bench.paper.reactions) == sorted([(copy, "👍"), (event, "👍")])
    await take_back(bench, "d0", ROOM_A, "Alice", "r0")
    await bench.group.tell(remote_delete(REMOTE))
    await bench.settled()
    assert bench.paper.reactions == [(copy, "👍")]  # Bob's; in their own room nobody else is left
    await take_back(bench, "d1", ROOM_A, "Bob", "r1")
    assert bench.paper.reactions == []
    await react(bench, "r2", ROOM_A, "Alice", event)
    assert bench.paper.reactions == [(copy, "👍")]


async def test_nobody_takes_anothers_back(bench: Bench) -> None:
    event = await written(bench)
    await bench.group.tell(remote(message_id(ROOM_A, event)), remote_delete(REMOTE, MALLORY))
    await bench.settled()
    assert len(bench.paper.reactions) == 2


async def test_a_reaction_of_the_bridge_that_a_moderator_removes_stays_elsewhere(bench: Bench) -> None:
    event = await written(bench)
    await react(bench, "r1", ROOM_A, "Alice", event)
    own = next(iter(bench.paper._reacted))
    await take_back(bench, "d1", ROOM_B, "Moderator", own)
    assert not any(
        isinstance(request, SendChat) and request.message.kind is MessageKind.DELETE
        for request in bench.group.requests
    )


async def test_where_reactions_are_told_the_telling_goes(bench: Bench) -> None:
    bench.paper.capabilities = dataclasses.replace(ALL, react=False)
    event = await written(bench)
    await react(bench, "r1", ROOM_A, "Alice", event)
    assert bench.paper.texts(ROOM_B)[1:] == ["Alice (guest) reacted: 👍"]
    await take_back(bench, "d1", ROOM_A, "Alice", "r1")
    assert len(bench.paper.texts(ROOM_B)) == 1
