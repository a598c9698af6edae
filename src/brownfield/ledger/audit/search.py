"""Asking the audit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, func, select, union

from brownfield.ledger import schema
from brownfield.ledger.instant import instant, micros
from brownfield.ledger.schema import AnyRow

_COLUMNS = schema.entry.c


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it is recorded.

    Attributes:
        id: The ledger's number: in the order of recording, over all chains.
        chain: The writer's id.
        seq: The number within the chain.
        at: UTC.
        event: A word of the closed vocabulary.
        identity: Who.
        wrapper: The bundle.
        operation: The operation or feed.
        proposal: What it is a part of.
        body: What was noted.
    """

    id: int
    chain: str
    seq: int
    at: datetime
    event: str
    identity: str | None
    wrapper: str | None
    operation: str | None
    proposal: str | None
    body: dict[str, Any]


def search(
    connection: Connection,
    *,
    tokens: Sequence[bytes] = (),
    identity: str | None = None,
    wrapper: str | None = None,
    operation: str | None = None,
    proposal: str | None = None,
    events: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int = 0,
    limit: int = 500,
) -> list[Recorded]:
    """Entries, oldest first.

    With tokens, an answer holds the whole story: besides the entries that are about all of these subjects (and match
    identity, wrapper and operation), every entry of the proposals that those belong to, whoever made it. Time and
    event then narrow the story, not what leads to it: an approval on Tuesday of what was asked on Monday is found.

    Args:
        connection: A read transaction.
        tokens: `subject_token` of each value that an entry must be about.
        identity: By its name.
        wrapper: The bundle.
        operation: The operation or feed.
        proposal: Entries of this proposal.
        events: Any of these words.
        since: From this instant.
        until: Before this instant.
        after: Only ids greater than this: the last one of the page before.
        limit: Entries at most.
    """
    wanted = _story(tokens, identity, wrapper, operation, proposal) + _window(events, since, until)
    statement = select(schema.entry).where(*wanted, _COLUMNS.id > after).order_by(_COLUMNS.id).limit(limit)
    return [_recorded(row) for row in connection.execute(statement)]


def count(
    connection: Connection,
    *,
    tokens: Sequence[bytes] = (),
    identity: str | None = None,
    wrapper: str | None = None,
    operation: str | None = None,
    proposal: str | None = None,
    events: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """How many entries `search` would give, without a limit."""
    wanted = _story(tokens, identity, wrapper, operation, proposal) + _window(events, since, until)
    return connection.execute(select(func.count()).select_from(schema.entry).where(*wanted)).scalar_one()


Conditions = list[ColumnElement[bool]]


def _story(
    tokens: Sequence[bytes],
    identity: str | None,
    wrapper: str | None,
    operation: str | None,
    proposal: str | None,
) -> Conditions:
    wanted = {"identity": identity, "wrapper": wrapper, "operation": operation, "proposal": proposal}
    direct = [_COLUMNS[name] == value for name, value in wanted.items() if value is not None]
    direct += [_COLUMNS.id.in_(_about(token)) for token in tokens]
    if not tokens:
        return direct
    found = select(_COLUMNS.id, _COLUMNS.proposal).where(*direct).cte("found")
    parts = select(_COLUMNS.id).where(_COLUMNS.proposal.in_(select(found.c.proposal)))
    return [_COLUMNS.id.in_(union(select(found.c.id), parts).subquery().select())]


def _about(token: bytes) -> Any:
    return select(schema.subject.c.entry).where(schema.subject.c.token == token)


def _window(events: Collection[str] | None, since: datetime | None, until: datetime | None) -> Conditions:
    window: Conditions = []
    if events is not None:
        window.append(_COLUMNS.event.in_(list(events)))
    if since is not None:
        window.append(_COLUMNS.at >= micros(since))
    if until is not None:
        window.append(_COLUMNS.at < micros(until))
    return window


def _recorded(row: AnyRow) -> Recorded:
    return Recorded(
        id=row.id,
        chain=row.chain,
        seq=row.seq,
        at=instant(row.at),
        event=row.event,
        identity=row.identity,
        wrapper=row.wrapper,
        operation=row.operation,
        proposal=row.proposal,
        body=orjson.loads(row.body)["body"],
    )
