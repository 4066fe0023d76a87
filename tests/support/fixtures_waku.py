"""Real Waku nodes as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers.gowaku import GoWaku, start_gowaku


@pytest.fixture
def gowaku(tmp_path: Path) -> Iterator[GoWaku]:
    """A go-waku node of this test alone (it starts in half a second)."""
    node = start_gowaku(tmp_path / "gowaku")
    yield node
    node.kill()
