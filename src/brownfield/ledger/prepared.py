"""Statements on every call's path, made into the driver's own text once.

SQLAlchemy's way from a statement to its rows takes 60 µs each time, and a call has ten of them; the driver's takes 5.
Nothing is lost by it here: a column of the ledger is an integer, text or bytes, which need no conversion.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from sqlalchemy import ClauseElement, Dialect, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError

Rows = list[tuple[Any, ...]]


class Way(Protocol):
    """A way to the driver: a SQLAlchemy `Connection`, or a `Glance`."""

    @property
    def dialect(self) -> Dialect:
        """Whose words the driver speaks."""

    @property
    def connection(self) -> PoolProxiedConnection:
        """The driver's own connection, in the pool's hands."""


class Prepared:
    """One statement, its values given by name.

    Args:
        statement: With a `bindparam` for every value.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._compiled = cache(lambda dialect: _text(statement, dialect))

    def rows(self, way: Way, **values: Any) -> Rows:
        """Run it, in the transaction of whoever has one; what it gives, nothing when it gives no rows.

        Raises:
            DBAPIError: As SQLAlchemy raises it, the values left out of its words.
        """
        text, order = self._compiled(way.dialect)
        return run(way, text, values if order is None else [values[name] for name in order])


def run(way: Way, text: str, values: Mapping[str, Any] | Sequence[Any]) -> Rows:
    """Run a statement in the driver's own words; what it gives, nothing when it gives no rows.

    Raises:
        DBAPIError: As SQLAlchemy raises it, the values left out of its words.
    """
    driver = way.dialect.loaded_dbapi
    own = way.connection.dbapi_connection or way.connection  # past the pool's hands, which take as long as a SELECT
    cursor = own.cursor()
    try:
        cursor.execute(text, values)
        return list(cursor.fetchall()) if cursor.description else []
    except driver.Error as error:
        raise DBAPIError.instance(text, None, error, driver.Error, hide_parameters=True) from error
    finally:
        cursor.close()


def _text(statement: ClauseElement, dialect: Dialect) -> tuple[str, list[str] | None]:
    """The driver's text, and the order of its values where they have no names."""
    compiled = statement.compile(dialect=dialect)
    return str(compiled), getattr(compiled, "positiontup", None)
