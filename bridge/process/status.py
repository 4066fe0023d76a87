"""`demls-bridge status`: a Unix socket in the data folder, for its owner only.

One connection, one JSON report, end. Nothing is read from the caller, so there is nothing to attack it with.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import structlog

from bridge.process.report import Report

MAX_REPORT: Final = 4_000_000
"""Bytes that a reader takes at most."""
TIMEOUT: Final = 5.0
"""Seconds that writer and reader wait for each other."""

log: Final = structlog.get_logger(__name__)


class NotRunning(Exception):
    """Nobody answers on the socket."""


@asynccontextmanager
async def served(path: Path, report: Callable[[], Awaitable[Report]]) -> AsyncIterator[None]:
    """Answer on `path` while the block runs. A socket left behind by a killed process is replaced.

    Raises OSError when the folder cannot be written, RuntimeError when another bridge answers there.
    """
    await _remove_stale(path)
    answers: set[asyncio.Task[None]] = set()

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        answers.add(task)
        task.add_done_callback(answers.discard)
        try:
            async with asyncio.timeout(TIMEOUT):
                writer.write(msgspec.json.encode(await report()))
                await writer.drain()
        except (OSError, TimeoutError) as error:
            log.debug("status reader went away", error=str(error))
        finally:
            writer.close()

    listener = _bind(path)
    server = await asyncio.start_unix_server(answer, sock=listener)
    try:
        yield
    finally:
        server.close()
        _remove(path)
        # What a report reads is closed after this block. TIMEOUT bounds the wait.
        if answers:
            await asyncio.wait(answers)


def _bind(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        # The folder is the owner's alone already; this is for one that somebody else made.
        path.chmod(0o600)
    except OSError:
        listener.close()
        raise
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _remove_stale(path: Path) -> None:
    try:
        await ask(path)
    except NotRunning:
        _remove(path)
    else:
        raise RuntimeError(f"another bridge is running with this data folder ({path.parent})")


async def ask(path: Path) -> Report:
    """The report of the bridge that answers on `path`. Raises NotRunning."""
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=MAX_REPORT)
            try:
                data = await _all_of(reader)
            finally:
                writer.close()
        return msgspec.json.decode(data, type=Report)
    except (OSError, TimeoutError, msgspec.DecodeError) as error:
        raise NotRunning(f"no bridge answers on {path}") from error


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    data = bytearray()
    while piece := await reader.read(65_536):
        data += piece
        if len(data) > MAX_REPORT:
            raise OSError("the answer is too long")
    return bytes(data)
