"""Reactions that can be taken back, what was done to accounts in rooms, files as parts of messages."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default is for the rows that are there: so far files were part of the text's own event.
    op.add_column("messages", sa.Column("file", sa.Boolean(), nullable=False, server_default=sa.false()))

    op.create_table(
        "reactions",
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("reaction_id", sa.LargeBinary(), nullable=False),
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.Column("reaction", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("group_name", "reaction_id", name=op.f("pk_reactions")),
    )
    op.create_index(op.f("ix_reactions_target"), "reactions", ["target"])

    op.create_table(
        "own_reactions",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("target", sa.LargeBinary(), nullable=False),
        sa.Column("reaction", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "room_id", "target", "reaction", name=op.f("pk_own_reactions")),
    )

    op.create_table(
        "enforcements",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("banned", sa.Boolean(), nullable=False),
        sa.Column("ban_tried_at", sa.Double(), nullable=False),
        sa.Column("unban_tried_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "room_id", "user_id", name=op.f("pk_enforcements")),
    )
    op.create_index(
        op.f("ix_enforcements_group_name_address"), "enforcements", ["group_name", "address"], unique=False
    )
    op.create_index(
        op.f("ix_enforcements_platform_user_id"), "enforcements", ["platform", "user_id"], unique=False
    )
