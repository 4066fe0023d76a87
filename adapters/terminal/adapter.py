"""The terminal adapter: listens on a Unix socket for the one process that shows the rooms."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from adapters.terminal.protocol import MAX_LINE, BadLine, Line, decode, encode, text
from bridge.model.adapter import (
    AdapterHealth,
    Capabilities,
    InboundMessage,
    Inbox,
    Outgoing,
    Rejected,
    RetryLater,
)
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body

PLATFORM: Final = "terminal"
ACCOUNT: Final = "terminal"
ANSWER_LIMIT: Final = 5.0
"""Seconds the other side may take to say that it has shown a message."""


class TerminalAdapter:
    """One room or more; anybody who can open the socket may speak as anybody (so it is the owner's only)."""

    platform = PLATFORM

    def __init__(self, path: Path, state_dir: Path, *, end_with_viewer: bool = False) -> None:
        self._path = path
        self._end_with_viewer = end_with_viewer
        self._viewer_gone = asyncio.Event()
        self._banned_file = state_dir / "banned.json"
        self._banned: set[tuple[str, str]] = set()
        self._inbox: Inbox | None = None
        self._server: asyncio.Server | None = None
        self._viewer: asyncio.StreamWriter | None = None
        self._answers: dict[str, asyncio.Future[bool]] = {}

    async def start(self, inbox: Inbox) -> None:
        """Listen. Raises Rejected when the socket cannot be made."""
        self._inbox = inbox
        self._banned = _read_banned(self._banned_file)
        try:
            _remove(self._path)
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=MAX_LINE)
            _owner_only(self._path)
        except OSError as error:
            raise Rejected(f"cannot listen on {self._path}: {error.strerror}") from error

    async def run(self) -> None:
        """Serve until cancelled. With `end_with_viewer`, raises Rejected once the viewer is gone."""
        await self._viewer_gone.wait()
        raise Rejected("the process that showed the rooms is gone")

    async def stop(self) -> None:
        """Close the socket."""
        if self._viewer is not None:
            self._viewer.close()
        if self._server is not None:
            self._server.close()
            self._server = None
            _remove(self._path)

    def describe(self, room: RoomRef) -> Capabilities:
        """Text, corrections, bans."""
        return Capabilities(edit=True, enforce=True)

    async def send(self, message: Outgoing) -> str:
        """Show it; the event's id is made from the key, so the viewer knows a repetition."""
        await self._ask({"type": "show", "key": message.key, **_content(message)})
        return _event_id(message.key)

    async def edit(self, message: Outgoing, event_id: str) -> str:
        """Show a correction of `event_id`."""
        await self._ask({"type": "edit", "key": message.key, "event": event_id, **_content(message)})
        return _event_id(message.key)

    async def ban(self, room: RoomRef, user: UserRef, reason: str) -> None:
        """From now on what he says is refused, also after a restart."""
        self._banned.add((room.room_id, user.user_id))
        _write_banned(self._banned_file, self._banned)
        await self._tell_ban("ban", room, user, reason)

    async def unban(self, room: RoomRef, user: UserRef) -> None:
        """He may speak again."""
        self._banned.discard((room.room_id, user.user_id))
        _write_banned(self._banned_file, self._banned)
        await self._tell_ban("unban", room, user, "")

    async def check(self, rooms: Sequence[RoomRef]) -> list[str]:
        """Whether the socket's folder is there."""
        return [] if _folder_there(self._path) else [f"make the folder {self._path.parent}"]

    def health(self) -> AdapterHealth:
        """Degraded while nobody looks."""
        return AdapterHealth("ok") if self._viewer is not None else AdapterHealth("degraded", "nobody looks")

    # -- the other side ------------------------------------------------------------------------------------

    async def _tell_ban(self, kind: str, room: RoomRef, user: UserRef, reason: str) -> None:
        key = hashlib.sha256(f"{kind} {room} {user} {time.time_ns()}".encode()).hexdigest()[:32]
        fields = {"room": room.room_id, "user": user.user_id, "reason": reason}
        await self._ask({"type": kind, "key": key, **fields})

    async def _ask(self, line: Line) -> None:
        """Send a line and wait until the viewer says that it is shown. Raises RetryLater, Rejected."""
        viewer = self._viewer
        if viewer is None:
            raise RetryLater("nobody looks at the terminal rooms", after=0.2)
        answer = self._answers.setdefault(line["key"], asyncio.get_running_loop().create_future())
        try:
            viewer.write(encode(line))
            async with asyncio.timeout(ANSWER_LIMIT):
                await viewer.drain()
                shown = await answer
        except (OSError, TimeoutError) as error:
            raise RetryLater("the viewer does not answer") from error
        finally:
            self._answers.pop(line["key"], None)
        if not shown:
            raise Rejected("the viewer refused the message")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._viewer is not None:
            self._viewer.close()
        self._viewer = writer
        try:
            while data := await reader.readline():
                try:
                    await self._take(decode(data), writer)
                except BadLine as error:
                    writer.write(encode({"type": "error", "text": str(error)}))
        except (OSError, ValueError):
            pass  # gone, or a line beyond the limit: it may connect again
        finally:
            if self._viewer is writer:
                self._viewer = None
                if self._end_with_viewer:
                    self._viewer_gone.set()
            writer.close()

    async def _take(self, line: Line, writer: asyncio.StreamWriter) -> None:
        match line["type"]:
            case "say":
                await self._hear(line)
                writer.write(encode({"type": "accepted", "id": text(line, "id", 64)}))
            case "done":
                answer = self._answers.get(text(line, "key", 64))
                if answer is not None and not answer.done():
                    answer.set_result(line.get("ok") is True)
            case other:
                raise BadLine(f"unknown type {other[:40]!r}")

    async def _hear(self, line: Line) -> None:
        """Hand over what somebody typed; returns when it is stored."""
        event_id, user, room = text(line, "id", 64), text(line, "user", 64), text(line, "room", 64)
        if (room, user) in self._banned:
            raise BadLine(f"{user} is banned from {room}")
        message = InboundMessage(
            event_id=event_id,
            room=RoomRef(PLATFORM, room),
            author=Author(PLATFORM, user, user.capitalize()),
            body=Body(text(line, "text")),
            time_ms=time.time_ns() // 1_000_000,
        )
        assert self._inbox is not None, "start() comes first"
        await self._inbox.accept(ACCOUNT, event_id, [message])


def _content(message: Outgoing) -> Line:
    return {
        "room": message.room.room_id,
        "author": message.author.display_name if message.author is not None else "",
        "text": message.body.plain,
        "waiting": message.waiting,
        "to": message.to_user,
    }


def _event_id(key: str) -> str:
    return f"shown-{key}"


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _owner_only(path: Path) -> None:
    path.chmod(0o600)


def _folder_there(path: Path) -> bool:
    return path.parent.is_dir()


def _read_banned(path: Path) -> set[tuple[str, str]]:
    try:
        return {(str(room), str(user)) for room, user in json.loads(path.read_text("utf-8"))}
    except FileNotFoundError:
        return set()


def _write_banned(path: Path, banned: set[tuple[str, str]]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(sorted(banned)), "utf-8")
    new.replace(path)
