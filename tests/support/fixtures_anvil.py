"""Real Ethereum nodes as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers.anvil import Anvil


@pytest.fixture(scope="session")
def anvil_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    """One chain for the run; take `anvil`, which leaves it as it was."""
    node = Anvil(tmp_path_factory.mktemp("anvil"))
    node.start()
    yield node
    node.kill()


@pytest.fixture
def anvil(anvil_server: Anvil) -> Iterator[Anvil]:
    """The shared chain; whatever a test does on it is undone afterwards."""
    before = anvil_server.snapshot()
    yield anvil_server
    anvil_server.revert(before)


@pytest.fixture
def own_anvil(tmp_path: Path) -> Iterator[Anvil]:
    """A chain of this test alone, to be stopped, reorganised and broken (it starts in a fifth of a second)."""
    node = Anvil(tmp_path / "anvil")
    node.start()
    yield node
    node.kill()
