"""Two adapters of one platform in one bridge: two pages, one group with a room of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx

from bridge.cli.demo.visitor import Visitor
from tests.support.bridges import BridgeProcess
from tests.support.waiting import guard

CONFIG = """
[waku]
node_port = 0
[ops]
metrics_port = {metrics}
[[groups]]
name = "den"
create = true
bootstrap = "open"
rooms = [{{ platform = "web", room = "lobby" }}, {{ platform = "cellar", room = "lobby" }}]
[groups.timing]
steward_epoch = 1
waiting = 1
[adapters.web]
port = 0
rooms = ["lobby"]
demo_accounts = ["Alice"]
[adapters.cellar]
platform = "web"
port = 0
rooms = ["lobby"]
demo_accounts = ["Bob"]
"""


async def until(true: Callable[[], bool], news: asyncio.Event) -> None:
    async with guard():
        while not true():
            await news.wait()
            news.clear()


async def test_people_of_two_pages_talk_in_one_group(tmp_path: Path, unused_tcp_port: int) -> None:
    bridge = BridgeProcess(tmp_path, "bridge")
    bridge.write(CONFIG.format(metrics=unused_tcp_port))
    bridge.start()
    news = asyncio.Event()
    visitors: list[Visitor] = []
    tasks: list[asyncio.Task[None]] = []
    try:
        report = await bridge.until(lambda r: {a.state for a in r.adapters} == {"ok"} and len(r.groups) == 1)
        assert [adapter.platform for adapter in report.adapters] == ["web", "cellar"]
        for folder, name in (("web", "Alice"), ("cellar", "Bob")):
            url = (bridge.data / folder / "url").read_text("ascii").strip()
            visitor = Visitor(url, name, news.set)
            await visitor.sign_in()
            visitors.append(visitor)
            tasks.append(asyncio.create_task(visitor.run()))
        alice, bob = visitors
        for person in visitors:
            await until(lambda person=person: bool(person.standing), news)  # type: ignore[misc]
            await person.say("!join")
        await bridge.until(lambda r: len(r.groups[0].voters) >= 1)
        await until(lambda: alice.is_member or bob.is_member, news)
        writer, reader = (alice, bob) if alice.is_member else (bob, alice)
        await writer.say("does the other page read this?")
        await until(lambda: bool(reader.reads("does the other page read this?", writer.name)), news)
        async with httpx.AsyncClient() as client:
            page = (await client.get(f"http://127.0.0.1:{unused_tcp_port}/metrics")).text
        assert 'demls_adapter_up{adapter="cellar"} 1.0' in page
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for visitor in visitors:
            await visitor.close()
        bridge.stop()
