"""The adapter waits for no file and no database on the event loop."""

from __future__ import annotations

from bridge.model.adapter import Outgoing
from bridge.model.message import Author, Body
from tests.support.discord_arena import DiscordArena
from tests.support.loop_guard import watched


async def test_messages_both_ways_without_it(arena: DiscordArena) -> None:
    await arena.connected()
    with watched() as found:
        event = await arena.adapter.send(Outgoing("k", arena.room, Body("hi"), Author("matrix", "@b:x", "Bob")))
        await arena.adapter.edit(Outgoing("e", arena.room, Body("hi!"), Author("matrix", "@b:x", "Bob")), event)
        await arena.say("hello")
        await arena.inbox.wait_for_text("hello")
    assert found == []
