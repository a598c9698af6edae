"""Keys and grants, kept on the ledger itself: no server is needed, and a running one sees every change at once.

Each change and its audit entry commit together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from brownfield.ledger.audit import AuditKey, Entry, append
from brownfield.ledger.conflict import Taken
from brownfield.ledger.identity import (
    KeyRow,
    add_grant,
    add_identity,
    add_key,
    expire_key,
    find_identity,
    find_key,
    grants,
    identities,
    keys,
    remove_grant,
    revoke_key,
)
from brownfield.ledger.migration.migrate import LedgerIsNewer, migrate
from brownfield.ledger.store import Ledger
from brownfield.rules import phrase
from brownfield.rules.access import Identity, Role, grant_problem
from brownfield.rules.problem import Problem
from brownfield.runtime.clock import Clock
from brownfield.runtime.home import Home
from brownfield.runtime.kernel import find_bundles
from brownfield.runtime.key import KeyRing, audit_key
from brownfield.wrapper.manifest import Manifest, nearest, read_manifest

CHAIN = "cli"
Grant = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """A new key. This is the only time that it is seen.

    Attributes:
        key: The key itself.
        prefix: What lists show of it.
        identity: Whose it is.
        expires_at: UTC; None for a key without an end.
    """

    key: str
    prefix: str
    identity: Identity
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Books:
    """The ledger and both secrets, open for one command.

    Attributes:
        ledger: The one durable store.
        audit: The key of the audit's chains.
        ring: Makes and recognises callers' keys.
        home: Where all of it lies.
        person: Who sits at the terminal; named in the audit.
        clock: The time.
    """

    ledger: Ledger
    audit: AuditKey
    ring: KeyRing
    home: Home
    person: str
    clock: Clock

    def note(self, connection: Connection, event: str, body: Mapping[str, Any], grant: Grant | None = None) -> None:
        """Write an audit entry in the caller's transaction."""
        wrapper, operation = grant or (None, None)
        facts = {"person": self.person, **{name: value for name, value in body.items() if value is not None}}
        about: dict[str, Any] = {name: facts[name] for name in ("holder", "key") if name in facts}
        entry = Entry(event, self.clock.now(), facts, None, wrapper, operation, None, about)
        append(connection, self.audit, CHAIN, [entry])


@contextmanager
def open_books(home: Home, person: str, clock: Clock | None = None) -> Iterator[Books]:
    """Open the ledger in `home`, made on first use.

    Raises:
        Problem: It was written by a newer brownfield.
    """
    home.prepare()
    ledger = Ledger(home.ledger_url)
    try:
        migrate(ledger)
        yield Books(ledger, audit_key(home.keys), KeyRing(home.keys), home, person, clock or Clock())
    except LedgerIsNewer as error:
        raise Problem("ledger", str(error), next="Install the newer brownfield.") from error
    finally:
        ledger.close()


def create(books: Books, identity: Identity, wanted: Sequence[Grant], expires: timedelta | None) -> Made:
    """Register an identity (its `id` is not used) with a first key and its grants.

    Raises:
        Problem: `conflict`: the name is taken. `invalid`: it is none that a halt and the audit could say.
    """
    if phrase.name(identity.name) != identity.name:
        raise Problem("invalid", f"{phrase.name(identity.name)} is no name for an identity",
                      next="Use letters, digits and _.@+- , beginning with a letter or digit, at most 64.")  # fmt: skip
    now = books.clock.now()
    with books.ledger.write() as connection:
        try:
            made = add_identity(connection, identity.name, identity.role, person=identity.person,
                                environment=identity.environment, now=now)  # fmt: skip
        except Taken as error:
            raise Problem("conflict", str(error), next=f"brownfield keys rotate {identity.name}") from error
        except ValueError as error:
            raise Problem("invalid", str(error), next="Write a mail address or a staff number.") from error
        key = _add_key(books, connection, made, now, expires)
        _add_grants(books, connection, made, wanted, now)
    return key


def rotate(books: Books, name: str, overlap: timedelta, expires: timedelta | None) -> tuple[Made, list[KeyRow]]:
    """A new key; the old ones stay good for `overlap`, so that no call fails meanwhile.

    Returns:
        The new key, and the old ones that were given an end.
    """
    now = books.clock.now()
    with books.ledger.write() as connection:
        identity = _identity(connection, name)
        until = now + overlap
        old = [key for key in keys(connection) if key.identity.id == identity.id and _outlives(key, until)]
        for key in old:
            expire_key(connection, key.prefix, until)
        replaced = {"replaces": [key.prefix for key in old], "until": until.isoformat(timespec="seconds")}
        return _add_key(books, connection, identity, now, expires, replaced), old


def revoke(books: Books, prefix: str) -> KeyRow:
    """Make a key useless at once.

    Raises:
        Problem: There is no such key, or it is revoked.
    """
    with books.ledger.write() as connection:
        row = find_key(connection, prefix)
        if row is None:
            near = nearest(prefix, [key.prefix for key in keys(connection)])
            advice = f"Did you mean {near}?" if near else "brownfield keys list shows every key."
            raise Problem("not-found", f"no key begins with {prefix}", next=advice)
        if not revoke_key(connection, prefix, books.clock.now()):
            raise Problem("conflict", f"the key {prefix} is revoked already", next="Nothing is left to do.")
        books.note(connection, "key.revoked", {"key": prefix, "holder": row.identity.name,
                                               "environment": row.environment})  # fmt: skip
    return row


def grant(books: Books, name: str, wrappers: Path, operations: Sequence[str]) -> list[Grant]:
    """Grant operations; those that are new, in order.

    Raises:
        Problem: The manifest does not allow one of them; none is granted then.
    """
    with books.ledger.write() as connection:
        identity = _identity(connection, name)
        wanted = checked(operations, identity.role, wrappers)
        return _add_grants(books, connection, identity, wanted, books.clock.now())


def ungrant(books: Books, name: str, operations: Sequence[str]) -> list[Grant]:
    """Take grants back; those that were there, in order."""
    with books.ledger.write() as connection:
        identity = _identity(connection, name)
        taken = [pair for pair in map(split, operations) if remove_grant(connection, identity.id, *pair)]
        for pair in taken:
            books.note(connection, "grant.removed", {"grant": ".".join(pair), "holder": name}, pair)
    return taken


def listing(books: Books) -> list[tuple[KeyRow, list[Grant]]]:
    """Every key, oldest first, with what its identity may reach."""
    with books.ledger.read() as connection:
        return [(key, sorted(grants(connection, key.identity.id))) for key in keys(connection)]


def state(key: KeyRow, now: datetime) -> str:
    """`good`, `expired` or `revoked`."""
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= now else "good"


def checked(operations: Iterable[str], role: Role, wrappers: Path) -> list[Grant]:
    """Grants as rows, each held against the manifest that declares it.

    Raises:
        Problem: One may not be granted; says which and why, all of them at once.
    """
    wanted = [split(operation) for operation in operations]
    named = any(pair != ("*", "*") for pair in wanted)
    manifests = {m.id: m for m in map(read_manifest, find_bundles(wrappers))} if named else {}
    errors = [{"path": ".".join(pair), "message": why} for pair in wanted if (why := _refusal(pair, role, manifests))]
    if errors:
        raise Problem("invalid", "cannot be granted: " + ", ".join(error["path"] for error in errors),
                      next="Correct it; nothing was granted.", errors=tuple(errors))  # fmt: skip
    return wanted


def split(operation: str) -> Grant:
    """`inventory.get_stock` as its two names; `*` alone is everything.

    Raises:
        Problem: It is none.
    """
    if operation == "*":
        return "*", "*"
    wrapper, dot, name = operation.partition(".")
    if not (dot and wrapper and name):
        raise Problem("invalid", f"`{operation}` is no operation", next="Write WRAPPER.OPERATION, or WRAPPER.*.")
    return wrapper, name


def _refusal(grant: Grant, role: Role, manifests: Mapping[str, Manifest]) -> str:
    wrapper, name = grant
    if name == "*":
        agents, known = True, [*manifests, "*"]
        return grant_problem(role, "*", agents=agents) or _unknown("wrapper", wrapper, known)
    if wrapper not in manifests:
        return _unknown("wrapper", wrapper, list(manifests))
    manifest = manifests[wrapper]
    exposed = {o: t.agents for o, t in manifest.operations.items() if t.effect}
    exposed |= {f: table.agents for f, table in manifest.feeds.items()}
    if name in manifest.operations and name not in exposed:
        return "nobody declared its effect, so it is not exposed"
    return _unknown("operation or feed", name, list(exposed)) or grant_problem(role, name, agents=exposed[name])


def _unknown(what: str, word: str, known: list[str]) -> str:
    if word in known:
        return ""
    near = nearest(word, known)
    return f"there is no {what} {word}" + (f"; did you mean {near}?" if near else "")


def _identity(connection: Connection, name: str) -> Identity:
    found = find_identity(connection, name)
    if found is None:
        near = nearest(name, [identity.name for identity in identities(connection)])
        raise Problem("not-found", f"there is no identity {name}",
                      next=f"Did you mean {near}?" if near else "brownfield keys list shows every one.")  # fmt: skip
    return found


def _add_key(books: Books, connection: Connection, identity: Identity, now: datetime, expires: timedelta | None,
             more: Mapping[str, Any] | None = None) -> Made:  # fmt: skip
    key, prefix, mac = books.ring.make()
    until = now + expires if expires else None
    add_key(connection, identity.id, prefix, mac, environment=identity.environment, now=now, expires_at=until)
    body = {"key": prefix, "holder": identity.name, "role": identity.role.value, "held_by": identity.person,
            "environment": identity.environment,
            "expires_at": until.isoformat(timespec="seconds") if until else None, **(more or {})}  # fmt: skip
    books.note(connection, "key.created", body)
    return Made(key, prefix, identity, until)


def _add_grants(
    books: Books, connection: Connection, identity: Identity, wanted: Sequence[Grant], now: datetime
) -> list[Grant]:
    added = [
        pair for pair in wanted if add_grant(connection, identity.id, *pair, granted_by=books.person, now=now)
    ]  # fmt: skip
    for pair in added:
        books.note(connection, "grant.added", {"grant": ".".join(pair), "holder": identity.name}, pair)
    return added


def _outlives(key: KeyRow, until: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > until)
