"""The audit as JSON lines that verify without the database."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from brownfield.contract import canonical
from brownfield.ledger import schema
from brownfield.ledger.audit.key import AuditKey
from brownfield.ledger.audit.verification import Broken, ChainReport, Verification, Walk, link_keys
from brownfield.ledger.instant import micros

_BATCH = 2000


def export(connection: Connection, since: datetime, until: datetime) -> Iterator[bytes]:
    """One line per entry: `{"body": the stored text, "mac": hex}`, chain by chain, in order.

    An entry's time is given by who made it and is not in the order of the chain. What lies between the first and the
    last entry of the window is therefore exported too, so that every chain is without a gap.

    Args:
        connection: A read transaction, open while the lines are read.
        since: From this instant.
        until: Before this instant.
    """
    columns = schema.entry.c
    window = (columns.at >= micros(since), columns.at < micros(until))
    ends = select(columns.chain, func.min(columns.seq), func.max(columns.seq)).where(*window)
    for chain, first, last in connection.execute(ends.group_by(columns.chain).order_by(columns.chain)).all():
        part = (columns.chain == chain, columns.seq.between(first, last))
        statement = select(columns.body, columns.mac).where(*part).order_by(columns.seq)
        for body, mac in connection.execute(statement, execution_options={"yield_per": _BATCH}):
            yield canonical({"body": body.decode(), "mac": mac.hex()}) + b"\n"


def verify_export(lines: Iterable[bytes], keys: Mapping[str, AuditKey]) -> Verification:
    """Follow every chain of an export. The first entry of each is taken as the place where it begins.

    That the export is all of it cannot be seen from the export: hold its last mac against a seal.

    Raises:
        ValueError: A line is not one of an export.
    """
    links = link_keys(keys)
    walks: dict[str, Walk] = {}
    broken: dict[str, ChainReport] = {}
    for line in lines:
        fields, document = _parsed(line)
        chain = document["chain"]
        if chain in broken:
            continue
        walk = walks.setdefault(chain, _begin(document, links))
        try:
            walk.step(fields["body"].encode(), bytes.fromhex(fields["mac"]))
        except Broken as fault:
            broken[chain] = walk.report(str(fault))
    reports = tuple(broken.get(name) or walks[name].report() for name in sorted(walks))
    return Verification(not broken, sum(report.entries for report in reports), reports)


def _begin(document: Mapping[str, Any], links: Mapping[str, bytes]) -> Walk:
    return Walk(document["chain"], links, (document["seq"] - 1, bytes.fromhex(document["prev"])))


def _parsed(line: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        fields = orjson.loads(line)
        document = orjson.loads(fields["body"])
        _begin(document, {})
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"not a line of an export: {line[:80]!r}") from None
    return fields, document
