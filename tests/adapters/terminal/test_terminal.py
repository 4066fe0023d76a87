"""The terminal adapter and its client over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from adapters.terminal import plugin
from adapters.terminal.adapter import TerminalAdapter
from adapters.terminal.client import Entry, RoomClient, RoomError
from adapters.terminal.protocol import BadLine, decode, encode
from bridge.model.adapter import Inbound, InboundMessage, Outgoing, Rejected, RetryLater, SettingsError
from bridge.model.ids import RoomRef, UserRef
from bridge.model.message import Author, Body

ROOM = RoomRef("terminal", "room-1")


class Inbox:
    """Keeps what is handed over."""

    def __init__(self) -> None:
        self.events: list[Inbound] = []

    async def accept(self, account: str, cursor: str, events: Sequence[Inbound]) -> None:
        self.events.extend(events)

    async def cursor(self, account: str) -> str:
        return ""

    async def is_own(self, room: RoomRef, event_id: str) -> bool:
        return False

    def linked(self, room: RoomRef) -> bool:
        return True


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[TerminalAdapter, RoomClient, Inbox]]:
    adapter = TerminalAdapter(tmp_path / "r.sock", tmp_path / "state")
    inbox, client = Inbox(), RoomClient(tmp_path / "r.sock")
    await adapter.start(inbox)
    await client.connect()
    reading = asyncio.create_task(client.run())
    while adapter.health().state != "ok":
        await asyncio.sleep(0)
    yield adapter, client, inbox
    reading.cancel()
    client.close()
    await adapter.stop()


def outgoing(key: str, text: str, author: str = "Bob", waiting: bool = False) -> Outgoing:
    return Outgoing(key, ROOM, Body(text), Author("terminal", author.lower(), author), waiting=waiting)


async def test_what_is_typed_is_handed_over_before_say_returns(
    running: tuple[TerminalAdapter, RoomClient, Inbox],
) -> None:
    _, client, inbox = running
    await client.say("room-1", "alice", "hello")
    (event,) = inbox.events
    assert isinstance(event, InboundMessage)
    assert (event.room, event.author.user_id, event.author.display_name, event.body.plain) == (
        ROOM,
        "alice",
        "Alice",
        "hello",
    )
    await client.say("room-1", "alice", "again")
    assert len({event.event_id for event in inbox.events}) == 2


async def test_a_repeated_delivery_is_shown_once(running: tuple[TerminalAdapter, RoomClient, Inbox]) -> None:
    adapter, client, _ = running
    first = await adapter.send(outgoing("k1", "one", waiting=True))
    assert await adapter.send(outgoing("k1", "one", waiting=True)) == first
    await adapter.send(outgoing("k2", "two"))
    await adapter.edit(outgoing("k3", "one, corrected"), first)
    assert client.entries == [
        Entry(first, "room-1", "Bob", "one, corrected"),
        Entry("shown-k2", "room-1", "Bob", "two"),
    ]


async def test_a_ban_holds_also_after_a_restart(
    running: tuple[TerminalAdapter, RoomClient, Inbox], tmp_path: Path
) -> None:
    adapter, client, inbox = running
    await adapter.ban(ROOM, UserRef("terminal", "bob"), "voted")
    with pytest.raises(RoomError, match="banned"):
        await client.say("room-1", "bob", "hello")
    again = TerminalAdapter(tmp_path / "again.sock", tmp_path / "state")
    await again.start(inbox)
    other = RoomClient(tmp_path / "again.sock")
    await other.connect()
    reading = asyncio.create_task(other.run())
    saying = asyncio.create_task(other.say("room-1", "bob", "hello"))
    while not any("banned" in entry.text for entry in other.entries):
        await asyncio.sleep(0)
    assert inbox.events == []
    for task in (saying, reading):
        task.cancel()
    other.close()
    await again.stop()
    await adapter.unban(ROOM, UserRef("terminal", "bob"))
    await client.say("room-1", "bob", "hello")
    assert len(inbox.events) == 1


async def test_without_a_viewer_deliveries_wait(tmp_path: Path) -> None:
    adapter = TerminalAdapter(tmp_path / "r.sock", tmp_path)
    await adapter.start(Inbox())
    with pytest.raises(RetryLater):
        await adapter.send(outgoing("k", "text"))
    assert adapter.health().state == "degraded"
    assert (tmp_path / "r.sock").stat().st_mode & 0o777 == 0o600
    await adapter.stop()


async def test_garbage_is_answered_and_harms_nobody(
    running: tuple[TerminalAdapter, RoomClient, Inbox], tmp_path: Path
) -> None:
    _, _, inbox = running
    reader, writer = await asyncio.open_unix_connection(str(tmp_path / "r.sock"))
    for data in (
        b"nonsense\n",
        b"[]\n",
        b'{"type": "say"}\n',
        encode({"type": "what"}),
        b"[" * 100_000 + b"\n",
    ):
        writer.write(data)
        assert decode(await reader.readline())["type"] == "error"
    writer.write(b"x" * 300_000 + b"\n")
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    assert inbox.events == []
    again = RoomClient(tmp_path / "r.sock")
    await again.connect()
    reading = asyncio.create_task(again.run())
    await again.say("room-1", "alice", "still open")
    assert len(inbox.events) == 1
    reading.cancel()
    again.close()


async def test_a_bridge_that_goes_away_is_noticed(running: tuple[TerminalAdapter, RoomClient, Inbox]) -> None:
    adapter, client, _ = running
    await adapter.stop()
    with pytest.raises(RoomError):
        await client.say("room-1", "alice", "hello")


async def test_the_demos_bridge_ends_with_its_viewer(tmp_path: Path) -> None:
    adapter = plugin.create({"socket": str(tmp_path / "r.sock"), "end_with_viewer": True}, tmp_path)
    await adapter.start(Inbox())
    running = asyncio.create_task(adapter.run())
    client = RoomClient(tmp_path / "r.sock")
    await client.connect()
    await asyncio.sleep(0)
    assert not running.done()
    client.close()
    with pytest.raises(Rejected):
        await asyncio.wait_for(running, 10)
    await adapter.stop()


async def test_a_socket_that_cannot_be_made(tmp_path: Path) -> None:
    adapter = TerminalAdapter(tmp_path / "no" / "r.sock", tmp_path)
    assert await adapter.check([ROOM]) == [f"make the folder {tmp_path / 'no'}"]
    with pytest.raises(Rejected):
        await adapter.start(Inbox())


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"socket": 3},
        {"socket": "x" * 200},
        {"socket": "/tmp/s", "other": 1},
        {"socket": "/tmp/s", "end_with_viewer": 1},
    ],
)
def test_wrong_settings(config: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        plugin.create(config, tmp_path)


def test_lines_are_objects_with_a_type() -> None:
    for data in (b"", b"3", b'{"type": 3}', b"\xff", b"{"):
        with pytest.raises(BadLine):
            decode(data)
    assert decode(encode({"type": "x", "text": "a\nb\u2028"})) == {"type": "x", "text": "a\nb\u2028"}
