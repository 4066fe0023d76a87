"""Adapters by entry point `bridge.adapters`: found, and made out of the configuration."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from bridge.model.adapter import Adapter, Plugin, SettingsError
from bridge.process import extras
from bridge.settings import Problem, Settings, WrongSettings

GROUP = "bridge.adapters"


def names() -> list[str]:
    """The platforms that are installed."""
    return sorted(point.name for point in entry_points(group=GROUP))


def load(platform: str) -> Plugin:
    """The plugin of a platform. Raises WrongSettings when none is installed."""
    for point in entry_points(group=GROUP, name=platform):
        plugin: Plugin = point.load()
        return plugin
    text = f"there is no adapter of that name; installed are {', '.join(names()) or 'none'}"
    raise WrongSettings([Problem(f"adapters.{platform}", text, "[adapters.matrix]")])


def make_adapters(settings: Settings) -> dict[str, Adapter]:
    """One adapter per table under [adapters]. Raises WrongSettings with the problems of all of them, and with
    the extras that are not installed."""
    made: dict[str, Adapter] = {}
    problems = extras.missing(settings)
    for platform, table in settings.adapters.items():
        try:
            made[platform] = load(platform).create(table, settings.data_dir / platform)
        except WrongSettings as error:
            problems.extend(error.problems)
        except ModuleNotFoundError as error:
            # A plugin imports its library when it makes an adapter, so that the others do without.
            problems.append(extras.problem(f"adapters.{platform}", platform, error.name or str(error)))
        except SettingsError as error:
            problems.append(Problem(f"adapters.{platform}.{error.key}", error.problem, error.example))
    if problems:
        raise WrongSettings(problems)
    return made


def secrets_of(settings: Settings) -> list[str]:
    """Every text in the adapters' tables that may be a secret, for the log's redactor."""
    telling = ("token", "password", "secret", "key")
    found: list[str] = []
    tables: list[Any] = list(settings.adapters.values())
    while tables:
        for key, value in tables.pop().items():
            if isinstance(value, dict):
                tables.append(value)
            elif isinstance(value, str) and any(word in key for word in telling):
                found.append(value)
    return [*found, settings.storage.key.get_secret_value(), settings.chain.node_url.get_secret_value()]
