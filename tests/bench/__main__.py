"""Speed of the bridge's parts, each with the real code: `make bench`, or

    .venv/bin/python -m tests.bench [--only NAME] [--quick]

One table per bench on stdout, progress on stderr. docs/benchmarks.md says what the figures mean.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from collections.abc import Callable, Coroutine

import structlog

from tests.bench import ballots, conversation, start, storage_writes, waku
from tests.bench.table import Table, progress

Bench = Callable[[bool], Coroutine[None, None, Table]]
"""Takes whether to be quick (a look whether it works; the figures are then rough)."""

BENCHES: dict[str, Bench] = {
    "start": start.run,
    "storage": storage_writes.run,
    "conversation": conversation.run,
    "waku": waku.run,
    "ballots": ballots.run,
}


def main() -> None:
    """Run all benches in turn, or the one asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Speed of the bridge's parts.")
    parser.add_argument("--only", choices=BENCHES, help="run this one only")
    parser.add_argument("--quick", action="store_true", help="seconds in all; rough figures")
    options = parser.parse_args()
    # Lines about every message would be measured with it, and stand between the tables.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for name in [options.only] if options.only else BENCHES:
        start = time.perf_counter()
        progress(f"{name} begins")
        table = asyncio.run(BENCHES[name](options.quick))
        progress(f"{name} took {time.perf_counter() - start:.1f} s")
        print(f"\n{table}\n", flush=True)


if __name__ == "__main__":
    main()
