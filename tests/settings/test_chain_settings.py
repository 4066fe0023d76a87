"""[chain]: what is taken, what is refused and in which words, and that the node's URL stays secret."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bridge.settings import ChainSettings, WrongSettings, load

ADDRESS = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
SECRET = "https://node.example.org/v3/very-secret-key"


def made(**values: Any) -> ChainSettings:
    return ChainSettings.model_validate(values)


def test_nothing_configured_is_no_chain() -> None:
    empty = ChainSettings()
    assert not empty.configured
    assert (empty.confirmations, empty.grace, empty.daily_limit) == (6, 180, Decimal("0.1"))


@pytest.mark.parametrize("values", [{"node_url": "http://127.0.0.1:8545"}, {"development_port": 0}])
def test_a_node_or_a_development_chain_is_one(values: dict[str, Any]) -> None:
    assert made(**values).configured


@pytest.mark.parametrize("given", [ADDRESS, ADDRESS[2:], ADDRESS.upper().replace("0X", "0x")])
def test_addresses_get_one_form(given: str) -> None:
    assert made(registry=given).registry == ADDRESS


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("registry", "0x1234", "is not an address (40 hexadecimal digits)"),
        ("ballots", "x" * 500, "is not an address (40 hexadecimal digits)"),
        ("key_packages", ADDRESS + "0", "is not an address (40 hexadecimal digits)"),
        ("node_url", "ws://127.0.0.1:8545", "must be an http:// or https:// address"),
        ("node_url", "127.0.0.1:8545", "must be an http:// or https:// address"),
        ("confirmations", 0, "greater than or equal to 1"),
        ("confirmations", 1_001, "less than or equal to 1000"),
        ("poll", 0.01, "greater than or equal to 0.1"),
        ("grace", 0, "greater than or equal to 1"),
        ("stale", 1, "greater than or equal to 2"),
        ("stuck", 1, "greater than or equal to 2"),
        ("chain_id", -1, "greater than or equal to 0"),
        ("first_block", -1, "greater than or equal to 0"),
        ("daily_limit", 0, "greater than 0"),
        ("low_funds", -0.1, "greater than or equal to 0"),
        ("development_port", 65_536, "less than or equal to 65535"),
    ],
)
def test_refused(key: str, value: object, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        made(**{key: value})
    (fault,) = caught.value.errors()
    assert fault["loc"] == (key,)
    assert words in fault["msg"]
    assert len(fault["msg"]) < 200, "what was given is cut"


def test_a_node_and_a_development_chain_are_one_too_many() -> None:
    with pytest.raises(ValidationError, match="set node_url or development_port, not both"):
        made(node_url="http://127.0.0.1:8545", development_port=8545)


def test_the_url_is_never_shown(tmp_path: Path) -> None:
    chain = made(node_url=SECRET)
    assert "secret" not in repr(chain)
    assert "secret" not in str(chain.model_dump()) + chain.model_dump_json()
    path = tmp_path / "bridge.toml"
    path.write_text(f'[chain]\nnode_url = "{SECRET.replace("https", "wss")}"\n')
    with pytest.raises(WrongSettings) as caught:
        load(path, env_file=None)
    (problem,) = caught.value.problems
    assert problem.key == "chain.node_url"
    assert "secret" not in str(caught.value) + problem.text
