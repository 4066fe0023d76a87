"""Sending through faults, and what the homeserver refuses."""

from __future__ import annotations

import asyncio

import pytest

from bridge.model.adapter import Outgoing, Rejected, RetryLater
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Body
from tests.adapters.matrix.conftest import MatrixArena
from tests.adapters.suite import deliver, outgoing
from tests.support.waiting import guard


async def test_rate_limit_is_honoured_for_the_whole_account(arena: MatrixArena) -> None:
    await arena.adapter.send(outgoing(arena, "warm", "warm"))
    arena.proxy.answer("/send/", 429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 600_000}, times=1)
    with pytest.raises(RetryLater) as first:
        await arena.adapter.send(outgoing(arena, "k", "too fast"))
    assert first.value.after >= 600
    other = Outgoing(key="o", room=RoomRef("matrix", "!another:localhost"), body=Body("x"))
    for message in (outgoing(arena, "k", "too fast"), other):
        with pytest.raises(RetryLater) as second:
            await arena.adapter.send(message)
        assert 0 < second.value.after <= 600
    assert arena.proxy.faulted["/send/"] == 1
    assert not arena.proxy.forwarded["m.k"]
    assert not arena.proxy.forwarded["m.o"]


async def test_after_a_short_limit_sending_goes_on(arena: MatrixArena) -> None:
    arena.proxy.answer("/send/", 429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 50}, times=1)
    with pytest.raises(RetryLater) as limited:
        await arena.adapter.send(outgoing(arena, "k", "again"))
    await asyncio.sleep(limited.value.after)
    assert await arena.adapter.send(outgoing(arena, "k", "again"))
    assert len(await arena.read()) == 1


async def test_server_errors_ask_for_longer_and_longer_waits(arena: MatrixArena) -> None:
    arena.proxy.answer("/send/", 502, {}, times=5)
    waits = []
    for _ in range(5):
        with pytest.raises(RetryLater) as trouble:
            await arena.adapter.send(outgoing(arena, "k", "patience"))
        waits.append(trouble.value.after)
    assert waits[0] > 0
    assert waits[4] > 3 * waits[0]
    await arena.adapter.send(outgoing(arena, "k", "patience"))
    assert len(await arena.read()) == 1


async def test_a_lost_answer_makes_no_second_message(arena: MatrixArena) -> None:
    # aiohttp itself repeats a PUT once when a kept connection breaks: lose more answers than that.
    arena.proxy.lose_answer("/send/", times=3)
    event_id = await deliver(arena, outgoing(arena, "lost", "once"))
    assert arena.proxy.faulted["/send/"] == 3
    assert [each.event_id for each in await arena.read()] == [event_id]


async def test_sync_backs_off_on_server_errors_and_recovers(arena: MatrixArena) -> None:
    arena.proxy.answer("/sync", 502, {}, times=3)
    await arena.say("wakes the poll")
    await arena.say("through")
    async with guard():
        while arena.adapter.health().state == "ok":
            await asyncio.sleep(0.01)
    assert "502" in arena.adapter.health().detail
    assert arena.proxy.faulted["/sync"] < 3, "the poll did not wait between tries"
    await arena.say("after")
    await arena.inbox.wait_for_text("after")
    assert arena.proxy.faulted["/sync"] == 3
    assert arena.inbox.texts == ["wakes the poll", "through", "after"]


async def test_too_long_is_refused(arena: MatrixArena) -> None:
    with pytest.raises(Rejected, match="too long"):
        await arena.adapter.send(outgoing(arena, "k", "x" * 60_001))
    limit = arena.adapter.describe(arena.room).max_bytes
    await arena.adapter.send(outgoing(arena, "k2", '"' * limit))
    assert len(await arena.read()) == 1


async def test_nothing_goes_into_an_encrypted_room(arena: MatrixArena) -> None:
    await arena.adapter.send(outgoing(arena, "k1", "plain"))
    encryption = {"algorithm": "m.megolm.v1.aes-sha2"}
    await arena.person.set_state(arena.room.room_id, "m.room.encryption", encryption)
    await arena.say("the adapter has seen the change when this came")
    await arena.inbox.wait_for(1)
    with pytest.raises(Rejected, match="encrypted"):
        await arena.adapter.send(outgoing(arena, "k2", "secret"))
    assert len(await arena.read()) == 1
    await arena.person.event(arena.room.room_id, "m.room.encrypted", {"ciphertext": "?"})
    await arena.say("after")
    await arena.inbox.wait_for_text("after")
    assert arena.adapter.counts["encrypted"] == 1


async def test_a_room_that_is_not_ours_is_refused(arena: MatrixArena) -> None:
    room = await arena.person.create_room()
    with pytest.raises(Rejected):
        await arena.adapter.send(Outgoing(key="k", room=RoomRef("matrix", room), body=Body("x")))


async def test_bans_say_which_power_is_missing(arena: MatrixArena) -> None:
    with pytest.raises(Rejected, match="created the room"):
        await arena.adapter.ban(arena.room, arena.alice, "no")
    await arena.person.set_power(arena.room.room_id, arena.bot.user_id, 10)
    with pytest.raises(Rejected, match=r"has power 10 but needs 50"):
        await arena.adapter.ban(arena.room, arena.victim, "no")
    assert await arena.is_in_room(arena.victim)


async def test_a_person_who_is_not_there_can_be_banned_ahead(arena: MatrixArena) -> None:
    stranger = UserRef("matrix", "@stranger:localhost")
    await arena.adapter.ban(arena.room, stranger, "not even once")
    assert await arena.person.membership(arena.room.room_id, stranger.user_id) == "ban"
