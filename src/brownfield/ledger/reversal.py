"""Which proposals undo which."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from brownfield.ledger import schema


def reversals(connection: Connection, ids: Collection[str]) -> list[str]:
    """The proposals that would undo, or have undone, any of these."""
    columns = schema.proposal.c
    statement = select(columns.id).where(columns.undo_of.in_(list(ids))).order_by(columns.created_at)
    return list(connection.scalars(statement))
