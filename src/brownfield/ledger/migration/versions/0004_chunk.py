"""Chunks of events in one row, and the layouts that render the records of those that hold records."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "bf_layout",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("adapter", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "bf_chunk",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("type", "key", "kind")),
        sa.Column("layout", sa.Text, sa.ForeignKey("bf_layout.id", name="fk_bf_chunk_layout")),
        sa.Column("numbers", sa.LargeBinary),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_bf_chunk_last", "bf_chunk", ["last"])


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")
