"""Compiles the contracts with the npm `solc`: standard JSON in and out."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Final

from contracts_npm import CONTRACTS, SECONDS, BuildFailure, packages, program

SHIPPED: Final = {
    "GroupRegistry": "src/GroupRegistry.sol",
    "Ballots": "src/Ballots.sol",
    "KeyPackageRegistry": "src/KeyPackageRegistry.sol",
}
"""Contract and its file."""
HELPERS: Final = {"TestWallet": "test/TestWallet.sol", "ArithmeticHarness": "test/ArithmeticHarness.sol"}
"""What only tests deploy."""
SETTINGS: Final[dict[str, Any]] = {
    "evmVersion": "cancun",
    "optimizer": {"enabled": True, "runs": 1000},
}
_IMPORT: Final = re.compile(r'^import [^"]*"([^"]+)";', re.MULTILINE)
_HARMLESS: Final = {"5574", "3860"}
"""Warnings that a contract is too large for a chain: checked by a test on a chain, with the right limits."""


def sources(roots: list[str]) -> dict[str, str]:
    """The files of `roots` (relative to contracts/) and whatever they import, by name."""
    found: dict[str, str] = {}
    waiting = list(roots)
    modules = packages()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = modules / name if name.startswith("@") else CONTRACTS / name
        found[name] = path.read_text("utf-8")
        for imported in _IMPORT.findall(found[name]):
            relative = imported.startswith(".")
            waiting.append(os.path.normpath(Path(name).parent / imported) if relative else imported)
    return dict(sorted(found.items()))


def standard_input(roots: list[str], **settings: Any) -> dict[str, Any]:
    """The compiler's input."""
    return {
        "language": "Solidity",
        "sources": {name: {"content": content} for name, content in sources(roots).items()},
        "settings": {**SETTINGS, **settings},
    }


def run_solc(asked: dict[str, Any], *arguments: str) -> dict[str, Any]:
    """The compiler's output. Raises BuildFailure for errors and for warnings alike."""
    command = [program("node"), str(CONTRACTS / "compile.cjs"), *arguments]
    env = {**os.environ, "NODE_PATH": str(packages())}
    done = subprocess.run(  # noqa: S603
        command, input=json.dumps(asked).encode(), env=env, capture_output=True, check=False, timeout=SECONDS
    )
    if done.returncode:
        raise BuildFailure(f"solc: {done.stderr.decode(errors='replace')[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def compiled(contracts: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The artifact of each contract: ABI, code, source hash, compiler. Raises BuildFailure."""
    asked = standard_input(
        list(contracts.values()),
        outputSelection={
            "*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode", "metadata"], "": ["ast"]}
        },
    )
    answer = run_solc(asked)
    faults = [f for f in answer.get("errors", []) if str(f.get("errorCode")) not in _HARMLESS]
    if faults:
        raise BuildFailure("\n".join(fault["formattedMessage"] for fault in faults))
    return {name: _artifact(name, path, answer) for name, path in contracts.items()}


def _artifact(name: str, path: str, answer: dict[str, Any]) -> dict[str, Any]:
    made = answer["contracts"][path][name]
    metadata = json.loads(made["metadata"])
    deployed = made["evm"]["deployedBytecode"]
    used = sorted(metadata["sources"].items())
    names = _immutable_names(answer)
    places = {
        names[key]: sorted([place["start"], place["length"]] for place in found)
        for key, found in deployed.get("immutableReferences", {}).items()
    }
    return {
        "contract": name,
        "compiler": metadata["compiler"]["version"],
        "settings": SETTINGS,
        "sourceHash": hashlib.sha256(
            "".join(f"{file} {entry['keccak256']}\n" for file, entry in used).encode()
        ).hexdigest(),
        "abi": made["abi"],
        "bytecode": "0x" + made["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + deployed["object"],
        "immutables": places,
    }


def _immutable_names(answer: dict[str, Any]) -> dict[str, str]:
    """The name of every immutable variable, by its number in the syntax tree."""
    return {
        str(part["id"]): part["name"]
        for file in answer["sources"].values()
        for contract in file["ast"]["nodes"]
        if contract["nodeType"] == "ContractDefinition"
        for part in contract["nodes"]
        if part.get("mutability") == "immutable"
    }
