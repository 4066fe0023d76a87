"""`python -m tests.support.servers`: have every real server ready before the tests run.

Tests with groups whose ballots have deadlines should not share two cores with a compiler. What cannot be had is
said here, and fails the tests that need it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.support.servers import anvil, chromium, gowaku, npm, postgres, synapse
from tests.support.servers.common import ServerFailure

PROGRAMS: Final[dict[str, Callable[[], Path]]] = {
    "go-waku": gowaku.find_waku,
    "Synapse": synapse.install,
    "anvil": anvil.find_anvil,
    "PostgreSQL": lambda: postgres.find_program("postgres"),
    "Chromium": chromium.find_chromium,
    "axe-core": lambda: npm.unpacked(npm.AXE),
    "TypeScript": npm.find_tsc,
}


def main() -> None:
    """Get them one after another; a line for each."""
    for name, find in PROGRAMS.items():
        began = time.monotonic()
        print(f"== {name}: ", end="", flush=True)
        try:
            path = find()
        except ServerFailure as error:
            print(f"cannot be had: {error}", flush=True)
        else:
            print(f"{path} ({time.monotonic() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
