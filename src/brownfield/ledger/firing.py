"""Which schedule fired when: a unique row decides who of several processes does it (engines.md 3)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from brownfield.ledger import schema
from brownfield.ledger.instant import instant, instant_or_none, micros
from brownfield.ledger.schema import AnyRow
from brownfield.ledger.upsert import insert_new

RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Firing:
    """One due time of a schedule that somebody took.

    Attributes:
        schedule: `wrapper.name`.
        due_at: UTC; when it should have fired.
        holder: The process that took it.
        fired_at: UTC; when it was taken.
        outcome: `running`, then what came of it.
        ended_at: UTC; None while it runs, or for ever when its process died.
    """

    schedule: str
    due_at: datetime
    holder: str
    fired_at: datetime
    outcome: str
    ended_at: datetime | None


def claim_firing(connection: Connection, schedule: str, due_at: datetime, holder: str, now: datetime) -> bool:
    """Take a due time. True for exactly one caller, ever."""
    values = {
        "schedule": schedule,
        "due_at": micros(due_at),
        "holder": holder,
        "fired_at": micros(now),
        "outcome": RUNNING,
    }
    return insert_new(connection, schema.firing, values)


def end_firing(connection: Connection, schedule: str, due_at: datetime, outcome: str, now: datetime) -> None:
    """Say what came of it."""
    columns = schema.firing.c
    row = (columns.schedule == schedule) & (columns.due_at == micros(due_at))
    connection.execute(update(schema.firing).where(row).values(outcome=outcome, ended_at=micros(now)))


def last_firing(connection: Connection, schedule: str, now: datetime) -> Firing | None:
    """The firing with the latest due time up to now: one of a clock that ran ahead must not silence the schedule."""
    columns = schema.firing.c
    of_it = (columns.schedule == schedule, columns.due_at <= micros(now))
    row = connection.execute(select(schema.firing).where(*of_it).order_by(columns.due_at.desc()).limit(1)).first()
    return None if row is None else _firing(row)


def firings(connection: Connection, limit: int = 100) -> list[Firing]:
    """The firings with the latest due times, latest first."""
    statement = select(schema.firing).order_by(schema.firing.c.due_at.desc(), schema.firing.c.schedule).limit(limit)
    return [_firing(row) for row in connection.execute(statement)]


def _firing(row: AnyRow) -> Firing:
    ended_at = instant_or_none(row.ended_at)
    return Firing(row.schedule, instant(row.due_at), row.holder, instant(row.fired_at), row.outcome, ended_at)
