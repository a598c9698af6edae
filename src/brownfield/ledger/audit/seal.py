"""Seals: the heads of the chains, written down outside the database.

Whoever can write the database can cut a chain's tail or put an old backup back, and every link that is left holds. A
head kept elsewhere (a file on another disk, a mailbox) tells (trust.md 2.1, SQL Server ledger; T28).
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from sqlalchemy import Connection, select

from brownfield.contract import canonical
from brownfield.ledger import schema
from brownfield.ledger.instant import micros


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


def append_seals(path: Path, seals: Iterable[Seal], now: datetime) -> None:
    """Add seals to a file of JSON lines, readable by its owner only; on disk when this returns.

    A line that a killed process left half written is closed off first.
    """
    lines = [canonical({"at": micros(now), "chain": s.chain, "seq": s.seq, "mac": s.mac.hex()}) for s in seals]
    torn = path.exists() and not path.read_bytes().endswith(b"\n")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, b"\n" * torn + b"".join(line + b"\n" for line in lines))
        os.fsync(handle)
    finally:
        os.close(handle)


def read_seals(path: Path) -> list[Seal]:
    """The seals of a file, oldest first; none when there is no file. Half-written lines are passed over."""
    return list(_seals(path.read_bytes())) if path.exists() else []


def _seals(content: bytes) -> Iterator[Seal]:
    for line in content.splitlines():
        try:
            fields = orjson.loads(line)
            yield Seal(fields["chain"], fields["seq"], bytes.fromhex(fields["mac"]))
        except (ValueError, KeyError, TypeError):
            continue
