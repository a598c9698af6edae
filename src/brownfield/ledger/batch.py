"""Files that were taken from a drop: where each one is, and where to resume it."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, func, select, update

from brownfield.contract import Arrival, Checkpoint
from brownfield.ledger import schema
from brownfield.ledger.conflict import Settled
from brownfield.ledger.document import parsed, stored
from brownfield.ledger.instant import instant, instant_or_none, micros
from brownfield.ledger.schema import AnyRow
from brownfield.ledger.upsert import insert_new, replace
from brownfield.rules.arrival import Known
from brownfield.rules.progress import Progress

_FILE_ORDER_LOCK = 0x6266_0001


class FileState(StrEnum):
    """Where a file is. Only `collecting` may still get events, and no other state leads back to it."""

    COLLECTING = "collecting"
    COMMITTED = "committed"  # every record is in the ledger; the file still lies in the drop
    ARCHIVED = "archived"
    HELD = "held"  # set aside for a person
    RESUMED = "resumed"  # a person had what is left of it taken in, as another file
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
        number: That stands in the name, where the feed has a sequence.
        preflighted_at: UTC; when framing and totals of the whole file were found right.
        resumes: The file that was held, and whose rest or whose corrected record this is.
        baseline: Of a snapshot: the sha256 of the extract before it, empty where there was none; else None.
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
    number: int | None = None
    preflighted_at: datetime | None = None
    resumes: int | None = None
    baseline: str | None = None


def find_file(connection: Connection, wrapper: str, feed: str, sha256: str, shape: str | None) -> BatchFile | None:
    """The file of this content that was begun last under this layout (None: under any), whatever it was named."""
    columns = schema.file.c
    statement = (
        select(schema.file)
        .where(columns.wrapper == wrapper, columns.feed == feed, columns.sha256 == sha256)
        .order_by(columns.id.desc())
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
    number: int | None = None,
    resumes: int | None = None,
) -> BatchFile:
    """Begin to collect a file, or take up again one that was begun: look at its state and checkpoint.

    Numbers become visible in order, which `event.page` relies on: SQLite has one writer, and on PostgreSQL a lock
    until the commit gives the same.
    """
    _in_order(connection)
    found = {"wrapper": wrapper, "feed": feed, "sha256": arrival.sha256, "shape": shape, "replay": replay}
    rest = {"environment": environment, "name": arrival.name, "size": arrival.size, "seen_at": micros(now)}
    rest |= {"number": number, "resumes": resumes}
    insert_new(connection, schema.file, {**found, **rest, "state": FileState.COLLECTING.value}, tuple(found))
    row = connection.execute(select(schema.file).filter_by(**found)).one()
    return _file(row)


def known(connection: Connection, wrapper: str, feed: str, arrival: Arrival) -> Known:
    """What was taken before that bears on an arrival: the same content, other content of its name, the last number."""
    columns = schema.file.c
    same = find_file(connection, wrapper, feed, arrival.sha256, None)
    taken = (columns.wrapper == wrapper) & (columns.feed == feed) & (columns.state.in_(_TAKEN) | (columns.events > 0))
    named = select(columns.id).where(taken, columns.name == arrival.name, columns.sha256 != arrival.sha256).limit(1)
    last = select(func.max(columns.number)).where(taken)
    found = connection.execute(named).first() is not None
    return Known(same.name if same else None, found, connection.execute(last).scalar())


def open_files(connection: Connection, wrapper: str, feed: str) -> list[BatchFile]:
    """The files of a feed that are still being collected, oldest first: a killed process left them so."""
    columns = schema.file.c
    statement = (
        select(schema.file)
        .where(columns.state == FileState.COLLECTING.value, columns.wrapper == wrapper, columns.feed == feed)
        .order_by(columns.id)
    )
    return [_file(row) for row in connection.execute(statement)]


def under_way(connection: Connection, environment: str) -> list[tuple[BatchFile, Progress]]:
    """The files that are being collected, each with how far it has come by its last commit."""
    begun = select(schema.file).where(
        schema.file.c.state == FileState.COLLECTING.value, schema.file.c.environment == environment
    )
    return [_reached(connection, _file(row)) for row in connection.execute(begun.order_by(schema.file.c.id))]


def _reached(connection: Connection, file: BatchFile) -> tuple[BatchFile, Progress]:
    last = connection.execute(select(schema.checkpoint).where(schema.checkpoint.c.file == file.id)).first()
    if last is None:
        return file, Progress(0, file.size, timedelta())
    return dataclasses.replace(file, records=last.record), Progress(
        last.offset, file.size, instant(last.at) - file.seen_at
    )


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
    if state in {FileState.COLLECTING, FileState.RESUMED}:
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


def preflighted(connection: Connection, file_id: int, now: datetime) -> bool:
    """Say that the whole file was found right before its first event. False when it was said before."""
    row = connection.execute(
        update(schema.file)
        .where(schema.file.c.id == file_id, schema.file.c.preflighted_at.is_(None))
        .values(preflighted_at=micros(now))
        .returning(schema.file.c.id)
    ).first()
    return row is not None


def last_taken(connection: Connection, wrapper: str, feed: str, before: int) -> BatchFile | None:
    """The last file of a feed that was taken in whole, and has a smaller number than `before`."""
    columns = schema.file.c
    whole = columns.state.in_((FileState.COMMITTED.value, FileState.ARCHIVED.value))
    statement = select(schema.file).where(columns.wrapper == wrapper, columns.feed == feed, columns.id < before, whole)
    row = connection.execute(statement.order_by(columns.id.desc()).limit(1)).first()
    return None if row is None else _file(row)


def told_in_part(connection: Connection, wrapper: str, feed: str, after: int, before: int) -> BatchFile | None:
    """The first file of a feed between two numbers that was given up after events of it were stored."""
    columns = schema.file.c
    statement = select(schema.file).where(
        columns.wrapper == wrapper, columns.feed == feed, columns.id > after, columns.id < before, columns.events > 0
    )
    row = connection.execute(statement.order_by(columns.id).limit(1)).first()
    return None if row is None else _file(row)


def set_baseline(connection: Connection, file_id: int, sha256: str) -> None:
    """Say which extract a file's changes are held against; empty for none."""
    connection.execute(update(schema.file).where(schema.file.c.id == file_id).values(baseline=sha256))


def decide_file(connection: Connection, file_id: int, state: FileState, reason: str) -> BatchFile:
    """Say what a person decided on a held file: `resumed` or `refused`.

    Raises:
        Settled: It is not held, or somebody decided before.
    """
    row = connection.execute(
        update(schema.file)
        .where(schema.file.c.id == file_id, schema.file.c.state == FileState.HELD.value)
        .values(state=state.value, reason=reason)
        .returning(*schema.file.c)
    ).first()
    if row is None:
        raise Settled(f"file {file_id} is not held")
    return _file(row)


_TAKEN = (FileState.COLLECTING.value, FileState.COMMITTED.value, FileState.ARCHIVED.value)
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


def _in_order(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_FILE_ORDER_LOCK)))


def _file(row: AnyRow) -> BatchFile:
    times = {
        "seen_at": instant(row.seen_at),
        "settled_at": instant_or_none(row.settled_at),
        "preflighted_at": instant_or_none(row.preflighted_at),
    }
    return BatchFile(**{**row._asdict(), **times, "state": FileState(row.state)})
