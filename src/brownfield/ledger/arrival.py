"""Files on their way in: one row each from the first sighting until it is decided what the file is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from brownfield.contract.watched import Sighting
from brownfield.ledger import schema
from brownfield.ledger.conflict import Settled
from brownfield.ledger.instant import instant, instant_or_none, micros
from brownfield.ledger.schema import AnyRow
from brownfield.rules.arrival import NEXT, WATCHED, Step, Watch


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file on its way in.

    Attributes:
        id: The row's number.
        name: The name within the location.
        step: How far it has come.
        watch: As it was watched while it lay there.
        waits_for: What it is still waited for, in words.
        sha256: Of its content, once it is staged.
        step_at: When it came to this step, UTC.
    """

    id: int
    name: str
    step: Step
    watch: Watch
    waits_for: str
    sha256: str
    step_at: datetime


@dataclass(frozen=True, slots=True)
class Whose:
    """The feed that files arrive for."""

    environment: str
    wrapper: str
    feed: str


def incoming(connection: Connection, whose: Whose, steps: Iterable[Step], limit: int | None = None) -> list[Incoming]:
    """The files of a feed that are at one of these steps, oldest first."""
    columns = schema.arrival.c
    statement = (
        select(schema.arrival)
        .where(columns.environment == whose.environment, columns.wrapper == whose.wrapper, columns.feed == whose.feed)
        .where(columns.step.in_([step.value for step in steps]))
        .order_by(columns.id)
        .limit(limit)
    )
    return [_incoming(row) for row in connection.execute(statement)]


def claimed(connection: Connection, whose: Whose, names: Sequence[str]) -> set[tuple[str, str]]:
    """Which of these names were claimed before, each with the stamps that it then had."""
    columns = schema.arrival.c
    done = [step.value for step in Step if step not in WATCHED | {Step.GONE}]
    found = connection.execute(
        select(columns.name, columns.stamp)
        .where(columns.environment == whose.environment, columns.wrapper == whose.wrapper, columns.feed == whose.feed)
        .where(columns.step.in_(done), columns.name.in_(names))
    )
    return {(row.name, row.stamp) for row in found}


def last_identified(connection: Connection, whose: Whose, names: Sequence[str]) -> Incoming | None:
    """The last of the files of these names of which it is decided what they are."""
    columns = schema.arrival.c
    statement = (
        select(schema.arrival)
        .where(columns.environment == whose.environment, columns.wrapper == whose.wrapper, columns.feed == whose.feed)
        .where(columns.step == Step.IDENTIFIED.value, columns.name.in_(names))
        .order_by(columns.id.desc())
        .limit(1)
    )
    row = connection.execute(statement).first()
    return None if row is None else _incoming(row)


def queued(connection: Connection, environment: str) -> dict[str, int]:
    """For each feed that has any, by its full name: how many files are claimed and not begun."""
    columns = schema.arrival.c
    at_hand = columns.step.in_([Step.CLAIMED.value, Step.STAGED.value])
    statement = (
        select(columns.wrapper, columns.feed, func.count())
        .where(at_hand, columns.environment == environment)
        .group_by(columns.wrapper, columns.feed)
    )
    return {f"{wrapper}.{feed}": count for wrapper, feed, count in connection.execute(statement)}


def waiting(connection: Connection, environment: str) -> list[tuple[str, Incoming, int]]:
    """For each feed that has any, by its full name: the file that has lain longest, and how many lie there."""
    columns = schema.arrival.c
    lying = columns.step.in_([Step.SEEN.value, Step.READY.value])
    first = (
        select(func.min(columns.id).label("id"), func.count().label("lying"))
        .where(lying, columns.environment == environment)
        .group_by(columns.wrapper, columns.feed)
        .subquery()
    )
    statement = select(schema.arrival, first.c.lying).join(first, first.c.id == columns.id)
    rows = connection.execute(statement.order_by(columns.wrapper, columns.feed))
    return [(f"{row.wrapper}.{row.feed}", _incoming(row), row.lying) for row in rows]


def sight(connection: Connection, whose: Whose, seen: Sequence[tuple[Watch, str]], now: datetime) -> None:
    """Begin to watch files, each with what it waits for."""
    rows = [
        {
            "environment": whose.environment,
            "wrapper": whose.wrapper,
            "feed": whose.feed,
            "name": one.sighting.name,
            "step": Step.SEEN.value,
            "sha256": "",
            "kind": "",
            "step_at": micros(now),
            **_watched(one, waits),
        }
        for one, waits in seen
    ]
    if rows:
        connection.execute(insert(schema.arrival), rows)


def look_again(connection: Connection, id_: int, seen: Watch, waits_for: str) -> None:
    """Keep what one more listing told."""
    connection.execute(update(schema.arrival).where(schema.arrival.c.id == id_).values(**_watched(seen, waits_for)))


def advance(
    connection: Connection, id_: int, step: Step, now: datetime, *, sha256: str = "", kind: str = "",
    file: int | None = None,
) -> None:  # fmt: skip
    """Say that a file has come to a step.

    Raises:
        Settled: It is at no step that leads there: somebody else was faster.
    """
    before = [one.value for one, following in NEXT.items() if step in following]
    facts = {"sha256": sha256, "kind": kind, "file": file}
    row = connection.execute(
        update(schema.arrival)
        .where(schema.arrival.c.id == id_, schema.arrival.c.step.in_(before))
        .values(step=step.value, step_at=micros(now), **{name: value for name, value in facts.items() if value})
        .returning(schema.arrival.c.id)
    ).first()
    if row is None:
        raise Settled(f"arrival {id_} cannot become {step.value}")


def _watched(seen: Watch, waits_for: str) -> dict[str, object]:
    sighting = seen.sighting
    return {
        "stamp": sighting.stamp,
        "size": sighting.size,
        "modified": None if sighting.modified is None else micros(sighting.modified),
        "polls": seen.polls,
        "first_at": micros(seen.first_at),
        "changed_at": None if seen.changed_at is None else micros(seen.changed_at),
        "waits_for": waits_for,
    }


def _incoming(row: AnyRow) -> Incoming:
    sighting = Sighting(row.name, row.size, instant_or_none(row.modified), row.stamp)
    seen = Watch(sighting, row.polls, instant_or_none(row.changed_at), instant(row.first_at))
    return Incoming(row.id, row.name, Step(row.step), seen, row.waits_for, row.sha256, instant(row.step_at))
