"""Bringing a database to the present schema with the migrations that are shipped in the package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from bridge.storage.errors import SchemaTooNew, StorageFault

MIGRATIONS: Final = Path(__file__).parent / "migrations"
HEAD: Final = "0001"
"""The newest revision in `migrations/versions` (a test compares)."""


def migrate(conn: Connection) -> None:
    """Run what is missing, inside the caller's transaction. Raises SchemaTooNew or StorageFault."""
    if _revision(conn) == HEAD:
        return
    # Late: 0.2 s and 10 MB, for a database that is new or of an older version.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))  # it interpolates %
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "Can't locate revision" in str(error):
            raise SchemaTooNew(
                "this database was made by a newer bridge; install that version again"
            ) from error
        raise StorageFault(f"migration: {error}") from error


def _revision(conn: Connection) -> str:
    """Alembic's own row; '' in a database without one."""
    if not conn.dialect.has_table(conn, "alembic_version"):
        return ""
    return str(conn.scalar(text("SELECT version_num FROM alembic_version")) or "")
