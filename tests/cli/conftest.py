"""Running the command line inside the test's process."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import structlog

from bridge.cli import main
from bridge.settings import PREFIX, SEED_NAMES


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str


Cli = Callable[..., Result]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """`cli("check", "--config", path)`, without settings of the outer environment; logs stay as they were."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    for name in list(os.environ):
        if name.startswith(PREFIX) or name in SEED_NAMES:
            monkeypatch.delenv(name)

    def run(*words: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["demls-bridge", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Result(ended.value.code if isinstance(ended.value.code, int) else 0, captured.out, captured.err)

    yield run
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
