"""Bringing a database to the present schema with the migrations that are shipped in the package."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from bridge.storage.errors import SchemaTooNew, StorageFault

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(conn: Connection) -> None:
    """Run what is missing, inside the caller's transaction. Raises SchemaTooNew or StorageFault."""
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
