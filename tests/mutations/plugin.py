"""pytest plugin: imports one module as its mutant. `MUTANT` in the environment: JSON of its fields."""

from __future__ import annotations

import importlib.machinery
import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).resolve().parents[2]


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles the changed text; a cached compilation would be that of the right one."""

    def __init__(self, name: str, path: str, old: str, new: str) -> None:
        super().__init__(name, path)
        self._old, self._new = old, new

    def get_code(self, fullname: str) -> CodeType:
        """The mutant's code."""
        text = Path(self.path).read_text("utf-8").replace(self._old, self._new)
        return compile(text, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, file: str, old: str, new: str) -> None:
        self._name = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self._path, self._old, self._new = str(ROOT / file), old, new

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module under test, with the other loader."""
        if fullname != self._name:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = _Loader(fullname, self._path, self._old, self._new)
        return spec


_mutant = json.loads(os.environ["MUTANT"])
_finder = _Finder(_mutant["file"], _mutant["old"], _mutant["new"])
if _finder._name in sys.modules:  # pragma: no cover - then the mutant would not be seen
    raise RuntimeError(f"{_finder._name} was imported before its mutant")
sys.meta_path.insert(0, _finder)
