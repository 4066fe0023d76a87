"""`make run`: two pages that answer, what is shown in the terminal, and an orderly end."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from bridge.cli.demo.view import described
from bridge.process.report import Ballot, Group
from tests.support.waiting import limit, until_now

COMMAND = [sys.executable, "-m", "bridge.cli", "demo", "--ports", "0", "0"]


@contextmanager
def _started() -> Iterator[subprocess.Popen[bytes]]:
    """A demo that does not outlive a failing test."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as demo:
        try:
            yield demo
        finally:
            demo.terminate()


def _wait_for(screen: int, pattern: str, seen: str = "") -> str:
    """What was shown until the pattern was there."""

    def shown() -> bool:
        nonlocal seen
        if select.select([screen], [], [], 0)[0]:
            data = os.read(screen, 65_536)
            assert data, f"ended without {pattern!r}:\n{seen[-3000:]}"
            seen += data.decode("utf-8", "replace")
        return re.search(pattern, seen) is not None

    until_now(shown, pattern, seen=lambda: seen[-3000:])
    return seen


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_two_pages_and_their_accounts(end: signal.Signals) -> None:
    with _started() as demo:
        assert demo.stdout is not None
        screen = demo.stdout.fileno()
        seen = _wait_for(screen, r"client2 +working, epoch \d+, 2 members")
        pages = dict(re.findall(r"(client\d) +(http://127\.0\.0\.1:\d+)", seen))
        assert set(pages) == {"client1", "client2"}
        offered = []
        for url in pages.values():
            session = httpx.get(f"{url}/api/session").json()
            offered += [account["name"] for account in session["test_accounts"]]
        assert offered == ["Alice", "Carol", "Bob"]
        demo.send_signal(end)
        assert demo.wait(limit()) == 0
        for url in pages.values():
            with pytest.raises(httpx.ConnectError):
                httpx.get(url)


def test_a_taken_port_is_a_clear_error() -> None:
    with _started() as first:
        assert first.stdout is not None
        seen = _wait_for(first.stdout.fileno(), r"client1 +http://127\.0\.0\.1:\d+")
        port = re.findall(r"client1 +http://127\.0\.0\.1:(\d+)", seen)[0]
        second = subprocess.run(
            [*COMMAND[:-2], port, "0"], capture_output=True, text=True, timeout=limit(), check=False
        )
        first.send_signal(signal.SIGINT)
    assert second.returncode != 0
    assert port in second.stdout + second.stderr


def test_a_group_in_a_line() -> None:
    def group(**more: object) -> Group:
        known = {"name": "g", "full_name": "demls:g@0x01", "state": "working", "deadline": 0.0, "epoch": 7,
                 "is_steward": True, "members": ("0x01", "0x02"), "voters": ("0x02",), "queued": 0,
                 "waiting_chat": 0}  # fmt: skip
        return Group(**{**known, **more})  # type: ignore[arg-type]

    assert described(None) == described(group(members=())) == "not in the group yet"
    assert described(group()) == "working, epoch 7, 2 members, 1 with a vote"
    ballot = Ballot(5, "add", ("0x03",), ("0x02",), (), ("0x02",), 0)
    assert described(group(state="voting", ballot=ballot)).endswith(", vote 5: 1 yes, 0 no")
