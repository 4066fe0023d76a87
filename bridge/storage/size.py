"""How large the database is."""

from __future__ import annotations

from sqlalchemy import text

from bridge.storage.tx import Tx


def database_bytes(tx: Tx) -> int:
    """Bytes on disk, of SQLite without its write-ahead log."""
    if tx.conn.dialect.name == "postgresql":
        query = "SELECT pg_database_size(current_database())"
    else:
        query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    return int(tx.conn.scalar(text(query)) or 0)
