"""docs/discord.md says what an operator may read, and names every permission."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapters.discord import check

ROOT = Path(__file__).resolve().parents[3]
DOCS = (ROOT / "docs" / "discord.md").read_text("utf-8")
SOURCE = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "adapters" / "discord").glob("*.py")))


@pytest.mark.parametrize(
    "words", [*check.IN_CHANNELS.values(), *check.WEBHOOKS.values(), *check.ON_SERVER.values()]
)
def test_every_permission_is_explained(words: str) -> None:
    assert words in DOCS


def test_every_quoted_text_is_one_that_the_adapter_says() -> None:
    """A row whose text is no longer in the code would send an operator astray."""
    table = DOCS.partition("## Troubleshooting")[2]
    quoted = [text for row in table.splitlines() if row.startswith("|") for text in _texts(row)]
    assert len(quoted) > 20
    code = re.sub(r'"\s*\n\s*f?"', "", SOURCE)  # string literals that are cut for the line length
    for text in quoted:
        assert all(piece.strip() in code for piece in re.split(r"…|5…", text) if piece.strip(" #:)")), text


def _texts(row: str) -> list[str]:
    return re.findall(r"`([^`]+)`", row.split("|")[1])
