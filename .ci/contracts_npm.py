"""The npm packages that the contracts are built with: fixed by contracts/package-lock.json, in the cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
CONTRACTS: Final = ROOT / "contracts"
SECONDS: Final = 600
INSTALL: Final = "apt-get update && apt-get install -y --no-install-recommends nodejs npm"


class BuildFailure(Exception):
    """What is missing or wrong, and what helps."""


def program(name: str) -> str:
    """`node` or `npm`; as root on Debian they are installed when they are not there. Raises BuildFailure."""
    found = shutil.which(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        command = INSTALL.replace("apt-get install", "apt-get -o DPkg::Lock::Timeout=600 install")
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        shell = ["/bin/sh", "-c", command]
        subprocess.run(shell, env=env, capture_output=True, check=False, timeout=SECONDS)  # noqa: S603
        found = shutil.which(name)
    if found is None:
        raise BuildFailure(f"there is no `{name}` on the PATH. On Debian: sudo sh -c '{INSTALL}'")
    return found


def cache() -> Path:
    """`$XDG_CACHE_HOME` or `~/.cache`, then `demls-bridge/npm`."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "demls-bridge" / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def packages() -> Path:
    """The `node_modules` of the lock file; installed once. Raises BuildFailure."""
    names = ("package.json", "package-lock.json")
    lock = b"".join((CONTRACTS / name).read_bytes() for name in names)
    folder = cache() / hashlib.sha256(lock).hexdigest()[:16]
    with (cache() / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            for name in names:
                shutil.copy(CONTRACTS / name, unfinished)
            _install(unfinished)
            unfinished.rename(folder)
    return folder / "node_modules"


def _install(folder: Path) -> None:
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, capture_output=True, check=False, timeout=SECONDS
    )
    if done.returncode:
        raise BuildFailure(f"npm ci: {done.stderr.decode(errors='replace')[-2000:]}")
