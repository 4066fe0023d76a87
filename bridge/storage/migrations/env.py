"""Alembic's entry: runs on the connection that `bridge.storage.migrate` hands over."""

from alembic import context

from bridge.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    transactional_ddl=True,  # our BEGIN stands: a migration that fails leaves nothing behind
)
context.run_migrations()
