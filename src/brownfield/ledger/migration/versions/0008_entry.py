"""Few entries are of a proposal: of the others the index of proposals was a page more to write for every call."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    some = sa.text("proposal IS NOT NULL")
    op.drop_index("ix_bf_entry_proposal", "bf_entry")
    op.create_index("ix_bf_entry_proposal", "bf_entry", ["proposal"], sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")
