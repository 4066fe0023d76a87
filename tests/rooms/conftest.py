"""A running mirror with two rooms of one platform."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.mirrors import Bench


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = await Bench(tmp_path / "bridge.db").open()
    yield made
    await made.crash()
