"""groups, mls_rows, secrets: encrypted; and that what lies in the file is."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bridge.storage import groups, mls_rows, secrets
from bridge.storage.errors import Tampered
from bridge.storage.store import Store
from tests.support.transactions import on

KEY = bytes(range(32))
MARK = b"ratchet-secret-" * 4


async def test_state_is_replaced(store: Store) -> None:
    assert await store.read(lambda tx: groups.load_state(tx, "g")) is None
    for state in (b"one", b"two", b""):
        await store.write(on(groups.save_state, "g", state))
        assert await store.read(lambda tx: groups.load_state(tx, "g")) == state
    await store.write(lambda tx: groups.save_state(tx, "a", b"other"))
    assert await store.read(groups.names) == ["a", "g"]


async def test_secrets(store: Store) -> None:
    assert await store.read(lambda tx: secrets.get(tx, "token")) is None
    await store.write(lambda tx: secrets.put(tx, "token", b"one"))
    await store.write(lambda tx: secrets.put(tx, "token", b"two"))
    assert await store.read(lambda tx: secrets.get(tx, "token")) == b"two"


async def test_no_key_material_in_the_files(sqlite_store: Store, tmp_path: Path) -> None:
    store = sqlite_store
    await store.write(lambda tx: groups.save_state(tx, "g", MARK))
    await store.write(lambda tx: mls_rows.apply(tx, "g", [("epoch", b"k", MARK)]))
    await store.write(lambda tx: secrets.put(tx, "token", MARK))
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert any(b"epoch" in content for content in files)  # the search finds what is there in clear
    assert not any(MARK in content for content in files)


@pytest.mark.parametrize(
    ("statement", "read"),
    [
        ("UPDATE groups SET group_name = 'h'", lambda tx: groups.load_state(tx, "h")),
        ("UPDATE mls_rows SET row_key = :other", lambda tx: mls_rows.load(tx, "g")),
        ("UPDATE secrets SET value = (SELECT state FROM groups)", lambda tx: secrets.get(tx, "token")),
    ],
)
async def test_values_moved_to_another_row_are_noticed(store: Store, statement: str, read: object) -> None:
    await store.write(lambda tx: groups.save_state(tx, "g", b"state"))
    await store.write(lambda tx: mls_rows.apply(tx, "g", [("epoch", b"k", b"value")]))
    await store.write(lambda tx: secrets.put(tx, "token", b"value"))
    await store.write(lambda tx: tx.conn.execute(text(statement), {"other": b"\x00"}).rowcount)
    with pytest.raises(Tampered):
        await store.read(read)  # type: ignore[arg-type]


writes = st.lists(
    st.tuples(
        st.sampled_from(["epoch", "leaf"]), st.binary(max_size=2), st.one_of(st.none(), st.binary(max_size=9))
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(st.lists(writes, max_size=4))
def test_mls_rows_are_a_dictionary(batches: list[list[tuple[str, bytes, bytes | None]]]) -> None:
    model: dict[tuple[str, bytes], bytes] = {}
    for kind, key, value in (write for batch in batches for write in batch):
        model.pop((kind, key), None)
        if value is not None:
            model[kind, key] = value

    async def run() -> list[tuple[str, bytes, bytes]]:
        with tempfile.TemporaryDirectory() as folder:
            store = await Store.open(f"sqlite:///{folder}/b.db", KEY)
            for batch in batches:
                await store.write(on(mls_rows.apply, "g", batch))
            await store.write(lambda tx: mls_rows.apply(tx, "other", [("epoch", b"", b"x")]))
            found = await store.read(lambda tx: mls_rows.load(tx, "g"))
            await store.close()
            return found

    assert asyncio.run(run()) == sorted((kind, key, value) for (kind, key), value in model.items())
