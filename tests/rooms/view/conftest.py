"""A mirror with a scripted group, and the view of its platform."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.views import Outlook


@pytest_asyncio.fixture
async def outlook(tmp_path: Path) -> AsyncIterator[Outlook]:
    made = await Outlook.open(tmp_path / "bridge.db")
    yield made
    await made.close()
