"""The shape of the project: which folder may import which (ARCHITECTURE.md), and how large a file may be."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.import_table import TABLE, markdown
from tests.support.texts import texts

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 600
MEDIAN_LINES = 200

STDLIB_IO = {
    "asyncio",
    "socket",
    "ssl",
    "select",
    "selectors",
    "sqlite3",
    "subprocess",
    "threading",
    "http",
    "urllib",
    "multiprocessing",
    "signal",
    "os",
    "pathlib",
    "tempfile",
    "random",
    "secrets",
    "time",
}
"""Parts of the standard library that read a clock, draw randomness or do IO."""

PURE = ("bridge.model", "bridge.protocol", "bridge.mls")
"""No IO, no clock, no randomness of their own."""

PURE_EXCEPTIONS = {"bridge.model.adapter": {"pathlib"}, "bridge.model.settings": {"urllib.parse"}}
"""`Path` names an adapter's folder in a signature, and addresses are taken apart; nothing is opened."""


def sources(*folders: str) -> Iterator[tuple[str, Path]]:
    """(module name, path) of every Python file that people write."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            inside = path.relative_to(ROOT)
            if not path.name.endswith("_pb2.py") and "node_modules" not in inside.parts:
                yield ".".join(inside.with_suffix("").parts).removesuffix(".__init__"), path


MODULES = list(sources("bridge", "adapters"))


def imports(module: str, path: Path) -> set[str]:
    """Every module that the file imports, wherever in it, `if TYPE_CHECKING` included."""
    found: set[str] = set()
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parts, *filter(None, [base])])
            # `from bridge import storage` names bridge.storage.
            found |= {
                f"{base}.{alias.name}" if base in {"bridge", "adapters"} else base for alias in node.names
            }
    return found


def within(name: str, folder: str) -> bool:
    """Whether module `name` is `folder` or lies in it."""
    return name == folder or name.startswith(folder + ".")


def folder_of(module: str) -> str | None:
    """The table's row for a module."""
    return next((folder for folder in TABLE if within(module, folder)), None)


@pytest.mark.parametrize(("module", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_imports_follow_the_table(module: str, path: Path) -> None:
    folder = folder_of(module)
    if folder is None:
        assert module in {"bridge", "adapters"}, f"{module} lies in a folder that the table does not know"
        return
    if TABLE[folder].free:
        return
    allowed = TABLE[folder].imports | {folder}
    wrong = {
        name
        for name in imports(module, path)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not any(within(name, permitted) for permitted in allowed)
    }
    assert not wrong, f"{folder} may not import {sorted(wrong)}"


@pytest.mark.parametrize(
    ("module", "path"),
    [(name, path) for name, path in MODULES if any(within(name, pure) for pure in PURE)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_core_does_no_io(module: str, path: Path) -> None:
    wrong = {name for name in imports(module, path) if name.partition(".")[0] in STDLIB_IO}
    assert wrong <= PURE_EXCEPTIONS.get(module, set()), f"{module} imports {sorted(wrong)}"


def test_adapters_are_found_by_entry_point_only() -> None:
    importers = {
        module
        for module, path in MODULES
        if within(module, "bridge") and any(within(name, "adapters") for name in imports(module, path))
    }
    assert not importers


def test_no_file_is_too_long() -> None:
    lengths = {
        path: len(path.read_text("utf-8").splitlines()) for _, path in sources("bridge", "adapters", "tests")
    }
    for path in (ROOT / "bridge" / "native").rglob("*.rs"):
        if "target" not in path.parts:
            lengths[path] = len(path.read_text("utf-8").splitlines())
    too_long = {str(path.relative_to(ROOT)): count for path, count in lengths.items() if count > MAX_LINES}
    assert not too_long
    assert sorted(lengths.values())[len(lengths) // 2] < MEDIAN_LINES


def test_the_table_stands_in_the_architecture() -> None:
    assert markdown() in (ROOT / "ARCHITECTURE.md").read_text("utf-8"), "make generate writes it"


def test_no_arrow_leads_back_up() -> None:
    """A folder imports only folders that stand above it in the table (what is free stands below all)."""
    order = list(TABLE)
    back = {
        (folder, name)
        for folder, row in TABLE.items()
        for name in row.imports
        if name in TABLE and order.index(name) > order.index(folder)
    }
    assert not back


def test_the_rules_catch_what_they_forbid(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from bridge import storage\nfrom . import x\ndef f():\n    import asyncio, nio.client\n")
    assert imports("bridge.protocol.bad", bad) == {"bridge.storage", "bridge.protocol", "asyncio", "nio.client"}
    assert not within("bridge.modelling", "bridge.model")


GENDERED = re.compile(r"\b([Hh](?:e|im|is|er)|[Ss]h[e])\b")
NOT_YET = ("bridge/protocol/", "tests/protocol/", "contracts/src/")
"""Whose texts are rewritten with the next version of the protocol and of the contracts."""


def test_people_are_they() -> None:
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path, text in texts()
        if (match := GENDERED.search(text)) and not str(path.relative_to(ROOT)).startswith(NOT_YET)
    }
    assert not found


FOREIGN_LOGGERS = {"bridge.process.logs"}
"""Sets up the standard library's logging for libraries that use it."""


@pytest.mark.parametrize(("module", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_there_is_one_way_to_log(module: str, path: Path) -> None:
    text = path.read_text("utf-8")
    if module not in FOREIGN_LOGGERS:
        assert "logging" not in imports(module, path), "by structlog, like everybody else"
    made = re.findall(r"^(\w+)(?:: Final)? = structlog\.get_logger", text, re.MULTILINE)
    assert made in ([], ["log"])


FINAL_IN = (
    "bridge.model", "bridge.mls", "bridge.waku", "bridge.identity", "bridge.chain", "bridge.settings",
    "bridge.cli", "adapters.matrix",
)  # fmt: skip
"""Folders whose constants all say so; the others follow."""


@pytest.mark.parametrize(
    ("module", "path"),
    [(name, path) for name, path in MODULES if any(within(name, folder) for folder in FINAL_IN)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_constants_are_final(module: str, path: Path) -> None:
    bare = re.findall(r"^(_?[A-Z][A-Z0-9_]+)(?:: (?!Final)[^=\n]+)? = ", path.read_text("utf-8"), re.MULTILINE)
    assert not bare, f"{module}: NAME: Final = ..."
