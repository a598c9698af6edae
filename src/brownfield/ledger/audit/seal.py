"""Seals: the heads of the chains, written down outside the database.

Whoever can write the database can cut a chain's tail or put an old backup back, and every link that is left holds. A
head kept elsewhere (a file on another disk, a mailbox) tells (trust.md 2.1, SQL Server ledger; T28).
"""

import hmac
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import Connection, select

from brownfield.contract import canonical
from brownfield.ledger import schema
from brownfield.ledger.audit.key import AuditKey
from brownfield.ledger.instant import instant, micros


@dataclass(frozen=True, slots=True)
class Seal:
    """Where a chain ended at some moment."""

    chain: str
    seq: int
    mac: bytes


def seal(connection: Connection) -> list[Seal]:
    """The heads of all chains now."""
    columns = schema.chain.c
    rows = connection.execute(select(columns.id, columns.seq, columns.mac).order_by(columns.id))
    return [Seal(row.id, row.seq, row.mac) for row in rows]


@dataclass(frozen=True, slots=True)
class Seals:
    """What a file of seals holds.

    Attributes:
        found: Those that are good, oldest first, up to the first line that is not.
        newest: When the last of them was made; None when there is none.
        problem: Why the rest is not believed, else empty.
    """

    found: tuple[Seal, ...] = ()
    newest: datetime | None = None
    problem: str = ""


def append_seals(path: Path, key: AuditKey, seals: Iterable[Seal], now: datetime) -> None:
    """Add seals to a file of JSON lines, readable by its owner only; on disk when this returns.

    Each line has a MAC over itself and the MAC before it: who has no key of the audit can take lines from the end
    only, and the time of the newest tells that. A line that a killed process left half written is closed off first.
    """
    with _TURN:
        _append(path, key, seals, now)


_TURN = Lock()
"""Each line follows the one before it, so those who add take turns."""


def _append(path: Path, key: AuditKey, seals: Iterable[Seal], now: datetime) -> None:
    content = path.read_bytes() if path.exists() else b""
    secret, before, lines = key.derived("seal"), _last(content), []
    for one in seals:
        line = {"at": micros(now), "chain": one.chain, "seq": one.seq, "mac": one.mac.hex()}
        before = _link(secret, before, line)
        lines.append(canonical(line | {"key": key.id, "link": before}) + b"\n")
    torn = bool(content) and not content.endswith(b"\n")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, b"\n" * torn + b"".join(lines))
        os.fsync(handle)
    finally:
        os.close(handle)


def read_seals(path: Path, keys: Mapping[str, AuditKey]) -> Seals:
    """The seals of a file. Half-written lines are passed over; one that no key of ours made ends the reading."""
    if not path.exists():
        return Seals()
    found: list[Seal] = []
    before, newest = "", None
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        fields = _fields(line)
        if fields is None:
            continue
        key = keys.get(str(fields.get("key")))
        said = {name: fields.get(name) for name in ("at", "chain", "seq", "mac")}
        made = _link(key.derived("seal"), before, said) if key else ""
        if not key or not hmac.compare_digest(made.encode(), str(fields.get("link")).encode()):
            return Seals(tuple(found), newest, f"line {number} of the seals was not made here, or does not follow")
        before, newest = made, instant(fields["at"])
        found.append(Seal(fields["chain"], fields["seq"], bytes.fromhex(fields["mac"])))
    return Seals(tuple(found), newest)


def _link(secret: bytes, before: str, line: Mapping[str, Any]) -> str:
    return hmac.digest(secret, before.encode() + canonical(line), "sha256").hex()


def _last(content: bytes) -> str:
    """The MAC of the last whole line; empty before the first."""
    lines = (_fields(line) for line in reversed(content.splitlines()))
    return next((str(fields.get("link", "")) for fields in lines if fields is not None), "")


def _fields(line: bytes) -> dict[str, Any] | None:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) else None
