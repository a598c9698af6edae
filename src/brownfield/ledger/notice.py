"""Of which entries of the audit people are paged. The audit is followed from where it stood the first time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from brownfield.ledger import schema
from brownfield.ledger.audit import Recorded, search
from brownfield.ledger.instant import micros
from brownfield.ledger.upsert import insert_new, replace

BEGUN, WAITING, SENT, GIVEN_UP = "begun", "waiting", "sent", "given-up"


@dataclass(frozen=True, slots=True)
class Notice:
    """An entry that people are to be paged of, and how often that was tried."""

    entry: Recorded
    attempts: int


def follow(connection: Connection, events: Collection[str], after: int | None, now: datetime) -> int:
    """Note the new entries that people are to be paged of; the position to go on from.

    Args:
        connection: A write transaction.
        events: Words of the vocabulary.
        after: The position that was given last time; None for the one that the ledger knows.
        now: The time.
    """
    last = connection.scalar(select(func.max(schema.entry.c.id))) or 0
    if after is None:
        after = connection.scalar(select(func.max(schema.notice.c.entry)))
    if after is None:
        insert_new(connection, schema.notice, _row(last, BEGUN, 0, now))
        return last
    while entries := search(connection, events=events, after=after):
        for entry in entries:
            insert_new(connection, schema.notice, _row(entry.id, WAITING, 0, now))
        after = entries[-1].id
    return max(last, after)


def due_notices(connection: Connection, now: datetime, limit: int = 50) -> list[Notice]:
    """Notices whose time to be tried has come, oldest first."""
    columns = schema.notice.c
    ready = (columns.outcome == WAITING) & (columns.at <= micros(now))
    rows = connection.execute(select(schema.notice).where(ready).order_by(columns.entry).limit(limit))
    return [Notice(entry, row.attempts) for row in rows for entry in search(connection, after=row.entry - 1, limit=1)]


def note_attempt(connection: Connection, notice: Notice, outcome: str, at: datetime) -> None:
    """Say what came of an attempt; for one that waits, when it is tried again."""
    replace(connection, schema.notice, _row(notice.entry.id, outcome, notice.attempts + 1, at))


def _row(entry: int, outcome: str, attempts: int, at: datetime) -> dict[str, int | str]:
    return {"entry": entry, "outcome": outcome, "attempts": attempts, "at": micros(at)}
