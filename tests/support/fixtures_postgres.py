"""The real PostgreSQL as a fixture: one server for the whole test run, started when first asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.servers.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for the run; every test makes a database of its own in it."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.close()
