"""Chat between rooms: order, origin, edits, deletions, reactions, waiting marks."""

import dataclasses

import pytest

from bridge.model.adapter import Capabilities, InboundDelete, InboundReaction
from bridge.model.message import Author, Body, ChatMessage, MessageKind
from bridge.model.notices import Chat, ChatDropped, ChatSent
from bridge.rooms.ids import message_id
from bridge.storage import counters
from tests.support.mirrors import GROUP, PLATFORM, ROOM_A, ROOM_B, Bench, Paper, take_chat

CAROL = Author("far", "carol", "Carol", address=b"\3" * 20)
MALLORY = Author("far", "mallory", "Mallory", address=b"\4" * 20)


def remote(number: int, author: Author, text: str, **more: object) -> ChatMessage:
    kind = more.pop("kind", MessageKind.MESSAGE)
    return ChatMessage(number.to_bytes(16, "big"), kind, author, Body(text), 1, **more)  # type: ignore[arg-type]


async def test_the_other_room_sees_it_and_the_own_room_does_not(bench: Bench) -> None:
    await bench.say(ROOM_A, "Alice", "hello")
    await bench.until(lambda: bench.paper.texts(ROOM_B) == ["Alice (guest): hello"])
    await bench.settled()
    assert bench.paper.texts(ROOM_A) == []


async def test_a_burst_keeps_its_order_and_known_events_are_dropped(bench: Bench) -> None:
    events = [bench.message(ROOM_A, "Alice", f"line {i}") for i in range(150)]
    await bench.mirror.accept("account", "1", events)
    await bench.mirror.accept("account", "2", events)
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) >= 150)
    await bench.settled()
    assert bench.paper.texts(ROOM_B) == [f"Alice (guest): line {i}" for i in range(150)]
    assert await bench.mirror.cursor("account") == "2"


async def test_remote_chat_reaches_every_room_whatever_origin_it_claims(bench: Bench) -> None:
    await bench.group.tell(Chat(remote(1, CAROL, "hi", origin=ROOM_A)))
    await bench.settled()
    assert bench.paper.texts(ROOM_A) == bench.paper.texts(ROOM_B) == ["Carol: hi"]


async def test_own_posts_are_recognised_and_never_mirrored(bench: Bench) -> None:
    await bench.say(ROOM_A, "Alice", "hello")
    await bench.until(lambda: bool(bench.paper.texts(ROOM_B)))
    await bench.settled()
    own = bench.paper.rooms[ROOM_B][0].event_id
    assert await bench.mirror.is_own(ROOM_B, own)
    assert not await bench.mirror.is_own(ROOM_B, "event-1")
    await bench.say(ROOM_B, "Bridge", "Alice (guest): hello", event_id=own)
    await bench.settled()
    assert bench.paper.texts(ROOM_A) == []


async def test_edit_delete_and_reaction_follow_the_id_map(bench: Bench) -> None:
    first = await bench.say(ROOM_A, "Alice", "teh")
    await bench.say(ROOM_A, "Alice", "the", edits_event=first)
    alice = Author(PLATFORM, "alice", "Alice")
    await bench.mirror.accept("account", "", [InboundReaction("r1", ROOM_A, alice, first, "👍", 1)])
    await bench.until(lambda: len(bench.paper.reactions) == 1)
    [shown] = bench.paper.rooms[ROOM_B]
    assert shown.text == "Alice (guest): the"
    assert bench.paper.reactions == [(shown.event_id, "👍")]
    await bench.mirror.accept("account", "", [InboundDelete("d1", ROOM_A, alice, first, 1)])
    await bench.until(lambda: not bench.paper.rooms[ROOM_B])


async def test_replies_point_to_the_copy_in_each_room(bench: Bench) -> None:
    first = await bench.say(ROOM_A, "Alice", "question")
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_B]))
    await bench.settled()
    copy = bench.paper.rooms[ROOM_B][0].event_id
    await bench.say(ROOM_B, "Bob", "answer", reply_to_event=copy)
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_A]))
    assert bench.paper.rooms[ROOM_A][0].reply_to == first


async def test_what_a_platform_cannot_do_is_said(bench: Bench) -> None:
    bench.paper.capabilities = Capabilities()
    first = await bench.say(ROOM_A, "Alice", "teh")
    await bench.say(ROOM_A, "Alice", "the", edits_event=first)
    alice = Author(PLATFORM, "alice", "Alice")
    await bench.mirror.accept(
        "account",
        "",
        [InboundReaction("r1", ROOM_A, alice, first, "👍", 1), InboundDelete("d1", ROOM_A, alice, first, 1)],
    )
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) == 4)
    assert bench.paper.texts(ROOM_B) == [
        "Alice (guest): teh",
        "Alice (guest): ✏️ edited: the",
        "Alice (guest) reacted: 👍",
        "🗑️ Alice (guest) deleted this message.",
    ]


@pytest.mark.parametrize("kind", [MessageKind.EDIT, MessageKind.DELETE])
@pytest.mark.parametrize("address", [CAROL.address, b""])
async def test_nobody_changes_anothers_message(bench: Bench, kind: MessageKind, address: bytes) -> None:
    await bench.group.tell(Chat(remote(1, dataclasses.replace(CAROL, address=address), "mine")))
    posing = dataclasses.replace(MALLORY, user_id=CAROL.user_id, display_name="Carol")
    await bench.group.tell(Chat(remote(2, posing, "yours", kind=kind, target=(1).to_bytes(16, "big"))))
    await bench.settled()
    [text] = bench.paper.texts(ROOM_A)
    assert text.endswith("mine")
    counted = await bench.store.read(lambda tx: counters.all_of(tx, GROUP))
    assert counted == {"not_the_author": 1}


async def test_an_edit_of_an_unknown_message_is_shown_as_new(bench: Bench) -> None:
    await bench.group.tell(Chat(remote(2, CAROL, "late", kind=MessageKind.EDIT, target=bytes(16))))
    await bench.settled()
    assert bench.paper.texts(ROOM_A) == ["Carol: ✏️ edited: late"]


async def test_the_waiting_mark_is_taken_away(bench: Bench) -> None:
    bench.group.script = lambda request: [dataclasses.replace(take_chat(request)[0], waiting=True)]  # type: ignore[arg-type]
    event = await bench.say(ROOM_A, "Alice", "patience")
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_B]))
    assert bench.paper.rooms[ROOM_B][0].waiting
    await bench.restart()  # the text must outlive the process
    await bench.group.tell(ChatSent(message_id(ROOM_A, event)))
    await bench.until(lambda: not bench.paper.rooms[ROOM_B][0].waiting)
    assert bench.paper.texts(ROOM_B) == ["Alice (guest): patience"]
    await bench.settled()


async def test_without_edits_the_mark_stays_and_nothing_is_parked(bench: Bench) -> None:
    bench.paper.capabilities = Capabilities()
    bench.group.script = lambda request: [dataclasses.replace(take_chat(request)[0], waiting=True)]  # type: ignore[arg-type]
    event = await bench.say(ROOM_A, "Alice", "patience")
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_B]))
    await bench.group.tell(ChatSent(message_id(ROOM_A, event)))
    await bench.settled()
    assert [what for what, _ in bench.paper.calls] == ["send"]


async def test_a_dropped_message_is_told_where_it_was_written(bench: Bench) -> None:
    def drop(request: object) -> list[object]:
        [chat] = take_chat(request)  # type: ignore[arg-type]
        return [chat, ChatDropped(chat.message.message_id, "you are gone")]  # type: ignore[union-attr]

    bench.group.script = drop  # type: ignore[assignment]
    event = await bench.say(ROOM_A, "Alice", "anyone?")
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_A]))
    [told] = bench.paper.rooms[ROOM_A]
    assert "did not reach the group: you are gone" in told.text
    assert told.reply_to == event


async def test_long_text_comes_in_parts_and_an_edit_finds_them_all(bench: Bench) -> None:
    bench.paper.capabilities = dataclasses.replace(bench.paper.capabilities, max_bytes=200)
    text = " ".join(f"word{i}" for i in range(100))
    first = await bench.say(ROOM_A, "Alice", text)
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) > 2)
    await bench.settled()
    parts = bench.paper.texts(ROOM_B)
    assert all(len(part.encode()) <= 200 for part in parts)
    assert " ".join(part.removeprefix("Alice (guest): ") for part in parts) == text
    await bench.say(ROOM_A, "Alice", "short", edits_event=first)
    await bench.until(lambda: bench.paper.texts(ROOM_B) == ["Alice (guest): short"])


async def test_events_of_other_rooms_are_not_even_stored(bench: Bench) -> None:
    from bridge.model.ids import RoomRef

    await bench.say(RoomRef(PLATFORM, "elsewhere"), "Alice", "hello")
    await bench.say(ROOM_A, "Alice", "here")
    await bench.until(lambda: bool(bench.paper.rooms[ROOM_B]))
    assert len(bench.group.requests) == 1


async def test_a_hostile_event_harms_no_other(bench: Bench) -> None:
    bad = [
        bench.message(ROOM_A, "Eve", "no id", event_id=""),
        bench.message(ROOM_A, "Eve", "long id", event_id="x" * 5000),
        bench.message(ROOM_A, "Eve", "nul", event_id="a\0b"),
        bench.message(ROOM_A, "Eve", "half \ud800 pair \0"),
    ]
    await bench.mirror.accept("account", "c", [*bad, bench.message(ROOM_A, "Alice", "fine")])
    await bench.until(lambda: len(bench.paper.texts(ROOM_B)) == 2)
    assert bench.paper.texts(ROOM_B) == ["Eve (guest): half  pair ", "Alice (guest): fine"]


def test_paper_is_a_full_adapter() -> None:
    from bridge.model.adapter import Deletes, Edits, Enforces, Reacts

    paper = Paper()
    assert all(isinstance(paper, kind) for kind in (Edits, Deletes, Reacts, Enforces))
