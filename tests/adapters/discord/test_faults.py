"""Under every fault switch of the local server 200 messages arrive once and in order, both ways."""

from __future__ import annotations

import asyncio

import pytest

from bridge.model.adapter import Outgoing
from bridge.model.message import Body
from tests.adapters.suite import deliver, outgoing
from tests.support.discord_arena import DiscordArena
from tests.support.discord_faults import GATEWAY, REST, Switch

COUNT = 200


async def people_write(arena: DiscordArena, switch: Switch) -> None:
    for index in range(COUNT):
        await arena.say(f"in {index}")
        await asyncio.sleep(0)
        if index == 70:
            switch(arena.server.faults)
        if index % 10 == 0:
            await asyncio.sleep(0.01)


async def the_bridge_writes(arena: DiscordArena, switch: Switch) -> None:
    for index in range(COUNT):
        if index in {50, 120}:
            switch(arena.server.faults)
        await deliver(arena, outgoing(arena, f"out-{index}", f"out {index}"))


@pytest.mark.parametrize("name", GATEWAY)
async def test_what_people_write_arrives(arena: DiscordArena, name: str) -> None:
    await people_write(arena, GATEWAY[name])
    await arena.inbox.wait_for(COUNT)
    await arena.say("last")
    await arena.inbox.wait_for_text("last")
    assert arena.inbox.texts == [*(f"in {index}" for index in range(COUNT)), "last"]


@pytest.mark.parametrize("name", REST)
async def test_what_the_bridge_writes_arrives(arena: DiscordArena, name: str) -> None:
    await the_bridge_writes(arena, REST[name])
    assert arena.server.faults.hit, "the switch met no request"
    assert [each.content for each in arena.server.messages(arena.channel)] == [
        f"out {index}" for index in range(COUNT)
    ]
    await arena.say("last")
    await arena.inbox.wait_for_text("last")
    assert arena.inbox.texts == ["last"]


@pytest.mark.parametrize("fault", ["fail_before", "fail_after", "reset_before", "reset_after"])
async def test_the_bots_own_words_arrive_once(arena: DiscordArena, fault: str) -> None:
    getattr(arena.server.faults, fault)(f"{arena.channel.id}/messages", 1, method="POST", skip=3)
    for index in range(10):
        await deliver(arena, Outgoing(f"notice-{index}", arena.room, Body(f"notice {index}")))
    assert arena.server.texts(arena.channel) == [f"notice {index}" for index in range(10)]


async def test_equal_texts_are_not_taken_for_each_other(arena: DiscordArena) -> None:
    for index in range(20):
        if index % 5 == 2:
            arena.server.faults.fail_after("/webhooks/", method="POST")
        if index % 5 == 4:
            arena.server.faults.reset_before("/webhooks/", method="POST")
        await deliver(arena, outgoing(arena, f"same-{index}", "ok"))
    assert arena.server.texts(arena.channel) == ["ok"] * 20


async def test_a_crash_between_send_and_answer_repeats_nothing(arena: DiscordArena) -> None:
    arena.server.faults.reset_after("/webhooks/", method="POST")
    with pytest.raises(Exception, match="did not answer"):
        await arena.adapter.send(outgoing(arena, "k", "once"))
    await arena.stop_adapter()
    await arena.start_adapter()
    event_id = await arena.adapter.send(outgoing(arena, "k", "once"))
    assert [(str(m.id), m.content) for m in arena.server.messages(arena.channel)] == [(event_id, "once")]
