"""A running page with one linked room."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.pages import RunningPage


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[RunningPage]:
    """With a demo account and the seed's paths."""
    made = RunningPage(tmp_path / "web", seed_compatibility=True)
    await made.start()
    try:
        yield made
    finally:
        await made.close()
