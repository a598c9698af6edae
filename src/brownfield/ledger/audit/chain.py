"""Appending to a chain."""

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from brownfield.contract import canonical
from brownfield.ledger import schema
from brownfield.ledger.audit.key import AuditKey, leaves, token
from brownfield.ledger.instant import micros
from brownfield.ledger.prepared import Prepared, Way

GENESIS = bytes(32)
"""The mac before the first entry."""

Head = tuple[int, bytes]
"""Where a chain ends: the number and the mac of its last entry."""

Tokens = list[bytes]

FINDABLE = 64
"""Values by which one entry can be found, the first ones: a caller chooses how many there are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    Attributes:
        event: A word of the closed vocabulary.
        at: When, UTC.
        body: What is to be known of it, as plain JSON values; personal fields already masked.
        identity: The name of the identity that did it.
        wrapper: The bundle it was done to.
        operation: The operation or feed.
        proposal: The proposal that it is a part of.
        subjects: The values it is about (arguments, results): findable by `subject_token`, not readable.
    """

    event: str
    at: datetime
    body: Mapping[str, Any]
    identity: str | None = None
    wrapper: str | None = None
    operation: str | None = None
    proposal: str | None = None
    subjects: Mapping[str, Any] | Sequence[Any] = field(default=())


def append(connection: Way, key: AuditKey, chain: str, entries: Sequence[Entry]) -> list[int]:
    """Add entries to the end of a writer's chain, in the caller's transaction: all of them or none.

    The head is read and moved in that transaction, so that two writers of one chain take turns; many entries at
    once cost little more than one.

    Returns:
        The ids of the entries, in order.
    """
    if not entries:
        return []
    secret = key.derived("subject")
    found = [tokens(secret, entry.subjects) for entry in entries]
    head = _head(connection, key, chain)
    rows = list(_linked(key, chain, head, zip(entries, found, strict=True)))
    ids = [_insert(connection, *each) for each in zip(rows, found, strict=True)]
    _MOVE.rows(connection, chain=chain, last=rows[-1]["seq"], link=rows[-1]["mac"], key=key.id)
    return ids


def link(secret: bytes, before: bytes, body: bytes) -> bytes:
    """The mac of an entry: over the mac before it and the bytes stored, never over values rendered again."""
    return hmac.digest(secret, before + body, "sha256")


def tokens(secret: bytes, subjects: object) -> Tokens:
    """The commitments of an entry, `FINDABLE` at most, each once, in an order that tells nothing."""
    return sorted({token(secret, value) for value in islice(leaves(subjects), FINDABLE)})


# Made once: every call that passes the guard ends here, and building a statement costs more than running it.
_CHAIN, _ENTRY = schema.chain.c, schema.entry.c
_HEAD = Prepared(select(_CHAIN.seq, _CHAIN.mac).where(_CHAIN.id == bindparam("chain")).with_for_update())
_BEGIN = Prepared(insert(schema.chain).values({column: bindparam(column.name) for column in _CHAIN}))
_ADD = Prepared(
    insert(schema.entry)
    .values({column: bindparam(column.name) for column in _ENTRY if column is not _ENTRY.id})
    .returning(_ENTRY.id)
)
_INDEX = Prepared(insert(schema.subject).values(token=bindparam("token"), entry=bindparam("entry")))
_MOVE = Prepared(
    update(schema.chain)
    .where(_CHAIN.id == bindparam("chain"))
    .values(seq=bindparam("last"), mac=bindparam("link"), key_id=bindparam("key"))
)


def _head(connection: Way, key: AuditKey, chain: str) -> Head:
    rows = _HEAD.rows(connection, chain=chain)
    if not rows:
        _BEGIN.rows(connection, id=chain, key_id=key.id, seq=0, mac=GENESIS)
        return 0, GENESIS
    ((seq, mac),) = rows
    return seq, mac


def _linked(key: AuditKey, chain: str, head: Head, entries: Iterable[tuple[Entry, Tokens]]) -> Iterator[dict[str, Any]]:
    secret = key.derived("link")
    last, mac = head
    for seq, (entry, found) in enumerate(entries, last + 1):
        columns = _columns(chain, seq, entry)
        subjects = [token.hex() for token in found]
        rest = {"key_id": key.id, "prev": mac.hex(), "subjects": subjects, "body": dict(entry.body)}
        body = canonical({**columns, **rest})
        mac = link(secret, mac, body)
        yield {**columns, "body": body, "mac": mac}


def _columns(chain: str, seq: int, entry: Entry) -> dict[str, Any]:
    return {
        "chain": chain,
        "seq": seq,
        "at": micros(entry.at),
        "event": entry.event,
        "identity": entry.identity,
        "wrapper": entry.wrapper,
        "operation": entry.operation,
        "proposal": entry.proposal,
    }


def _insert(connection: Way, row: dict[str, Any], found: Tokens) -> int:
    ((entry,),) = _ADD.rows(connection, **row)
    for one in found:
        _INDEX.rows(connection, token=one, entry=entry)
    return int(entry)
