"""Inserts that meet an existing row, alike on SQLite and PostgreSQL.

Whether a row came into being is judged by RETURNING: SQLAlchemy 2.1 with psycopg gives a row count of -1 for
`ON CONFLICT DO NOTHING`, which is truthy (engines.md 3).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insertion(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The connection's own INSERT, which knows ON CONFLICT."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(
    connection: Connection, table: Table, values: Mapping[str, Any], unique: Sequence[str] | None = None
) -> bool:
    """Insert a row unless it is there already.

    Args:
        connection: Where to.
        table: What to.
        values: The row.
        unique: The columns whose conflict is meant; None for any unique key of the table.

    Returns:
        Whether this call made the row.
    """
    statement = insertion(connection, table).values(**values).on_conflict_do_nothing(index_elements=unique)
    return connection.execute(statement.returning(*table.primary_key)).first() is not None


def replace(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row, or give the one with the same primary key these values."""
    names = [column.name for column in table.primary_key]
    rest = {name: value for name, value in values.items() if name not in names}
    statement = insertion(connection, table).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=names, set_=rest))
