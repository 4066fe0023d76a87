"""The types that the front end's comments state hold, and it makes markup from strings nowhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.page_server import STATIC
from tests.support.servers.npm import find_tsc
from tests.support.texts import ROOT
from tests.support.waiting import limit

FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(\"(style|on)"
    r"|createContextualFragment|setHTML|srcdoc"
)


def test_the_types_hold() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "javascript.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit())
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_a_field_that_is_renamed_on_the_server_fails_the_check(tmp_path: Path) -> None:
    """The last field of every shape, all at once: each is missed by its old name."""
    static = tmp_path / "static"
    shutil.copytree(STATIC, static)
    renamed: list[str] = []

    def rename(found: re.Match[str]) -> str:
        renamed.append(found[2])
        return f"{found[1]}{found[2]}_anew{found[3]}"

    declared = (static / "frames.d.ts").read_text("utf-8")
    changed = re.sub(r"(  )(\w+)(\??: [^;]+;\n\})", rename, declared)
    (static / "frames.d.ts").write_text(changed, "utf-8")
    settings = json.loads((ROOT / ".ci" / "tsconfig.json").read_text("utf-8"))
    settings["include"] = [f"{static}/**/*.js"]
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings), "utf-8")
    command = [str(find_tsc()), "-p", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit()).stdout
    assert len(renamed) > 30
    assert {name for name in renamed if f"'{name}'" not in said and f"'{name}_anew'" not in said} == set()


def test_no_string_becomes_markup() -> None:
    sources = sorted(STATIC.rglob("*.js"))
    assert len(sources) > 20
    assert not [
        (path.name, found[0]) for path in sources for found in FORBIDDEN.finditer(path.read_text("utf-8"))
    ]
    # Parsed, in a document that runs nothing, in one file alone.
    assert [path.name for path in sources if "DOMParser" in path.read_text("utf-8")] == ["safe-html.js"]


def test_the_page_holds_no_code_and_loads_nothing_foreign() -> None:
    text = (STATIC / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", text)
    assert not re.search(r"(src|href)=\"(?!/static/)", text)
    for path in [*STATIC.rglob("*.js"), *STATIC.rglob("*.css")]:
        assert not re.search(r"@import|url\(http|from \"http|import\(\"http", path.read_text("utf-8")), path


def test_files_stay_small() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in STATIC.rglob("*.js")}
    assert max(lengths.values()) < 600, lengths
