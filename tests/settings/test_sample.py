"""The sample configuration is valid, complete, and says the truth about defaults."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
from pydantic import BaseModel

from bridge.process import plugins
from bridge.settings import GroupSettings, Settings, load, reference, sample, toml_value
from bridge.settings.tables import RuleSettings, TimingSettings, WakuSettings

ROOT = Path(__file__).parents[2]
ADAPTERS = plugins.models()


def test_it_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(sample.example(ADAPTERS), "utf-8")
    settings = load(path, env_file=None)
    assert settings.groups[0].create
    assert set(settings.adapters) == set(ADAPTERS) == {"discord", "matrix", "web"}
    plugins.make_adapters(settings)


def test_every_key_is_in_it_with_a_comment() -> None:
    lines = sample.example(ADAPTERS).splitlines()
    models: tuple[type[BaseModel], ...] = (WakuSettings, GroupSettings, TimingSettings, RuleSettings)
    for model in (*models, *ADAPTERS.values()):
        for name, field in model.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                continue
            place = next(n for n, line in enumerate(lines) if re.match(rf"(# )?{name} = ", line))
            assert lines[place - 1].startswith("# "), name


def test_what_is_commented_out_is_the_default() -> None:
    """Uncommenting all of [waku]'s and the timing's lines changes nothing."""
    text = sample.example(ADAPTERS)
    for header, model in (
        ("[waku]", WakuSettings),
        ("[groups.timing]", TimingSettings),
        ("[groups.rules]", RuleSettings),
    ):
        table = text.split(header + "\n", 1)[1].split("\n\n", 1)[0]
        values = tomllib.loads(re.sub(r"(?m)^# (?=\w+ = )", "", table))
        values.pop("peer_addresses", None)  # its default is empty: an example stands there
        assert model.model_validate(values) == model(), header


def test_known_values_are_written_out() -> None:
    text = sample.write(
        {"waku": {"node_port": 7}}, [{"name": "a", "create": True, "timing": {"voting": 600}}], {}
    )
    settings = Settings.model_validate(tomllib.loads(text))
    assert settings.waku.node_port == 7
    assert settings.groups[0].timing.voting == 600


def test_toml_literals_survive_a_round_trip() -> None:
    value = {"a": 'quote " and \\ back', "b": [1, True], "c": [{"d": "e"}]}
    assert tomllib.loads(f"value = {toml_value(value)}") == {"value": value}


def test_the_schema_takes_what_the_bridge_takes_and_refuses_what_it_refuses() -> None:
    schema = jsonschema.Draft202012Validator(json.loads(reference.schema(ADAPTERS)))
    schema.check_schema(schema.schema)
    good = tomllib.loads(sample.example(ADAPTERS))
    assert not list(schema.iter_errors(good))
    for wrong in (
        {"nmae": "x"},
        {"waku": {"node_port": 70_000}},
        {"adapters": {"web": {"prot": 1}}},
        {"adapters": {"matrix": {"timeline_limit": 0}}},
    ):
        assert list(schema.iter_errors({**good, **wrong})), wrong


def test_every_key_stands_in_the_reference() -> None:
    page = reference.page(ADAPTERS, "note")
    models: tuple[type[BaseModel], ...] = (WakuSettings, GroupSettings)
    for model in (*ADAPTERS.values(), *models):
        for name, field in model.model_fields.items():
            if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
                assert f"| `{name}` |" in page
