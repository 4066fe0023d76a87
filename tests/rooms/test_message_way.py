"""What one message costs: a member's plain text in a Matrix room, one bridge, two rooms.

A whole bridge with the real Matrix adapter; only the homeserver is one in memory. The bounds are what was
measured; a change that needs more of anything must say why, and one that needs less lowers them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import aiohttp

from bridge.process import run
from bridge.settings import load
from tests.support.counting import Cost, Counting, counting, least
from tests.support.homeserver import serving
from tests.support.waiting import pause

BOT, ALICE = "@bot:memory", "@alice:memory"
ROUNDS = 5
BOUND = Cost(calls=700, files=81, commits=3, reads=2, statements=32, digests=8, html=0, writes=95)
CONFIG = """
name = "counted"
[waku]
node_port = 0
peer_addresses = ["{peer}"]
[logging]
level = "warning"
[[groups]]
name = "lobby"
create = true
rooms = [{{ platform = "matrix", room = "{0}" }}, {{ platform = "matrix", room = "{1}" }}]
[groups.timing]
steward_epoch = 2
[adapters.matrix]
homeserver = "{url}"
user_id = "{bot}"
access_token = "{bot}"
"""


class Person:
    """Somebody at the homeserver."""

    def __init__(self, url: str, user: str, http: aiohttp.ClientSession) -> None:
        self._url, self._http = f"{url}/_matrix/client/v3", http
        self._plain_url = url
        self._headers = {"Authorization": f"Bearer {user}"}
        self._sent = 0

    async def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._http.request(method, self._url + path, json=body, headers=self._headers) as answer:
            return dict(await answer.json())

    async def create_room(self) -> str:
        return str((await self._call("POST", "/createRoom", {}))["room_id"])

    async def join(self, room: str) -> None:
        await self._call("POST", f"/rooms/{room}/join", {})

    async def say(self, room: str, text: str) -> None:
        self._sent += 1
        body = {"msgtype": "m.text", "body": text}
        await self._call("PUT", f"/rooms/{room}/send/m.room.message/t{self._sent}", body)

    async def says_until(self, room: str, command: str, answer: str) -> None:
        """Give a command again and again until it is answered like that."""
        while not await self._stands(room, answer):
            await self.say(room, command)
            await pause(0.3)

    async def sees(self, room: str, text: str) -> None:
        """Wait until it stands there."""
        while not await self._stands(room, text):
            await asyncio.sleep(0.02)

    async def _stands(self, room: str, text: str) -> bool:
        async with self._http.get(f"{self._plain_url}/events/{room}") as answer:
            return any(text in str(each["content"].get("body", "")) for each in await answer.json())


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[None]:
    """A bridge in this process."""
    task = asyncio.create_task(run.run(load(path, env_file=None)))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def measured(alice: Person, rooms: tuple[str, str], counted: Counting) -> list[Cost]:
    """The cost of each of some messages, one after another."""
    costs = []
    for number in range(ROUNDS):
        await counted.quiet()
        counted.reset()
        await alice.say(rooms[0], f"message {number}.")
        await alice.sees(rooms[1], f"message {number}.")
        await counted.quiet()
        costs.append(counted.cost())
    return costs


async def test_a_message_costs_no_more_than_it_did(tmp_path: Path) -> None:
    async with serving() as (url, peer), aiohttp.ClientSession() as http:
        bot, alice = Person(url, BOT, http), Person(url, ALICE, http)
        rooms = await alice.create_room(), await alice.create_room()
        for room in rooms:
            await bot.join(room)
        path = tmp_path / "bridge.toml"
        path.write_text(CONFIG.format(*rooms, url=url, peer=peer, bot=BOT))
        with counting() as counted:
            async with running(path):
                await alice.says_until(rooms[0], "!status", "Working")  # what came before the start is not read
                await alice.says_until(rooms[0], "!join", "You are a member")
                costs = await measured(alice, rooms, counted)
    cost = least(costs)
    print("a message's way:", cost)
    grown = [each.name for each in fields(Cost) if getattr(cost, each.name) > getattr(BOUND, each.name)]
    assert not grown, f"{grown} grew: now {cost}; bound {BOUND}"
