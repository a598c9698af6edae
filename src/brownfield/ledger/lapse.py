"""How the expectations of a feed were not kept: one row for each thing that was found, ever."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, select

from brownfield.ledger import schema
from brownfield.ledger.batch import FileState
from brownfield.ledger.instant import instant, micros
from brownfield.ledger.schema import AnyRow
from brownfield.ledger.upsert import insert_new
from brownfield.rules.arrival import Kind

BEGUN = "begun"
"""The row that says since when files of a feed are expected: what was due before is nobody's lateness."""

_TAKEN = frozenset({FileState.COLLECTING.value, FileState.COMMITTED.value, FileState.ARCHIVED.value})


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


def expected_since(connection: Connection, environment: str, wrapper: str, feed: str, now: datetime) -> datetime:
    """Since when files of the feed are expected; from now on, if none were."""
    _add(connection, environment, wrapper, feed, "", BEGUN, 0, "", now)
    columns = schema.lapse.c
    at = connection.scalar(select(columns.at).where(*_of(environment, wrapper, feed), columns.kind == BEGUN))
    return instant(at or micros(now))


def add_lapse(connection: Connection, environment: str, wrapper: str, feed: str, found: Found) -> bool:
    """Keep what was found. True for exactly one caller, ever."""
    day = found.day.isoformat()
    return _add(connection, environment, wrapper, feed, day, found.kind, found.file, found.reason, found.at)


def lapses(connection: Connection, environment: str, wrapper: str, feed: str, since: date) -> list[Found]:
    """What was found for the days from `since` on, in the order of days."""
    columns = schema.lapse.c
    statement = select(schema.lapse).where(*_of(environment, wrapper, feed), columns.day >= since.isoformat())
    rows = connection.execute(statement.order_by(columns.day, columns.at))
    return [Found(date.fromisoformat(row.day), row.kind, row.file, row.reason, instant(row.at)) for row in rows]


def taken(
    connection: Connection, environment: str, wrapper: str, feed: str, since: datetime, before: int
) -> list[Taken]:
    """The files of a feed seen since an instant, and some before it, in the order of collecting.

    One that was resumed counts with what was taken of it before. A replay, and a record that was corrected by itself,
    are no files that came.

    Args:
        connection: A read transaction.
        environment: Where.
        wrapper: The bundle.
        feed: The feed.
        since: The instant.
        before: So many rows before it are looked at too; some of them may not count.
    """
    columns = schema.file.c
    feeds = select(schema.file).where(
        columns.environment == environment, columns.wrapper == wrapper, columns.feed == feed
    )
    earlier = feeds.where(columns.seen_at < micros(since)).order_by(columns.id.desc()).limit(before)
    later = feeds.where(columns.seen_at >= micros(since)).order_by(columns.id)
    rows = [*reversed(connection.execute(earlier).all()), *connection.execute(later)]
    found: dict[int, AnyRow] = {row.id: row for row in rows}
    return [_taken(row, found.get(row.resumes)) for row in found.values() if _counts(row, found.get(row.resumes))]


def unchanged(connection: Connection, environment: str, wrapper: str, feed: str, since: datetime) -> list[datetime]:
    """When files came, since an instant, whose content had been taken before."""
    columns = schema.arrival.c
    statement = select(columns.first_at).where(
        columns.environment == environment,
        columns.wrapper == wrapper,
        columns.feed == feed,
        columns.kind == Kind.DUPLICATE.value,
        columns.first_at >= micros(since),
    )
    return [instant(at) for at in connection.scalars(statement)]


def _counts(row: AnyRow, before: AnyRow | None) -> bool:
    if row.state not in _TAKEN:
        return False
    if row.resumes is not None:
        return before is not None and before.state == FileState.RESUMED.value
    return row.replay == 0 or row.baseline is not None  # an extract that comes back is one that came


def _taken(row: AnyRow, before: AnyRow | None) -> Taken:
    whole = row.state != FileState.COLLECTING.value
    records = row.events + row.quarantined + (before.events + before.quarantined if before else 0)
    kept = records if row.baseline is None else row.records
    return Taken(row.id, row.name, row.sha256, instant(row.seen_at), kept, whole)


def _of(environment: str, wrapper: str, feed: str) -> tuple[ColumnElement[bool], ...]:
    columns = schema.lapse.c
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
    return insert_new(connection, schema.lapse, values)
