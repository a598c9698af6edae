"""Files seen in a drop: where each one is, where to resume it, and the records that could not be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select, update

from brownfield.contract import Arrival, Checkpoint, Damage
from brownfield.ledger import schema
from brownfield.ledger.conflict import Settled
from brownfield.ledger.document import parsed, stored
from brownfield.ledger.instant import instant, instant_or_none, micros
from brownfield.ledger.schema import AnyRow
from brownfield.ledger.upsert import insert_new, replace

_FILE_ORDER_LOCK = 0x6266_0001


class FileState(StrEnum):
    """Where a file is. Only `collecting` may still get events, and no other state leads back to it."""

    COLLECTING = "collecting"
    COMMITTED = "committed"  # every record is in the ledger; the file still lies in the drop
    ARCHIVED = "archived"
    HELD = "held"  # set aside for a person
    REFUSED = "refused"  # not what it should be; nothing of it was used


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One thing seen in the drop.

    Attributes:
        id: The ledger's number, in the order in which collecting began.
        environment: Where it was collected.
        wrapper: The bundle.
        feed: The feed of the bundle.
        name: The name within the connection's location.
        size: Bytes.
        sha256: Of the whole content, 64 hex digits.
        shape: The fingerprint of the layout it was read with.
        replay: 0, and one more for every time the same file was asked for again.
        state: See `FileState`.
        reason: One sentence on why it is held or refused, else empty.
        records: Records read.
        events: Events stored.
        quarantined: Records that could not be read.
        seen_at: UTC.
        settled_at: UTC; None while collecting.
    """

    id: int
    environment: str
    wrapper: str
    feed: str
    name: str
    size: int
    sha256: str
    shape: str
    replay: int
    state: FileState
    reason: str
    records: int
    events: int
    quarantined: int
    seen_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record kept whole because it could not be read, with the file that it came in."""

    file: int
    damage: Damage
    at: datetime


def find_file(connection: Connection, wrapper: str, feed: str, sha256: str, shape: str | None) -> BatchFile | None:
    """The latest replay of this content under this layout (None: under any), whatever it was named."""
    columns = schema.file.c
    statement = (
        select(schema.file)
        .where(columns.wrapper == wrapper, columns.feed == feed, columns.sha256 == sha256)
        .order_by(columns.replay.desc(), columns.id.desc())
        .limit(1)
    )
    if shape is not None:
        statement = statement.where(columns.shape == shape)
    row = connection.execute(statement).first()
    return None if row is None else _file(row)


def get_file(connection: Connection, file_id: int) -> BatchFile | None:
    """The file of this number."""
    row = connection.execute(select(schema.file).where(schema.file.c.id == file_id)).first()
    return None if row is None else _file(row)


def begin_file(
    connection: Connection,
    *,
    environment: str,
    wrapper: str,
    feed: str,
    arrival: Arrival,
    shape: str,
    now: datetime,
    replay: int = 0,
) -> BatchFile:
    """Begin to collect a file, or take up again one that was begun: look at its state and checkpoint.

    Numbers become visible in order, which `event.page` relies on: SQLite has one writer, and on PostgreSQL a lock
    until the commit gives the same.
    """
    _in_order(connection)
    found = {"wrapper": wrapper, "feed": feed, "sha256": arrival.sha256, "shape": shape, "replay": replay}
    rest = {"environment": environment, "name": arrival.name, "size": arrival.size, "seen_at": micros(now)}
    insert_new(connection, schema.file, {**found, **rest, "state": FileState.COLLECTING.value}, tuple(found))
    row = connection.execute(select(schema.file).filter_by(**found)).one()
    return _file(row)


def open_files(connection: Connection, wrapper: str, feed: str) -> list[BatchFile]:
    """The files of a feed that are still being collected, oldest first: a killed process left them so."""
    columns = schema.file.c
    statement = (
        select(schema.file)
        .where(columns.state == FileState.COLLECTING.value, columns.wrapper == wrapper, columns.feed == feed)
        .order_by(columns.id)
    )
    return [_file(row) for row in connection.execute(statement)]


def files(
    connection: Connection,
    *,
    wrapper: str | None = None,
    feed: str | None = None,
    state: FileState | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[BatchFile]:
    """Files, newest first. To page on, give the last id as `before`."""
    columns = schema.file.c
    statement = select(schema.file).order_by(columns.id.desc()).limit(limit)
    wanted = {columns.wrapper: wrapper, columns.feed: feed, columns.state: state}
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(column == str(value))
    if before is not None:
        statement = statement.where(columns.id < before)
    return [_file(row) for row in connection.execute(statement)]


def finish_file(
    connection: Connection,
    file_id: int,
    state: FileState,
    reason: str = "",
    *,
    records: int,
    events: int,
    quarantined: int,
    now: datetime,
) -> BatchFile:
    """Say that a file gets no more events, with the counts of the whole of it.

    Raises:
        ValueError: The state is `collecting`.
        Settled: There is no such file, or it is archived, held or refused already.
    """
    if state is FileState.COLLECTING:
        raise ValueError("a finished file is not collected again: begin a replay")
    counts = {"records": records, "events": events, "quarantined": quarantined}
    row = connection.execute(
        update(schema.file)
        .where(schema.file.c.id == file_id, schema.file.c.state.in_(_UNSETTLED))
        .values(state=state.value, reason=reason, settled_at=micros(now), **counts)
        .returning(*schema.file.c)
    ).first()
    if row is None:
        raise Settled(f"file {file_id} is settled")
    return _file(row)


_UNSETTLED = (FileState.COLLECTING.value, FileState.COMMITTED.value)


def save_checkpoint(connection: Connection, file_id: int, checkpoint: Checkpoint, now: datetime) -> None:
    """Keep where to resume. Call it in the transaction that stores the events before it."""
    values = {
        "file": file_id,
        "record": checkpoint.record,
        "offset": checkpoint.offset,
        "prefix": checkpoint.prefix,
        "totals": stored(dict(checkpoint.totals)),
        "context": stored(dict(checkpoint.context)),
        "at": micros(now),
    }
    replace(connection, schema.checkpoint, values)


def load_checkpoint(connection: Connection, file_id: int) -> Checkpoint:
    """Where to resume a file; the beginning when nothing of it is stored."""
    row = connection.execute(select(schema.checkpoint).where(schema.checkpoint.c.file == file_id)).first()
    if row is None:
        return Checkpoint()
    return Checkpoint(row.record, row.offset, row.prefix, parsed(row.totals), parsed(row.context))


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


def _in_order(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_FILE_ORDER_LOCK)))


def _file(row: AnyRow) -> BatchFile:
    times = {"seen_at": instant(row.seen_at), "settled_at": instant_or_none(row.settled_at)}
    return BatchFile(**{**row._asdict(), **times, "state": FileState(row.state)})


def _quarantined(row: AnyRow) -> Quarantined:
    damage = Damage(row.record, row.offset, row.raw, row.field, row.code, row.reason)
    return Quarantined(row.file, damage, instant(row.at))
