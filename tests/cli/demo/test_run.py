"""`make run`: people type, on a pipe and on a terminal, and see what happens."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "bridge.cli", "demo"]
LIMIT = 90.0


class Typist:
    """Types on a descriptor and waits for what is shown on another."""

    def __init__(self, keyboard: int, screen: int) -> None:
        self._keyboard = keyboard
        self._screen = screen
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def wait_for(self, pattern: str) -> None:
        """Until the pattern has been shown since the last call."""
        end = time.monotonic() + LIMIT
        while not (found := re.search(pattern, self.seen)):
            assert time.monotonic() < end, f"{pattern!r} was not shown, but:\n{self.seen[-3000:]}"
            if select.select([self._screen], [], [], 0.5)[0]:
                data = os.read(self._screen, 65_536)
                assert data, f"ended without {pattern!r}:\n{self.seen[-3000:]}"
                self.seen += data.decode("utf-8", "replace")
        self.seen = self.seen[found.end() :]


def test_on_a_pipe() -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as demo:
        assert demo.stdin is not None
        assert demo.stdout is not None
        typist = Typist(demo.stdin.fileno(), demo.stdout.fileno())
        typist.wait_for(r"\[bridge-2\] working, epoch \d+, [23] members")
        typist.type("alice: hello\n")
        typist.wait_for(r"\[room-2\] Alice \(guest\): hello")
        typist.type("/as bob\nhi there\n/as dave\n")
        typist.wait_for(r"you are Bob now")
        typist.wait_for(r"/as is followed by one of")
        typist.wait_for(r"\[room-1\] Bob \(guest\): hi there")
        demo.stdin.close()
        assert demo.wait(LIMIT) == 0


@pytest.mark.parametrize("end", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_on_a_terminal(end: str) -> None:
    process, terminal = pty.fork()
    if process == 0:
        os.execve(COMMAND[0], COMMAND, {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "30"})
    typist = Typist(terminal, terminal)
    typist.wait_for(r"members  a bridge, a bridge")
    typist.type("hellp\x7fo\r")
    typist.wait_for(r"Alice \(guest\): hello")
    typist.type("\t")
    typist.wait_for(r"Carol: ")
    typist.type(end)
    deadline = time.monotonic() + LIMIT
    status = None
    while status is None and time.monotonic() < deadline:
        ended, code = os.waitpid(process, os.WNOHANG)
        status = os.waitstatus_to_exitcode(code) if ended else None
        if status is None and select.select([terminal], [], [], 0.1)[0]:
            try:
                os.read(terminal, 65_536)
            except OSError:
                time.sleep(0.05)  # the other end is closed; the process is about to end
    os.close(terminal)
    assert status == 0
