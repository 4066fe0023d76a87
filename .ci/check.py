"""Everything that `make check` looks at, its parts side by side.

.ci/check.py                all parts
.ci/check.py mypy dead      these only

For each part that fails: what it found, and the command that mends it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
PYTHON: Final = sys.executable
CARGO: Final = ("--manifest-path", "bridge/native/Cargo.toml")
LONGEST: Final = 1_800
"""Seconds for one part: a first clippy compiles 240 crates."""


@dataclass(frozen=True, slots=True)
class Part:
    """One look at the project. `mend`: what repairs it, when a command can; else what to do."""

    name: str
    command: tuple[str, ...]
    mend: str


def shell_scripts() -> list[str]:
    """The scripts of .ci that are written for sh."""
    named = [path for path in sorted((ROOT / ".ci").iterdir()) if path.is_file()]
    return [str(path.relative_to(ROOT)) for path in named if path.read_bytes().startswith(b"#!/bin/sh")]


def parts() -> list[Part]:
    """All parts, the longest first: they begin in this order."""
    return [
        # The profile of `make test`: build scripts and macros are compiled once for both.
        Part(
            "clippy",
            (
                "cargo",
                "clippy",
                *CARGO,
                "--locked",
                "--quiet",
                "--profile",
                "fast",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ),
            f"cargo clippy {' '.join(CARGO)} --fix --allow-dirty, then by hand",
        ),
        # Code, tests and .ci in one run: each file is analysed once.
        Part("mypy", (str(BIN / "mypy"),), "by hand; make check ONLY=mypy looks again"),
        Part("generated", (PYTHON, ".ci/generate.py", "--check"), "make generate"),
        Part("artifacts", (PYTHON, ".ci/contracts.py", "--check"), f"{PYTHON} .ci/contracts.py"),
        Part("javascript", (PYTHON, ".ci/javascript.py"), "by hand: the types stand in the comments"),
        Part("dead", (PYTHON, ".ci/dead_code.py"), "remove it, or say in .ci/dead_code.py who calls it"),
        Part("ruff", (str(BIN / "ruff"), "check", "--quiet", "."), ".venv/bin/ruff check --fix ."),
        Part("format", (str(BIN / "ruff"), "format", "--quiet", "--diff", "."), ".venv/bin/ruff format ."),
        Part("rustfmt", ("cargo", "fmt", *CARGO, "--all", "--check"), f"cargo fmt {' '.join(CARGO)} --all"),
        Part("shell", (str(BIN / "shellcheck"), *shell_scripts()), "by hand: each finding has a page"),
    ]


def run(part: Part) -> tuple[int, str, float]:
    """Exit code, what it said, and the seconds that it took."""
    begun = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603
            part.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            timeout=LONGEST,
        )  # fmt: skip
        code, said = done.returncode, done.stdout.decode(errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        code, said = 1, str(error)
    return code, said.rstrip(), time.monotonic() - begun


def main(wanted: list[str]) -> int:
    """1 when a part fails."""
    chosen = [part for part in parts() if not wanted or part.name in wanted]
    unknown = set(wanted) - {part.name for part in chosen}
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(p.name for p in parts())}")
        return 2
    failed: list[Part] = []
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        running = {pool.submit(run, part): part for part in chosen}
        for future in as_completed(running):
            part, (code, said, seconds) = running[future], future.result()
            print(f"{'FAIL' if code else 'ok  '} {part.name:<11}{seconds:6.1f} s", flush=True)
            if code:
                failed.append(part)
                print(f"{said}\n---- {part.name}: to mend it: {part.mend}", flush=True)
    if failed:
        print(f"failed: {', '.join(part.name for part in failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
