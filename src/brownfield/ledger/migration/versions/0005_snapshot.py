"""Which extract the changes of a snapshot feed's file are held against."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("bf_file", sa.Column("baseline", sa.Text))


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")
