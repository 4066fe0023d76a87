"""uvicorn inside the bridge's own loop: on a socket of ours, without signal handlers and access logs."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from adapters.web.frames.bounds import MAX_FRAME

BACKLOG: Final = 128
STOP_LIMIT: Final = 2
"""Seconds for requests under way when the page stops."""


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen, so that a port that is taken is known at once. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off only for sockets that say that they are TCP (40 ms per answer).
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Connections of a page that was stopped must not hinder the next one; two listeners stay impossible.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The bridge handles signals."""
        yield


class Server:
    """One listener. `run` serves until `stop`."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._listener = listener
        config = uvicorn.Config(
            app,
            http="h11",
            ws="websockets-sansio",
            ws_max_size=MAX_FRAME,
            # Compressing secrets and what others write together tells of the secrets; and it costs memory.
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=1_000,
            timeout_graceful_shutdown=STOP_LIMIT,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """Begin to serve; the task ends after `stop`, or fails."""
        self._task = asyncio.create_task(self._server.serve([self._listener]))
        return self._task

    def refuse(self) -> None:
        """Take no new connections; those that are open stay."""
        for each in getattr(self._server, "servers", ()):
            each.close()
        self._listener.close()

    async def stop(self) -> None:
        """Answer what was asked and stop. Idempotent."""
        if self._task is None:
            self._listener.close()
            return
        self._server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._listener.close()
