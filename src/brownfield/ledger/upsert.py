"""Inserts that meet an existing row, alike on SQLite and PostgreSQL.

Whether a row came into being is judged by RETURNING: SQLAlchemy 2.1 with psycopg gives a row count of -1 for
`ON CONFLICT DO NOTHING`, which is truthy (engines.md 3).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from brownfield.ledger.prepared import Prepared


def insertion(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The connection's own INSERT, which knows ON CONFLICT."""
    return _insertion(connection.dialect.name, table)


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
    _replacement(connection.dialect.name, table, tuple(values)).rows(connection, **values)


@cache
def _replacement(dialect: str, table: Table, names: tuple[str, ...]) -> Prepared:
    key = [column.name for column in table.primary_key]
    statement = _insertion(dialect, table).values({name: bindparam(name) for name in names})
    rest = {name: statement.excluded[name] for name in names if name not in key}
    return Prepared(statement.on_conflict_do_update(index_elements=key, set_=rest))


def _insertion(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
