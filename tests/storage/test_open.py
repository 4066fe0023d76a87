"""Opening: keys, locks, URLs, file modes, migrations."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bridge.storage import secrets
from bridge.storage.errors import BadUrl, BadValue, DatabaseInUse, OpenError, SchemaTooNew, WrongKey
from bridge.storage.migrate import HEAD, MIGRATIONS
from bridge.storage.schema import metadata
from bridge.storage.store import Store, Tx

KEY = bytes(range(32))


async def test_migrations_give_the_schema(store: Store) -> None:
    def difference(tx: Tx) -> list[object]:
        context = MigrationContext.configure(tx.conn, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    assert await store.read(difference) == []


def test_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


async def test_alembic_is_loaded_only_to_migrate(sqlite_url: str, sqlite_store: Store) -> None:
    """In a process of its own: this one has loaded it. The tables are there, so nothing is to be done."""
    await sqlite_store.close()
    script = (
        "import asyncio, sys\n"
        "from bridge.storage.store import Store\n"
        f"asyncio.run(asyncio.wait_for(Store.open({sqlite_url!r}, bytes(range(32))), 60))\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_migrations_are_shipped_in_the_package() -> None:
    assert (MIGRATIONS / "env.py").is_file()
    assert MIGRATIONS.is_relative_to(Path(__file__).parents[2] / "bridge")


async def test_reopening_keeps_everything_and_needs_the_same_key(url: str, store: Store) -> None:
    await store.write(lambda tx: secrets.put(tx, "token", b"value"))
    await store.close()
    with pytest.raises(WrongKey):
        await Store.open(url, bytes(32))
    again = await Store.open(url, KEY)  # the refused one let go of the lock
    assert await again.read(lambda tx: secrets.get(tx, "token")) == b"value"
    await again.close()


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
async def test_a_key_of_another_length_is_refused(url: str, key: bytes) -> None:
    with pytest.raises(BadValue):
        await Store.open(url, key)


async def test_a_second_bridge_is_kept_out(url: str, store: Store) -> None:
    with pytest.raises(DatabaseInUse, match="another bridge"):
        await Store.open(url, KEY)
    await store.close()
    await (await Store.open(url, KEY)).close()


async def test_who_holds_the_file_is_named(sqlite_url: str, sqlite_store: Store) -> None:
    with pytest.raises(DatabaseInUse, match=f"process {os.getpid()}"):
        await Store.open(sqlite_url, KEY)


async def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        store = await Store.open(f"sqlite:///{tmp_path}/data/bridge.db", KEY)
        await store.write(lambda tx: secrets.put(tx, "token", b"value"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
        folder = stat.S_IMODE((tmp_path / "data").stat().st_mode)
        await store.close()
    finally:
        os.umask(old)
    assert {"bridge.db", "bridge.db-wal", "bridge.db.lock"} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert folder == 0o700


async def test_an_open_file_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    path.touch(0o644)
    await (await Store.open(f"sqlite:///{path}", KEY)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite+aiosqlite:///x.db",
        "postgresql://h/d",
    ],
)
async def test_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(BadUrl):
        await Store.open(url, KEY)


async def test_a_password_is_not_shown() -> None:
    with pytest.raises(OpenError) as caught:
        await Store.open("postgresql+psycopg://bridge:hunter2@127.0.0.1:1/none", KEY)
    assert "hunter2" not in str(caught.value)


async def test_a_newer_database_is_left_alone(url: str, store: Store) -> None:
    await store.write(
        lambda tx: tx.conn.execute(text("UPDATE alembic_version SET version_num = '9999'")).rowcount
    )
    await store.close()
    with pytest.raises(SchemaTooNew):
        await Store.open(url, KEY)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").write_bytes(b"this is not a database" * 1000)
    with pytest.raises(OpenError):
        await Store.open(f"sqlite:///{tmp_path}/bridge.db", KEY)


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OpenError, match="cannot use"):
        await Store.open(f"sqlite:///{tmp_path}/file/bridge.db", KEY)


async def test_durability_settings(sqlite_store: Store) -> None:
    def settings(tx: Tx) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [tx.conn.execute(text(f"PRAGMA {name}")).scalar() for name in names]

    assert await sqlite_store.write(settings) == ["wal", 2, 1, 5000]  # 2 = FULL
