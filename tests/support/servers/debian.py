"""Programs that Debian has: installed by the first test that needs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support.servers.common import ServerFailure, cache, locked
from tests.support.waiting import limit


def provided(what: str, find: Callable[[], Path | None], *packages: str) -> Path:
    """What `find` finds; as root these packages are installed when that is nothing. Raises ServerFailure."""
    with locked(cache() / "apt.lock"):
        return find() or _installed(what, find, packages)


def _installed(what: str, find: Callable[[], Path | None], packages: tuple[str, ...]) -> Path:
    by_hand = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ServerFailure(f"there is no {what} on this machine. On Debian: sudo sh -c '{by_hand}'")
    # The second wait is dpkg's own lock, which another program may hold.
    command = by_hand.replace("apt-get install", "apt-get -o DPkg::Lock::Timeout=600 install")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["sh", "-c", command], env=env, capture_output=True, check=False, timeout=limit(starts=450)
    )
    found = find()
    if done.returncode or found is None:
        tail = done.stderr.decode(errors="replace")[-2_000:]
        raise ServerFailure(f"{what} cannot be installed; `{by_hand}` says:\n{tail}")
    return found
