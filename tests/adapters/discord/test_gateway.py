"""The connection: what passes is waited out, what only a person can mend ends the bridge and says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bridge.model.adapter import Rejected, RetryLater
from bridge.model.ids import RoomRef
from tests.adapters.suite import deliver, outgoing
from tests.support.discord_arena import DiscordArena
from tests.support.servers.discord.intents import Intent
from tests.support.servers.discord.rates import REAL
from tests.support.servers.discord.server import DiscordServer
from tests.support.waiting import guard, within


async def test_a_first_connect_that_fails_is_tried_again(server: DiscordServer, tmp_path: Path) -> None:
    server.faults.refuse_gateway(1)
    arena = DiscordArena(server, tmp_path)
    await arena.start_adapter()
    await arena.say("hello")
    await arena.inbox.wait_for_text("hello")
    assert arena.adapter.restarts
    assert arena.adapter.health().state == "ok"
    await arena.stop_adapter()


async def test_a_malformed_event_costs_nothing_but_a_reconnect(arena: DiscordArena) -> None:
    arena.server.faults.malform("MESSAGE_UPDATE")
    said = await arena.say("teh")
    await arena.inbox.wait_for(1)
    await arena.edit(said, "the")
    await arena.inbox.wait_for_text("the")
    async with guard():
        while not arena.adapter.restarts:
            await asyncio.sleep(0.01)
    await arena.say("still there")
    await arena.inbox.wait_for_text("still there")
    assert arena.inbox.texts == ["teh", "the", "still there"]


async def test_a_lost_connection_shows_in_the_health(arena: DiscordArena) -> None:
    arena.server.faults.refuse_gateway(1)
    arena.server.faults.drop_gateway()
    async with guard():
        while arena.adapter.health().state == "ok":
            await asyncio.sleep(0.01)
    assert arena.adapter.health().state == "degraded"
    await arena.say("hello")
    await arena.inbox.wait_for_text("hello")
    async with guard():
        while arena.adapter.health().state != "ok":
            await asyncio.sleep(0.01)


async def test_discord_down_at_the_start_is_worth_a_retry(server: DiscordServer, tmp_path: Path) -> None:
    arena = DiscordArena(server, tmp_path)
    await arena.kill_server()
    with pytest.raises(RetryLater):
        await _start(arena)
    await arena.start_server()
    await arena.stop_adapter()
    await arena.start_adapter()
    await arena.stop_adapter()


async def test_a_wrong_token_is_named(server: DiscordServer, tmp_path: Path) -> None:
    arena = DiscordArena(server, tmp_path)
    arena.settings["token"] = "not-the-token-of-this-bot"
    with pytest.raises(Rejected, match="set 'token'"):
        await _start(arena)
    await arena.stop_adapter()


async def test_a_revoked_token_ends_the_bridge(arena: DiscordArena) -> None:
    arena.server.faults.revoke_token()
    await _ends(arena, "set 'token'")
    with pytest.raises(RetryLater):  # the delivery is kept for the next start
        await arena.adapter.send(outgoing(arena, "k", "x"))


async def test_a_revoked_token_is_noticed_by_a_send_too(arena: DiscordArena) -> None:
    arena.server.world.revoked = True
    with pytest.raises(RetryLater):
        await arena.adapter.react(arena.room, await arena.say("x"), "👍", "k")
    await _ends(arena, "set 'token'")


async def test_missing_intents_are_named(tmp_path: Path) -> None:
    async with DiscordServer(allowed_intents=Intent(0)) as server:
        arena = DiscordArena(server, tmp_path)
        with pytest.raises(Rejected, match="Message Content Intent"):
            await _start(arena)
        await arena.stop_adapter()


async def test_intents_that_are_switched_off_end_the_bridge(arena: DiscordArena) -> None:
    arena.server.world.allowed_intents = Intent(0)
    arena.server.faults.invalidate(resumable=False)
    arena.server.faults.drop_gateway()
    await _ends(arena, "Message Content Intent")


async def test_shards_when_discord_asks_for_them(tmp_path: Path) -> None:
    async with DiscordServer(shards=2) as server:
        arena = DiscordArena(server, tmp_path)
        far = server.add_guild("Far", shard=1)
        channel = server.add_channel(far, "general")
        person = server.add_user("faye", far)
        arena.inbox.links.add(RoomRef("discord", str(channel.id)))
        await arena.start_adapter()
        await arena.say("near")
        await person.say(channel, "far")
        await arena.inbox.wait_for_text("near")
        await arena.inbox.wait_for_text("far")
        await arena.adapter.send(outgoing(arena, "k", "out"))
        await arena.connected()
        assert server.sessions == 2
        await arena.stop_adapter()


async def test_with_discords_own_rates_order_and_number_are_kept(tmp_path: Path) -> None:
    async with DiscordServer(rates=REAL) as server:
        arena = DiscordArena(server, tmp_path)
        await arena.start_adapter()
        for index in range(14):
            await arena.say(f"in {index}")
            await deliver(arena, outgoing(arena, f"out-{index}", f"out {index}"))
        await arena.inbox.wait_for(14)
        assert arena.inbox.texts == [f"in {index}" for index in range(14)]
        shown = [m.content for m in server.messages(arena.channel) if m.webhook_id]
        assert shown == [f"out {index}" for index in range(14)]
        await arena.stop_adapter()


async def _start(arena: DiscordArena) -> None:
    """`start` alone: it fails."""
    try:
        await arena.start_adapter()
    except BaseException:
        arena.run = asyncio.create_task(asyncio.sleep(0))
        raise


async def _ends(arena: DiscordArena, match: str) -> None:
    """The running adapter ends by itself, and says why."""
    with pytest.raises(Rejected, match=match):
        await within(arena.run)
    arena.run = asyncio.create_task(asyncio.sleep(0))
