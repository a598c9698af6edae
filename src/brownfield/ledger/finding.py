"""What became of the expectations of a feed: one row for each thing that was found, ever."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, select

from brownfield.ledger import schema
from brownfield.ledger.batch import FileState
from brownfield.ledger.instant import instant, micros
from brownfield.ledger.schema import AnyRow
from brownfield.ledger.upsert import insert_new

WATCHED = "watched"
"""The row that says since when a feed is watched: what was due before is nobody's lateness."""

_TAKEN = [state.value for state in FileState if state is not FileState.REFUSED and state is not FileState.HELD]


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that people were told about a feed.

    Attributes:
        day: The day that was expected.
        kind: `late`, `missing`, `empty` or `size_anomaly`.
        file: The file that it is about; 0 where there is none.
        reason: One sentence.
        at: UTC; when it was found.
    """

    day: date
    kind: str
    file: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that counts for an expectation: neither refused nor held.

    Attributes:
        id: Its number.
        name: Its name.
        sha256: Of its content.
        seen_at: UTC.
        records: Those that became events or lie in quarantine, a header and a trailer are none; of a snapshot its keys.
        whole: Whether it was read to its end.
    """

    id: int
    name: str
    sha256: str
    seen_at: datetime
    records: int
    whole: bool


def watched_since(connection: Connection, environment: str, wrapper: str, feed: str, now: datetime) -> datetime:
    """Since when the feed is watched; from now on, if it was not."""
    _add(connection, environment, wrapper, feed, "", WATCHED, 0, "", now)
    columns = schema.finding.c
    at = connection.scalar(select(columns.at).where(*_of(environment, wrapper, feed), columns.kind == WATCHED))
    return instant(at or micros(now))


def add_finding(connection: Connection, environment: str, wrapper: str, feed: str, found: Found) -> bool:
    """Keep what was found. True for exactly one caller, ever."""
    day = found.day.isoformat()
    return _add(connection, environment, wrapper, feed, day, found.kind, found.file, found.reason, found.at)


def findings(connection: Connection, environment: str, wrapper: str, feed: str, since: date) -> list[Found]:
    """What was found for the days from `since` on, in the order of days."""
    columns = schema.finding.c
    statement = select(schema.finding).where(*_of(environment, wrapper, feed), columns.day >= since.isoformat())
    rows = connection.execute(statement.order_by(columns.day, columns.at))
    return [Found(date.fromisoformat(row.day), row.kind, row.file, row.reason, instant(row.at)) for row in rows]


def taken(connection: Connection, environment: str, wrapper: str, feed: str, since: datetime) -> list[Taken]:
    """The files of a feed seen since an instant, in the order of collecting, replays and resumed rests left out."""
    columns = schema.file.c
    statement = select(schema.file).where(
        columns.environment == environment,
        columns.wrapper == wrapper,
        columns.feed == feed,
        columns.seen_at >= micros(since),
        columns.replay == 0,
        columns.resumes.is_(None),
        columns.state.in_(_TAKEN),
    )
    return [_taken(row) for row in connection.execute(statement.order_by(columns.id))]


def _taken(row: AnyRow) -> Taken:
    whole = row.state != FileState.COLLECTING.value
    records = row.events + row.quarantined if row.baseline is None else row.records
    return Taken(row.id, row.name, row.sha256, instant(row.seen_at), records, whole)


def _of(environment: str, wrapper: str, feed: str) -> tuple[ColumnElement[bool], ...]:
    columns = schema.finding.c
    return columns.environment == environment, columns.wrapper == wrapper, columns.feed == feed


def _add(connection: Connection, environment: str, wrapper: str, feed: str, day: str, kind: str, file: int,
         reason: str, at: datetime) -> bool:  # fmt: skip
    values = {
        "environment": environment,
        "wrapper": wrapper,
        "feed": feed,
        "day": day,
        "kind": kind,
        "file": file,
        "reason": reason,
        "at": micros(at),
    }
    return insert_new(connection, schema.finding, values)
