"""The other end of the terminal rooms: says what people type, collects what the rooms show."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from adapters.terminal.protocol import MAX_LINE, BadLine, Line, decode, encode, text

ACCEPT_LIMIT: Final = 10.0
"""Seconds the bridge may take to store what was typed."""
KEPT: Final = 2_000
"""Entries remembered per connection; older ones have scrolled away."""


class RoomError(Exception):
    """The bridge refused what was typed, or is gone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line in a room. `author` empty: the bridge itself. `to`: meant for one person."""

    event: str
    room: str
    author: str
    text: str
    waiting: bool = False
    to: str = ""


class RoomClient:
    """One connection to one bridge. `entries` is in the order of arrival, corrections in place."""

    def __init__(self, path: Path, changed: Callable[[], None] = lambda: None) -> None:
        self.entries: list[Entry] = []
        self.banned: set[tuple[str, str]] = set()
        self._path = path
        self._changed = changed
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._accepted: dict[str, asyncio.Future[None]] = {}
        self._session = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    async def connect(self) -> None:
        """Open the socket. Raises OSError while nobody listens."""
        self._reader, self._writer = await asyncio.open_unix_connection(str(self._path), limit=MAX_LINE)

    async def run(self) -> None:
        """Take what the bridge sends, until it is gone."""
        assert self._reader is not None, "connect() comes first"
        try:
            while data := await self._reader.readline():
                self._take(decode(data))
                self._changed()
        except OSError:
            pass  # killed: gone all the same
        finally:
            for waiting in self._accepted.values():
                if not waiting.done():
                    waiting.set_exception(RoomError("the bridge is gone"))

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()

    async def say(self, room: str, user: str, words: str) -> None:
        """Type something; returns when the bridge has stored it. Raises RoomError."""
        if (room, user) in self.banned:
            raise RoomError(f"{user} is banned from {room}")
        if self._writer is None:
            raise RoomError("not connected")
        event = f"{self._session}-{next(self._numbers)}"
        accepted = self._accepted[event] = asyncio.get_running_loop().create_future()
        self._append(Entry(event, room, user.capitalize(), words))
        try:
            self._write({"type": "say", "id": event, "room": room, "user": user, "text": words})
            async with asyncio.timeout(ACCEPT_LIMIT):
                await self._writer.drain()
                await accepted
        except OSError as error:
            raise RoomError("the bridge does not answer") from error
        finally:
            del self._accepted[event]

    def _write(self, line: Line) -> None:
        assert self._writer is not None, "connect() comes first"
        self._writer.write(encode(line))

    def _append(self, entry: Entry) -> None:
        self.entries = [*self.entries[-KEPT + 1 :], entry]
        self._changed()

    def _take(self, line: Line) -> None:
        match line["type"]:
            case "show":
                entry = _entry(line, f"shown-{text(line, 'key')}")
                if all(known.event != entry.event for known in self.entries):
                    self._append(entry)
            case "edit":
                self._correct(_entry(line, text(line, "event")))
            case "ban":
                self.banned.add((text(line, "room"), text(line, "user")))
            case "unban":
                self.banned.discard((text(line, "room"), text(line, "user")))
            case "accepted":
                waiting = self._accepted.get(text(line, "id"))
                if waiting is not None and not waiting.done():
                    waiting.set_result(None)
                return
            case "error":
                self._append(Entry("", "", "", text(line, "text")))
                return
            case other:
                raise BadLine(f"unknown type {other[:40]!r}")
        self._write({"type": "done", "key": text(line, "key"), "ok": True})

    def _correct(self, new: Entry) -> None:
        self.entries = [
            replace(new, author=new.author or old.author) if old.event == new.event else old
            for old in self.entries
        ]


def _entry(line: Line, event: str) -> Entry:
    return Entry(
        event=event,
        room=text(line, "room"),
        author=text(line, "author"),
        text=text(line, "text"),
        waiting=line.get("waiting") is True,
        to=text(line, "to"),
    )
