"""Files that approved writes leave in, which write is which record, and how far acknowledgements were looked at."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Column = sa.Column[Any]
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PLACE = ("environment", "wrapper", "connection")


def upgrade() -> None:
    op.create_table(
        "bf_input",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        *(_text(name) for name in PLACE),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        _text("name"),
        sa.Column("data", sa.LargeBinary, nullable=False),
        _text("sha256"),
        sa.Column("records", sa.Integer, nullable=False),
        _text("step"),
        _text("reason", server_default=sa.text("''")),
        sa.Column("resent", sa.Integer, nullable=False, server_default="0"),
        sa.Column("prepared_at", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger),
    )
    numbered = sa.text("step != 'withdrawn'")
    op.create_index("uq_bf_input_sequence", "bf_input", [*PLACE, "sequence"], unique=True, sqlite_where=numbered,
                    postgresql_where=numbered)  # fmt: skip
    op.create_table(
        "bf_input_record",
        sa.Column("input", ID, sa.ForeignKey("bf_input.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("proposal", sa.Text, sa.ForeignKey("bf_proposal.id"), nullable=False, index=True),
    )
    op.create_table(
        "bf_acknowledged",
        *(sa.Column(name, sa.Text, primary_key=True) for name in PLACE),
        sa.Column("position", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")


def _text(name: str, **more: Any) -> Column:
    return sa.Column(name, sa.Text, nullable=False, **more)
