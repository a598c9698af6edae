"""How far a file has come before it has a number; what a person decided on a file, and on a record in quarantine."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Column = sa.Column[Any]
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LYING = "step IN ('seen', 'ready')"


def upgrade() -> None:
    _arrivals()
    op.add_column("bf_file", sa.Column("number", sa.BigInteger))
    op.add_column("bf_file", sa.Column("preflighted_at", sa.BigInteger))
    op.add_column("bf_file", sa.Column("resumes", ID))
    op.add_column("bf_quarantine", _text("state", server_default="open"))
    op.add_column("bf_quarantine", _text("decided_by", nullable=True))
    op.add_column("bf_quarantine", sa.Column("decided_at", sa.BigInteger))
    op.add_column("bf_quarantine", _text("note", server_default=sa.text("''")))
    op.create_index("ix_bf_file_name", "bf_file", ["wrapper", "feed", "name"])


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")


def _text(name: str, **more: Any) -> Column:
    return sa.Column(name, sa.Text, **{"nullable": False, **more})


def _number(name: str, *, nullable: bool = False) -> Column:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _arrivals() -> None:
    op.create_table(
        "bf_arrival",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        _text("environment"),
        _text("wrapper"),
        _text("feed"),
        _text("name"),
        _text("step"),
        _text("stamp"),
        _number("size"),
        _number("modified", nullable=True),
        sa.Column("polls", sa.Integer, nullable=False),
        _number("first_at"),
        _number("changed_at", nullable=True),
        _text("waits_for"),
        _text("sha256"),
        _text("kind"),
        sa.Column("file", ID, sa.ForeignKey("bf_file.id", name="fk_bf_arrival_file")),
        _number("step_at"),
    )
    names = ["environment", "wrapper", "feed", "name"]
    where = sa.text(LYING)
    op.create_index("uq_bf_arrival_lying", "bf_arrival", names, unique=True, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_bf_arrival_step", "bf_arrival", ["environment", "wrapper", "feed", "step"])
