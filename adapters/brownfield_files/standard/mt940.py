"""MT940 and MT942, SWIFT's customer statements, read by the library `mt-940` (BSD).

A file holds statements one behind the other, each from `:20:` to the next, with or without SWIFT's blocks around. The
library reads the tags of a statement, but for `:86:` that is not behind an entry, and for `:65:`: it would give the one
to the last entry or to nobody, and keep one of the others. What is held against it here: the opening balance and the
entries are the closing balance, to the last decimal; `:90D:` and `:90C:` are the number and the sum of the entries. A
statement that cannot be read, is cut short or does not add up is damage, and the others are read.

Source: SWIFT, "Category 9 - Cash Management and Customer Status", MT 940 and MT 942.
"""

import logging
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from brownfield.contract import Contract, Damage, Fields, RecordShape, Rejected
from brownfield_files.format.parsed import Content
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.record.decode import Broken
from brownfield_files.record.schema import closed, day, money, text
from brownfield_files.standard.envelope import text_of
from brownfield_files.standard.grouped import Grouped

_HEADS = (
    rb"(?:\{[1-4]:[^\r\n]{0,400}\r?\n){1,4}",  # SWIFT's blocks, on a line or on several
    rb":940:\r?\n",
    rb"[A-Z]{6}[A-Z0-9]{2,5}\r?\n940[ ]*\r?\n[A-Z]{6}[A-Z0-9]{2,5}\r?\n",  # who sends and who receives, by BIC
    rb"(?:0000 01[A-Z0-9 ]{0,40}\r?\n){0,2}940 00[ ]*\r?\n",
)
"""What banks write before a statement, besides nothing."""
_START = re.compile(rb"^(?:\xef\xbb\xbf)?\x01?(?:%b)?:20:" % b"|".join(_HEADS), re.MULTILINE)
BEGINS = re.compile(rb"(?!\{1:[^{]*\{2:[IO](?!94[0-2]))(?:-[ ]*\r?\n)?\x01?(?:%b)?:20:" % b"|".join(_HEADS))
"""What a file begins with; other messages of SWIFT, which its second block names, have a `:20:` as well."""
_MEANINGLESS = b"\xef\xbb\xbf \r\n\x01-"
_END = re.compile(r"^ ?-(?:\}.*|XXX)?[ \t\r]*$|^\{[1-5]:.*$", re.MULTILINE)
_TAG = re.compile(r"^:(?=(?:(?:13|20|21|25|28|34|6[01245]|86|90)[A-Z]?|NS):)", re.MULTILINE)
_MOST_BYTES = 4 << 20
_MOST_TAGS = 50_000
"""The library takes the square of the number of `:86:` behind one entry."""

STATEMENT: dict[str, Any] = {
    "reference": text(),
    "related": text(null=True),
    "account": text(),
    "number": text(),
    "currency": text(null=True),
    "opening": money(null=True),
    "opening_date": day(null=True),
    "closing": money(null=True),
    "closing_date": day(null=True),
    "available": money(null=True),
    "forward": {"type": "array", "items": closed({"date": day(), "amount": money(), "currency": text()})},
    "details": text(),
    "entries": {"type": "integer", "minimum": 0},
}
ENTRY: dict[str, Any] = {
    "reference": text(),
    "account": text(),
    "number": text(),
    "position": {"type": "integer", "minimum": 1},
    "value_date": day(),
    "entry_date": day(null=True),
    "amount": money(),
    "currency": text(null=True),
    "reversal": {"type": "boolean"},
    "code": text(),
    "customer_reference": text(),
    "bank_reference": text(),
    "supplement": text(),
    "details": text(),
}


class Mt940(Grouped):
    """Reads MT940 and MT942: a `Parser`.

    Raises:
        LayoutError: The library is not installed.
    """

    group = "a statement"

    def __init__(self) -> None:
        try:
            import mt940  # noqa: PLC0415  optional
        except ImportError:
            raise LayoutError("mt940", 0, "the library mt-940 is missing: pip install '.[edi]'") from None
        self._library = mt940
        quiet = logging.getLogger("mt940.tags")  # it would write what it cannot read, which is a customer's
        quiet.propagate, quiet.handlers = False, [logging.NullHandler()]
        self.layout: Fields = {"format": "mt940", "version": 2}

    def contract(self) -> Contract:
        """A statement, and each of its entries."""
        return Contract(
            records={
                "statement": RecordShape(fields=closed(STATEMENT), documentation="From :20: to the next."),
                "entry": RecordShape(fields=closed(ENTRY), documentation="One :61: with the :86: behind it."),
            }
        )

    def flaw(self, file: BinaryIO, size: int) -> str:  # noqa: ARG002  that it is whole shows in its balances only
        """Nothing: what says that such a file is whole is in each statement."""
        return ""

    def check(self, file: BinaryIO) -> None:
        """See that there are statements.

        Raises:
            Rejected: There is none, or one that is too long.
        """
        for _ in self._blocks(file):
            pass

    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """Each statement, then its entries."""
        for offset, raw in self._blocks(file):
            file.seek(offset + len(raw))
            yield from self._read(offset, raw)

    def _blocks(self, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
        file.seek(0)
        raw = file.read()
        starts = [match.start() for match in _START.finditer(raw)]
        if not starts or raw[: starts[0]].strip(_MEANINGLESS):
            raise Rejected(f"it begins with {raw[:12]!r}, and a statement with :20:", code="framing")
        starts[0] = 0
        for start, end in zip(starts, [*starts[1:], len(raw)], strict=True):
            if end - start > _MOST_BYTES:
                reason = f"the statement at byte {start} has more than {_MOST_BYTES} bytes"
                raise Rejected(reason, code="too-large")
            yield start, raw[start:end]

    def _read(self, offset: int, raw: bytes) -> Iterator[Content | Damage]:
        if raw.count(b"\n:") > _MOST_TAGS:
            yield Damage(0, offset, raw, "", "statement", f"it has more than {_MOST_TAGS} tags")
            return
        try:
            head = _START.search(raw)
            body, details, forward = _parted(text_of(raw[head.end() - len(":20:") if head else 0 :]))
            known = {"details": details, "forward": [self._forward(one) for one in forward]}
            rows = list(_rows(self._parsed(body), known))
        except Broken as broken:
            yield Damage(0, offset, raw, broken.field, broken.code, broken.reason)
        except (RuntimeError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
            reason = f"the library cannot read it: {_first_line(error)}"
            yield Damage(0, offset, raw, "", "statement", reason)
        else:
            yield from rows

    def _forward(self, tag: str) -> Fields:
        found = _balance(self._parsed(tag).data, "forward_available_balance")
        if found is None:
            raise ValueError(f"{tag.strip()[:40]!r} is no balance")
        amount, date_, currency = found
        return {"date": date_, "amount": _shown(amount), "currency": currency}

    def _parsed(self, body: str) -> Any:
        """What the library makes of a statement: as SWIFT says, or, where that fails, as some banks write entries."""
        tags, models = self._library.tags, self._library.models
        options = self._library.options.Options(unbounded_details=True)
        failed: Exception | None = None
        for variant in (tags.Statement(), tags.StatementGLS(), tags.StatementASNB()):
            statement = models.Transactions(processors={}, tags={variant.id: variant}, options=options)
            statement.processors = {}
            try:
                statement.parse(body)
            except (RuntimeError, ValueError) as error:
                failed = failed or error
            else:
                return statement
        assert failed is not None  # noqa: S101
        raise failed


def _parted(block: str) -> tuple[str, str, list[str]]:
    """A statement without the tags that are none of an entry; the details of it as a whole; its forward balances."""
    first, *tags = _TAG.split(_END.sub("", block))
    kept, details, forward = [first], list[str](), list[str]()
    of_entry = False
    for tag in tags:
        if tag.startswith("65"):
            forward.append(f":{tag}")
        elif tag.startswith("86") and not of_entry:
            details += filter(None, (line.rstrip() for line in tag.partition(":")[2].split("\n")))
        else:
            kept.append(f":{tag}")
        of_entry = tag.startswith("61") or (of_entry and tag.startswith(("86", "NS")))
    return "".join(kept), "\n".join(details), forward


def _rows(statement: Any, known: Fields) -> Iterator[Content]:
    data = statement.data
    opening, closing = _balance(data, "opening_balance"), _balance(data, "closing_balance")
    entries = [one for one in statement.transactions if one.data.get("amount") is not None]
    amounts = [_signed(one.data) for one in entries]
    _check_balances(data, opening, closing, amounts)
    _check_sum(data.get("sum_debit_entries"), "90D", [one for one in amounts if one < 0])
    _check_sum(data.get("sum_credit_entries"), "90C", [one for one in amounts if one >= 0])
    head = {
        "reference": _text(data.get("transaction_reference")),
        "account": _text(data.get("account_identification")),
        "number": "/".join(filter(None, (_text(data.get("statement_number")), _text(data.get("sequence_number"))))),
    }
    currency = opening[2] if opening else None
    available = _balance(data, "available_balance")
    yield (
        "statement",
        {
            **head,
            "related": data.get("related_reference"),
            "currency": currency,
            "opening": _shown(opening[0]) if opening else None,
            "opening_date": opening[1] if opening else None,
            "closing": _shown(closing[0]) if closing else None,
            "closing_date": closing[1] if closing else None,
            "available": _shown(available[0]) if available else None,
            **known,
            "entries": len(entries),
        },
    )
    for position, one in enumerate(entries, 1):
        yield "entry", {**head, "position": position, **_entry(one.data, currency)}


def _check_balances(data: dict[str, Any], opening: Any, closing: Any, amounts: list[Decimal]) -> None:
    if opening and not closing:
        raise Broken("totals", "it has an opening balance and no closing one: it is cut short").inside("closing", 0)
    if not (opening or closing or amounts or {"c_floor_limit", "d_floor_limit"} & {*data}):
        raise Broken("totals", "it has no balance, no limit and no entry: it is cut short").inside("opening", 0)
    summed = sum(amounts, Decimal(0))
    if opening and closing and opening[0] + summed != closing[0]:
        reason = f"its balances are {opening[0]} and {closing[0]}, and its entries sum up to {summed}"
        raise Broken("totals", reason).inside("closing", 0)


def _check_sum(stated: Any, tag: str, amounts: list[Decimal]) -> None:
    """What MT942 says of its debits, or of its credits."""
    if stated is None:
        return
    total, summed = abs(Decimal(stated.amount)), abs(sum(amounts, Decimal(0)))
    number = _text(stated.number)
    if total != summed or (number and int(number) != len(amounts)):
        reason = f":{tag}: states {number or 'no'} entries of {total}, and there are {len(amounts)} of {summed}"
        raise Broken("totals", reason).inside(tag, 0)


def _entry(data: dict[str, Any], currency: str | None) -> Fields:
    status = _text(data.get("status"))
    return {
        "value_date": _day(data["date"]),
        "entry_date": _day(data["entry_date"]) if data.get("entry_date") else None,
        "amount": _shown(_signed(data)),
        "currency": currency,
        "reversal": status.startswith("R"),
        "code": _text(data.get("id")),
        "customer_reference": _text(data.get("customer_reference")),
        "bank_reference": _text(data.get("bank_reference")),
        "supplement": _text(data.get("extra_details")),
        "details": _text(data.get("transaction_details")),
    }


def _signed(data: dict[str, Any]) -> Decimal:
    """The amount from the account holder's side; the reversal of a credit is a debit."""
    amount = abs(Decimal(data["amount"].amount))
    status = _text(data.get("status"))
    return -amount if status in {"D", "RC"} else amount


def _balance(data: dict[str, Any], name: str) -> tuple[Decimal, str, str] | None:
    found = next((data[key] for key in (f"final_{name}", f"intermediate_{name}", name) if data.get(key)), None)
    if found is None:
        return None
    amount = abs(Decimal(found.amount.amount))
    return (-amount if found.status == "D" else amount), _day(found.date), str(found.amount.currency)


def _shown(amount: Decimal) -> str:
    shown = f"{amount:f}"
    return "0" + shown.removeprefix("-")[1:] if not amount and shown.startswith("-") else shown


def _day(value: date) -> str:
    return date(value.year, value.month, value.day).isoformat()


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _first_line(error: Exception) -> str:
    """What the library says; of a tag that it cannot parse the tag and its text, not the object it has for it."""
    if len(error.args) == 3 and hasattr(error.args[1], "id"):
        return f":{error.args[1].id}: {error.args[2]!r}"[:200]
    return (str(error).strip().split("\n")[0] or type(error).__name__)[:200]
