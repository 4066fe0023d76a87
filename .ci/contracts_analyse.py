"""Static analysis of the contracts: slither, and the compiler's SMT checker on the ballot arithmetic.

Every finding must be answered in contracts/ANALYSIS.md, in a line that holds "`detector` `Contract.function`".
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from contracts_build import SHIPPED, run_solc, standard_input
from contracts_npm import CONTRACTS, SECONDS, BuildFailure, cache

SLITHER: Final = "0.11.6"
PROOFS: Final = {"test/ArithmeticProof.sol": ["ArithmeticProof"]}
TARGETS: Final = ("assert", "underflow", "overflow", "divByZero")
SAFE: Final = "9576"
"""The checker's code for what it has proved."""
LEAST_PROVED: Final = 20
"""So that a checker that does nothing is noticed."""


def analyse() -> int:
    """0 when all is proved and every finding is answered. Raises BuildFailure."""
    answers = (CONTRACTS / "ANALYSIS.md").read_text("utf-8")
    found = slither()
    open_ones = sorted(key for key in found if key not in answers)
    for key in open_ones:
        print(f"not answered in contracts/ANALYSIS.md: {key}")
    proved, unproved = proofs()
    for message in unproved:
        print(message)
    print(f"slither: {len(found)} findings, {len(open_ones)} not answered")
    print(f"SMT checker: {proved} proved, {len(unproved)} not")
    return 1 if open_ones or unproved or proved < LEAST_PROVED else 0


def proofs() -> tuple[int, list[str]]:
    """How many properties the SMT checker proved, and what it says of the others (about a minute)."""
    checker = {
        "engine": "chc",
        "contracts": PROOFS,
        "targets": TARGETS,
        "showUnproved": True,
        "showProvedSafe": True,
    }
    # No timeout: with one, the checker of the npm compiler crashes.
    asked = standard_input(list(PROOFS), outputSelection={"*": {"*": ["abi"]}}, modelChecker=checker)
    said = run_solc(asked).get("errors", [])
    proved = [entry for entry in said if entry.get("errorCode") == SAFE]
    return len(proved), [entry["formattedMessage"] for entry in said if entry.get("errorCode") != SAFE]


def slither() -> set[str]:
    """Its findings: detector, contract and function. It reads hardhat's build-info, so it compiles nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_project(folder)
        command = [str(_slither()), ".", "--ignore-compile", "--compile-force-framework", "hardhat"]
        command += ["--hardhat-artifacts-directory", "artifacts", "--filter-paths", "@openzeppelin"]
        command += ["--json", "found.json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=SECONDS)  # noqa: S603
        if not (folder / "found.json").exists():
            raise BuildFailure(f"slither: {done.stderr.decode(errors='replace')[-2000:]}")
        found = json.loads((folder / "found.json").read_text("utf-8"))
    if not found["success"]:
        raise BuildFailure(f"slither: {found['error']}")
    return {_key(finding) for finding in found["results"].get("detectors", [])}


def _key(finding: dict[str, Any]) -> str:
    """What a finding is called in ANALYSIS.md."""
    element = finding["elements"][0]
    parent = element.get("type_specific_fields", {}).get("parent", {}).get("name", "")
    return f"`{finding['check']}` `{parent}.{element['name']}`"


def _write_project(folder: Path) -> None:
    """The sources and the compiler's output, as hardhat would have left them."""
    wanted = [
        "abi",
        "evm.bytecode",
        "evm.deployedBytecode",
        "evm.methodIdentifiers",
        "metadata",
        "devdoc",
        "userdoc",
    ]
    asked = standard_input(list(SHIPPED.values()), outputSelection={"*": {"*": wanted, "": ["ast"]}})
    made = run_solc(asked)
    for name, source in asked["sources"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source["content"], "utf-8")
    first, path_of_first = next(iter(SHIPPED.items()))
    version = json.loads(made["contracts"][path_of_first][first]["metadata"])["compiler"]["version"]
    info = {
        "id": "contracts",
        "_format": "hh-sol-build-info-1",
        "solcVersion": version.partition("+")[0],
        "solcLongVersion": version,
        "input": asked,
        "output": made,
    }
    (folder / "hardhat.config.js").write_text("module.exports = {}\n", "utf-8")
    build_info = folder / "artifacts" / "build-info"
    build_info.mkdir(parents=True)
    (build_info / "contracts.json").write_text(json.dumps(info), "utf-8")


def _slither() -> Path:
    """The program, in an environment of its own in the cache: its dependencies are not ours."""
    folder = cache() / f"slither-{SLITHER}"
    program = folder / "bin" / "slither"
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    if not program.exists():
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(folder), f"slither-analyzer=={SLITHER}"],
        ):
            done = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)  # noqa: S603
            if done.returncode:
                raise BuildFailure(f"slither cannot be had: {done.stderr.decode(errors='replace')[-2000:]}")
    return program
