"""What is asked of the chain, the transactions that do it, and how far each group has read."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chain_cursors",
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("group_name", name=op.f("pk_chain_cursors")),
    )

    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "chain_intents",
        sa.Column("id", row_id, autoincrement=True, nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_intents")),
        sa.UniqueConstraint("group_name", "unique_key", name=op.f("uq_chain_intents_group_name_unique_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_chain_intents_state_id"), "chain_intents", ["state", "id"], unique=False)

    op.create_table(
        "chain_transactions",
        sa.Column("id", row_id, autoincrement=True, nullable=False),
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("call", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("cost", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Double(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_transactions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_chain_transactions_state_id"), "chain_transactions", ["state", "id"], unique=False)
