"""Debian's Chromium for tests: installed by the first test that needs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.support.servers.common import ServerFailure, cache, locked

PACKAGES: Final = ("chromium", "fonts-dejavu-core", "fonts-roboto-unhinted", "fonts-noto-color-emoji")
INSTALL: Final = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(PACKAGES)}"
SECONDS: Final = 900.0
"""Generous: 40 s on an idle machine."""

FLAGS: Final = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
"""Nothing leaves the machine, and nothing runs that no test asked for."""


def find_chromium() -> Path:
    """The `chromium` program; as root it is installed when it is not there. Raises ServerFailure."""
    with locked(cache() / "chromium.lock"):
        return _found() or _installed()


def _found() -> Path | None:
    found = shutil.which("chromium")
    return Path(found) if found else None


def _installed() -> Path:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ServerFailure(
            f"there is no `chromium` on the PATH. On Debian this installs it: sudo sh -c '{INSTALL}'"
        )
    # The second wait is dpkg's own lock, which another program may hold.
    command = INSTALL.replace("apt-get install", "apt-get -o DPkg::Lock::Timeout=600 install")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["sh", "-c", command], env=env, capture_output=True, check=False, timeout=SECONDS)
    program = _found()
    if done.returncode or program is None:
        tail = done.stderr.decode(errors="replace")[-2_000:]
        raise ServerFailure(f"Chromium cannot be installed; `{INSTALL}` says:\n{tail}")
    return program
