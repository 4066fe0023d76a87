"""All settings, read off the typed tables: a page of the documentation, and a JSON schema for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bridge.model.settings import Table
from bridge.settings.environment import NESTED, PREFIX
from bridge.settings.problems import toml_value
from bridge.settings.root import Settings
from bridge.settings.tables import GroupSettings, RuleSettings, TimingSettings

INTRODUCTION: Final = """\
Where a value comes from, the strongest first: the environment, `.env` in the working folder, the configuration
file, the default. In the environment lists and tables are JSON:

```sh
DEMLS_WAKU__NODE_PORT=60001
DEMLS_ADAPTERS__WEB__ROOMS='["lobby"]'
DEMLS_GROUPS='[{"name": "lobby", "create": true, "rooms": [{"platform": "web", "room": "lobby"}]}]'
```

Where the environment names the groups, no configuration file is needed. Of a secret of an adapter, `<key>_file`
names a file that holds it. Several accounts of one platform are tables of their own, each with a name that you
choose and the `platform` beside it; rooms, the status and the metrics go by that name:

```toml
[adapters.work]
platform = "matrix"
homeserver = "https://matrix.example.org"
user_id = "@work:example.org"
access_token_file = "secrets/work.token"

[[groups]]
name = "lobby"
create = true
rooms = [{ platform = "matrix", room = "!abc:example.org" }, { platform = "work", room = "!def:example.org" }]
```

People are the platform's, whichever account they write by: one wallet, one vote.

Editors read [bridge.schema.json](../config/bridge.schema.json).
"""


def page(adapters: Mapping[str, type[Table]], note: str) -> str:
    """docs/settings.md. `adapters`: the table of each platform."""
    parts = [f"# Settings\n\n{note} Sources: the tables in `bridge/settings` and `adapters/*/config.py`.\n"]
    parts.append(INTRODUCTION)
    parts.append(_section("(top level)", "", Settings, ()))
    for name, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            parts.append(_section(f"[{name}]", field.description or "", model, (name,)))
    for header, group in (
        ("[[groups]]", GroupSettings),
        ("[groups.timing]", TimingSettings),
        ("[groups.rules]", RuleSettings),
    ):
        parts.append(_section(header, group.__doc__ or "", group, None))
    for name, table in adapters.items():
        parts.append(_section(f"[adapters.{name}]", table.__doc__ or "", table, ("adapters", name)))
    return "\n".join(parts)


def _section(title: str, text: str, model: type[BaseModel], path: tuple[str, ...] | None) -> str:
    """`path`: of the table in the environment; None where it has none of its own."""
    head = "| key | default | meaning |\n| --- | --- | --- |"
    if path is not None:
        head = "| key | default | in the environment | meaning |\n| --- | --- | --- | --- |"
    rows = "\n".join(_rows(model, path))
    return f"## {title}\n\n{' '.join(text.split())}\n\n{head}\n{rows}\n".replace("\n\n\n", "\n")


def _rows(model: type[BaseModel], path: tuple[str, ...] | None) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if (isinstance(kind, type) and issubclass(kind, BaseModel)) or name in {"groups", "adapters"}:
            continue
        variable = "" if path is None else f" `{PREFIX}{NESTED.join((*path, name)).upper()}` |"
        yield f"| `{name}` | {_default(field)} |{variable} {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    shown = toml_value(field.get_default(call_default_factory=True))
    return "" if shown in ('""', "[]") else f"`{shown}`"


def schema(adapters: Mapping[str, type[Table]]) -> str:
    """JSON schema of the whole file, as text."""
    made = Settings.model_json_schema()
    definitions: dict[str, Any] = made.setdefault("$defs", {})
    references = []
    for platform, model in adapters.items():
        own = model.model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(own.pop("$defs", {}))
        own["properties"]["platform"] = {
            "const": platform,
            "description": "The platform, where the table is named else.",
        }
        # A secret's file stands for the secret, required or not.
        own["patternProperties"] = {"_file$": {"type": "string"}}
        own.pop("required", None)
        definitions[model.__name__] = own
        references.append({"$ref": f"#/$defs/{model.__name__}"})
    made["properties"]["adapters"] = {
        "description": Settings.model_fields["adapters"].description,
        "type": "object",
        "properties": dict(zip(adapters, references, strict=True)),
        "additionalProperties": {"anyOf": references},
    }
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
