"""A commented configuration file, written from the typed settings.

`write` fills in what is known (by `init`), leaves defaults as comments, and gives every key its description,
so that file and code cannot drift apart: `make check` compares `config/bridge.example.toml` with `example()`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bridge.model.settings import Table
from bridge.settings.problems import toml_value
from bridge.settings.root import Settings
from bridge.settings.tables import GroupSettings, RuleSettings, TimingSettings

Adapter = tuple[type[Table], Mapping[str, Any]]
"""The table of a platform, and the values that are known."""
WIDTH: Final = 100
HEADER: Final = """\
Configuration of a demls-bridge. Lines that begin with "# key =" show defaults.
Everything here can be set in the environment too: DEMLS_WAKU__NODE_PORT=60001 is node_port of [waku].
Secrets: instead of a key, <key>_file names a file that holds it (relative to this file).
Check your changes with:  demls-bridge check
"""


def write(
    known: Mapping[str, Mapping[str, Any]],
    groups: Sequence[Mapping[str, Any]],
    adapters: Mapping[str, Adapter],
) -> str:
    """The file's text. `known`: values by table ('' is the top level), one mapping per group, and per adapter
    its table and values."""
    parts = [_comment(HEADER), _table(Settings, known.get("", {}), scalars_only=True)]
    for name, field in Settings.model_fields.items():
        if (model := _model(field)) is not None:
            parts.append(f"{_comment(field.description or '')}[{name}]\n{_table(model, known.get(name, {}))}")
    parts.extend(group(values) for values in groups)
    parts.extend(adapter(name, model, values) for name, (model, values) in adapters.items())
    return "\n".join(parts)


def example(adapters: Mapping[str, type[Table]]) -> str:
    """The sample configuration: one group that is made here and mirrors a Matrix room; every adapter's keys."""
    rooms = [{"platform": "matrix", "room": "!abc:example.org"}]
    tables = {name: (model, _wanted(model)) for name, model in adapters.items()}
    return write({"": {"name": "my-bridge"}}, [{"name": "lobby", "create": True, "rooms": rooms}], tables)


def _wanted(model: type[Table]) -> dict[str, Any]:
    """An example for each key that must be there (`validate_default`: an empty one is refused)."""
    return {
        name: field.examples[0]
        for name, field in model.model_fields.items()
        if field.examples and (field.is_required() or field.validate_default)
    }


def adapter(name: str, model: type[Table], values: Mapping[str, Any]) -> str:
    """A table under [adapters], commented. A secret may be given as `<key>_file`."""
    return f"{_comment(model.__doc__ or '')}[adapters.{name}]\n{_table(model, values)}"


def group(values: Mapping[str, Any]) -> str:
    """One [[groups]] table with its timing and rules, commented."""
    text = (
        f"{_comment('A group. Repeat for more.')}[[groups]]\n{_table(GroupSettings, values, scalars_only=True)}"
    )
    for name, model in (("timing", TimingSettings), ("rules", RuleSettings)):
        inner = values.get(name, {})
        # A header without a value would be an empty table: harmless, and the place to write.
        field = GroupSettings.model_fields[name]
        text += f"\n{_comment(field.description or '')}[groups.{name}]\n{_table(model, inner)}"
    return text


def _table(model: type[BaseModel], values: Mapping[str, Any], *, scalars_only: bool = False) -> str:
    lines = []
    for name, field in model.model_fields.items():
        if _model(field) is not None or name in {"groups", "adapters"}:
            assert scalars_only, f"{model.__name__}.{name} needs a table of its own"
            continue
        lines.append(_comment(field.description or "").rstrip())
        if f"{name}_file" in values:
            lines.append(f"{name}_file = {toml_value(values[f'{name}_file'])}")
        elif name in values:
            lines.append(f"{name} = {toml_value(values[name])}")
        else:
            lines.append(f"# {name} = {toml_value(_shown(field))}")
    return "\n".join(lines) + "\n"


def _shown(field: FieldInfo) -> Any:
    """The default where it says something, else the example."""
    default = field.get_default(call_default_factory=True)
    empty = default in (None, "", ()) or isinstance(default, SecretStr) or field.is_required()
    return field.examples[0] if empty and field.examples else default


def _model(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _comment(text: str) -> str:
    lines = [line for part in text.splitlines() for line in textwrap.wrap(part, WIDTH - 2)]
    return "".join(f"# {line}\n" for line in lines)
