"""What a configuration needs that is an extra of this package, and is not installed.

Every problem names the line of pip that installs it. Nothing is imported to find out.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

from bridge.settings import Problem, Settings

PACKAGE: Final = "demls-bridge"
NEEDS: Final = {"chain": "web3", "devchain": "eth_tester", "postgres": "psycopg"}
"""A module by which each extra that no adapter stands for is known."""


def problem(key: str, extra: str, module: str) -> Problem:
    """That the setting `key` needs an extra, for want of `module`."""
    text = f"needs the extra {extra!r} of this package, which is not installed ({module} is missing)"
    return Problem(key, text, f"pip install '{PACKAGE}[{extra}]'")


def missing(settings: Settings) -> list[Problem]:
    """What chain and database need. An adapter's own libraries are missed when it is made."""
    wanted = ((key, extra, NEEDS[extra]) for key, extra in _needed(settings))
    return [problem(key, extra, module) for key, extra, module in wanted if not _installed(module)]


def _needed(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.chain.configured:
        yield "chain", "chain"
    if settings.chain.development_port is not None:
        yield "chain.development_port", "devchain"
    if settings.storage.url.startswith("postgresql"):
        yield "storage.url", "postgres"


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:  # of a package that is there in part
        return False
