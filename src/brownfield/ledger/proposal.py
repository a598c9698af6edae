"""Proposals: what was asked, who decided, who holds it, how it ended.

Every change of state is one compare-and-set along the table in `rules.proposal`: of two who act at once, one wins and
the other is told.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, Update, and_, exists, or_, select, tuple_, update

from brownfield.contract import fingerprint
from brownfield.ledger import schema
from brownfield.ledger.conflict import Moved
from brownfield.ledger.document import parsed, stored
from brownfield.ledger.halt import halted
from brownfield.ledger.instant import instant, instant_or_none, micros
from brownfield.ledger.schema import AnyRow
from brownfield.ledger.upsert import insert_new
from brownfield.rules.proposal import FINAL, UNDONE, Event, State, follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A requested write.

    Attributes:
        id: Random, 128 bits.
        environment: Where it would be executed.
        wrapper: The bundle.
        operation: The write.
        state: Where it is.
        arguments: As validated.
        key: The idempotency key; None when there is none, or once it is free again.
        surface: The fingerprint of the operation, and of all that it runs, when it was proposed.
        before: The state read when it was proposed, shown to the approver.
        before_hash: Of `before`.
        hash: Of all that an approval binds.
        impact: `{"minor": int, "currency": str}`; None when unknown.
        tier: The tier that the rules gave it.
        needed: Approvals by different people.
        origin: `agent`, `person` or `schedule`.
        proposer: The name of the identity.
        person: The human behind it.
        reason: The proposer's own words.
        undo_of: The proposal that this one would undo.
        created_at: UTC.
        expires_at: UTC; nothing is approved or begun from then on.
        holder: The worker that executes it now.
        fence: One more with every claim and every release: a worker that lost its hold can change nothing.
        lease_until: UTC; until when the holder's claim is good.
        not_before: UTC; the next attempt is not made earlier.
        attempts: Claims so far.
        result: What the call gave.
        reading: What the read-back gave.
        outcome: One sentence on how it ended.
        reference: Of a write done by hand.
        settled_at: UTC; when it reached a final state.
    """

    id: str
    environment: str
    wrapper: str
    operation: str
    arguments: dict[str, Any]
    surface: str
    before_hash: str
    hash: str
    tier: str
    needed: int
    origin: str
    proposer: str
    person: str
    reason: str
    created_at: datetime
    expires_at: datetime
    state: State = State.PROPOSED
    key: str | None = None
    before: dict[str, Any] | None = None
    impact: dict[str, Any] | None = None
    undo_of: str | None = None
    holder: str | None = None
    fence: int = 0
    lease_until: datetime | None = None
    not_before: datetime | None = None
    attempts: int = 0
    result: Any = None
    reading: Any = None
    outcome: str | None = None
    reference: str | None = None
    settled_at: datetime | None = None


def binding(proposal: Proposal) -> str:
    """The hash of all that an approval binds."""
    return fingerprint({name: getattr(proposal, name) for name in _BOUND})


_BOUND = (
    "id", "environment", "wrapper", "operation", "arguments", "surface", "before_hash", "impact", "tier", "needed",
    "proposer", "person", "undo_of",
)  # fmt: skip


class Details(TypedDict, total=False):
    """What may be noted with a change of state."""

    result: Any
    reading: Any
    outcome: str
    reference: str
    not_before: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person said to one proposal, bound to the hash that this person saw."""

    proposal: str
    person: str
    identity: str
    decision: str
    hash: str
    note: str
    at: datetime


_DOCUMENTS = ("arguments", "before", "impact", "result", "reading")
_TIMES = ("created_at", "expires_at", "lease_until", "not_before", "settled_at")
_KEY = ("environment", "wrapper", "operation", "key")
_COLUMNS = schema.proposal.c


def insert(connection: Connection, proposal: Proposal) -> tuple[Proposal, bool]:
    """Store a proposal, unless its idempotency key is in use.

    Returns:
        The stored proposal and whether this call made it. When it did not, the caller compares the arguments: the
        same ones make it the same request, others a conflict.

    Raises:
        Moved: The key became free between two looks: propose again. PostgreSQL only.
    """
    values = _values({name: getattr(proposal, name) for name in _COLUMNS.keys()})  # noqa: SIM118  not a dict
    if insert_new(connection, schema.proposal, values, _KEY):
        return proposal, True
    same = (_COLUMNS[name] == values[name] for name in _KEY)
    row = connection.execute(select(schema.proposal).where(*same)).first()
    if row is None:
        raise Moved(f"the key {proposal.key} has just become free")
    return _proposal(row), False


def get(connection: Connection, id_: str) -> Proposal | None:
    """The proposal of this id."""
    row = connection.execute(select(schema.proposal).where(_COLUMNS.id == id_)).first()
    return None if row is None else _proposal(row)


def listing(
    connection: Connection,
    *,
    states: Collection[State] | None = None,
    proposer: str | None = None,
    wrapper: str | None = None,
    limit: int = 100,
    after: str | None = None,
) -> list[Proposal]:
    """Proposals, newest first. To page on, give the last id as `after`."""
    statement = select(schema.proposal).order_by(_COLUMNS.created_at.desc(), _COLUMNS.id.desc()).limit(limit)
    if states is not None:
        statement = statement.where(_COLUMNS.state.in_([state.value for state in states]))
    if proposer is not None:
        statement = statement.where(_COLUMNS.proposer == proposer)
    if wrapper is not None:
        statement = statement.where(_COLUMNS.wrapper == wrapper)
    if after is not None:
        last = select(_COLUMNS.created_at, _COLUMNS.id).where(_COLUMNS.id == after).scalar_subquery()
        statement = statement.where(tuple_(_COLUMNS.created_at, _COLUMNS.id) < last)
    return [_proposal(row) for row in connection.execute(statement)]


def move(
    connection: Connection,
    id_: str,
    event: Event,
    now: datetime,
    *,
    fence: int | None = None,
    **details: Unpack[Details],
) -> Proposal:
    """Let an event happen to a proposal.

    Args:
        connection: The transaction that also holds the audit entry.
        id_: Which proposal.
        event: Any but `claim`, which is `claim`'s.
        now: The time of the event.
        fence: What the claim gave: required of whoever executes. It is used up with the hold.
        details: See `Details`.

    Returns:
        The proposal as it is now.

    Raises:
        Moved: There is no such proposal, somebody else was first, or the fence is stale.
        NotPossible: The state does not allow the event.
    """
    if event is Event.CLAIM:
        raise ValueError("a claim takes a lease: use claim()")
    present = get(connection, id_)
    if present is None:
        raise Moved(f"there is no proposal {id_}")
    target = follow(present.state, event)
    here = [_COLUMNS.id == id_, _COLUMNS.state == present.state.value]
    if fence is not None:
        here.append(_COLUMNS.fence == fence)
    values = _values({**details, **_arriving(target, now), **_leaving(present.state)})
    row = connection.execute(update(schema.proposal).where(*here).values(values).returning(*_COLUMNS)).first()
    if row is None:
        raise Moved(f"proposal {id_} is no longer {present.state}, or is in other hands")
    return _proposal(row)


def claim(
    connection: Connection,
    holder: str,
    now: datetime,
    lease: timedelta,
    *,
    read_only: Collection[str] = (),
    aside: Collection[str] = (),
    environment: str | None = None,
) -> Proposal | None:
    """Take the oldest approved proposal that may be executed now. Commit before the call is made.

    Whether a halt stands in the way is asked in the same statement: after the commit of a halt no claim succeeds.

    Args:
        connection: A write transaction.
        holder: This process.
        now: The time of the claim.
        lease: How long the claim is good: longer than the call's deadline.
        read_only: Wrappers whose writes are not executed.
        aside: Writes that leave as a file, `wrapper.operation`: they are claimed by `claim_these`.
        environment: Only this environment.
    """
    ready = [
        *_ready(now),
        _COLUMNS.wrapper.not_in(list(read_only)),
        (_COLUMNS.wrapper + "." + _COLUMNS.operation).not_in(list(aside)),
    ]
    if environment is not None:
        ready.append(_COLUMNS.environment == environment)
    oldest = select(_COLUMNS.id).where(*ready).order_by(_COLUMNS.created_at, _COLUMNS.id).limit(1)
    taken = oldest.with_for_update(skip_locked=True).scalar_subquery()
    statement = _claimed(_COLUMNS.id == taken, holder).values(lease_until=micros(now + lease))
    row = connection.execute(statement.returning(*_COLUMNS)).first()
    return None if row is None else _proposal(row)


def claim_these(connection: Connection, ids: Collection[str], holder: str, now: datetime) -> list[Proposal]:
    """Take those of these proposals that may be executed now, oldest first: they leave in one file.

    Halts are asked in the same statement. There is no lease: until the file has left they are nobody else's.
    """
    statement = _claimed(_COLUMNS.id.in_(list(ids)), holder).where(*_ready(now))
    found = [_proposal(row) for row in connection.execute(statement.returning(*_COLUMNS))]
    return sorted(found, key=lambda proposal: (proposal.created_at, proposal.id))


def waiting(connection: Connection, environment: str, wrapper: str, operations: Collection[str],
            now: datetime) -> list[Proposal]:  # fmt: skip
    """The approved proposals of these operations that could be claimed now, oldest first."""
    here = (_COLUMNS.environment == environment) & (_COLUMNS.wrapper == wrapper)
    return _all(connection, and_(here, _COLUMNS.operation.in_(list(operations)), *_ready(now)))


def these(connection: Connection, ids: Collection[str]) -> dict[str, Proposal]:
    """Proposals by id."""
    return {proposal.id: proposal for proposal in _all(connection, _COLUMNS.id.in_(list(ids)))}


def _ready(now: datetime) -> list[ColumnElement[bool]]:
    """What every proposal must be that is claimed."""
    return [
        _COLUMNS.state == State.APPROVED.value,
        or_(_COLUMNS.not_before.is_(None), _COLUMNS.not_before <= micros(now)),
        _COLUMNS.expires_at > micros(now),
        ~halted(_COLUMNS.proposer, _COLUMNS.wrapper, _COLUMNS.operation),
    ]


def _claimed(which: ColumnElement[bool], holder: str) -> Update:
    values = {"state": State.EXECUTING.value, "holder": holder, "fence": _COLUMNS.fence + 1,
              "attempts": _COLUMNS.attempts + 1}  # fmt: skip
    return update(schema.proposal).where(which).values(values)


def orphans(connection: Connection, holder: str, now: datetime, *, alone: bool = False) -> list[Proposal]:
    """Proposals that another process began to execute and will not finish: what they did is unknown.

    Those that are in a file are none: whether it has left is found out where it was put.

    Args:
        connection: Where to look.
        holder: This process.
        now: Leases that ended by then have run out.
        alone: This process holds the single-process lock, so that every other holder is dead.
    """
    in_file = exists().where(schema.input_record.c.proposal == _COLUMNS.id)
    others = (_COLUMNS.state == State.EXECUTING.value) & (_COLUMNS.holder != holder) & ~in_file
    lost = others if alone else others & (_COLUMNS.lease_until <= micros(now))
    return _all(connection, lost)


def expired(connection: Connection, now: datetime) -> list[Proposal]:
    """Proposals that nobody decided, or nobody executed, in time."""
    waiting = _COLUMNS.state.in_([State.PROPOSED.value, State.APPROVED.value])
    return _all(connection, waiting & (_COLUMNS.expires_at <= micros(now)))


def record_decision(
    connection: Connection,
    proposal_id: str,
    *,
    person: str,
    identity: str,
    decision: str,
    hash_: str,
    note: str,
    now: datetime,
) -> bool:
    """Keep what a person said. False when this person has decided already: the first word stands."""
    values = {
        "proposal": proposal_id,
        "person": person,
        "identity": identity,
        "decision": decision,
        "hash": hash_,
        "note": note,
        "at": micros(now),
    }
    return insert_new(connection, schema.approval, values)


def decisions(connection: Connection, proposal_id: str) -> list[Decision]:
    """What people said, in order."""
    columns = schema.approval.c
    statement = select(schema.approval).where(columns.proposal == proposal_id).order_by(columns.at, columns.person)
    return [Decision(**{**row._asdict(), "at": instant(row.at)}) for row in connection.execute(statement)]


def _all(connection: Connection, condition: ColumnElement[bool]) -> list[Proposal]:
    statement = select(schema.proposal).where(condition).order_by(_COLUMNS.created_at, _COLUMNS.id)
    return [_proposal(row) for row in connection.execute(statement)]


def _arriving(state: State, now: datetime) -> dict[str, Any]:
    settled = {"settled_at": now} if state in FINAL else {}
    freed = {"key": None} if state in UNDONE else {}
    return {"state": state, **settled, **freed}


def _leaving(state: State) -> dict[str, Any]:
    if state is not State.EXECUTING:
        return {}
    return {"holder": None, "lease_until": None, "fence": _COLUMNS.fence + 1}


def _values(fields: dict[str, Any]) -> dict[str, Any]:
    documents = {name: stored(fields[name]) for name in _DOCUMENTS if name in fields}
    times = {name: micros(fields[name]) for name in _TIMES if fields.get(name) is not None}
    state = {"state": fields["state"].value}
    return {**fields, **documents, **times, **state}


def _proposal(row: AnyRow) -> Proposal:
    fields = row._asdict()
    documents = {name: parsed(fields[name]) for name in _DOCUMENTS}
    times = {name: instant_or_none(fields[name]) for name in _TIMES}
    return Proposal(**{**fields, **documents, **times, "state": State(row.state)})
