"""An answer that contradicts what is known of a record is kept beside the record: the audit alone had it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("bf_input_record", sa.Column("contradiction", sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column("bf_input_record", sa.Column("contradicted_at", sa.BigInteger))


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")
