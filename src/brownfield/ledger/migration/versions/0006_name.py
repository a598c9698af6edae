"""A name for this ledger, by which what it claimed is known; records that nobody decided on are found by themselves."""

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    table = op.create_table("bf_ledger", sa.Column("name", sa.Text, primary_key=True))
    op.bulk_insert(table, [{"name": token_hex(6)}])
    opened = sa.text("state = 'open'")
    op.create_index("ix_bf_quarantine_open", "bf_quarantine", ["file"], sqlite_where=opened, postgresql_where=opened)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")
