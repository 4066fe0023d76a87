"""Debian's Chromium for tests: installed by the first test that needs it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from tests.support.servers.debian import provided

PACKAGES: Final = ("chromium", "fonts-dejavu-core", "fonts-roboto-unhinted", "fonts-noto-color-emoji")

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
    return provided("chromium", _found, *PACKAGES)


def _found() -> Path | None:
    found = shutil.which("chromium")
    return Path(found) if found else None
