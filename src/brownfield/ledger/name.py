"""The name of a ledger: how two that share a place outside tell which of the things there are their own."""

from sqlalchemy import Connection, select

from brownfield.ledger import schema


def name_of(connection: Connection) -> str:
    """The name that this ledger was given when it was made: twelve hex digits, kept for as long as it is."""
    return str(connection.execute(select(schema.ledger.c.name)).scalar_one())
