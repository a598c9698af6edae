"""The spine: identities, halts, the audit, proposals, files and events, firings and leases.

Written out, not derived from `schema.py`: what a migration did must not change when the tables do.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Column = sa.Column[Any]
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _identities()
    _audit()
    _proposals()
    _files()
    _events()
    _turns()


def downgrade() -> None:
    raise NotImplementedError("the ledger is never taken down: restore a backup")


def _text(name: str, *constraint: sa.ForeignKey, **more: Any) -> Column:
    return sa.Column(name, sa.Text, *constraint, **{"nullable": False, **more})


def _number(name: str, *, nullable: bool = False, **more: Any) -> Column:
    return sa.Column(name, sa.BigInteger, nullable=nullable, **more)


def _count(name: str, **more: Any) -> Column:
    return sa.Column(name, sa.Integer, nullable=False, **more)


def _bytes(name: str, **more: Any) -> Column:
    return sa.Column(name, sa.LargeBinary, nullable=False, **more)


def _numbered() -> Column:
    return sa.Column("id", ID, primary_key=True, autoincrement=True)


def _identities() -> None:
    op.create_table(
        "bf_identity",
        _text("id", primary_key=True),
        _text("name", unique=True),
        _text("role"),
        _text("person"),
        _text("environment"),
        _number("created_at"),
    )
    op.create_table(
        "bf_key",
        _text("prefix", primary_key=True),
        _text("identity", sa.ForeignKey("bf_identity.id"), index=True),
        _bytes("mac"),
        _text("environment"),
        _number("created_at"),
        _number("expires_at", nullable=True),
        _number("revoked_at", nullable=True),
    )
    op.create_table(
        "bf_grant",
        _text("identity", sa.ForeignKey("bf_identity.id"), primary_key=True),
        _text("wrapper", primary_key=True),
        _text("operation", primary_key=True),
        _text("granted_by"),
        _number("created_at"),
    )
    op.create_table(
        "bf_halt",
        _numbered(),
        _text("scope"),
        _text("by"),
        _text("reason"),
        _number("at"),
        _text("resumed_by", nullable=True),
        _number("resumed_at", nullable=True),
    )
    active = sa.text("resumed_at IS NULL")
    op.create_index(
        "ix_bf_halt_active", "bf_halt", ["scope"], unique=True, sqlite_where=active, postgresql_where=active
    )


def _audit() -> None:
    op.create_table("bf_chain", _text("id", primary_key=True), _text("key_id"), _number("seq"), _bytes("mac"))
    op.create_table(
        "bf_entry",
        _numbered(),
        _text("chain"),
        _number("seq"),
        _number("at", index=True),
        _text("event"),
        _text("identity", nullable=True),
        _text("wrapper", nullable=True),
        _text("operation", nullable=True),
        _text("proposal", nullable=True, index=True),
        _bytes("body"),
        _bytes("mac"),
    )
    op.create_index("uq_bf_entry_chain_seq", "bf_entry", ["chain", "seq"], unique=True)
    op.create_index("ix_bf_entry_identity_at", "bf_entry", ["identity", "at"])
    op.create_table(
        "bf_subject",
        _bytes("token", primary_key=True),
        sa.Column("entry", ID, primary_key=True),
        sqlite_with_rowid=False,
    )


def _proposals() -> None:
    op.create_table(
        "bf_proposal",
        _text("id", primary_key=True),
        *(_text(name) for name in ("environment", "wrapper", "operation", "state", "arguments")),
        _text("key", nullable=True),
        _text("surface"),
        _text("before", nullable=True),
        _text("before_hash"),
        _text("hash"),
        _text("impact", nullable=True),
        _text("tier"),
        _count("needed"),
        *(_text(name) for name in ("origin", "proposer", "person", "reason")),
        _text("undo_of", sa.ForeignKey("bf_proposal.id"), nullable=True),
        _number("created_at"),
        _number("expires_at"),
        _text("holder", nullable=True),
        _count("fence", server_default="0"),
        _number("lease_until", nullable=True),
        _number("not_before", nullable=True),
        _count("attempts", server_default="0"),
        *(_text(name, nullable=True) for name in ("result", "reading", "outcome", "reference")),
        _number("settled_at", nullable=True),
    )
    op.create_index("uq_bf_proposal_key", "bf_proposal", ["environment", "wrapper", "operation", "key"], unique=True)
    op.create_index("ix_bf_proposal_state", "bf_proposal", ["state", "created_at"])
    op.create_table(
        "bf_approval",
        _text("proposal", sa.ForeignKey("bf_proposal.id"), primary_key=True),
        _text("person", primary_key=True),
        *(_text(name) for name in ("identity", "decision", "hash", "note")),
        _number("at"),
    )


def _files() -> None:
    op.create_table(
        "bf_file",
        _numbered(),
        *(_text(name) for name in ("environment", "wrapper", "feed", "name")),
        _number("size"),
        _text("sha256"),
        _text("shape"),
        _count("replay", server_default="0"),
        _text("state"),
        _text("reason", server_default=sa.text("''")),
        *(_number(name, server_default="0") for name in ("records", "events", "quarantined")),
        _number("seen_at"),
        _number("settled_at", nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_bf_file_identity", "bf_file", ["wrapper", "feed", "sha256", "shape", "replay"], unique=True)
    op.create_index("ix_bf_file_state", "bf_file", ["state"])
    op.create_table(
        "bf_checkpoint",
        sa.Column("file", ID, sa.ForeignKey("bf_file.id"), primary_key=True),
        _number("record"),
        _number("offset"),
        *(_text(name) for name in ("prefix", "totals", "context")),
        _number("at"),
    )


def _events() -> None:
    op.create_table(
        "bf_event",
        sa.Column("id", ID, primary_key=True, autoincrement=False),
        *(_text(name) for name in ("type", "key", "data")),
        _number("at"),
    )
    op.create_table(
        "bf_quarantine",
        sa.Column("file", ID, sa.ForeignKey("bf_file.id"), primary_key=True),
        _number("record", primary_key=True),
        _number("offset"),
        _count("length"),
        *(_text(name) for name in ("field", "code", "reason")),
        _bytes("raw"),
        _number("at"),
    )


def _turns() -> None:
    op.create_table(
        "bf_firing",
        _text("schedule", primary_key=True),
        _number("due_at", primary_key=True),
        _text("holder"),
        _number("fired_at"),
        _text("outcome"),
        _number("ended_at", nullable=True),
    )
    op.create_table(
        "bf_lease", _text("resource", primary_key=True), _text("holder"), _number("fence"), _number("until")
    )
