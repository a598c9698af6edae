"""What a feed owed is a lapse and who was told of it a notice: findings are of `check`, and pages of events."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.rename_table("bf_finding", "bf_lapse")
    op.rename_table("bf_page", "bf_notice")
    op.execute("UPDATE bf_lapse SET kind = 'begun' WHERE kind = 'watched'")


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")
