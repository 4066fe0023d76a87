"""The shared statements are portable: PostgreSQL's dialect compiles each of them, and the tables."""

from __future__ import annotations

import pytest
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from bridge.storage.schema import counters, metadata
from bridge.storage.tx import _insert, _upsert

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy declares none
TABLES = [pytest.param(table, id=table.name) for table in metadata.sorted_tables]


def compiled(statement: object) -> str:
    return " ".join(str(statement.compile(dialect=DIALECT)).split())  # type: ignore[attr-defined]


@pytest.mark.parametrize("table", TABLES)
def test_tables_and_inserts(table: Table) -> None:
    ddl = compiled(CreateTable(table))
    assert "BLOB" not in ddl
    assert ("BIGSERIAL" in ddl) == ("id" in table.c)
    assert compiled(_insert("postgresql", table)).endswith("ON CONFLICT DO NOTHING")


def test_upserts() -> None:
    key = "ON CONFLICT (group_name, code) DO UPDATE SET total ="
    assert compiled(_upsert("postgresql", counters, None)).endswith(f"{key} excluded.total")
    assert compiled(_upsert("postgresql", counters, "total")).endswith(
        f"{key} (counters.total + excluded.total)"
    )
