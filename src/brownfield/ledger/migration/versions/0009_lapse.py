"""A finding is what `check` says of a bundle, a page is of events: what a feed owed is a lapse, who was told a notice."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.rename_table("bf_finding", "bf_lapse")
    op.rename_table("bf_page", "bf_notice")
    op.execute("UPDATE bf_lapse SET kind = 'begun' WHERE kind = 'watched'")


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")
