"""The engine's own rules of shape."""

from __future__ import annotations

import ast
from pathlib import Path

ENGINE = Path(__file__).resolve().parent.parent / "bridge" / "protocol" / "engine"


def _writes(path: Path, attribute: str) -> list[str]:
    """Functions of a file in which `….state.<attribute>` or `state.<attribute>` is assigned."""
    found = []
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            targets = node.targets if isinstance(node, ast.Assign) else []
            flat = [each for target in targets for each in ast.walk(target)]
            if any(isinstance(each, ast.Attribute) and each.attr == attribute for each in flat):
                found.append(f"{path.name}:{function.name}")
    return found


def test_only_the_table_moves_the_machine() -> None:
    writers = [writer for path in sorted(ENGINE.glob("*.py")) for writer in _writes(path, "machine")]
    assert writers == ["core.py:move"]
