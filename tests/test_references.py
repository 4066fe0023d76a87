"""What texts point at exists: sections of docs/protocol.md, files and headings that pages link to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.texts import ROOT, texts

SECTION: Final = re.compile(r"(?P<before>[^\n]{0,40}?)\b[Ss]ections? (?P<number>\d+(?:\.\d+)*)")
ELSEWHERE: Final = re.compile(r"(RFC \d+|SEC \d+,) $")
"""Standards whose sections are numbered elsewhere."""
OURS: Final = re.compile(r"protocol\.md $")
LINK: Final = re.compile(r"(?<!!)\[[^\]\n]+\]\((?P<target>[^)\s]+)\)|!\[[^\]\n]*\]\((?P<image>[^)\s]+)\)")
PAGES: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "contracts").glob("*.md")])


def numbered(page: str) -> set[str]:
    """The numbers of a page's sections."""
    return set(re.findall(r"^## (\d+)\. ", page, re.MULTILINE))


def wrong_sections(text: str, present: set[str]) -> list[str]:
    """Mentions of a section that is not there, or of nobody knows which document."""
    return [
        found[0]
        for found in SECTION.finditer(text)
        if not ELSEWHERE.search(found["before"])
        and not (OURS.search(found["before"]) and found["number"] in present)
    ]


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, made as hosts of Markdown make them."""
    titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> Iterator[str]:
    """Targets of a page's links to other files, and within it."""
    for found in LINK.finditer(page.read_text("utf-8")):
        target = found["target"] or found["image"]
        if not re.match(r"[a-z]+:", target):
            yield target


def is_dead(page: Path, target: str) -> bool:
    """Whether a link leads nowhere."""
    name, _, anchor = target.partition("#")
    to = page.parent / name if name else page
    if not to.exists():
        return True
    return bool(anchor) and anchor not in anchors(to.read_text("utf-8"))


def test_the_sections_of_the_protocol_are_numbered_through() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    titles = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [title.partition(".")[0] for title in titles] == [str(n + 1) for n in range(len(titles))]
    assert len(titles) > 5


def test_every_section_that_is_named_exists() -> None:
    present = numbered((ROOT / "docs" / "protocol.md").read_text("utf-8"))
    wrong = {str(path.relative_to(ROOT)): wrong_sections(text, present) for path, text in texts()}
    assert not {path: found for path, found in wrong.items() if found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert not [target for target in links(page) if is_dead(page, target)]


def test_the_rules_catch_what_they_forbid(tmp_path: Path) -> None:
    text = "protocol.md @ 3, RFC 9420 @ 7.1, protocol.md @ 9, @ 2".replace("@", "section")
    assert len(wrong_sections(text, {"3"})) == 2
    page = tmp_path / "page.md"
    page.write_text("# A `b` c\n[x](#a-b-c) [y](#nowhere) [z](none.md) [w](https://a.b) ![p](none.png)\n")
    assert [target for target in links(page) if is_dead(page, target)] == ["#nowhere", "none.md", "none.png"]
