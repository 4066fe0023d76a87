"""Tests wait by tests/support/waiting.py: its rules, and that no other limit is written in the tests."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.waiting import FIRST, LONGEST, STARTS, Patience, Stuck, guard, until

ROOT: Final = Path(__file__).resolve().parent
LONGEST_NAP: Final = 0.1
"""Seconds: a turn of a polling loop, not a wait."""
TIMEOUTS: Final = {"asyncio.timeout", "asyncio.timeout_at"}
DEADLINES: Final = ("time.monotonic() +", "time.perf_counter() +")
SLEEPS: Final = {"asyncio.sleep", "time.sleep"}
OWN: Final = {ROOT / "support" / "waiting.py", ROOT / "test_waits.py"}
BENCHMARKS: Final = ROOT / "bench"
"""Measures the clock; `make test` does not run it."""


def number(node: ast.expr, constants: dict[str, float]) -> float | None:
    """A number, or a name that the file binds to one, or a calculation with one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.BinOp):
        sides = [number(side, constants) for side in (node.left, node.right)]
        return next((side for side in sides if side is not None), None)
    return None


def constants_of(tree: ast.Module) -> dict[str, float]:
    """Names which the file binds to a number at its top."""
    found: dict[str, float] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.expr):
            known = number(value, found)
            if known is not None:
                found[target.id] = known
    return found


def limits(source: str) -> Iterator[tuple[int, str]]:
    """(line, what is written there) of each limit in real time.

    Settings of a protocol and the times of a fake clock are not limits: they are handed to the code under test,
    and go through none of these calls. A server of the tests keeps its protocol's time (`asyncio.timeout` of an
    attribute or a call: `self.answer_seconds`, `asked_to_wait(request)`).
    """
    tree = ast.parse(source)
    constants = constants_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            first = number(node.args[0], constants) if node.args else None
            module, _, last = name.rpartition(".")
            setting = bool(node.args) and isinstance(node.args[0], (ast.Attribute, ast.Call))
            if name == "asyncio.wait_for" or (name in TIMEOUTS and not setting):
                yield node.lineno, name
            elif first is not None and (
                (last == "wait" and module) or (name in SLEEPS and first > LONGEST_NAP)
            ):
                yield node.lineno, f"{name}({first})"
            for keyword in node.keywords:
                if keyword.arg in {"timeout", "total"} and number(keyword.value, constants) is not None:
                    yield node.lineno, f"{name}({ast.unparse(keyword)})"
        elif isinstance(node, ast.BinOp) and ast.unparse(node).startswith(DEADLINES):
            yield node.lineno, ast.unparse(node)


def test_no_limit_is_written_as_a_number() -> None:
    found = [
        f"{path.relative_to(ROOT.parent)}:{line}: {what}"
        for path in sorted(ROOT.rglob("*.py"))
        if path not in OWN and BENCHMARKS not in path.parents
        for line, what in limits(path.read_text("utf-8"))
    ]
    assert not found, "wait by tests/support/waiting.py:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "asyncio.timeout(60)",
        "asyncio.wait_for(task, 60)",
        "time.sleep(0.2)",
        "asyncio.sleep(SECONDS)",
        "end = time.monotonic() + 5",
        "subprocess.run(command, timeout=10 * SECONDS)",
        "process.wait(30)",
        "ClientTimeout(total=90)",
    ],
)
def test_limits_are_found(line: str) -> None:
    assert list(limits(f"SECONDS = 30.0\n{line}\n"))


@pytest.mark.parametrize(
    "line", ["asyncio.sleep(0.01)", "world.run(30)", "Settings(ballot_seconds=30)", "run(c, timeout=limit())"]
)
def test_what_is_no_limit_is_let_be(line: str) -> None:
    assert not list(limits(line))


class Machine:
    """A clock that tests move, and how long a start takes by it."""

    def __init__(self, start: float) -> None:
        self.now = 0.0
        self.took = start
        self.starts = 0

    def clock(self) -> float:
        return self.now

    def start(self) -> float:
        self.starts += 1
        return self.took


def waits_for(machine: Machine, patience: Patience, most: float = 100_000) -> float:
    """Seconds after which it gives up."""
    while machine.now < most:
        patience.look()
        if patience.tired:
            try:
                patience.measure()
            except Stuck:
                return machine.now
        machine.now += 1
    raise AssertionError("never gave up")


def test_a_slow_machine_is_given_more_time() -> None:
    ends = []
    for start in (0.5, 2.0, 20.0):
        machine = Machine(start)
        ends.append(waits_for(machine, Patience(clock=machine.clock, start=machine.start)))
    assert ends == [FIRST + 0.5 * STARTS + 1, FIRST + 2 * STARTS + 1, FIRST + 20 * STARTS + 1]


def test_a_machine_that_becomes_slow_is_measured_again() -> None:
    machine = Machine(1.0)
    patience = Patience(clock=machine.clock, start=machine.start)
    machine.now = FIRST + 1
    patience.measure()
    machine.took = 10.0
    assert waits_for(machine, patience) == FIRST + 10 * STARTS + 1


def test_what_moves_is_waited_for_and_what_moves_for_ever_is_not() -> None:
    machine = Machine(0.5)
    moving = Patience(lambda: min(machine.now // 10, 12.0), clock=machine.clock, start=machine.start)
    assert waits_for(machine, moving) == 12 * 10 + FIRST + 0.5 * STARTS + 1
    endless = Machine(0.5)
    assert waits_for(endless, Patience(endless.clock, clock=endless.clock, start=endless.start)) == (
        LONGEST * (FIRST + 0.5 * STARTS) + 1
    )


async def test_giving_up_says_what_was_seen_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.waiting.FIRST", 0.05)
    monkeypatch.setattr("tests.support.waiting.STARTS", 0)
    with pytest.raises(Stuck, match=r"two members: .*seen last: one"):
        await until(lambda: False, "two members", seen=lambda: "one")
    with pytest.raises(Stuck, match=r"an answer: .*seen last: silence"):
        async with guard("an answer", seen=lambda: "silence"):
            await asyncio.Event().wait()


async def test_a_guard_lets_other_errors_through() -> None:
    with pytest.raises(TimeoutError, match="mine"):
        async with guard():
            raise TimeoutError("mine")
