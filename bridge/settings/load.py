"""Reading the settings, and the checks that no single table can make."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from bridge.model.ids import RoomRef
from bridge.settings.environment import PREFIX, layered, read_dotenv, top_level
from bridge.settings.problems import Problem, WrongSettings, problems_of
from bridge.settings.root import Settings

ADAPTER_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
MAX_SECRET_FILE: Final = 65_536
"""Bytes read at most from a `_file`: a wrong path must not load a disk image."""


def load(path: Path | None = None, env_file: Path | None = Path(".env"), **overrides: Any) -> Settings:
    """Read the settings. `overrides` (top-level keys) replace those of the file.

    Relative paths of the file are taken from the file's folder. Raises WrongSettings with all problems.
    """
    dotenv = read_dotenv(env_file)
    named = {top_level(name) for name in (*dotenv, *os.environ)}
    # In a container the environment may say all; then there need be no file.
    values = _read_toml(path) if path is not None and (path.exists() or "groups" not in named) else {}
    values.update(overrides)
    base = path.parent if path is not None else Path()
    try:
        settings = Settings.model_validate(layered(values, dotenv, os.environ, Settings.model_fields))
    except ValidationError as error:
        unknown = _unknown_variables(os.environ)
        problems = problems_of(error, Settings)
        # A variable that means nothing is named as the environment has it.
        raise WrongSettings([*unknown, *(one for one in problems if not _is_of(one, unknown))]) from None
    settings = _anchored(settings, base)
    problems = _cross_checks(settings)
    adapters, secret_problems = _with_secrets(settings.adapters, base)
    if problems or secret_problems:
        raise WrongSettings([*problems, *secret_problems])
    return settings.model_copy(update={"adapters": adapters})


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        text = "there is no such file; `demls-bridge init` writes one"
        raise WrongSettings([Problem(str(path), text, f"demls-bridge init --config {path}")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSettings([Problem(str(path), f"cannot be read: {error}", "")]) from None
    except tomllib.TOMLDecodeError as error:
        raise WrongSettings([Problem(str(path), f"is not valid TOML: {error}", 'name = "my-bridge"')]) from None


def _anchored(settings: Settings, base: Path) -> Settings:
    """Relative paths count from the configuration file, not from wherever the command was typed."""
    storage = settings.storage
    if storage.key_file is not None:
        storage = storage.model_copy(update={"key_file": base / storage.key_file})
    return settings.model_copy(update={"data_dir": base / settings.data_dir, "storage": storage})


def _with_secrets(
    adapters: Mapping[str, Mapping[str, Any]], base: Path
) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """Replace every `<key>_file` by `<key>` with the file's content, without the line break at its end."""
    resolved: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    for platform, table in adapters.items():
        resolved[platform] = {key: value for key, value in table.items() if not key.endswith("_file")}
        for key, value in table.items():
            if not key.endswith("_file"):
                continue
            try:
                with (base / str(value)).open("rb") as file:
                    secret = file.read(MAX_SECRET_FILE).decode().rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not UTF-8 text"
                problem = f"cannot read {str(base / str(value))!r}: {reason}; write the secret into that file"
                problems.append(Problem(f"adapters.{platform}.{key}", problem, f'{key} = "secrets/{key[:-5]}"'))
            else:
                # An environment value of the key itself is the stronger one.
                resolved[platform].setdefault(key.removesuffix("_file"), secret)
    return resolved, problems


def _unknown_variables(environment: Mapping[str, str]) -> list[Problem]:
    """Variables with our prefix that mean nothing: typing errors, which nobody would notice otherwise."""
    example = f"{PREFIX}WAKU__NODE_PORT=60001"
    return [
        Problem(name, "is not the name of a setting", example)
        for name in environment
        if (key := top_level(name)) is not None and key not in Settings.model_fields
    ]


def _is_of(problem: Problem, variables: Sequence[Problem]) -> bool:
    return any(problem.key == top_level(variable.key) for variable in variables)


def _cross_checks(settings: Settings) -> list[Problem]:
    """What no single field can see: rooms without adapter, the same group or room twice, a path too long."""
    problems: list[Problem] = []
    groups: set[str] = set()
    rooms: set[RoomRef] = set()
    for name in settings.adapters:
        # It is a folder in data_dir, and part of the names of variables in the environment.
        if not ADAPTER_NAME.fullmatch(name):
            text = "must have at most 32 characters of a-z 0-9 _ -"
            problems.append(Problem(f"adapters.{name}", text, "[adapters.work]"))
    for number, group in enumerate(settings.groups):
        if group.short in groups:
            problems.append(
                Problem(f"groups[{number}].name", f"{group.short!r} is used twice", 'name = "lobby-2"')
            )
        groups.add(group.short)
        for place, room in enumerate(group.rooms):
            key = f"groups[{number}].rooms[{place}]"
            if room.platform not in settings.adapters:
                text = f"there is no [adapters.{room.platform}] table for it"
                problems.append(Problem(f"{key}.platform", text, f"[adapters.{room.platform}]"))
            if room.ref in rooms:
                problems.append(
                    Problem(f"{key}.room", f"{room.room!r} is linked already; a room has one group")
                )
            rooms.add(room.ref)
        if group.create and group.coordination == "contract" and not settings.chain.configured:
            text = "needs a way to the contracts: fill in [chain] (`demls-bridge contracts deploy` makes them)"
            problems.append(Problem(f"groups[{number}].coordination", text, 'coordination = "waku"'))
    # Unix socket paths have 107 bytes at most on Linux, 103 elsewhere.
    if len(os.fsencode(settings.status_socket.absolute())) > 103:
        problems.append(
            Problem(
                "data_dir", "its full path is too long for a socket (90 bytes)", 'data_dir = "/var/lib/demls"'
            )
        )
    return problems
