"""The real homeserver as a fixture: one for the whole test run, started when first asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers.synapse import Synapse


@pytest.fixture(scope="session")
def synapse_server() -> Iterator[Synapse]:
    """One Synapse for the run. Tests may kill it; take `synapse` instead of this."""
    server = Synapse()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def synapse(synapse_server: Synapse) -> Synapse:
    """The running Synapse; brought back when an earlier test left it dead."""
    if not synapse_server.running:
        synapse_server.kill()
        synapse_server.start()
    return synapse_server
