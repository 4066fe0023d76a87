"""The control socket: a Unix socket in the data folder, for its owner only: how commands ask a running bridge.

One connection, one request, one answer, end; both are one line of JSON. A request is one of those below, at
most `MAX_REQUEST` bytes. What writes goes this way while a bridge runs: only it may write to its database.
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
MAX_REQUEST: Final = 4_096
TIMEOUT: Final = 5.0
"""Seconds that writer and reader wait for each other."""

log: Final = structlog.get_logger(__name__)


class NotRunning(Exception):
    """Nobody answers on the socket."""


class NotDone(Exception):
    """The running bridge refused a request; the text says why."""


class AskReport(msgspec.Struct, frozen=True, tag="status", forbid_unknown_fields=True):
    """How is it?"""


class AskInvitation(msgspec.Struct, frozen=True, tag="invite", forbid_unknown_fields=True):
    """Make an invitation to the platform of this adapter."""

    name: str
    operator: bool


Request = AskReport | AskInvitation


class _Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the three."""

    report: Report | None = None
    link: str = ""
    refused: str = ""


Invite = Callable[[str, bool], Awaitable[str]]
"""(name, operator) -> link. Raises NotDone."""


@asynccontextmanager
async def served(
    path: Path, report: Callable[[], Awaitable[Report]], invite: Invite | None = None
) -> AsyncIterator[None]:
    """Answer on `path` while the block runs. A socket left behind by a killed process is replaced.

    Raises OSError when the folder cannot be written, RuntimeError when another bridge answers there.
    """
    await _remove_stale(path)
    answers: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        answers.add(task)
        task.add_done_callback(answers.discard)
        try:
            async with asyncio.timeout(TIMEOUT):
                found = await _answered(await reader.readline(), report, invite)
                writer.write(msgspec.json.encode(found) + b"\n")
                await writer.drain()
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: a line that is too long
            log.debug("status reader went away", error=str(error))
        finally:
            writer.close()

    listener = _bind(path)
    server = await asyncio.start_unix_server(answer, sock=listener, limit=MAX_REQUEST)
    try:
        yield
    finally:
        server.close()
        _remove(path)
        # What a report reads is closed after this block. TIMEOUT bounds the wait.
        if answers:
            await asyncio.wait(answers)


async def _answered(line: bytes, report: Callable[[], Awaitable[Report]], invite: Invite | None) -> _Answer:
    try:
        match msgspec.json.decode(line, type=Request):
            case AskReport():
                return _Answer(report=await report())
            case AskInvitation() as asked if invite is not None:
                return _Answer(link=await invite(asked.name, asked.operator))
            case _:
                return _Answer(refused="this bridge makes no invitations")
    except msgspec.MsgspecError as error:
        return _Answer(refused=f"no request: {error}")
    except NotDone as error:
        return _Answer(refused=str(error))


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
    report = (await _ask(path, AskReport())).report
    if report is None:
        raise NotRunning(f"no bridge answers on {path}")
    return report


async def ask_invitation(path: Path, name: str, *, operator: bool) -> str:
    """A link made by the bridge that answers on `path`. Raises NotRunning, NotDone."""
    answer = await _ask(path, AskInvitation(name, operator))
    if not answer.link:
        raise NotDone(answer.refused or "the bridge gave no link")
    return answer.link


async def _ask(path: Path, request: Request) -> _Answer:
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=MAX_REPORT)
            try:
                writer.write(msgspec.json.encode(request) + b"\n")
                await writer.drain()
                data = await _all_of(reader)
            finally:
                writer.close()
        return msgspec.json.decode(data, type=_Answer)
    except (OSError, TimeoutError, msgspec.DecodeError) as error:
        raise NotRunning(f"no bridge answers on {path}") from error


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    data = bytearray()
    while piece := await reader.read(65_536):
        data += piece
        if len(data) > MAX_REPORT:
            raise OSError("the answer is too long")
    return bytes(data)
