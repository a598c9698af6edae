"""What became of a feed's expectations; of which entries people were paged."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

Column = sa.Column[Any]
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "bf_finding",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("environment", "wrapper", "feed", "day", "kind")),
        sa.Column("file", ID, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "bf_page",
        sa.Column("entry", ID, primary_key=True, autoincrement=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")
