"""Timed claims on a resource, each with a number that makes a stale holder harmless (engines.md 5).

The clock is the caller's. The lease alone protects nothing: the fence must be part of what is written under it.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, update

from brownfield.ledger import schema
from brownfield.ledger.instant import micros
from brownfield.ledger.upsert import insertion


def take(connection: Connection, resource: str, holder: str, *, ttl: timedelta, now: datetime) -> int | None:
    """Take a resource that is free or whose lease has run out.

    Returns:
        The fence, larger than every one before it; None while another lease, even the caller's own, is in force.
    """
    columns = schema.lease.c
    statement = insertion(connection, schema.lease).values(
        resource=resource, holder=holder, fence=1, until=micros(now + ttl)
    )
    statement = statement.on_conflict_do_update(
        index_elements=["resource"],
        set_={"holder": holder, "fence": columns.fence + 1, "until": micros(now + ttl)},
        where=columns.until <= micros(now),
    )
    return connection.execute(statement.returning(columns.fence)).scalar()


def renew(connection: Connection, resource: str, holder: str, fence: int, *, ttl: timedelta, now: datetime) -> bool:
    """Hold on for another `ttl`. False when the lease has run out or is another's: stop at once."""
    live = _held(resource, holder, fence) & (schema.lease.c.until > micros(now))
    return _set(connection, live, micros(now + ttl))


def release(connection: Connection, resource: str, holder: str, fence: int) -> bool:
    """Give it up. False when it was no longer held. The row stays: fences never start again."""
    return _set(connection, _held(resource, holder, fence), 0)


def clear(connection: Connection) -> None:
    """Give up every lease: for a process that holds the ledger's lock file, so that every holder is dead."""
    connection.execute(update(schema.lease).values(until=0))


def _held(resource: str, holder: str, fence: int) -> ColumnElement[bool]:
    columns = schema.lease.c
    return (columns.resource == resource) & (columns.holder == holder) & (columns.fence == fence)


def _set(connection: Connection, held: ColumnElement[bool], until: int) -> bool:
    statement = update(schema.lease).where(held).values(until=until).returning(schema.lease.c.fence)
    return connection.execute(statement).first() is not None
