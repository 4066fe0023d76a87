"""Builds the contracts' artifacts, bridge/chain/artifacts/*.json.

.ci/contracts.py             write them
.ci/contracts.py --check     say whether they are up to date, byte for byte
.ci/contracts.py --helpers FOLDER   write those of contracts/test/ there (for the tests)
.ci/contracts.py --analyse   slither and the compiler's SMT checker; answered in contracts/ANALYSIS.md
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent))

from contracts_analyse import analyse
from contracts_build import HELPERS, SHIPPED, compiled
from contracts_npm import CONTRACTS, ROOT, BuildFailure, cache

ARTIFACTS: Final = ROOT / "bridge" / "chain" / "artifacts"


def as_text(artifact: dict[str, Any]) -> str:
    """The one form of an artifact."""
    return json.dumps(artifact, indent=1, sort_keys=True) + "\n"


def write(folder: Path, contracts: dict[str, str]) -> int:
    """Write the artifacts of these contracts."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, artifact in compiled(contracts).items():
        (folder / f"{name}.json").write_text(as_text(artifact), "utf-8")
    return 0


def fingerprint() -> str:
    """SHA-256 over all that decides whether the artifacts are right: sources, compiler, settings, artifacts."""
    inputs = [
        *CONTRACTS.glob("*.json"), *CONTRACTS.glob("*.cjs"), *CONTRACTS.glob("src/**/*.sol"),
        *ROOT.glob(".ci/contracts*.py"), *ARTIFACTS.glob("*.json"),
    ]  # fmt: skip
    whole = hashlib.sha256()
    for path in sorted(inputs):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return whole.hexdigest()


def check() -> int:
    """1 when an artifact is not what the compiler makes of the sources.

    What was found right once is not compiled again: the compiler always makes the same of the same.
    """
    seen = cache() / f"right-{fingerprint()[:32]}"
    if seen.exists():
        return 0
    wanted = {f"{name}.json": as_text(artifact) for name, artifact in compiled(SHIPPED).items()}
    present = {path.name: path.read_text("utf-8") for path in ARTIFACTS.glob("*.json")}
    stale = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
    for name in stale:
        print(f"{name} is not up to date: run .ci/contracts.py")
    if not stale:
        seen.touch()
    return 1 if stale else 0


def main(arguments: list[str]) -> int:
    """As the module says."""
    try:
        match arguments:
            case []:
                return write(ARTIFACTS, SHIPPED)
            case ["--check"]:
                return check()
            case ["--helpers", folder]:
                return write(Path(folder), HELPERS)
            case ["--analyse"]:
                return analyse()
    except BuildFailure as error:
        print(error)
        return 1
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
