"""Opening the ledger: one engine, one writer at a time, durable when a commit returns."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, PoolProxiedConnection, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from brownfield.ledger.prepared import Prepared

PRAGMAS = ("journal_mode=WAL", "busy_timeout=10000", "synchronous=FULL", "foreign_keys=ON")
"""FULL, not NORMAL: with NORMAL a power cut lost acknowledged rows (trust.md 4.1)."""

SNAPSHOT_SQLITE: dict[str, Any] = {"read_only": True}
SNAPSHOT_POSTGRESQL: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


@dataclass(frozen=True, slots=True)
class Glance:
    """The driver's own connection, for prepared statements."""

    dialect: Dialect
    connection: PoolProxiedConnection


class Ledger:
    """The one durable store, on SQLite or PostgreSQL.

    Args:
        url: A SQLAlchemy URL: `sqlite:///…/ledger.db` or `postgresql+psycopg://…`.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        embedded = self.engine.dialect.name == "sqlite"
        self._idle: list[Glance] = []
        self._readers = self.engine.execution_options(**(SNAPSHOT_SQLITE if embedded else SNAPSHOT_POSTGRESQL))
        self._turn: AbstractContextManager[object] = threading.RLock() if embedded else nullcontext()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Writers of one process take turns: SQLite's own busy handler is unfair (p99 1033 ms against 22, engines.md 4).
        Never open one within another of the same thread: hand the connection on.

        On PostgreSQL writers run side by side (READ COMMITTED), and plain read-then-write loses updates (58 of 400
        kept). What decides is therefore one statement that compares and sets, or a row read FOR UPDATE.
        """
        with self._turn, self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; it never waits for a writer."""
        with self._readers.begin() as connection:
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Glance]:
        """A connection without a transaction: each statement sees the present. A tenth of what `read` takes.

        Last in, first out: what the one that was used last has in its cache of pages is still true of most of them.
        """
        try:
            way = self._idle.pop()
        except IndexError:
            way = Glance(self.engine.dialect, self.engine.raw_connection())
        try:
            yield way
            way.connection.rollback()
        except BaseException:
            way.connection.close()
            raise
        self._idle.append(way)

    @contextmanager
    def inscribe(self) -> Iterator[Glance]:
        """The transaction of `write`, for prepared statements alone: its ceremony costs as much as five of them."""
        with self._turn, self.glance() as way:
            if self.engine.dialect.name == "sqlite":
                _WRITE.rows(way)
            try:
                yield way
                _COMMIT.rows(way)
            except BaseException:
                way.connection.rollback()
                raise

    def close(self) -> None:
        """Give up every connection."""
        while self._idle:
            self._idle.pop().connection.close()
        self.engine.dispose()


def _engine(url: str) -> Engine:
    # Hidden, because an error's text has the statement's values, and somebody logs or shows every error's text.
    # Last in, first out: what the one that was used last has in its cache of pages is still true of most of them.
    engine = create_engine(url, pool_size=16, max_overflow=16, pool_use_lifo=True, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # Deferred transactions lose updates or fail with "locked" when a reader turns writer (engines.md 4).
    read_only = connection.get_execution_options().get("read_only", False)
    (_READ if read_only else _WRITE).rows(connection)


_READ, _WRITE, _COMMIT = (Prepared(text(words)) for words in ("BEGIN", "BEGIN IMMEDIATE", "COMMIT"))
