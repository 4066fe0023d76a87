"""Crash windows: what was acknowledged is there after a kill, and comes to the bridge once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from adapters.web import messages, outbox
from adapters.web.database import Database
from adapters.web.outbox import Outbox
from bridge.model.adapter import Inbound, InboundCommand, InboundDelete, InboundMessage, InboundReaction
from bridge.model.adapter_store import Change
from bridge.model.message import Author, Body
from tests.support.memory_inbox import MemoryInbox
from tests.support.pages import ROOM, RunningPage
from tests.support.waiting import guard

ANN = Author("web", "u1", "Ann")


class FailingInbox(MemoryInbox):
    """Takes nothing (`broken`), or takes it and dies before it can say so (`mute`)."""

    def __init__(self, *, broken: bool = False, mute: bool = False) -> None:
        super().__init__([ROOM])
        self.broken, self.mute = broken, mute
        self.tries = 0

    async def accept(
        self,
        account: str,
        cursor: str,
        events: Sequence[Inbound],
        remember: Change | None = None,
        *,
        adapter: str = "",
    ) -> None:
        self.tries += 1
        if not self.broken:
            await super().accept(account, cursor, events, remember, adapter=adapter)
        if self.broken or self.mute:
            raise OSError("gone")


def test_offers_are_read_back_as_they_were() -> None:
    message = InboundMessage("e", ROOM, ANN, Body("hi"), 5, True, reply_to_event="r", thread_event="t")
    for event in (
        message,
        InboundDelete("d", ROOM, ANN, "e", 6),
        InboundReaction("x", ROOM, ANN, "e", "👍", 7),
        InboundCommand("c", ROOM, ANN, "link", {"wallet": b"\x01" * 20, "keeper": "hosted"}, 8),
        InboundCommand("v", ROOM, ANN, "vote", {"ballot": 3, "choice": "yes"}, 8),
    ):
        assert outbox.decode(outbox.encode(event)) == event


async def test_stored_but_not_handed_over_is_offered_at_the_next_start(page: RunningPage) -> None:
    await page.stop()
    broken = FailingInbox(broken=True)
    await page.start(broken)
    ann = page.tab(await page.person("Ann"))
    refs = [await ann.ask("say", text=f"line {i}") for i in range(3)]
    await ann.until(lambda: len(ann.messages) == 3)
    while not broken.tries:
        await asyncio.sleep(0.01)
    assert page.adapter.health().state == "degraded"
    await page.stop()
    await page.start()
    await page.inbox.wait_for(3)
    assert [each.event_id for each in page.inbox.messages] == refs
    assert page.inbox.texts == ["line 0", "line 1", "line 2"]


async def test_handed_over_but_not_noted_comes_once(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    inbox = FailingInbox(mute=True)
    event = InboundMessage("e", ROOM, ANN, Body("hi"), 5)
    await database.do(lambda tx: outbox.put(tx, event))
    await run_until(Outbox(database, inbox), inbox, lambda: inbox.tries >= 1)
    inbox.mute = False
    await run_until(Outbox(database, inbox), inbox, lambda: inbox.repeats >= 1)
    assert inbox.events == [event]
    count = await database.do(lambda tx: tx.execute("SELECT count(*) FROM outbox").fetchone()[0])
    assert count == 0
    await database.close()


async def run_until(carrier: Outbox, inbox: FailingInbox, condition: object) -> None:
    task = asyncio.create_task(carrier.run())
    async with guard():
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_say_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Message, ref and offer are one transaction."""
    database = await Database.open(tmp_path)

    def work(tx) -> None:  # type: ignore[no-untyped-def]
        messages.once(tx, "ref", "u1", "say")
        messages.add(tx, messages.Said("ref", "lobby", "u1", "Ann", "", "hi", 1))
        raise RuntimeError("killed")

    with contextlib.suppress(RuntimeError):
        await database.do(work)
    for table in ("messages", "events", "outbox"):
        sql = f"SELECT count(*) FROM {table}"
        assert await database.do(lambda tx, sql=sql: tx.execute(sql).fetchone()[0]) == 0  # type: ignore[misc]
    await database.close()


async def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """SIGKILL in the middle of writing; every id that was printed must be there."""
    program = textwrap.dedent("""
        import asyncio, sys, uuid
        from pathlib import Path
        from adapters.web import messages
        from adapters.web.database import Database

        async def main():
            database = await Database.open(Path(sys.argv[1]))
            while True:
                ref = str(uuid.uuid4())
                said = messages.Said(ref, "lobby", "u1", "Ann", "", "hi", 1)
                await database.do(lambda tx: messages.add(tx, said))
                print(ref, flush=True)

        asyncio.run(main())
    """)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=Path.cwd()
    )
    assert process.stdout is not None
    acknowledged = [(await process.stdout.readline()).decode().strip() for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    rest = (await process.stdout.read()).decode().rpartition("\n")[0].split()
    await process.wait()
    database = await Database.open(tmp_path)
    rows = await database.do(lambda tx: tx.execute("SELECT id FROM messages ORDER BY position").fetchall())
    stored = [row["id"] for row in rows]
    await database.close()
    assert stored[: len(acknowledged + rest)] == acknowledged + rest
