"""First schema: the tables as `bridge.storage.schema` says.

Until the first release there is no older database to meet, so this makes whatever the schema is at present.
With the release it is written out, and changes get revisions of their own.
"""

from alembic import op

from bridge.storage.schema import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
