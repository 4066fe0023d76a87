"""What a configuration needs that is an extra of this package, and is not installed.

Every problem names the line of pip that installs it. Nothing is imported to find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Final

from bridge.settings import Problem, Settings

PACKAGE: Final = "demls-bridge"
NEEDS: Final = {"chain": "web3", "devchain": "eth_tester", "postgres": "psycopg", "web": "websockets"}
"""A module by which each extra is known that is needed where no adapter is made."""


def problem(key: str, extra: str, module: str) -> Problem:
    """That the setting `key` needs an extra, for want of `module`."""
    text = f"needs the extra {extra!r} of this package, which is not installed ({module} is missing)"
    return Problem(key, text, f"pip install '{PACKAGE}[{extra}]'")


def missing(settings: Settings) -> list[Problem]:
    """What chain and database need. An adapter's own libraries are missed when it is made."""
    return lacking(_needed(settings))


def lacking(wanted: Iterable[tuple[str, str]]) -> list[Problem]:
    """Which of these (what needs it, extra) are not installed."""
    return [problem(key, extra, NEEDS[extra]) for key, extra in wanted if not _installed(NEEDS[extra])]


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
