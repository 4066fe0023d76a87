"""Gateway sessions: their events, numbered and kept for a resume, and the socket that they go to now."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import struct
import zlib
from collections import deque
from typing import Any

from aiohttp import web

from tests.support.servers.discord.intents import Intent


class Connection:
    """One open socket. What is sent is queued; `pump` writes it, compressed when the client asked for it."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self._ws = ws
        self._request = request
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self.ended_here = False
        """Whether the server, not the client, ended it."""

    def send(self, op: int, data: Any, event: str | None = None, sequence: int | None = None) -> None:
        """Queue a payload."""
        self._queue.put_nowait(json.dumps({"op": op, "d": data, "t": event, "s": sequence}))

    def send_text(self, text: str) -> None:
        """Queue a payload that is JSON already."""
        self._queue.put_nowait(text)

    def close(self, code: int) -> None:
        """Close with a code, after what is queued."""
        self.ended_here = True
        self._queue.put_nowait(code)

    def abort(self) -> None:
        """TCP reset."""
        self.ended_here = True
        reset(self._request)

    async def pump(self) -> None:
        """Write what is queued until a close; a socket that is gone ends it."""
        with contextlib.suppress(ConnectionError):
            while True:
                item = await self._queue.get()
                if isinstance(item, int):
                    await self._ws.close(code=item)
                    return
                if self._zlib:
                    data = self._zlib.compress(item.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self._ws.send_bytes(data)
                else:
                    await self._ws.send_str(item)


def reset(request: web.Request) -> None:
    """End the request's connection with a TCP reset instead of an orderly end."""
    if request.transport is None:
        return
    raw = request.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


class Session:
    """One IDENTIFY: what it may see, its numbered events, and the last of them for a resume."""

    def __init__(self, intents: Intent, shard: int, shards: int, buffer: int) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.shard = shard
        self.shards = shards
        self.connection: Connection | None = None
        self.sequence = 0
        self._kept: deque[tuple[int, str]] = deque(maxlen=buffer)

    def has(self, guild_id: int) -> bool:
        """Whether the guild's events belong to this shard (direct messages to the first)."""
        return (guild_id >> 22) % self.shards == self.shard

    def send(self, event: str, data: Any, *, times: int = 1) -> None:
        """Number an event, keep it, and send it if there is a socket."""
        self.sequence += 1
        text = json.dumps({"op": 0, "d": data, "t": event, "s": self.sequence})
        self._kept.append((self.sequence, text))
        if self.connection:
            for _ in range(times):
                self.connection.send_text(text)

    def replay(self, after: int) -> bool:
        """Send again what came after this number; False when that is no longer kept, or was never sent."""
        missing = [text for sequence, text in self._kept if sequence > after]
        if len(missing) != self.sequence - after or not self.connection:
            return False
        for text in missing:
            self.connection.send_text(text)
        return True
