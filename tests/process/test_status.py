"""The control socket: owner only, replaced after a kill, refused while another bridge answers."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from bridge.process.report import Adapter, Group, Report
from bridge.process.status import MAX_REPORT, MAX_REQUEST, NotDone, NotRunning, ask, ask_invitation, served

GROUP = Group(
    "lobby", "demls:lobby@0x", "working", 0, 3, True, ("0x01",), (), 0, 0, {"0x01": "Alice"}, {"replayed": 2}
)
REPORT = Report(
    "b", "1", 2, 3.0, "0x00", "ok: fine", True, groups=(GROUP,), adapters=(Adapter("matrix", "ok"),)
)


async def report() -> Report:
    return REPORT


async def test_the_report_comes_through(tmp_path: Path) -> None:
    path = tmp_path / "data" / "s.sock"
    async with served(path, report):
        assert await ask(path) == REPORT
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.exists()


async def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        await ask(tmp_path / "none.sock")


async def test_an_answer_under_way_is_finished_first(tmp_path: Path) -> None:
    """What a report reads (the store) is closed right after."""
    path, begun, go_on = tmp_path / "s.sock", asyncio.Event(), asyncio.Event()

    async def slow() -> Report:
        begun.set()
        await go_on.wait()
        return REPORT

    async with served(path, slow):
        asked = asyncio.create_task(ask(path))
        await begun.wait()
        asyncio.get_running_loop().call_later(0.05, go_on.set)
    assert go_on.is_set()
    assert await asked == REPORT


async def test_what_a_killed_bridge_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    async with served(path, report):
        assert await ask(path) == REPORT


async def test_a_second_bridge_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    async with served(path, report):
        with pytest.raises(RuntimeError, match="another bridge"):
            async with served(path, report):
                pass
        assert await ask(path) == REPORT


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"{}", b"[" * 200_000, b"x" * (MAX_REPORT + 1)])
async def test_a_strange_answer_is_no_report(tmp_path: Path, answer: bytes) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    server = await asyncio.start_unix_server(serve, str(tmp_path / "s.sock"))
    async with server:
        with pytest.raises(NotRunning):
            await ask(tmp_path / "s.sock")


def test_health_is_waku_and_every_adapter() -> None:
    assert REPORT.healthy
    down = Report("b", "1", 2, 3.0, "0x00", "", True, adapters=(Adapter("matrix", "down"),))
    assert not down.healthy
    assert not Report("b", "1", 2, 3.0, "0x00", "", False).healthy


async def test_an_invitation_is_made_by_the_bridge_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"

    async def invite(name: str, operator: bool) -> str:
        if name == "nobody":
            raise NotDone("too many")
        return f"https://x/{name}/{operator}"

    async with served(path, report, invite):
        assert await ask_invitation(path, "Ops", operator=True) == "https://x/Ops/True"
        with pytest.raises(NotDone, match="too many"):
            await ask_invitation(path, "nobody", operator=False)
    async with served(path, report):
        with pytest.raises(NotDone, match="no invitations"):
            await ask_invitation(path, "Ops", operator=False)
    with pytest.raises(NotRunning):
        await ask_invitation(path, "Ops", operator=False)


@pytest.mark.parametrize(
    "request_", [b"\n", b"{}\n", b'{"type":"stop"}\n', b'{"type":"status","x":1}\n', b"x" * 2 * MAX_REQUEST]
)
async def test_a_strange_request_gets_no_report_and_harms_nobody(tmp_path: Path, request_: bytes) -> None:
    path = tmp_path / "s.sock"
    async with served(path, report):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(request_)
        answer = await reader.read()
        writer.close()
        assert b"report" not in answer
        assert await ask(path) == REPORT
