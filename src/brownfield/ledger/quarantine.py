"""Records that could not be read, kept whole, and what a person decided on each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select, update

from brownfield.contract import Damage
from brownfield.ledger import schema
from brownfield.ledger.conflict import Settled
from brownfield.ledger.instant import instant, instant_or_none, micros
from brownfield.ledger.schema import AnyRow


class RecordState(StrEnum):
    """What became of a record in quarantine. Only an open one can be decided on, once."""

    OPEN = "open"
    CORRECTED = "corrected"  # a person gave other bytes, or had the same ones read again, and it became its event
    WRITTEN_OFF = "written-off"  # a person said that it is not needed


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record kept whole because it could not be read.

    Attributes:
        file: The file that it came in.
        damage: Its bytes, its place, and why it means nothing.
        at: When it was kept, UTC.
        state: What became of it.
        decided_by: Whose doing that was; None while it is open.
        decided_at: UTC; None while it is open.
        note: What that person said about it.
    """

    file: int
    damage: Damage
    at: datetime
    state: RecordState = RecordState.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str = ""


def add_quarantine(connection: Connection, file_id: int, damages: Sequence[Damage], now: datetime) -> None:
    """Keep records that could not be read, whole."""
    rows = [
        {
            "file": file_id,
            "record": damage.number,
            "offset": damage.offset,
            "length": len(damage.raw),
            "field": damage.field,
            "code": damage.code,
            "reason": damage.reason,
            "raw": damage.raw,
            "at": micros(now),
        }
        for damage in damages
    ]
    if rows:
        connection.execute(insert(schema.quarantine), rows)


def quarantined(connection: Connection, file_id: int, *, after: int = -1, limit: int = 100) -> list[Quarantined]:
    """Records of a file that could not be read, by record number. To page on, give the last number as `after`."""
    columns = schema.quarantine.c
    statement = (
        select(schema.quarantine)
        .where(columns.file == file_id, columns.record > after)
        .order_by(columns.record)
        .limit(limit)
    )
    return [_quarantined(row) for row in connection.execute(statement)]


def still_open(connection: Connection, file_id: int, *, limit: int) -> list[Quarantined]:
    """Records of a file that a person has still to decide on, by record number."""
    columns = schema.quarantine.c
    statement = select(schema.quarantine).where(columns.file == file_id, schema.OPEN).order_by(columns.record)
    return [_quarantined(row) for row in connection.execute(statement.limit(limit))]


def open_records(connection: Connection, files: Sequence[int]) -> dict[int, int]:
    """How many records of these files a person has still to decide on; files without any are not in it."""
    columns = schema.quarantine.c
    statement = select(columns.file, func.count()).where(columns.file.in_(files), schema.OPEN).group_by(columns.file)
    return {row[0]: row[1] for row in connection.execute(statement)}


def open_by_feed(connection: Connection, environment: str) -> dict[str, int]:
    """How many records a person has still to decide on, by `WRAPPER.FEED`."""
    kept, files = schema.quarantine.c, schema.file.c
    open_of = select(kept.file, func.count().label("records")).where(schema.OPEN).group_by(kept.file).subquery()
    statement = (
        select(files.wrapper, files.feed, func.sum(open_of.c.records))
        .join(open_of, files.id == open_of.c.file)
        .where(files.environment == environment)
        .group_by(files.wrapper, files.feed)
        .order_by(files.wrapper, files.feed)
    )
    return {f"{wrapper}.{feed}": count for wrapper, feed, count in connection.execute(statement)}


def get_quarantined(connection: Connection, file_id: int, record: int) -> Quarantined | None:
    """The record of that number, if it could not be read."""
    columns = schema.quarantine.c
    row = connection.execute(select(schema.quarantine).where(columns.file == file_id, columns.record == record)).first()
    return None if row is None else _quarantined(row)


def decide_record(
    connection: Connection, file_id: int, record: int, state: RecordState, *, by: str, note: str, now: datetime
) -> Quarantined:
    """Say what a person decided on a record.

    Raises:
        Settled: It is not in quarantine, or somebody decided before.
    """
    columns = schema.quarantine.c
    row = connection.execute(
        update(schema.quarantine)
        .where(columns.file == file_id, columns.record == record, columns.state == RecordState.OPEN.value)
        .values(state=state.value, decided_by=by, decided_at=micros(now), note=note)
        .returning(*columns)
    ).first()
    if row is None:
        raise Settled(f"record {record} of file {file_id} is not open in quarantine")
    return _quarantined(row)


def _quarantined(row: AnyRow) -> Quarantined:
    damage = Damage(row.record, row.offset, row.raw, row.field, row.code, row.reason)
    decided = instant_or_none(row.decided_at)
    return Quarantined(row.file, damage, instant(row.at), RecordState(row.state), row.decided_by, decided, row.note)
