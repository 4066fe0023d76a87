"""What a bridge's code costs before it does anything: CPU and memory of imports, beside a bare Python."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Final

from tests.bench.table import Table

MEASURE: Final = """
import json, resource, sys
with open("/proc/self/status") as file:
    before = [line for line in file if line.startswith("VmRSS")]
used = resource.getrusage(resource.RUSAGE_SELF)
exec({code!r})
with open("/proc/self/status") as file:
    after = [line for line in file if line.startswith("VmRSS")]
then = resource.getrusage(resource.RUSAGE_SELF)
kilobytes = int(after[0].split()[1]) - int(before[0].split()[1])
print(json.dumps([then.ru_utime + then.ru_stime - used.ru_utime - used.ru_stime, kilobytes, len(sys.modules)]))
"""
LOADED: Final = {
    "bare Python": "",
    "command line": "import bridge.cli.main",
    "running bridge": "import bridge.process.run",
    "... with a page": "import bridge.process.run, adapters.web.adapter",
    "... with Matrix": "import bridge.process.run, adapters.matrix.adapter",
    "... with Discord": "import bridge.process.run, adapters.discord.adapter",
    "... with a chain": "import bridge.process.run, bridge.process.group_chain",
}


async def run(quick: bool) -> Table:
    """The least of several runs: what else the machine does only adds."""
    rows = []
    for name, code in LOADED.items():
        runs = [await asyncio.to_thread(_measured, code) for _ in range(1 if quick else 5)]
        rows.append(
            (name, f"{min(r[0] for r in runs):.2f}", f"{min(r[1] for r in runs) / 1024:.1f}", str(runs[0][2]))
        )
    heads = ("loaded", "CPU s", "MB more", "modules")
    return Table("start: what is loaded before anything is done", heads, tuple(rows))


def _measured(code: str) -> tuple[float, int, int]:
    """CPU seconds, kB, modules in all."""
    words = [sys.executable, "-c", MEASURE.format(code=code)]
    seconds, kilobytes, modules = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return seconds, kilobytes, modules
