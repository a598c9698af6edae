"""Files that approved writes leave in: bytes, numbers, which write is which record, how far each has come."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from brownfield.ledger import schema
from brownfield.ledger.conflict import Moved
from brownfield.ledger.instant import instant, instant_or_none, micros
from brownfield.ledger.proposal import Proposal, these
from brownfield.ledger.schema import AnyRow
from brownfield.ledger.upsert import replace
from brownfield.rules.input import OUTSIDE, UNFINISHED, WAYS, Step
from brownfield.rules.proposal import State


class Place(NamedTuple):
    """Where files are numbered: one connection of one bundle in one environment."""

    environment: str
    wrapper: str
    connection: str


@dataclass(frozen=True, slots=True)
class Input:
    """One file.

    Attributes:
        id: The ledger's.
        place: Its connection.
        sequence: Its number there.
        name: What it is called.
        sha256: Of its bytes.
        records: Writes in it.
        step: How far it has come.
        reason: What keeps it from leaving; empty when nothing does.
        resent: How often a person asked for it once more.
        prepared_at: UTC.
        sent_at: UTC; the last time.
        due_at: UTC; by when its records are to be acknowledged.
    """

    id: int
    place: Place
    sequence: int
    name: str
    sha256: str
    records: int
    step: Step
    reason: str
    resent: int
    prepared_at: datetime
    sent_at: datetime | None
    due_at: datetime | None


_COLUMNS = schema.input.c
_SHOWN = [column for column in _COLUMNS if column.name != "data"]


def next_sequence(connection: Connection, place: Place, first: int) -> int:
    """The number of the next file. Take it in the transaction that adds the file: then there is no gap.

    Args:
        connection: A write transaction.
        place: Where it is numbered.
        first: The number of the very first; where a higher one was declared since, it goes on from that.
    """
    last = connection.scalar(select(func.max(_COLUMNS.sequence)).where(_of(place), _COLUMNS.step != Step.WITHDRAWN))
    return first if last is None else max(int(last) + 1, first)


def add_input(connection: Connection, place: Place, sequence: int, name: str, data: bytes, proposals: Sequence[str],
              now: datetime) -> Input:  # fmt: skip
    """Keep a file whole, with the proposals that are its records, in their order."""
    values = {**place._asdict(), "sequence": sequence, "name": name, "data": data, "sha256": sha256(data).hexdigest(),
              "records": len(proposals), "step": Step.PREPARED.value, "prepared_at": micros(now)}  # fmt: skip
    row = connection.execute(insert(schema.input).values(values).returning(*_SHOWN)).one()
    members = [{"input": row.id, "number": at, "proposal": id_} for at, id_ in enumerate(proposals, start=1)]
    connection.execute(insert(schema.input_record), members)
    return _input(row)


def has_left(connection: Connection, place: Place) -> bool:
    """Whether any file of a place has left, or may have: then the place is known."""
    steps = [step.value for step in OUTSIDE]
    return connection.execute(select(_COLUMNS.id).where(_of(place), _COLUMNS.step.in_(steps))).first() is not None


def find_input(connection: Connection, place: Place, sequence: int) -> Input | None:
    """The file of that number; not one that was withdrawn."""
    where = (_of(place), _COLUMNS.sequence == sequence, _COLUMNS.step != Step.WITHDRAWN)
    row = connection.execute(select(*_SHOWN).where(*where)).first()
    return None if row is None else _input(row)


def unfinished(connection: Connection, environment: str, place: Place | None = None) -> list[Input]:
    """The files that have not left, or of which it is not known, in the order of their numbers."""
    where = [_COLUMNS.environment == environment, _COLUMNS.step.in_([step.value for step in UNFINISHED])]
    where += [_of(place)] if place else []
    rows = connection.execute(select(*_SHOWN).where(*where).order_by(_COLUMNS.sequence, _COLUMNS.id))
    return [_input(row) for row in rows]


def listed_inputs(connection: Connection, environment: str, *, wrapper: str | None = None, name: str | None = None,
                  before: int | None = None, limit: int = 50) -> list[Input]:  # fmt: skip
    """Files, latest first; of one wrapper, or of one connection of it. To page on, give the last id as `before`."""
    where = [_COLUMNS.environment == environment]
    where += [_COLUMNS.wrapper == wrapper] if wrapper else []
    where += [_COLUMNS.connection == name] if name else []
    where += [_COLUMNS.id < before] if before is not None else []
    rows = connection.execute(select(*_SHOWN).where(*where).order_by(_COLUMNS.id.desc()).limit(limit))
    return [_input(row) for row in rows]


def overdue(connection: Connection, environment: str, now: datetime) -> list[Input]:
    """Files whose records should have been acknowledged by now, and some of which have not."""
    waits = select(schema.input_record.c.input).join(
        schema.proposal, schema.proposal.c.id == schema.input_record.c.proposal
    )
    waits = waits.where(schema.proposal.c.state == State.SENT.value)
    where = (_COLUMNS.environment == environment, _COLUMNS.due_at <= micros(now), _COLUMNS.id.in_(waits))
    return [_input(row) for row in connection.execute(select(*_SHOWN).where(*where).order_by(_COLUMNS.id))]


def bytes_of(connection: Connection, input_id: int) -> bytes:
    """All bytes of a file, as they left or will.

    Raises:
        Moved: They are not those that were prepared.
    """
    row = connection.execute(select(_COLUMNS.data, _COLUMNS.sha256).where(_COLUMNS.id == input_id)).one()
    if sha256(row.data).hexdigest() != row.sha256:
        raise Moved("its bytes are not those that were prepared: the ledger was changed")
    return bytes(row.data)


def records_of(connection: Connection, input_id: int) -> dict[int, Proposal]:
    """The proposals that are the records of a file, by number."""
    columns = schema.input_record.c
    rows = connection.execute(select(columns.number, columns.proposal).where(columns.input == input_id))
    numbers = {int(row.number): str(row.proposal) for row in rows}
    found = these(connection, list(numbers.values()))
    return {number: found[id_] for number, id_ in sorted(numbers.items())}


def file_of(connection: Connection, proposal: str) -> Input | None:
    """The last file that a proposal is a record of."""
    columns = schema.input_record.c
    member = select(columns.input).where(columns.proposal == proposal)
    row = connection.execute(select(*_SHOWN).where(_COLUMNS.id.in_(member)).order_by(_COLUMNS.id.desc())).first()
    return None if row is None else _input(row)


def standing(connection: Connection, inputs: Collection[int]) -> dict[int, dict[str, int]]:
    """Of each file, how many of its records are in which state."""
    columns, proposal = schema.input_record.c, schema.proposal.c
    rows = connection.execute(
        select(columns.input, proposal.state, func.count())
        .join(schema.proposal, proposal.id == columns.proposal)
        .where(columns.input.in_(list(inputs)))
        .group_by(columns.input, proposal.state)
    )
    found: dict[int, dict[str, int]] = {}
    for input_id, state, count in rows:
        found.setdefault(input_id, {})[state] = count
    return found


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What was answered of a record against what was known of it.

    Attributes:
        number: The record's.
        line: The last such answer, as the audit quotes it.
        at: When it was looked at, UTC.
    """

    number: int
    line: str
    at: datetime


def note_contradiction(connection: Connection, input_id: int, proposal: str, line: str, now: datetime) -> None:
    """Keep an answer that says otherwise beside the record that it is about."""
    columns = schema.input_record.c
    here = (columns.input == input_id, columns.proposal == proposal)
    connection.execute(update(schema.input_record).where(*here).values(contradiction=line, contradicted_at=micros(now)))


def contradictions(connection: Connection, inputs: Collection[int]) -> dict[int, list[Contradiction]]:
    """Of each file that has any, the records of which something else was answered, too."""
    columns = schema.input_record.c
    where = (columns.input.in_(list(inputs)), columns.contradicted_at.is_not(None))
    found: dict[int, list[Contradiction]] = {}
    for row in connection.execute(select(schema.input_record).where(*where).order_by(columns.number)):
        one = Contradiction(row.number, row.contradiction, instant(row.contradicted_at))
        found.setdefault(row.input, []).append(one)
    return found


def contradicted_since(connection: Connection, environment: str, since: datetime) -> list[Input]:
    """The files with a record that was contradicted since then, latest first."""
    columns = schema.input_record.c
    told = select(columns.input).where(columns.contradicted_at >= micros(since))
    where = (_COLUMNS.environment == environment, _COLUMNS.id.in_(told))
    return [_input(row) for row in connection.execute(select(*_SHOWN).where(*where).order_by(_COLUMNS.id.desc()))]


def advance(connection: Connection, present: Input, step: Step, **details: Any) -> Input:
    """Note how far a file has come; whatever kept it from that keeps it no longer, unless that is among the details.

    Raises:
        Moved: It is no longer as the caller believes, or that is no way.
    """
    if step not in WAYS[present.step]:
        raise Moved(f"a file that is {present.step} cannot be {step}")
    return _change(connection, present, **{"step": step.value, "reason": "", **details})


def note_reason(connection: Connection, present: Input, reason: str) -> Input:
    """Note what keeps a file from leaving.

    Raises:
        Moved: It is no longer as the caller believes.
    """
    return _change(connection, present, reason=reason)


def position_of(connection: Connection, place: Place) -> int | None:
    """The event up to which acknowledgements were looked at; None before the first look."""
    columns = schema.acknowledged.c
    row = connection.execute(select(columns.position).where(*(columns[n] == v for n, v in place._asdict().items())))
    return row.scalar()


def set_position(connection: Connection, place: Place, position: int) -> None:
    """Note up to which event acknowledgements were looked at, in the transaction that settles what they say."""
    replace(connection, schema.acknowledged, {**place._asdict(), "position": position})


def _change(connection: Connection, present: Input, **values: Any) -> Input:
    times = {name: micros(value) for name, value in values.items() if isinstance(value, datetime)}
    here = (_COLUMNS.id == present.id, _COLUMNS.step == present.step.value)
    statement = update(schema.input).where(*here).values({**values, **times}).returning(*_SHOWN)
    row = connection.execute(statement).first()
    if row is None:
        raise Moved(f"file {present.sequence} is no longer {present.step}")
    return _input(row)


def _of(place: Place) -> ColumnElement[bool]:
    return (
        (_COLUMNS.environment == place.environment)
        & (_COLUMNS.wrapper == place.wrapper)
        & (_COLUMNS.connection == place.connection)
    )


def _input(row: AnyRow) -> Input:
    place = Place(row.environment, row.wrapper, row.connection)
    times = (instant(row.prepared_at), instant_or_none(row.sent_at), instant_or_none(row.due_at))
    return Input(row.id, place, row.sequence, row.name, row.sha256, row.records, Step(row.step), row.reason,
                 row.resent, *times)  # fmt: skip
