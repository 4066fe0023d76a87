"""Real databases: SQLite in a temporary folder, and PostgreSQL. What takes `store` is run on both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.storage.store import Store
from tests.support.servers.postgres import Postgres

KEY = bytes(range(32))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bridge.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        made: str = request.getfixturevalue("sqlite_url")
        return made
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    opened = await Store.open(url, KEY)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[Store]:
    """For what only SQLite does."""
    opened = await Store.open(sqlite_url, KEY)
    yield opened
    await opened.close()
