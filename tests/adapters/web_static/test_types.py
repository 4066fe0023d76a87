"""The types that the front end's comments state hold, and it makes markup from strings nowhere."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.support.page_server import STATIC
from tests.support.texts import ROOT

FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\(\"(style|on)"
    r"|createContextualFragment|setHTML|srcdoc"
)


def test_the_types_hold() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "javascript.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


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
