"""The stop button: what is halted, by whom and why. A halt ends only when somebody lifts it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, literal, select, update

from brownfield.ledger import schema
from brownfield.ledger.instant import instant, micros
from brownfield.ledger.prepared import Prepared, Way
from brownfield.ledger.upsert import insert_new

EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Halt:
    """One halt in force.

    Attributes:
        scope: `everything`, `identity:NAME`, `wrapper:ID` or `operation:ID.NAME`.
        by: The name of the identity that pressed the button.
        reason: One sentence for a person.
        at: UTC.
    """

    scope: str
    by: str
    reason: str
    at: datetime


def set_halt(connection: Connection, scope: str, by: str, reason: str, now: datetime) -> bool:
    """Halt a scope from this commit on. False when it is halted already; the first reason stays.

    Raises:
        ValueError: The scope is none of the four kinds.
    """
    _check(scope)
    return insert_new(connection, schema.halt, {"scope": scope, "by": by, "reason": reason, "at": micros(now)})


def lift_halt(connection: Connection, scope: str, by: str, now: datetime) -> bool:
    """Let a scope go on. False when it was not halted. Other halts that cover it stay."""
    columns = schema.halt.c
    statement = (
        update(schema.halt)
        .where(columns.scope == scope, columns.resumed_at.is_(None))
        .values(resumed_by=by, resumed_at=micros(now))
        .returning(columns.id)
    )
    return connection.execute(statement).first() is not None


def active_halts(connection: Way) -> tuple[Halt, ...]:
    """The halts in force, oldest first."""
    return tuple(map(active, _ACTIVE.rows(connection)))


ACTIVE = (schema.halt.c.scope, schema.halt.c.by, schema.halt.c.reason, schema.halt.c.at)
"""What is asked of a halt in force."""
_ACTIVE = Prepared(select(*ACTIVE).where(schema.halt.c.resumed_at.is_(None)).order_by(schema.halt.c.id))


def active(row: Sequence[Any]) -> Halt:
    """The halt of a row of these columns."""
    scope, by, reason, at = row
    return Halt(scope, by, reason, instant(at))


def blocking(halts: Iterable[Halt], identity: str, wrapper: str, operation: str) -> Halt | None:
    """The first of these halts that stands in the way of a call."""
    scopes = {EVERYTHING, f"identity:{identity}", f"wrapper:{wrapper}", f"operation:{wrapper}.{operation}"}
    return next((halt for halt in halts if halt.scope in scopes), None)


def halted(
    identity: ColumnElement[str], wrapper: ColumnElement[str], operation: ColumnElement[str]
) -> ColumnElement[bool]:
    """The same question as a condition on columns, so that a claim asks it in its own statement."""
    columns = schema.halt.c
    scopes = (
        literal(EVERYTHING),
        literal("identity:") + identity,
        literal("wrapper:") + wrapper,
        literal("operation:") + wrapper + "." + operation,
    )
    return exists().where(columns.resumed_at.is_(None), columns.scope.in_(scopes))


def _check(scope: str) -> None:
    kind, _, name = scope.partition(":")
    known = scope == EVERYTHING or (kind in {"identity", "wrapper"} and name)
    if not known and not (kind == "operation" and all(name.partition("."))):
        raise ValueError(f"{scope!r} is not everything, identity:NAME, wrapper:ID or operation:ID.NAME")
