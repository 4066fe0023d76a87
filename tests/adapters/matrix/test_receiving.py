"""Receiving on a real Synapse: gaps, joins, powers, hostile events."""

from __future__ import annotations

import asyncio

import pytest

from adapters.matrix.fields import identifier
from bridge.model.ids import RoomRef
from tests.adapters.matrix.conftest import TIMELINE_LIMIT, MatrixArena
from tests.support.waiting import guard


async def test_a_gap_of_many_pages_is_filled_in_the_rooms_order(arena: MatrixArena) -> None:
    await arena.say("before")
    await arena.inbox.wait_for_text("before")
    await arena.stop_adapter()
    await arena.say_at_once([f"parallel {i}" for i in range(100)])
    await arena.start_adapter()
    await arena.inbox.wait_for(101)
    assert arena.adapter.counts["gaps"] == 1
    assert arena.proxy.forwarded["messages"] >= 100 // TIMELINE_LIMIT
    assert arena.inbox.texts == [each.text for each in await arena.person.read(arena.room.room_id)]
    assert arena.inbox.repeats == 0


async def test_a_crash_inside_a_gap_loses_nothing(arena: MatrixArena) -> None:
    await arena.stop_adapter()
    for i in range(40):
        await arena.say(f"gap {i}")
    arena.proxy.answer("/messages", 502, {}, times=10_000, skip=2)
    await arena.start_adapter()
    async with guard():
        while not arena.proxy.faulted["/messages"]:
            await asyncio.sleep(0.01)
    await arena.stop_adapter()
    assert 0 < len(arena.inbox.events) < 40
    arena.proxy.heal()
    await arena.start_adapter()
    await arena.inbox.wait_for(40)
    assert arena.inbox.texts == [f"gap {i}" for i in range(40)]
    assert arena.inbox.repeats > 0, "the page that was handed over comes again and is recognised"


async def test_answers_that_are_too_large_are_asked_for_in_smaller_parts(
    arena: MatrixArena, monkeypatch: pytest.MonkeyPatch
) -> None:
    await arena.stop_adapter()
    texts = [f"{i:02d}" + "x" * 5_000 for i in range(20)]
    for text in texts:
        await arena.say(text)
    monkeypatch.setattr("adapters.matrix.http.MAX_ANSWER_BYTES", 20_000)
    await arena.start_adapter()
    await arena.inbox.wait_for(20)
    assert arena.inbox.texts == texts


async def test_history_before_the_join_stays_out(arena: MatrixArena) -> None:
    room = await arena.person.create_room()
    ref = RoomRef("matrix", room)
    arena.inbox.links.add(ref)
    for i in range(25):
        await arena.person.say(room, f"history {i}")
    await arena.person.invite(room, arena.bot.user_id)
    await arena.person.wait_for_membership(room, arena.bot.user_id, "join")
    await arena.person.say(room, "welcome, bot")
    message = await arena.inbox.wait_for_text("welcome, bot")
    assert message.room == ref
    assert arena.inbox.texts == ["welcome, bot"]


async def test_history_before_the_first_start_stays_out(arena: MatrixArena) -> None:
    await arena.stop_adapter()
    arena.inbox.cursors.clear()
    await arena.say("from before the first start")
    await arena.start_adapter()
    await arena.say("from after it")
    await arena.inbox.wait_for_text("from after it")
    assert arena.inbox.texts == ["from after it"]


async def test_what_was_said_while_the_bot_was_out_stays_out(arena: MatrixArena) -> None:
    room = arena.room.room_id
    await arena.say("one")
    await arena.inbox.wait_for_text("one")
    await arena.person.kick(room, arena.bot.user_id)
    await arena.say("behind its back")
    await arena.person.invite(room, arena.bot.user_id)
    await arena.person.wait_for_membership(room, arena.bot.user_id, "join")
    await arena.say("two")
    await arena.inbox.wait_for_text("two")
    assert arena.inbox.texts == ["one", "two"]


async def test_only_linked_rooms_are_joined(arena: MatrixArena) -> None:
    unlinked = await arena.person.create_room(arena.bot.user_id)
    linked = await arena.person.create_room()
    arena.inbox.links.add(RoomRef("matrix", linked))
    await arena.person.invite(linked, arena.bot.user_id)
    await arena.person.wait_for_membership(linked, arena.bot.user_id, "join")
    assert await arena.person.membership(unlinked, arena.bot.user_id) == "invite"
    # An invitation from before the link is taken up, also after a restart.
    await arena.stop_adapter()
    arena.inbox.links.add(RoomRef("matrix", unlinked))
    await arena.start_adapter()
    await arena.person.wait_for_membership(unlinked, arena.bot.user_id, "join")


async def test_admins_are_recognised_and_changes_noticed(arena: MatrixArena) -> None:
    room = arena.room.room_id
    await arena.say("by the creator")
    assert (await arena.inbox.wait_for_text("by the creator")).is_admin
    await arena.other.say(room, "by anybody")
    assert not (await arena.inbox.wait_for_text("by anybody")).is_admin
    await arena.person.set_power(room, arena.other.user_id, 100)
    await arena.other.say(room, "by an admin")
    assert (await arena.inbox.wait_for_text("by an admin")).is_admin
    await arena.person.set_power(room, arena.other.user_id, 99)
    await arena.other.say(room, "by anybody again")
    assert not (await arena.inbox.wait_for_text("by anybody again")).is_admin


async def test_malformed_events_do_not_stop_the_room(arena: MatrixArena) -> None:
    room, person = arena.room.room_id, arena.person
    # Synapse itself refuses a message without text; what it lets through, other servers do too.
    await person.event(room, "m.reaction", {"m.relates_to": "nothing"})
    await person.event(room, "m.reaction", {"x": 1})
    broken_edit = {"body": "x", "msgtype": "m.text", "m.relates_to": {"rel_type": "m.replace"}}
    await person.event(room, "m.room.message", broken_edit)
    await person.event(room, "m.room.message", {"body": "x", "msgtype": "m.text", "m.relates_to": [1]})
    await person.say(room, "still here")
    await arena.inbox.wait_for_text("still here")
    assert arena.inbox.texts == ["x", "still here"]
    assert arena.adapter.counts["malformed"] == 3
    assert arena.adapter.counts.get("failed", 0) == 0


async def test_replies_and_names(arena: MatrixArena) -> None:
    room = arena.room.room_id
    first = await arena.say("question")
    await arena.person.set_state(
        room, "m.room.member", {"membership": "join", "displayname": "Alice A."}, arena.person.user_id
    )
    relation = {"m.in_reply_to": {"event_id": first}}
    await arena.person.say(room, f"> <{arena.person.user_id}> question\n\nanswer", **{"m.relates_to": relation})
    reply = await arena.inbox.wait_for_text("answer")
    assert reply.reply_to_event == first
    assert reply.author.display_name == "Alice A."
    assert identifier(reply.event_id, "$")
