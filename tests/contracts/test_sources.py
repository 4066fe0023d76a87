"""What holds of the contracts as such: artifacts, errors, events, documentation, size."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts.deployed import ARTIFACTS, Contracts
from tests.support.waiting import limit

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "contracts" / "src").rglob("*.sol"))
CODE_LIMIT = 24_576
"""Bytes of a deployed contract (EIP-170)."""


def test_the_artifacts_are_what_the_compiler_makes_of_the_sources() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "contracts.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit(starts=300))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_custom_error_is_reached_by_a_test(contracts: Contracts) -> None:
    """Every one stands in a test's expectation: a name in these files' code, not in their comments."""
    named = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        strings = (
            node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)
        )
        named |= {node.value for node in strings if isinstance(node.value, str)}
    assert len(contracts.error_names) > 30
    assert contracts.error_names - named == set()


@pytest.mark.parametrize("path", sorted(ARTIFACTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_contract_fits_on_a_chain_and_takes_no_money(path: Path) -> None:
    artifact: dict[str, Any] = json.loads(path.read_text("utf-8"))
    assert len(artifact["deployedBytecode"]) // 2 - 1 < CODE_LIMIT
    assert [entry for entry in artifact["abi"] if entry.get("stateMutability") == "payable"] == []
    assert [entry["type"] for entry in artifact["abi"] if entry["type"] in {"receive", "fallback"}] == []


def test_errors_are_prefixed_and_events_are_of_the_past(contracts: Contracts) -> None:
    prefixes = {"GroupRegistry": 0, "Ballots": 0, "KeyPackageRegistry": 0}
    for path in ARTIFACTS.glob("*.json"):
        for entry in json.loads(path.read_text("utf-8"))["abi"]:
            if entry["type"] == "event" and entry["name"] != "EIP712DomainChanged":
                assert re.search(r"(ed|Set|Cast)$", entry["name"]), entry["name"]
    for name in contracts.error_names:
        prefixes[max((p for p in prefixes if name.startswith(p)), key=len)] += 1
    assert min(prefixes.values()) > 4


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_everything_public_is_documented_and_files_stay_small(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) < 600
    public = re.compile(
        r"^\s*(contract|abstract contract|interface|library|event|error|struct|enum)\b|^\s*function\b"
    )
    for number, line in enumerate(lines):
        if public.match(line):
            text = " ".join(lines[number : number + 8])
            hidden = "function" in line and re.search(r"\b(private|internal)\b", text.partition("{")[0])
            documented = lines[number - 1].lstrip().startswith("///")
            assert documented or hidden, f"{path.name}:{number + 1} {line.strip()}"


def test_nothing_can_be_replaced_or_owned() -> None:
    """No proxy, no owner, no way to destroy a contract."""
    for path in SOURCES:
        text = re.sub(r"//.*", "", path.read_text("utf-8"))
        assert not re.search(
            r"delegatecall|selfdestruct|Ownable|AccessControl|Initializable|tx\.origin", text
        ), path
