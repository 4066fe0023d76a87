"""Values out of the environment and a `.env` file, laid over those of the configuration file.

A key `waku.node_port` is DEMLS_WAKU__NODE_PORT. All values are text here; the tables know what to make of them
(`bridge.model.settings`). The library for this, pydantic-settings, costs each start 8 MB and 70 ms, and cannot
see the types of the adapters' tables; the file format of `.env` is python-dotenv's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

PREFIX: Final = "DEMLS_"
NESTED: Final = "__"
SEED_NAMES: Final = {
    "NAME": ("name",),
    "NODE_PORT": ("waku", "node_port"),
    "PEER_ADDRESSES": ("waku", "peer_addresses"),
}
"""The environment names of the seed's .env files, and the settings they stand for."""

Tables = dict[str, Any]


def read_dotenv(path: Path | None) -> dict[str, str]:
    """The variables of a `.env` file; none when there is no such file."""
    if path is None or not path.is_file():
        return {}
    # Late: most bridges have no such file.
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(path).items() if value is not None}


def top_level(name: str) -> str | None:
    """Which top-level key a variable belongs to; None for a variable of others."""
    if not name.upper().startswith(PREFIX):
        return None
    return name[len(PREFIX) :].partition(NESTED)[0].lower()


def layered(
    file: Mapping[str, Any],
    dotenv: Mapping[str, str],
    environment: Mapping[str, str],
    known: Iterable[str],
) -> Tables:
    """All values; the environment is the strongest, and the seed's names are weaker than our own.

    Of `dotenv` only the `known` top-level keys: such a file may hold variables of other programs.
    """
    values: Tables = {}
    _lay(values, file)
    keys = set(known)
    ours = {name: text for name, text in dotenv.items() if top_level(name) in keys}
    for layer in (_seeds(dotenv), _prefixed(ours), _seeds(environment), _prefixed(environment)):
        _lay(values, layer)
    return values


def _seeds(variables: Mapping[str, str]) -> Tables:
    upper = {name.upper(): text for name, text in variables.items()}
    return _nested((path, upper[name]) for name, path in SEED_NAMES.items() if upper.get(name))


def _prefixed(variables: Mapping[str, str]) -> Tables:
    return _nested(
        (tuple(name[len(PREFIX) :].lower().split(NESTED)), text)
        for name, text in sorted(variables.items())
        if top_level(name) is not None
    )


def _nested(values: Iterable[tuple[tuple[str, ...], str]]) -> Tables:
    found: Tables = {}
    for (*tables, key), text in values:
        place = found
        for part in tables:
            inner = place.get(part)
            if not isinstance(inner, dict):
                # A table given whole, as JSON, gives way to its keys.
                inner = place[part] = {}
            place = inner
        place[key] = text
    return found


def _lay(below: Tables, above: Mapping[str, Any]) -> None:
    """`above` over `below`, tables key by key."""
    for key, value in above.items():
        present = below.get(key)
        if isinstance(value, Mapping):
            if not isinstance(present, dict):
                present = below[key] = {}
            _lay(present, value)
        else:
            below[key] = value
