"""Every table says what bounds it."""

from __future__ import annotations

from bridge.storage.bounds import BOUNDS
from bridge.storage.schema import metadata


def test_every_table_says_what_bounds_it() -> None:
    assert set(BOUNDS) == set(metadata.tables)
    assert all(bound.by for bound in BOUNDS.values())


def test_what_traffic_fills_is_pruned_or_says_who_does() -> None:
    """A table with a time of its own grows with time: somebody must take rows away again."""
    for name, table in metadata.tables.items():
        if "created_at" in table.c and name != "bans":
            bound = BOUNDS[name]
            assert bound.old or bound.over or "forget_old" in bound.by or "published" in bound.by, name


def test_what_is_pruned_by_age_has_an_index_for_it() -> None:
    for name, bound in BOUNDS.items():
        table = metadata.tables[name]
        if bound.old and "id" in table.c and not name.startswith("chain"):
            assert any(index.columns.keys() == ["created_at"] for index in table.indexes), name
