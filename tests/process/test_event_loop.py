"""Nothing synchronous happens on the event loop: files and databases have threads of their own."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from bridge.storage import secrets
from bridge.storage.store import Store
from tests.process.test_full_size import Life
from tests.support.conversations import KEY
from tests.support.loop_guard import watched


async def test_messages_go_their_way_without_it(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/bridge.db", KEY)
    life = Life(store)
    await life.open()
    life.running = asyncio.create_task(life.run())
    with watched() as found:
        await life.chunk(20)
    life.running.cancel()
    await asyncio.gather(life.running, return_exceptions=True)
    await life.transport.stop()
    await store.close()
    assert found == []


async def test_the_guard_sees_what_it_is_for(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/bridge.db", KEY)
    with watched() as found:
        await store.read(lambda tx: secrets.get(tx, "token"))
        await asyncio.to_thread(lambda: (tmp_path / "elsewhere").write_text(""))
        assert found == []
        (tmp_path / "here").write_text("")
        sqlite3.connect(tmp_path / "db").close()
    await store.close()
    assert [each.partition(" ")[0] for each in found] == ["open", "sqlite3.connect"]
