"""The mirror on a real PostgreSQL: the way of messages, and what a crash leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bridge.model.adapter import InboundDelete, InboundReaction
from bridge.model.ids import UserRef
from bridge.model.message import Author
from bridge.model.notices import MembersChanged
from bridge.storage import accounts
from tests.support.mirrors import PLATFORM, ROOM_A, ROOM_B, Bench, wallet_address
from tests.support.servers.postgres import Postgres

ALICE = Author(PLATFORM, "alice", "Alice")
BOB = wallet_address(UserRef(PLATFORM, "bob"))


async def test_messages_reactions_and_bans_over_a_crash(postgres: Postgres, tmp_path: Path) -> None:
    bench = await Bench(tmp_path / "unused", url=postgres.new_database()).open()
    try:
        await bench.store.write(lambda tx: accounts.put(tx, PLATFORM, "bob", BOB, "Bob", 1))
        event = await bench.say(ROOM_A, "Alice", "teh")
        await bench.say(ROOM_A, "Alice", "the", edits_event=event)
        await bench.mirror.accept("account", "", [InboundReaction("r", ROOM_A, ALICE, event, "👍", 1)])
        await bench.until(lambda: bool(bench.paper.reactions))
        await bench.settled()
        assert bench.paper.texts(ROOM_B) == ["Alice (guest): the"]
        bench.paper.hold[ROOM_B] = asyncio.Event()
        await bench.group.tell(MembersChanged(2, (), (BOB,), ()))
        await bench.mirror.accept("account", "", [InboundDelete("d", ROOM_A, ALICE, "r", 1)])
        await bench.until(lambda: len(bench.paper.bans) == 1)
        await bench.restart()
        bench.paper.hold[ROOM_B].set()
        # A ban that was carried out but not yet noted when the mirror crashed is carried out again.
        await bench.until(lambda: len(set(bench.paper.bans)) == 2 and not bench.paper.reactions)
        await bench.settled()
        await bench.mirror.accept("account", "", [InboundReaction("r", ROOM_A, ALICE, event, "👍", 1)])
        await bench.settled()
        assert bench.paper.reactions == []  # a known event
    finally:
        await bench.crash()
