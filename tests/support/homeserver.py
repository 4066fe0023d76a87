"""A Matrix homeserver in memory, as little of one as a bridge needs: for counts and speed, not for truth.

What the bridge does on a real homeserver is tested on Synapse. This one answers in under a millisecond and does
the same each time. Run as a process of its own, so that its work is not counted: it prints its URL, and the
address of a Waku node beside it, so that what the bridge publishes leaves.

Anybody exists: the access token is the user's id. Rooms have every user in them who joined.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bridge.waku.embedded import EmbeddedConfig, EmbeddedTransport

API = "/_matrix/client/{version:r0|v1|v3|unstable}"
routes = web.RouteTableDef()


@dataclass
class Server:
    """All events of all rooms, in one order; `woken` is replaced at each event."""

    events: list[dict[str, Any]] = field(default_factory=list)
    members: dict[str, set[str]] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    """Event id by path of the request, which holds the transaction id."""
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, room: str, sender: str, kind: str, content: dict[str, Any], **more: Any) -> str:
        """A new event; returns its id."""
        number = len(self.events)
        event = {"event_id": f"$e{number}", "room_id": room, "sender": sender, "type": kind, "content": content}
        self.events.append({**event, "origin_server_ts": 1_700_000_000_000 + number, **more})
        self.woken.set()
        self.woken = asyncio.Event()
        return f"$e{number}"

    def join(self, room: str, user: str) -> None:
        """Put the user into the room, once."""
        if user not in self.members[room]:
            self.members[room].add(user)
            name = user[1:].partition(":")[0]
            content = {"membership": "join", "displayname": name}
            self.add(room, user, "m.room.member", content, state_key=user)


def _user(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _server(request: web.Request) -> Server:
    return request.app[SERVER]


SERVER: web.AppKey[Server] = web.AppKey("server", Server)


@routes.get(API + "/account/whoami")
async def whoami(request: web.Request) -> web.Response:
    """Whose token it is."""
    return web.json_response({"user_id": _user(request)})


@routes.post(API + "/createRoom")
async def create_room(request: web.Request) -> web.Response:
    """A room with its creator in it."""
    server, user = _server(request), _user(request)
    room = f"!r{len(server.members)}:memory"
    server.members[room] = set()
    server.add(room, user, "m.room.create", {"room_version": "10", "creator": user}, state_key="")
    server.join(room, user)
    return web.json_response({"room_id": room})


@routes.post(API + "/rooms/{room}/join")
async def join(request: web.Request) -> web.Response:
    """Into the room."""
    _server(request).join(request.match_info["room"], _user(request))
    return web.json_response({"room_id": request.match_info["room"]})


@routes.put(API + "/rooms/{room}/send/{kind}/{transaction}")
async def send(request: web.Request) -> web.Response:
    """A message, once for each transaction id."""
    server, known = _server(request), f"{_user(request)} {request.path}"
    if known not in server.sent:
        room, kind = request.match_info["room"], request.match_info["kind"]
        server.sent[known] = server.add(room, _user(request), kind, await request.json())
    return web.json_response({"event_id": server.sent[known]})


@routes.get(API + "/rooms/{room}/state/{kind}/{key:.*}")
async def state(request: web.Request) -> web.Response:
    """The newest such event's content, or all of it."""
    place = request.match_info["room"], request.match_info["kind"], request.match_info["key"].rstrip("/")
    for event in reversed(_server(request).events):
        if (event["room_id"], event["type"], event.get("state_key")) == place:
            return web.json_response(event if request.query.get("format") == "event" else event["content"])
    return web.json_response({"errcode": "M_NOT_FOUND", "error": "no such event"}, status=404)


def _asked_to_wait(request: web.Request) -> float:
    """Seconds of the client's long poll."""
    return int(request.query.get("timeout", 0)) / 1000


@routes.get(API + "/sync")
async def sync(request: web.Request) -> web.Response:
    """What follows `since`, at once or when it comes."""
    server, user = _server(request), _user(request)
    since = int(request.query["since"]) if "since" in request.query else None
    if since is not None:
        try:
            async with asyncio.timeout(_asked_to_wait(request)):
                while not _news(server, user, since):
                    await server.woken.wait()
        except TimeoutError:
            pass
    position = len(server.events)
    joined = {
        room: {"timeline": {"events": events, "limited": False, "prev_batch": str(since)}}
        for room, events in _news(server, user, position if since is None else since).items()
    }
    if since is None:
        joined = {room: {} for room, members in server.members.items() if user in members}
    return web.json_response({"next_batch": str(position), "rooms": {"join": joined}})


def _news(server: Server, user: str, since: int) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for event in server.events[since:]:
        if user in server.members[event["room_id"]]:
            found.setdefault(event["room_id"], []).append(event)
    return found


@routes.get("/events/{room}")
async def events(request: web.Request) -> web.Response:
    """For the test: all events of a room."""
    room = request.match_info["room"]
    return web.json_response([event for event in _server(request).events if event["room_id"] == room])


@routes.route("*", "/{rest:.*}")
async def rest(request: web.Request) -> web.Response:
    """Profiles, receipts and the like: an empty answer."""
    return web.json_response({})


async def _main() -> None:
    app = web.Application()
    app[SERVER] = Server()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    node = EmbeddedTransport(EmbeddedConfig())
    await node.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    print(json.dumps({"url": url, "peer": node.health().listening[0]}), flush=True)
    # Its end is the end of its parent, which holds the other side of standard input.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await node.stop()
    await runner.cleanup()


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[str, str]]:
    """The URL of a new homeserver in a process of its own, and the address of the Waku node there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.homeserver",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        made = json.loads(await process.stdout.readline())
        yield made["url"], made["peer"]
    finally:
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(_main())
