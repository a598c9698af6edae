"""Who may come in: identities, their keys and their grants."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from brownfield.ledger import schema
from brownfield.ledger.conflict import Taken
from brownfield.ledger.halt import ACTIVE, Halt, active
from brownfield.ledger.instant import instant, instant_or_none, micros
from brownfield.ledger.prepared import Prepared, Way
from brownfield.ledger.upsert import insert_new
from brownfield.rules.access import Identity, Role
from brownfield.rules.access import person as one_person

Grants = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as the ledger knows it: never the key itself.

    Attributes:
        identity: Whose it is.
        prefix: The part shown in lists; it finds the row.
        mac: HMAC-SHA-256 of the whole key.
        environment: Where it is good.
        created_at: UTC.
        expires_at: UTC; None for a key without an end.
        revoked_at: UTC; None while it is good.
    """

    identity: Identity
    prefix: str
    mac: bytes
    environment: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Admission:
    """All that the guard must know to judge a call: whose key, what it may reach, what is halted."""

    key: KeyRow
    grants: Grants
    halts: tuple[Halt, ...]


_IDENTITY = (
    schema.identity.c.id,
    schema.identity.c.name,
    schema.identity.c.role,
    schema.identity.c.person,
    schema.identity.c.environment,
)
_KEY = (
    schema.key.c.prefix,
    schema.key.c.mac,
    schema.key.c.environment.label("key_environment"),
    schema.key.c.created_at,
    schema.key.c.expires_at,
    schema.key.c.revoked_at,
)
_KEYS = select(*_IDENTITY, *_KEY).join_from(schema.key, schema.identity)


def add_identity(
    connection: Connection, name: str, role: Role, *, person: str, environment: str, now: datetime
) -> Identity:
    """Register an identity under a new random id of 128 bits.

    Raises:
        Taken: Another identity has this name.
        ValueError: The person is not written in plain letters.
    """
    made = Identity(secrets.token_hex(16), name, role, one_person(person), environment)
    values = {
        "id": made.id,
        "name": name,
        "role": role.value,
        "person": made.person,
        "environment": environment,
        "created_at": micros(now),
    }
    if not insert_new(connection, schema.identity, values):
        raise Taken(f"an identity named {name} exists")
    return made


def identities(connection: Connection) -> list[Identity]:
    """Every identity, by name."""
    return [_identity(row) for row in connection.execute(select(*_IDENTITY).order_by(schema.identity.c.name))]


def find_identity(connection: Connection, name: str) -> Identity | None:
    """The identity of this name."""
    row = connection.execute(select(*_IDENTITY).where(schema.identity.c.name == name)).first()
    return None if row is None else _identity(row)


def add_key(
    connection: Connection,
    identity_id: str,
    prefix: str,
    mac: bytes,
    *,
    environment: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Keep a key's prefix and mac.

    Raises:
        Taken: Another key has this prefix: make the key anew.
    """
    values = {
        "prefix": prefix,
        "identity": identity_id,
        "mac": mac,
        "environment": environment,
        "created_at": micros(now),
        "expires_at": None if expires_at is None else micros(expires_at),
    }
    if not insert_new(connection, schema.key, values):
        raise Taken(f"a key with the prefix {prefix} exists")


def find_key(connection: Connection, prefix: str) -> KeyRow | None:
    """The key of this prefix, revoked and expired ones included: the guard says why it refuses."""
    row = connection.execute(_KEYS.where(schema.key.c.prefix == prefix)).first()
    return None if row is None else _key(row)


def keys(connection: Connection) -> list[KeyRow]:
    """Every key, oldest first."""
    return [_key(row) for row in connection.execute(_KEYS.order_by(schema.key.c.created_at, schema.key.c.prefix))]


def revoke_key(connection: Connection, prefix: str, now: datetime) -> bool:
    """Make a key useless from this commit on. False when there is no such key or it is revoked already."""
    good = (schema.key.c.prefix == prefix) & schema.key.c.revoked_at.is_(None)
    statement = update(schema.key).where(good).values(revoked_at=micros(now)).returning(schema.key.c.prefix)
    return connection.execute(statement).first() is not None


def expire_key(connection: Connection, prefix: str, at: datetime) -> None:
    """Let a key end at a time: the old one of a rotation stays good until its holder has the new one."""
    connection.execute(update(schema.key).where(schema.key.c.prefix == prefix).values(expires_at=micros(at)))


def grants(connection: Connection, identity_id: str) -> Grants:
    """What an identity may reach, as (wrapper, operation or feed)."""
    columns = schema.grant.c
    rows = connection.execute(select(columns.wrapper, columns.operation).where(columns.identity == identity_id))
    return frozenset((row.wrapper, row.operation) for row in rows)


def add_grant(
    connection: Connection, identity_id: str, wrapper: str, operation: str, *, granted_by: str, now: datetime
) -> bool:
    """Grant one operation or feed. False when it was granted already."""
    values = {
        "identity": identity_id,
        "wrapper": wrapper,
        "operation": operation,
        "granted_by": granted_by,
        "created_at": micros(now),
    }
    return insert_new(connection, schema.grant, values)


def remove_grant(connection: Connection, identity_id: str, wrapper: str, operation: str) -> bool:
    """Take a grant back. False when there was none."""
    columns = schema.grant.c
    row = (columns.identity == identity_id) & (columns.wrapper == wrapper) & (columns.operation == operation)
    return connection.execute(delete(schema.grant).where(row).returning(columns.identity)).first() is not None


def admit(connection: Way, prefix: str) -> Admission | None:
    """What the guard needs, in one SELECT: it is on every call's path.

    Returns:
        None when no key has this prefix. Whether the key is good is judged by the caller.
    """
    rows = _ADMISSION.rows(connection, prefix=prefix)
    return _admission(tuple(rows)) if rows else None


_GRANT = (schema.grant.c.wrapper, schema.grant.c.operation)
_OF_KEY, _OF_GRANT = len(_IDENTITY) + len(_KEY), len(_IDENTITY) + len(_KEY) + len(_GRANT)
_ADMISSION = Prepared(
    select(*_IDENTITY, *_KEY, *_GRANT, *ACTIVE)
    .join_from(schema.key, schema.identity)
    .outerjoin(schema.grant, schema.grant.c.identity == schema.identity.c.id)
    .outerjoin(schema.halt, schema.halt.c.resumed_at.is_(None))
    .where(schema.key.c.prefix == bindparam("prefix"))
    .order_by(schema.halt.c.id)
)


@lru_cache(maxsize=256)
def _admission(rows: tuple[tuple[Any, ...], ...]) -> Admission:
    """The same rows mean the same again: between two calls of one key they seldom change.

    Each of them has one grant and one halt in force, or none: every grant comes with every halt.
    """
    reach = frozenset(row[_OF_KEY:_OF_GRANT] for row in rows if row[_OF_KEY] is not None)
    halts = dict.fromkeys(row[_OF_GRANT:] for row in rows if row[_OF_GRANT] is not None)
    return Admission(_key(rows[0][:_OF_KEY]), reach, tuple(map(active, halts)))


def _identity(row: Sequence[Any]) -> Identity:
    id_, name, role, person, environment = row
    return Identity(id_, name, Role(role), person, environment)


def _key(row: Sequence[Any]) -> KeyRow:
    prefix, mac, environment, created_at, expires_at, revoked_at = row[len(_IDENTITY) :]
    return KeyRow(
        identity=_identity(row[: len(_IDENTITY)]),
        prefix=prefix,
        mac=mac,
        environment=environment,
        created_at=instant(created_at),
        expires_at=instant_or_none(expires_at),
        revoked_at=instant_or_none(revoked_at),
    )
