"""What the tests need, found from what they use; and how long they took, by folder.

A test is marked `server` when it uses a fixture of tests/support/fixtures_*.py or of the browser, or when its
module, or what that imports of tests/, starts programs. `make quick` runs the others.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SERVERS: Final = ("tests.support.fixtures_", "tests.support.browser")
"""Modules whose fixtures start programs."""
STARTERS: Final = {"subprocess", "multiprocessing", "bridge.cli.demo.network"}
"""Modules by which programs are started."""
ALWAYS_QUICK: Final = {ROOT / "tests" / "support" / "waiting.py"}
"""Starts Python only to measure a machine on which a test is about to fail."""
PARTS: Final = 2
"""Folders below tests/ are told apart by so many names."""


@cache
def imported(path: Path) -> frozenset[str]:
    """The modules, and names in modules, that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


@cache
def starts_programs(path: Path) -> bool:
    """Whether a test module, or one of tests/ that it imports at any remove, imports one of STARTERS."""
    waiting, looked_at = [path], set(ALWAYS_QUICK)
    while waiting:
        here = waiting.pop()
        if here in looked_at:
            continue
        looked_at.add(here)
        names = imported(here)
        if STARTERS & names:
            return True
        files = (
            ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in names if name.startswith("tests.")
        )
        waiting += filter(Path.is_file, files)
    return False


def needs_a_server(item: pytest.Item) -> bool:
    """Whether a test starts programs, by the rule above."""
    info = getattr(item, "_fixtureinfo", None)
    definitions = info.name2fixturedefs.values() if info is not None else ()
    if any(each[-1].func.__module__.startswith(SERVERS) for each in definitions):
        return True
    # A parameter names the fixture which its test asks for at run time (`getfixturevalue`).
    return "postgres" in item.name or starts_programs(item.path)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "server: starts programs (servers, bridges, browsers, compilers)")


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if needs_a_server(item):
            item.add_marker(pytest.mark.server)


def folder(nodeid: str) -> str:
    """`tests/rooms/view` of a test's id; at most PARTS names below tests/."""
    return "/".join(nodeid.partition("::")[0].split("/")[:-1][: PARTS + 1])


def minutes(spent: Mapping[str, float]) -> list[str]:
    """A line for each folder, the longest first; `spent` in seconds."""
    total = sum(spent.values())
    ordered = sorted(spent.items(), key=itemgetter(1), reverse=True)
    lines = [f"{seconds / 60:6.1f}  {name}" for name, seconds in ordered if seconds >= 3]
    return [*lines, f"{total / 60:6.1f}  all, of all processes together"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    spent: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                spent[folder(report.nodeid)] += report.duration
    if sum(spent.values()) > 60:
        terminalreporter.section("minutes by folder")
        for line in minutes(spent):
            terminalreporter.write_line(line)
