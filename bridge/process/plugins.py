"""Adapters by entry point `bridge.adapters`: found, their tables read, and made out of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Final

from pydantic import ValidationError

from bridge.model.adapter import Adapter, Plugin, SettingsError
from bridge.model.settings import Table
from bridge.process import extras
from bridge.settings import Problem, Settings, WrongSettings
from bridge.settings.problems import problems_of

GROUP: Final = "bridge.adapters"


@dataclass(frozen=True, slots=True)
class Configured:
    """One table under [adapters], read. `name` is the table's."""

    name: str
    plugin: Plugin[Table]
    table: Table


def names() -> list[str]:
    """The platforms that are installed."""
    return sorted(point.name for point in entry_points(group=GROUP))


def load(platform: str, key: str = "") -> Plugin[Table]:
    """The plugin of a platform; only this one is imported. Raises WrongSettings when none is installed.

    `key`: where it is named, if not by a table of its own name.
    """
    for point in entry_points(group=GROUP, name=platform):
        plugin: Plugin[Table] = point.load()
        return plugin
    text = f"there is no adapter of that name; installed are {', '.join(names()) or 'none'}"
    example = 'platform = "matrix"' if key else "[adapters.matrix]"
    raise WrongSettings([Problem(key or f"adapters.{platform}", text, example)])


def models() -> dict[str, type[Table]]:
    """The tables of all installed platforms, for the reference."""
    return {platform: load(platform).table for platform in names()}


def read(name: str, values: Mapping[str, Any]) -> Configured:
    """A table under [adapters] as its platform's plugin reads it. Raises WrongSettings."""
    plugin = load(str(values["platform"]), f"adapters.{name}.platform") if "platform" in values else load(name)
    own = {key: value for key, value in values.items() if key != "platform"}
    try:
        return Configured(name, plugin, plugin.table.model_validate(own))
    except ValidationError as error:
        raise WrongSettings(problems_of(error, plugin.table, f"adapters.{name}")) from None


def make_adapters(settings: Settings) -> dict[str, Adapter]:
    """One adapter per table under [adapters]. Raises WrongSettings with the problems of all of them, and with
    the extras that are not installed."""
    made: dict[str, Adapter] = {}
    problems = extras.missing(settings)
    for name, values in settings.adapters.items():
        try:
            found = read(name, values)
            made[name] = found.plugin.create(found.table, settings.data_dir / name)
        except WrongSettings as error:
            problems.extend(error.problems)
        except ModuleNotFoundError as error:
            # A plugin imports its library when it makes an adapter, so that the others do without.
            problems.append(
                extras.problem(f"adapters.{name}", settings.platform(name), error.name or str(error))
            )
        except SettingsError as error:
            problems.append(Problem(f"adapters.{name}.{error.key}", error.problem, error.example))
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
