"""Refusals that no contract declares, as the audit has them."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, Text, cast, select

from brownfield.ledger import schema
from brownfield.ledger.instant import instant

EVENTS = ("read.failed", "write.rejected")
_MARK = '%"undeclared":%'


@dataclass(frozen=True, slots=True)
class StrangeFault:
    """A refusal that was met at run time and that no contract declares.

    Attributes:
        wrapper: The bundle.
        operation: What was asked for.
        fault: What the system called it.
        count: How often it was met.
        first: UTC; when it was met first.
        last: UTC; when it was met last.
    """

    wrapper: str
    operation: str
    fault: str
    count: int
    first: datetime
    last: datetime


def strange_faults(connection: Connection, wrapper: str) -> list[StrangeFault]:
    """The undeclared refusals of a wrapper, those met last first."""
    columns = schema.entry.c
    statement = (
        select(columns.operation, columns.at, columns.body)
        .where(columns.event.in_(EVENTS), columns.wrapper == wrapper, cast(columns.body, Text).like(_MARK))
        .order_by(columns.at)
    )
    found: dict[tuple[str, str], StrangeFault] = {}
    for row in connection.execute(statement):
        operation, at = row.operation or "", instant(row.at)
        fault = orjson.loads(row.body)["body"].get("undeclared")
        if not fault:  # the word stands in somebody's argument
            continue
        before = found.get((operation, fault))
        count, first = (before.count + 1, before.first) if before else (1, at)
        found[operation, fault] = StrangeFault(wrapper, operation, fault, count, first, at)
    return sorted(found.values(), key=lambda fault: fault.last, reverse=True)
