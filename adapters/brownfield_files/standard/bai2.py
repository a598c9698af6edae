"""BAI2, cash management balance reporting of banks in the United States: records of fields with commas between.

A file holds groups, a group accounts, an account summaries and transactions. A record ends with `/`, or with its line;
records 88 go on with the one before them. What is held against the file: the control totals and the numbers of records
and of parts that records 49, 98 and 99 state. Some banks leave the total of 49 empty: it is null in the account's row,
and its amounts are held against nothing. An account that is not what its record 49 states is damage, and the
others are read; a group or a file that is not refuses the file.

The library bai2 reads the same values (it is the oracle of the tests), and refuses a file for one wrong account or for
a type that it does not know: `docs/architecture.md` has the comparison. Source: BAI, "Cash Management
Balance Reporting Specifications, Version 2".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from brownfield.contract import Contract, Damage, Fields, RecordShape, Rejected
from brownfield_files.format.parsed import MOST_BYTES, Content
from brownfield_files.layout.calendar_date import DateFormat, NoDate
from brownfield_files.record.decode import Broken, render
from brownfield_files.record.schema import closed, day, money, text
from brownfield_files.standard.envelope import text_of
from brownfield_files.standard.grouped import Grouped

_CODE = re.compile(rb"(?:01|02|03|16|49|88|98|99)(?=,|/|\s*$)")
_UNITS = re.compile(r"[+-]?[0-9]{1,18}")
_DATE = DateFormat("YYMMDD", 80)
_WITHOUT_DECIMALS = {"JPY", "KRW", "CLP", "VND", "ISK", "XAF", "XOF", "XPF", "PYG", "UGX"}
_WITH_THREE = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
_MOST_PARTS = 3
_MOST_OF_ACCOUNT = 8 << 20

FUNDS: dict[str, Any] = {
    "funds": text(),
    "availability": {"type": "array", "items": closed({"day": text(), "amount": money(null=True)})},
}
KINDS: dict[str, dict[str, Any]] = {
    "file": {"sender": text(), "receiver": text(), "date": day(null=True), "time": text(), "number": text()},
    "group": {
        "file": text(),
        "receiver": text(),
        "originator": text(),
        "status": text(),
        "date": day(null=True),
        "time": text(),
        "currency": text(),
    },
    "account": {
        "file": text(),
        "group_date": day(null=True),
        "account": text(),
        "currency": text(),
        "total": money(null=True),
    },
    "summary": {
        "account": text(),
        "group_date": day(null=True),
        "type": text(),
        "amount": money(null=True),
        "currency": text(),
        "count": text(),
        **FUNDS,
    },
    "transaction": {
        "account": text(),
        "group_date": day(null=True),
        "type": text(),
        "amount": money(null=True),
        "currency": text(),
        **FUNDS,
        "bank_reference": text(),
        "customer_reference": text(),
        "text": text(),
    },
}


@dataclass(slots=True)
class _Record:
    """A record with its continuations: for each of its lines what stands behind the code, without the end sign."""

    code: str
    offset: int
    raw: list[bytes]
    lines: list[str]
    size: int = 0

    def fields(self) -> list[str]:
        """What stands between commas, over all lines."""
        return [one.strip() for line in self.lines for one in line.split(",")]


@dataclass(slots=True)
class _Part:
    """A file, a group or an account that is open.

    Attributes:
        fields: What its row holds.
        offset: Where it begins.
        lines: How many lines it has.
        parts: How many groups or accounts.
        units: The sum of the amounts in it, or of the totals that its parts state.
        raw: An account's bytes.
        rows: An account's summaries and transactions.
        fault: What is wrong about an account first.
        size: How many bytes an account has.
    """

    fields: Fields
    offset: int = 0
    lines: int = 0
    parts: int = 0
    units: int = 0
    raw: list[bytes] = field(default_factory=list)
    rows: list[Content] = field(default_factory=list)
    fault: tuple[str, str, str] | None = None
    size: int = 0

    def take(self, record: _Record) -> None:
        """Keep an account's bytes, in case that it is damage."""
        self.raw += record.raw
        self.size += sum(map(len, record.raw))
        if self.size > _MOST_OF_ACCOUNT:
            reason = f"the account at byte {self.offset} has more than {_MOST_OF_ACCOUNT} bytes"
            raise Rejected(reason, code="too-large")


class Bai2(Grouped):
    """Reads BAI2: a `Parser`."""

    group = "an account"

    def __init__(self) -> None:
        self.layout: Fields = {"format": "bai2", "version": 2}

    def contract(self) -> Contract:
        """Files, groups, accounts, their summaries and transactions."""
        return Contract(records={kind: RecordShape(fields=closed(shape)) for kind, shape in KINDS.items()})

    def flaw(self, file: BinaryIO, size: int) -> str:
        """Whether its last line is a file's end."""
        file.seek(max(0, size - 4096))
        lines = file.read(4096).split()
        return "" if lines and lines[-1].startswith(b"99") else "its last record is no 99"

    def check(self, file: BinaryIO) -> None:
        """See that every group and every file holds what it states.

        Raises:
            Rejected: Codes `framing`, `totals`, `too-large`.
        """
        for _ in self.records(file):
            pass

    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """A file and a group where they begin, an account with all that it holds where it ends.

        Raises:
            Rejected: As `check`.
        """
        reading = _Reading()
        for record in _records(file):
            yield from reading.take(record)
        reading.end()


def _records(file: BinaryIO) -> Iterator[_Record]:
    """The records of a file with their continuations."""
    file.seek(0)
    open_: _Record | None = None
    while True:
        offset = file.tell()
        raw = file.readline(MOST_BYTES)
        bare = raw.strip(b"\r\n \t\x1a").removeprefix(b"\xef\xbb\xbf")
        if raw and not bare:
            continue
        match = _CODE.match(bare)
        if raw and match is None:
            raise Rejected(f"byte {offset}: a line begins with {bare[:8]!r}, which is no record", code="framing")
        code = bare[:2].decode() if raw else ""
        line = text_of(bare[3:].removesuffix(b"/"))
        if code == "88":
            if open_ is None:
                raise Rejected(f"byte {offset}: 88 goes on with nothing", code="framing")
            open_.lines.append(line)
            open_.raw.append(raw)
            open_.size += len(raw)
            if open_.size > MOST_BYTES:
                raise Rejected(f"the record at byte {open_.offset} is longer than {MOST_BYTES} bytes", code="too-large")
            continue
        if open_ is not None:
            here = file.tell()
            file.seek(offset)
            yield open_
            file.seek(here)
        if not raw:
            return
        open_ = _Record(code, offset, [raw], [line])


class _Reading:
    """One pass over a file: the parts that are open, outermost first."""

    def __init__(self) -> None:
        self._open: list[_Part] = []

    def take(self, record: _Record) -> Iterator[Content | Damage]:
        """What a record gives."""
        depth = {"01": 0, "02": 1, "03": 2, "16": 3, "49": 3, "98": 2, "99": 1}[record.code]
        if len(self._open) != depth:
            inside = ("no file", "a file", "a group", "an account")
            reason = f"{record.code} stands in {inside[len(self._open)]}, where it cannot"
            raise Rejected(f"byte {record.offset}: {reason}", code="framing")
        try:
            yield from self._taken(record)
        except Broken as broken:
            if depth < _MOST_PARTS and record.code != "03":
                raise Rejected(f"byte {record.offset}: {broken.reason}", code=broken.code) from None
            account = self._open[-1]
            account.fault = account.fault or (broken.field, broken.code, broken.reason)
            if record.code == "49":
                yield self._damaged(self._open.pop())

    def end(self) -> None:
        """The end of the file.

        Raises:
            Rejected: Something is not ended.
        """
        if self._open:
            code = ("99", "98", "49")[len(self._open) - 1]
            raise Rejected(f"the file ends without a record {code}: it is cut short", code="framing")

    def _taken(self, record: _Record) -> Iterator[Content | Damage]:
        if record.code in {"01", "02", "03"}:
            yield from self._begin(record)
            return
        part = self._open[-1]
        part.take(record)
        part.lines += len(record.lines)
        if record.code == "16":
            amount, row = _transaction(record, part.fields)
            part.units += amount
            part.rows.append(("transaction", row))
        else:
            yield from self._end(record, part)

    def _begin(self, record: _Record) -> Iterator[Content | Damage]:
        part = _Part({}, record.offset, len(record.lines))
        self._open.append(part)
        fields = [*record.fields(), *[""] * 8]
        if record.code == "01":
            names = ("sender", "receiver", "date", "time", "number")
            part.fields = dict(zip(names, fields, strict=False)) | {"date": _day(fields[2])}
            yield "file", part.fields
        elif record.code == "02":
            group_names = ("receiver", "originator", "status", "date", "time", "currency")
            part.fields = dict(zip(group_names, fields, strict=False)) | {"date": _day(fields[3])}
            part.fields = {"file": self._open[0].fields["number"], **part.fields}
            yield "group", part.fields
        else:
            part.take(record)
            group = self._open[1].fields
            currency = fields[1] or group["currency"] or "USD"
            part.fields = {
                "file": group["file"],
                "group_date": group["date"],
                "account": fields[0],
                "currency": currency,
            }
            for units, row in _summaries(record, part.fields):
                part.units += units
                part.rows.append(("summary", row))

    def _end(self, record: _Record, part: _Part) -> Iterator[Content | Damage]:
        fields = [*record.fields(), *[""] * 3]
        above = self._open[-2] if len(self._open) > 1 else None
        stated = _units(fields[0], "total")
        if above:
            above.lines += part.lines
            above.parts += 1
            above.units += stated or 0
        if stated != part.units and (stated is not None or record.code != "49"):
            total = "no total" if stated is None else f"a total of {stated}"
            raise Broken("totals", f"{record.code} states {total}, and there is {part.units}").inside("total", 0)
        if record.code != "49":
            _check_count(record.code, fields[1], part.parts, "groups" if record.code == "99" else "accounts")
        _check_count(record.code, fields[1 if record.code == "49" else 2], part.lines, "records")
        self._open.pop()
        if record.code == "49":
            if part.fault:
                yield self._damaged(part)
            else:
                yield "account", {**part.fields, "total": _shown(stated, part.fields)}
                yield from part.rows

    def _damaged(self, account: _Part) -> Damage:
        assert account.fault is not None  # noqa: S101
        name, code, reason = account.fault
        return Damage(0, account.offset, b"".join(account.raw), name, code, reason)


def _check_count(code: str, raw: str, found: int, what: str) -> None:
    if not (raw.isascii() and raw.isdecimal()) or len(raw) > 9 or int(raw) != found:
        raise Broken("totals", f"{code} states {raw or 'no'} {what}, and there are {found}").inside(what, 0)


def _summaries(record: _Record, account: Fields) -> Iterator[tuple[int, Fields]]:
    """The summaries of an account. An empty field where a type should stand is a comma too many."""
    values = record.fields()[2:]
    at = 0
    while at < len(values):
        if not values[at]:
            at += 1
            continue
        kind, amount, count = [*values[at : at + 3], "", ""][:3]
        funds, at = _funds(values, at + 3, account)
        units = _units(amount, "amount")
        yield (
            units or 0,
            {
                "account": account["account"],
                "group_date": account["group_date"],
                "type": kind,
                "amount": _shown(units, account),
                "currency": account["currency"],
                "count": count,
                **funds,
            },
        )


def _transaction(record: _Record, account: Fields) -> tuple[int, Fields]:
    """A transaction; behind its references everything is text, commas included."""
    values = ",".join(record.lines).split(",")
    units = _units(values[1].strip() if len(values) > 1 else "", "amount")
    funds, at = _funds([one.strip() for one in values], 2, account)
    references = [one.strip() for one in [*values[at : at + 2], "", ""][:2]]
    row = {
        "account": account["account"],
        "group_date": account["group_date"],
        "type": values[0].strip(),
        "amount": _shown(units, account),
        "currency": account["currency"],
        **funds,
        "bank_reference": references[0],
        "customer_reference": references[1],
        "text": _rest(record.lines, at + 2),
    }
    return units or 0, row


def _rest(lines: list[str], taken: int) -> str:
    """What stands behind the first fields, line by line."""
    rest: list[str] = []
    for line in lines:
        pieces = line.split(",")
        if taken < len(pieces):
            rest.append(",".join(pieces[max(taken, 0) :]).strip())
        taken = max(0, taken - len(pieces))
    return "\n".join(filter(None, rest))


def _funds(values: list[str], at: int, account: Fields) -> tuple[Fields, int]:
    """When the amount is available, and where the next field stands. S: three amounts; V: a day; D: pairs."""
    kind = values[at] if at < len(values) else ""
    at += 1
    pairs: list[tuple[str, str | None]] = []
    if kind == "S":
        pairs = list(zip(("0", "1", "2"), values[at : at + 3], strict=False))
        at += 3
    elif kind == "V":
        pairs = [(" ".join(filter(None, values[at : at + 2])), None)]
        at += 2
    elif kind == "D":
        count = int(values[at]) if at < len(values) and values[at].isdecimal() and len(values[at]) < 3 else 0
        listed = values[at + 1 : at + 1 + 2 * count]
        pairs = list(zip(listed[::2], listed[1::2], strict=False))
        at += 1 + 2 * count
    elif kind not in {"", "Z", "0", "1", "2"}:
        raise Broken("funds", f"{kind[:20]!r} is no type of funds").inside("funds", 0)
    shown = [
        {"day": day_, "amount": None if amount is None else _shown(_units(amount, "availability"), account)}
        for day_, amount in pairs
    ]
    return {"funds": kind, "availability": shown}, at


def _units(raw: str, name: str) -> int | None:
    if not raw:
        return None
    if not _UNITS.fullmatch(raw):
        raise Broken("amount", f"{raw[:40]!r} is no amount").inside(name, 0)
    return int(raw)


def _shown(units: int | None, account: Fields) -> str | None:
    """An amount with the decimals of its currency, which are not written."""
    if units is None:
        return None
    currency = account["currency"]
    scale = 0 if currency in _WITHOUT_DECIMALS else 3 if currency in _WITH_THREE else 2
    return render(units, scale)


def _day(raw: str) -> str | None:
    if not raw:
        return None
    try:
        return _DATE.read(raw)
    except NoDate as error:
        raise Broken("date", str(error)).inside("date", 0) from None
