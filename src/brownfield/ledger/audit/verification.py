"""Verifying the chains, link by link, in bounded memory."""

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection, select, type_coerce
from sqlalchemy.types import NULLTYPE

from brownfield.ledger import schema
from brownfield.ledger.audit.chain import GENESIS, Head, link
from brownfield.ledger.audit.key import AuditKey
from brownfield.ledger.audit.seal import Seal, Seals
from brownfield.ledger.schema import AnyRow

_BATCH = 2000
_NAMES = ("chain", "seq", "at", "event", "identity", "wrapper", "operation", "proposal")
_RAW: list[Any] = [type_coerce(schema.entry.c[name], NULLTYPE) for name in ("id", "body", "mac", *_NAMES)]
"""What is stored, whatever somebody put there: no conversion may fail on it, and none may mend it."""

Sealed = Mapping[int, set[bytes]]
"""The macs that were sealed, by number."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What was found of one chain.

    Attributes:
        chain: The writer's id.
        entries: Entries that are good, up to the first that is not.
        ok: Whether all of them are, and none is missing.
        broken_at: The number of the first entry that is not good; None when all are.
        reason: One sentence on it, else empty.
    """

    chain: str
    entries: int
    ok: bool
    broken_at: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of all chains.

    Attributes:
        ok: Whether everything is as it was written.
        entries: Good entries.
        chains: A report per chain, by name.
        index: Why the index of subjects does not lead to what the entries say, else empty. Not checked once a chain
            is broken.
        seals: How many heads kept outside the database it was held against.
        sealed_at: When the newest of them was made: hold it against when the server last ran.
        unsealed: Why the seals are not to be believed, else empty.
    """

    ok: bool
    entries: int
    chains: tuple[ChainReport, ...]
    index: str = ""
    seals: int = 0
    sealed_at: datetime | None = None
    unsealed: str = ""


class Broken(Exception):
    """The next entry of a chain is not good, or is not there."""


class Walk:
    """Follows one chain from a known head.

    Args:
        chain: The writer's id.
        links: The subkeys for links, by key id.
        head: Where to begin.
    """

    def __init__(self, chain: str, links: Mapping[str, bytes], head: Head = (0, GENESIS)) -> None:
        self.chain = chain
        self.seq, self.mac = head
        self.entries = 0
        self._links = links

    def step(self, body: object, mac: object, columns: tuple[Any, ...] | None = None) -> dict[str, Any]:
        """Take the next entry and give what it says.

        Args:
            body: As stored.
            mac: As stored.
            columns: What the row says beside the body, in the order of the table; None when there is no row.

        Raises:
            Broken: It is not what was written after the entry before it.
        """
        if not isinstance(body, bytes) or not isinstance(mac, bytes):
            raise Broken("it is not stored as bytes")
        document = _document(body)
        secret = self._links.get(str(document.get("key_id")))
        if secret is None:
            raise Broken(f"it names the key {document.get('key_id')}, which is not at hand")
        if not hmac.compare_digest(link(secret, self.mac, body), mac):
            raise Broken("it was changed, moved or replaced: its mac does not fit")
        said = _said(document)
        if said[:2] != (self.chain, self.seq + 1):
            raise Broken(f"it was written as entry {said[1]} of {said[0]}")
        if columns is not None and columns != said:
            raise Broken("the row's columns do not say what was written")
        self.seq, self.mac, self.entries = self.seq + 1, mac, self.entries + 1
        return document

    def report(self, reason: str = "") -> ChainReport:
        """What was found so far; with a reason, the next entry is the broken one."""
        return ChainReport(self.chain, self.entries, not reason, self.seq + 1 if reason else None, reason)


class _Reading:
    """One reading of the whole audit: what passes every chain."""

    def __init__(self, connection: Connection, progress: Callable[[int], None]) -> None:
        self.index = _Tally()
        self.entries = 0
        self._connection = connection
        self._progress = progress

    def follow(self, walk: Walk, head: Head | None, sealed: Sealed) -> ChainReport:
        try:
            self._steps(walk, sealed)
            _end(walk, head, sealed)
        except Broken as broken:
            return walk.report(str(broken))
        return walk.report()

    def _steps(self, walk: Walk, sealed: Sealed) -> None:
        columns = schema.entry.c
        statement = select(*_RAW).where(columns.chain == walk.chain).order_by(columns.seq)
        before = 0
        for rows in self._connection.execute(statement, execution_options={"yield_per": _BATCH}).partitions():
            for row in rows:
                self._step(walk, row, sealed, before)
                before = row[0]
            self.entries += len(rows)
            self._progress(self.entries)

    def _step(self, walk: Walk, row: AnyRow, sealed: Sealed, before: int) -> None:
        id_, body, mac = row[:3]
        columns = row[3:]
        seq = columns[1]
        if seq != walk.seq + 1:
            raise Broken("it is missing" if seq > walk.seq + 1 else "its number was given twice")
        if sealed.get(seq, {mac}) != {mac}:
            raise Broken("it is not the entry that was sealed")
        if id_ <= before:
            raise Broken("it was moved among the entries of other chains")
        document = walk.step(body, mac, columns)
        for token in document["subjects"]:
            self.index.add(bytes.fromhex(token), id_)


class _Tally:
    """A sum over (token, entry) pairs in any order: it is zero when both sides hold the same pairs.

    Terms are SipHash, keyed by the process, over a salt of this run: nobody can choose pairs that cancel out.
    """

    def __init__(self) -> None:
        self.sum = 0
        self._salt = secrets.token_bytes(16)

    def add(self, token: bytes, entry: int) -> None:
        self.sum += hash(b"%b%b%a" % (self._salt, token, entry))

    def take(self, token: bytes, entry: int) -> None:
        self.sum -= hash(b"%b%b%a" % (self._salt, token, entry))


def verify(
    connection: Connection,
    keys: Mapping[str, AuditKey],
    seals: Seals | None = None,
    progress: Callable[[int], None] = lambda _entries: None,
) -> Verification:
    """Read the whole audit and hold it against keys and seals.

    It finds an entry that was edited, deleted, moved, replaced or added; a column that disagrees with what was
    written; a tail that was cut; a subject's index entry gone or made up; and, with seals, an old backup put back or a
    whole chain gone.

    Args:
        connection: A read transaction: one consistent view.
        keys: Every key that ever signed, by id.
        seals: Heads kept outside the database; None where there can be none.
        progress: Told now and then how many entries have been read.
    """
    links = link_keys(keys)
    kept = seals or Seals()
    sealed, heads = _by_chain(kept.found), _heads(connection)
    reading = _Reading(connection, progress)
    chains = sorted({*heads, *sealed, *connection.scalars(select(schema.entry.c.chain).distinct())})
    reports = tuple(reading.follow(Walk(name, links), heads.get(name), sealed.get(name, {})) for name in chains)
    good = all(report.ok for report in reports)
    index = _index_problem(connection, reading.index) if good else ""
    unsealed = kept.problem or _unsealed(connection, seals)
    ok = good and not index and not unsealed
    total = sum(report.entries for report in reports)
    return Verification(ok, total, reports, index, len(kept.found), kept.newest, unsealed)


def _unsealed(connection: Connection, seals: Seals | None) -> str:
    """A server seals when it stops: where one did and no seal is left, somebody has taken them away."""
    if seals is None or seals.found:
        return ""
    stopped = select(schema.entry.c.id).where(schema.entry.c.event == "server.stopped").limit(1)
    gone = connection.execute(stopped).first() is not None
    return "a server ran on this ledger, and no seal of it is left" if gone else ""


def link_keys(keys: Mapping[str, AuditKey]) -> dict[str, bytes]:
    """The subkeys for links, by key id."""
    return {id_: key.derived("link") for id_, key in keys.items()}


_said = itemgetter(*_NAMES)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise Broken("its body is not what any writer writes")
    return document


def _end(walk: Walk, head: Head | None, sealed: Sealed) -> None:
    if any(seq > walk.seq for seq in sealed):
        raise Broken(f"it is gone, with all up to {max(sealed)}: the tail was cut or an older copy was put back")
    if head is None:
        raise Broken("the chain's head is gone")
    if head != (walk.seq, walk.mac):
        raise Broken(f"the chain's head names entry {head[0]}: the tail was cut or the head was changed")


def _heads(connection: Connection) -> dict[str, Head]:
    columns = schema.chain.c
    rows = connection.execute(select(columns.id, columns.seq, type_coerce(columns.mac, NULLTYPE)))
    return {id_: (seq, mac) for id_, seq, mac in rows}


def _by_chain(seals: Iterable[Seal]) -> dict[str, dict[int, set[bytes]]]:
    found: dict[str, dict[int, set[bytes]]] = {}
    for seal in seals:
        if seal.seq:
            found.setdefault(seal.chain, {}).setdefault(seal.seq, set()).add(seal.mac)
    return found


def _index_problem(connection: Connection, index: _Tally) -> str:
    statement = select(type_coerce(schema.subject.c.token, NULLTYPE), schema.subject.c.entry)
    try:
        for rows in connection.execute(statement, execution_options={"yield_per": _BATCH}).partitions():
            for token, entry in rows:
                index.take(token, entry)
    except TypeError:
        return "the index of subjects holds something that no writer writes"
    return "the index of subjects does not lead where the entries say: a question may miss some" if index.sum else ""
