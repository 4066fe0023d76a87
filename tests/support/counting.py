"""Counts what a piece of work costs, in numbers that do not depend on how busy the machine is.

Made before the threads that it shall count in, as the profiler is set for each thread at its start.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import FrameType
from typing import Any

import nh3
from sqlalchemy import Engine, event

from bridge.storage.store import Store

ROOT = str(Path(__file__).resolve().parents[2])
WRITER = "storage-writer"
"""Its thread's name, see `bridge.storage.writer`."""
OURS = (f"{ROOT}/bridge/", f"{ROOT}/adapters/")


@dataclass(frozen=True, slots=True)
class Cost:
    """`calls`: of our own Python functions, in `files` of ours. `commits`: transactions that wrote.

    `writes`: system calls that wrote to a file, of the whole process. `html`: passes of the HTML cleaner.
    """

    calls: int
    files: int
    commits: int
    reads: int
    statements: int
    digests: int
    html: int
    writes: int

    def __str__(self) -> str:
        return ", ".join(f"{each.name} {getattr(self, each.name)}" for each in fields(self))


def least(costs: list[Cost]) -> Cost:
    """The smallest of each count: what else the process did meanwhile only adds."""
    return Cost(*(min(getattr(cost, each.name) for cost in costs) for each in fields(Cost)))


class Counting:
    """Use `counting()` around the start of what is counted, then `reset` and `cost`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._files: set[str] = set()
        self._writes = 0

    def reset(self) -> None:
        """Begin at nothing."""
        self._counts.clear()
        self._files.clear()
        self._writes = _write_calls()

    def cost(self) -> Cost:
        """Since `reset`."""
        counted = self._counts
        names = ("commits", "reads", "statements", "digests", "html")
        rest = {name: counted[name] for name in names}
        return Cost(counted["calls"], len(self._files), **rest, writes=_write_calls() - self._writes)

    async def quiet(self) -> None:
        """Wait until nothing is counted any more: what was begun is finished."""
        still, before = 0, -1
        while still < 5:
            await asyncio.sleep(0.05)
            now = sum(self._counts.values())
            still, before = (still + 1 if now == before else 0), now

    def profile(self, frame: FrameType, what: str, argument: Any) -> None:
        """See `sys.setprofile`."""
        if what == "call":
            name = frame.f_code.co_filename
            if name.startswith(OURS):
                self._counts["calls"] += 1
                self._files.add(name)
        elif what == "c_call":
            if argument is hashlib.sha256:
                self._counts["digests"] += 1
            elif argument is nh3.clean:
                self._counts["html"] += 1

    def add(self, what: str) -> None:
        """One more."""
        self._counts[what] += 1


@contextmanager
def counting() -> Iterator[Counting]:
    """Count in this thread and in those that start from now on."""
    made = Counting()

    def statement(*_: Any) -> None:
        made.add("statements")

    def commit(_: Any) -> None:
        if threading.current_thread().name == WRITER:  # a reader's transaction ends in a commit too
            made.add("commits")

    plain_read = Store.read

    async def read(self: Store, work: Any) -> Any:
        made.add("reads")
        return await plain_read(self, work)

    Store.read = read  # type: ignore[method-assign]
    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    threading.setprofile(made.profile)
    sys.setprofile(made.profile)
    try:
        yield made
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        event.remove(Engine, "commit", commit)
        event.remove(Engine, "before_cursor_execute", statement)
        Store.read = plain_read  # type: ignore[method-assign]


def _write_calls() -> int:
    """Of this process so far."""
    for line in Path("/proc/self/io").read_text("ascii").splitlines():
        name, _, value = line.partition(": ")
        if name == "syscw":
            return int(value)
    raise AssertionError("/proc/self/io has no syscw")
