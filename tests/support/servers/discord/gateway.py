"""The gateway: HELLO, IDENTIFY, RESUME, heartbeats, member chunks; and which session sees which event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

from aiohttp import WSMsgType, web

from tests.support.servers.discord import wire
from tests.support.servers.discord.faults import Faults
from tests.support.servers.discord.intents import PRIVILEGED, Intent, redacted, wanted
from tests.support.servers.discord.model import DIRECT, Guild
from tests.support.servers.discord.permissions import Permission
from tests.support.servers.discord.sessions import Connection, Session
from tests.support.servers.discord.world import World

CHUNK: Final = 1_000
"""Members a GUILD_MEMBERS_CHUNK."""
ALL_INTENTS: Final = (1 << 26) - 1


class Refused(Exception):
    """The socket is closed with this code. Source: documentation, "Gateway Close Event Codes"."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Hub:
    """All sessions of the bot. Its methods for `Faults` act on the live sockets."""

    def __init__(
        self,
        world: World,
        heartbeat: float,
        buffer: int,
        changed: Callable[[], None],
        failures: list[Exception],
    ) -> None:
        self._world = world
        self._heartbeat = heartbeat
        self._buffer = buffer
        self._changed = changed
        self._failures = failures
        self._connections: set[Connection] = set()
        self.sessions: dict[str, Session] = {}
        self.faults = Faults(self)
        self.resumes = 0
        """Sessions taken up again."""
        self.heartbeats = 0

    @property
    def connected(self) -> bool:
        """Whether any session has a socket."""
        return any(each.connection for each in self.sessions.values())

    # events

    def emit(self, event: str, data: dict[str, Any], guild_id: int, channel_id: int) -> None:
        """Show an event to the sessions that may see it."""
        self._changed()
        for session in self.sessions.values():
            if session.has(guild_id) and wanted(event, session.intents, not guild_id):
                shown = self._as_seen(session, event, data, guild_id, channel_id)
                if shown is not None:
                    self._dispatch(session, event, shown)

    def _as_seen(
        self, session: Session, event: str, data: dict[str, Any], guild_id: int, channel_id: int
    ) -> dict[str, Any] | None:
        world, bot = self._world, self._world.bot.id
        channel = world.channels.get(channel_id)
        if channel and not world.permissions(channel, bot) & Permission.VIEW_CHANNEL:
            return None
        if event == "GUILD_CREATE":
            return self._guild(session, world.guilds[guild_id])
        if event == "GUILD_AUDIT_LOG_ENTRY_CREATE":
            if not world.guild_permissions(world.guilds[guild_id], bot) & Permission.VIEW_AUDIT_LOG:
                return None
        elif event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and not session.intents & Intent.MESSAGE_CONTENT:
            return data if channel and channel.kind == DIRECT else redacted(data, bot)
        return data

    def _guild(self, session: Session, guild: Guild) -> dict[str, Any]:
        return wire.guild_create(self._world, guild, everybody=bool(session.intents & Intent.GUILD_PRESENCES))

    def _dispatch(self, session: Session, event: str, data: dict[str, Any]) -> None:
        fault = self.faults.take_event(event)
        if fault is None:
            session.send(event, data)
        elif fault.kind == "late":
            asyncio.get_running_loop().call_later(fault.seconds, session.send, event, data)
        elif fault.kind == "double":
            session.send(event, data, times=2)
        else:
            session.send(event, {"malformed": True})
            session.send(event, data)

    # the fault switches

    def close_all(self, code: int) -> None:
        for connection in list(self._connections):
            connection.close(code)
        self._detach()

    def abort_all(self) -> None:
        for connection in list(self._connections):
            connection.abort()
        self._detach()

    def _detach(self) -> None:
        for session in self.sessions.values():
            session.connection = None

    def say_to_all(self, op: int, data: Any) -> None:
        for connection in self._connections:
            connection.send(op, data)

    def forget(self) -> None:
        self.sessions.clear()

    def revoke(self) -> None:
        self._world.revoked = True
        self.close_all(4004)

    # one socket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one connection until it ends."""
        if self.faults.take_socket():
            return web.Response(status=503, text="upstream connect error")
        ws = web.WebSocketResponse(max_msg_size=4096, compress=False)
        await ws.prepare(request)
        connection = Connection(ws, request)
        self._connections.add(connection)
        pump = asyncio.create_task(connection.pump())
        try:
            await self._converse(ws, connection, request)
        except Refused as refused:
            connection.close(refused.code)
            await asyncio.wait([pump])
        except Exception as error:
            self._failures.append(error)
            connection.close(4000)
            await asyncio.wait([pump])
        finally:
            self._connections.discard(connection)
            self._lose(connection, invalid=not connection.ended_here and ws.close_code in (1000, 1001))
            pump.cancel()
            self._changed()
        return ws

    def _lose(self, connection: Connection, *, invalid: bool) -> None:
        """Its session has no socket now; when the client closed with 1000 or 1001 the session ends too."""
        for session in [each for each in self.sessions.values() if each.connection is connection]:
            session.connection = None
            if invalid:
                del self.sessions[session.id]

    async def _converse(self, ws: web.WebSocketResponse, connection: Connection, request: web.Request) -> None:
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            raise Refused(4012)
        if request.query.get("compress", "zlib-stream") != "zlib-stream":
            raise Refused(4002)
        connection.send(10, {"heartbeat_interval": int(self._heartbeat * 1000), "_trace": []})
        session: Session | None = None
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                raise Refused(4002)
            try:
                payload = json.loads(message.data)
                op, data = payload["op"], payload.get("d")
            except (ValueError, KeyError, TypeError):
                raise Refused(4002) from None
            if op == 1:
                self.heartbeats += 1
                self._changed()
                connection.send(11, None)
            elif op in (2, 6):
                if session is not None:
                    raise Refused(4005)
                session = self._identify(connection, data) if op == 2 else self._resume(connection, data)
            elif session is None:
                raise Refused(4003)
            elif op == 8:
                self._members(session, data)
            elif op not in (3, 4):
                raise Refused(4001)

    def _identify(self, connection: Connection, data: dict[str, Any]) -> Session:
        world = self._world
        if data["token"] != world.token or world.revoked:
            raise Refused(4004)
        shard, shards = data.get("shard") or (0, 1)
        if not 0 <= shard < shards:
            raise Refused(4010)
        if shards < world.shards:
            raise Refused(4011)
        if not 0 <= data["intents"] <= ALL_INTENTS:
            raise Refused(4013)
        if data["intents"] & PRIVILEGED & ~world.allowed_intents:
            raise Refused(4014)
        session = Session(Intent(data["intents"]), shard, shards, self._buffer)
        session.connection = connection
        self.sessions[session.id] = session
        guilds = [
            each for each in world.guilds.values() if session.has(each.id) and world.bot.id in each.members
        ]
        session.send("READY", self._ready(session, [each.id for each in guilds]))
        if Intent.GUILDS & session.intents:
            for guild in guilds:
                session.send("GUILD_CREATE", self._guild(session, guild))
        self._changed()
        return session

    def _ready(self, session: Session, guilds: list[int]) -> dict[str, Any]:
        application = wire.application(self._world)
        return {
            "v": 10,
            "user": {**wire.user(self._world.bot), "mfa_enabled": False, "verified": True, "email": None},
            "guilds": [{"id": str(each), "unavailable": True} for each in guilds],
            "session_id": session.id,
            "resume_gateway_url": self._world.url.replace("http", "ws", 1) + "/resume",
            "shard": [session.shard, session.shards],
            "application": {"id": application["id"], "flags": application["flags"]},
            "private_channels": [],
        }

    def _resume(self, connection: Connection, data: dict[str, Any]) -> Session | None:
        if data["token"] != self._world.token or self._world.revoked:
            raise Refused(4004)
        session = self.sessions.get(str(data["session_id"]))
        if session is None:
            connection.send(9, False)
            return None
        if session.connection:
            session.connection.close(4000)
        session.connection = connection
        if not session.replay(data["seq"] or 0):
            del self.sessions[session.id]
            connection.send(9, False)
            return None
        self.resumes += 1
        session.send("RESUMED", {"_trace": []})
        self._changed()
        return session

    def _members(self, session: Session, data: dict[str, Any]) -> None:
        """Op 8. All members (query "", limit 0) need the members intent."""
        guild = self._world.guilds.get(int(data["guild_id"]))
        if guild is None:
            return
        query, limit = data.get("query"), data.get("limit", 0)
        wanted_ids = data.get("user_ids")
        wanted_ids = [wanted_ids] if isinstance(wanted_ids, str | int) else wanted_ids
        if query == "" and not limit and not session.intents & Intent.GUILD_MEMBERS:
            raise Refused(4014)
        found, missing = list(guild.members.values()), []
        if wanted_ids is not None:
            ids = [int(each) for each in wanted_ids]
            found = [guild.members[each] for each in ids if each in guild.members]
            missing = [str(each) for each in ids if each not in guild.members]
        elif query:
            found = [each for each in found if (each.nick or each.user.name).lower().startswith(query.lower())]
        found = found[:limit] if limit else found
        count = max(1, -(-len(found) // CHUNK))
        for index in range(count):
            chunk: dict[str, Any] = {
                "guild_id": str(guild.id),
                "members": [wire.full_member(each) for each in found[index * CHUNK : (index + 1) * CHUNK]],
                "chunk_index": index,
                "chunk_count": count,
                "not_found": missing,
            }
            if data.get("nonce"):
                chunk["nonce"] = data["nonce"]
            session.send("GUILD_MEMBERS_CHUNK", chunk)
