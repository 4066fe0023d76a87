"""A bench on a chain that the test may break."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.chain_bench import Bench, bench_on
from tests.support.servers.anvil import Anvil


@pytest.fixture
async def bench(own_anvil: Anvil, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_on(own_anvil, tmp_path) as made:
        yield made
