"""camt.052, .053 and .054, ISO 20022's reports, statements and notifications of accounts, in any version.

Read by expat as a stream, element by element; a statement is kept only until its end. A document type is refused before
anything of it is read, so that there are no entities but XML's own; nothing is fetched. What is held against a
statement: its opening balance and its booked entries are its closing balance; the sums and numbers of entries that it
states. Where an entry has another currency than the balances, they are not added up.

A statement that does not add up is damage, and the others
are read. Source: ISO 20022, "Bank-to-Customer Cash Management", messages camt.052, camt.053 and camt.054.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO
from xml.parsers import expat

from brownfield.contract import Contract, Damage, Fields, RecordShape, Rejected
from brownfield_files.format.parsed import Content
from brownfield_files.record.decode import Broken
from brownfield_files.record.schema import closed, day, money, text
from brownfield_files.standard.grouped import Grouped

_BLOCK = 1 << 16
_DEEPEST = 40
_MOST_BYTES = 16 << 20
_MOST_NODES = 400_000
_MOST_PIECES = 100
_NAMESPACE = re.compile(r"urn:(?:iso:std:iso:20022:tech:xsd|swift:xsd:\$?):?camt\.05[234]\.\d{3}\.\d{2}")
_ROOT = re.compile(r"BkToCstmr(?:AcctRpt|Stmt|DbtCdtNtfctn)(?:V01)?")
_STATEMENTS = {"Rpt", "Stmt", "Ntfctn"}
_AROUND = frozenset({
    "BizMsgEnvlp", "Doc",  # ISO 20022's nvlp.001
    "Xchg", "Pyld",  # and its business file header, head.002
    "BusMsg", "BizMsg", "BusinessMessage", "Message",  # what stands around an AppHdr, head.001, has no name there
    "DataPDU", "Body", "RequestPayload",  # SWIFT's, of files and of its network
    "Envelope",  # SOAP's, with Body
})  # fmt: skip
"""What a Document may stand in without its own header beside it; elsewhere it may be quoted, and not sent."""
_HEADER = "urn:iso:std:iso:20022:tech:xsd:head.001."
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2}|T.*)?")
_AMOUNT = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,17})?")
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_BOOKED = {"BOOK", ""}

STATEMENT: dict[str, Any] = {
    "message": text(),
    "statement": text(),
    "number": text(null=True),
    "account": text(),
    "currency": text(null=True),
    "made": text(null=True),
    "opening": money(null=True),
    "opening_date": day(null=True),
    "closing": money(null=True),
    "closing_date": day(null=True),
    "balances": {
        "type": "array",
        "items": closed({"type": text(), "amount": money(), "currency": text(), "date": day(null=True)}),
    },
    "entries": {"type": "integer", "minimum": 0},
}
TRANSACTION = closed(
    {
        "amount": money(null=True),
        "currency": text(null=True),
        "end_to_end": text(null=True),
        "mandate": text(null=True),
        "reference": text(null=True),
        "debtor": text(null=True),
        "debtor_account": text(null=True),
        "creditor": text(null=True),
        "creditor_account": text(null=True),
        "remittance": {"type": "array", "items": text()},
    }
)
ENTRY: dict[str, Any] = {
    "statement": text(),
    "account": text(),
    "position": {"type": "integer", "minimum": 1},
    "reference": text(null=True),
    "amount": money(),
    "currency": text(),
    "status": text(),
    "reversal": {"type": "boolean"},
    "booked": day(null=True),
    "value_date": day(null=True),
    "bank_reference": text(null=True),
    "code": text(),
    "information": text(null=True),
    "transactions": {"type": "array", "items": TRANSACTION},
}


class Node:
    """An element: its name without the namespace, its attributes, the pieces of its text, and the elements in it."""

    __slots__ = ("attributes", "name", "nodes", "pieces")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.pieces: list[str] = []
        self.nodes: list[Node] = []

    @property
    def text(self) -> str:
        """Its own text."""
        return "".join(self.pieces)

    def all(self, path: str) -> list["Node"]:
        """The elements that a path leads to."""
        found = [self]
        for step in path.split("/"):
            found = [node for one in found for node in one.nodes if node.name == step]
        return found

    def first(self, *paths: str) -> str | None:
        """The text of the first element that one of the paths leads to."""
        return next((node.text.strip() for path in paths for node in self.all(path) if node.text.strip()), None)


@dataclass(slots=True)
class _Statement:
    """A statement while it is read: where it begins, and the elements that are open in it."""

    offset: int
    open: list[Node] = field(default_factory=list)
    nodes: int = 0


class Camt(Grouped):
    """Reads camt.052, .053 and .054: a `Parser`."""

    group = "a statement"

    def __init__(self) -> None:
        self.layout: Fields = {"format": "camt", "version": 1}

    def contract(self) -> Contract:
        """A statement, and each of its entries."""
        return Contract(
            records={
                "statement": RecordShape(fields=closed(STATEMENT), documentation="Stmt, Rpt or Ntfctn."),
                "entry": RecordShape(fields=closed(ENTRY), documentation="Ntry with its transactions."),
            }
        )

    def flaw(self, file: BinaryIO, size: int) -> str:
        """Whether it ends as XML does."""
        file.seek(max(0, size - 64))
        return "" if b">" in file.read()[-3:] else "it does not end with a tag"

    def check(self, file: BinaryIO) -> None:
        """See that it is such a file, to its end.

        Raises:
            Rejected: It is not.
        """
        for _ in _statements(file):
            pass

    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """Each statement, then its entries."""
        for offset, end, message, node in _statements(file):
            try:
                rows = list(_rows(node, message))
            except Broken as broken:
                position = file.tell()
                file.seek(offset)
                raw = file.read(end - offset)
                file.seek(position)
                yield Damage(0, offset, raw, broken.field, broken.code, broken.reason)
            else:
                yield from rows


class _Reader:
    """What expat calls."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.ended: list[tuple[int, int, str, Node]] = []
        self.root = ""
        self.documents = 0
        self._depth = self._document = 0
        self._around: list[str] = []
        self._headed = 0
        self._messages: set[str] = set()
        self._statement: _Statement | None = None
        self._is_header = False
        self._message: list[str] | None = None
        self.message = ""

    def _refuse_doctype(self, *_: object) -> None:
        raise Rejected("it has a document type, which could hold entities: it is not read", code="framing")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        """The document may stand in an envelope, with a header beside it (ISO 20022's head.001), which are not kept."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Rejected(f"elements within each other, deeper than {_DEEPEST}", code="framing")
        space, _, local = name.rpartition(" ")
        self.root = self.root or f"its root is {local} of {space[:80]!r}, and no camt.052, .053 or .054"
        if self._document:
            self._inside(self._depth - self._document, local, attributes)
        elif local == "Document":
            self._begin_document(space)
        elif local in _STATEMENTS:
            raise Rejected(f"a {local} stands in no Document", code="framing")
        else:
            if local == "AppHdr" and space.startswith(_HEADER):
                self._headed = len(self._around)
            self._around.append(local)

    def _begin_document(self, space: str) -> None:
        if not _NAMESPACE.fullmatch(space):
            raise Rejected(self.root, code="framing")
        strange = [one for one in self._around if one not in _AROUND]
        if strange and self._headed != len(self._around):
            reason = f"its Document stands in {strange[0][:80]}, which is no envelope that is known here"
            raise Rejected(f"{reason}, without an AppHdr: it may be quoted there, and not sent", code="framing")
        self._document = self._depth
        self.documents += 1

    def _inside(self, depth: int, local: str, attributes: dict[str, str]) -> None:
        if depth == 1 and not _ROOT.fullmatch(local):
            raise Rejected(f"{local} is no report, statement or notification of an account", code="framing")
        if depth == 2 and local in _STATEMENTS:
            self._statement = _Statement(self.parser.CurrentByteIndex, [Node(local, dict(attributes))])
        elif self._statement is not None:
            node = Node(local, dict(attributes))
            self._statement.open[-1].nodes.append(node)
            self._statement.open.append(node)
            self._statement.nodes += 1
            self._check_size(self._statement)
        elif depth == 2:
            self._is_header = local == "GrpHdr"
        elif depth == 3 and self._is_header and local == "MsgId":
            self._message = []

    def _check_size(self, statement: _Statement) -> None:
        if statement.nodes > _MOST_NODES or self.parser.CurrentByteIndex - statement.offset > _MOST_BYTES:
            most = f"{_MOST_BYTES} bytes or {_MOST_NODES} elements"
            raise Rejected(f"the statement at byte {statement.offset} has more than {most}", code="too-large")

    def _data(self, data: str) -> None:
        if self._statement is not None:
            self._statement.open[-1].pieces.append(data)
            self._check_size(self._statement)
        elif self._message is not None:
            self._message.append(data)
            if len(self._message) > _MOST_PIECES:
                raise Rejected("its MsgId has no end", code="too-large")

    def _end(self, name: str) -> None:
        self._depth -= 1
        if not self._document:
            self._around.pop()
            self._headed = self._headed if self._headed <= len(self._around) else 0
        elif self._depth < self._document:
            self._document, self.message = 0, ""
        elif self._statement is not None:
            self._end_in(self._statement, name)
        elif self._message is not None and self._depth - self._document == 2:
            self._name_message("".join(self._message).strip())

    def _end_in(self, statement: _Statement, name: str) -> None:
        node = statement.open.pop()
        if not statement.open:
            end = self.parser.CurrentByteIndex + len(name.rpartition(" ")[2]) + 3
            self.ended.append((statement.offset, end, self.message, node))
            self._statement = None

    def _name_message(self, number: str) -> None:
        if number and number in self._messages:
            raise Rejected(f"the MsgId {number[:80]} was given before: a message is in the file twice", code="totals")
        self._messages.add(number)
        self.message, self._message = number, None


def _statements(file: BinaryIO) -> Iterator[tuple[int, int, str, Node]]:
    """Each statement with where it stands, and the number of its message.

    Raises:
        Rejected: It is no XML, or none of these messages.
    """
    file.seek(0)
    reader, count, size = _Reader(), 0, 0
    try:
        while block := file.read(_BLOCK):
            reader.parser.Parse(block, False)  # noqa: FBT003  expat's own
            size += len(block)
            if size - reader.parser.CurrentByteIndex > _MOST_BYTES:
                raise Rejected(f"a tag or a comment has more than {_MOST_BYTES} bytes", code="too-large")
            ended, reader.ended = reader.ended, []
            count += len(ended)
            yield from ended
        reader.parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter of an encoding that expat has not
        raise Rejected(f"it is not XML: {error}", code="framing") from None
    if not reader.documents:
        raise Rejected(reader.root, code="framing")
    if not count:
        raise Rejected("it holds no statement", code="framing")


def _rows(node: Node, message: str) -> Iterator[Content]:
    currency = node.first("Acct/Ccy")
    account = node.first("Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id", "Acct/Id/BBAN") or ""
    balances = [_balance(one) for one in node.all("Bal")]
    entries = [_entry(one) for one in node.all("Ntry")]
    opening = next((one for kind in _OPENING for one in balances if one["type"] == kind), None)
    closing = next((one for kind in _CLOSING for one in balances if one["type"] == kind), None)
    if opening and closing:
        _check_balances(opening, closing, entries)
    _check_summary(node, entries)
    head = {"statement": node.first("Id") or "", "account": account}
    yield (
        "statement",
        {
            **head,
            "message": message,
            "number": node.first("ElctrncSeqNb", "LglSeqNb"),
            "currency": currency or (opening["currency"] if opening else None),
            "made": node.first("CreDtTm"),
            "opening": opening["amount"] if opening else None,
            "opening_date": opening["date"] if opening else None,
            "closing": closing["amount"] if closing else None,
            "closing_date": closing["date"] if closing else None,
            "balances": balances,
            "entries": len(entries),
        },
    )
    for position, entry in enumerate(entries, 1):
        yield "entry", {**head, "position": position, **entry}


def _check_balances(opening: Fields, closing: Fields, entries: list[Fields]) -> None:
    counted = [one for one in entries if one["status"] in _BOOKED]
    if any(one["currency"] != opening["currency"] for one in [closing, *counted]):
        return
    summed = sum((Decimal(one["amount"]) for one in counted), Decimal(0))
    if Decimal(opening["amount"]) + summed != Decimal(closing["amount"]):
        reason = f"its balances are {opening['amount']} and {closing['amount']}, and its entries sum up to {summed}"
        raise Broken("totals", reason).inside("closing", 0)


def _check_summary(node: Node, entries: list[Fields]) -> None:
    """What the summary of the entries states of them; sums say nothing of the sign."""
    for path, chosen in (
        ("TtlNtries", entries),
        ("TtlCdtNtries", [one for one in entries if not one["amount"].startswith("-")]),
        ("TtlDbtNtries", [one for one in entries if one["amount"].startswith("-")]),
    ):
        stated = node.first(f"TxsSummry/{path}/NbOfNtries")
        if stated is not None and stated.isdecimal() and len(stated) < 10 and int(stated) != len(chosen):
            raise Broken("totals", f"{path} states {stated} entries, and there are {len(chosen)}").inside("entries", 0)
        total = node.first(f"TxsSummry/{path}/Sum")
        summed = sum((abs(Decimal(one["amount"])) for one in chosen), Decimal(0))
        if total is not None and _amount(total, "Sum") != summed:
            raise Broken("totals", f"{path} states a sum of {total}, and there is {summed}").inside("entries", 0)


def _balance(node: Node) -> Fields:
    amount, currency = _money(node, "Amt", "CdtDbtInd")
    kind = node.first("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd") or ""
    return {"type": kind, "amount": amount, "currency": currency, "date": _day(node.first("Dt/Dt", "Dt/DtTm"))}


def _entry(node: Node) -> Fields:
    amount, currency = _money(node, "Amt", "CdtDbtInd")
    return {
        "reference": node.first("NtryRef"),
        "amount": amount,
        "currency": currency,
        "status": node.first("Sts/Cd", "Sts") or "",
        "reversal": node.first("RvslInd") in {"true", "1"},
        "booked": _day(node.first("BookgDt/Dt", "BookgDt/DtTm")),
        "value_date": _day(node.first("ValDt/Dt", "ValDt/DtTm")),
        "bank_reference": node.first("AcctSvcrRef"),
        "code": _code(node),
        "information": node.first("AddtlNtryInf"),
        "transactions": [_transaction(one) for one in node.all("NtryDtls/TxDtls")],
    }


def _code(node: Node) -> str:
    """The domain, family and sub-family, or the bank's own code."""
    domain = "BkTxCd/Domn"
    parts = [node.first(f"{domain}/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")]
    return "/".join(filter(None, parts)) or node.first("BkTxCd/Prtry/Cd") or ""


def _transaction(node: Node) -> Fields:
    amounts = [one for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt") for one in node.all(path)]
    parties = "RltdPties"
    return {
        "amount": _amount_text(amounts[0].text, "Amt") if amounts else None,
        "currency": amounts[0].attributes.get("Ccy") if amounts else None,
        "end_to_end": node.first("Refs/EndToEndId"),
        "mandate": node.first("Refs/MndtId"),
        "reference": node.first("Refs/AcctSvcrRef", "Refs/TxId", "Refs/InstrId"),
        "debtor": node.first(f"{parties}/Dbtr/Nm", f"{parties}/Dbtr/Pty/Nm"),
        "debtor_account": node.first(f"{parties}/DbtrAcct/Id/IBAN", f"{parties}/DbtrAcct/Id/Othr/Id"),
        "creditor": node.first(f"{parties}/Cdtr/Nm", f"{parties}/Cdtr/Pty/Nm"),
        "creditor_account": node.first(f"{parties}/CdtrAcct/Id/IBAN", f"{parties}/CdtrAcct/Id/Othr/Id"),
        "remittance": [
            one.text.strip()
            for path in ("RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef")
            for one in node.all(path)
            if one.text.strip()
        ],
    }


def _money(node: Node, amount: str, side: str) -> tuple[str, str]:
    """An amount, negative where it is a debit, and its currency."""
    found = node.all(amount)
    if not found:
        raise Broken("amount", f"a {node.name} has no {amount}").inside(node.name, 0)
    shown = _amount_text(found[0].text, amount)
    sign = node.first(side)
    if sign not in {"CRDT", "DBIT"}:
        raise Broken("amount", f"a {node.name} is neither CRDT nor DBIT: {sign!r}").inside(node.name, 0)
    negative = sign == "DBIT" and bool(Decimal(shown))
    return ("-" if negative else "") + shown, found[0].attributes.get("Ccy", "")


def _amount(raw: str, name: str) -> Decimal:
    try:
        return Decimal(_amount_text(raw, name))
    except InvalidOperation:
        raise Broken("amount", f"{raw!r} is no amount").inside(name, 0) from None


def _amount_text(raw: str, name: str) -> str:
    stripped = raw.strip().removeprefix("+")
    if not _AMOUNT.fullmatch(stripped):
        raise Broken("amount", f"{stripped[:40]!r} is no amount").inside(name, 0)
    whole, point, rest = stripped.partition(".")
    return (whole.lstrip("0") or "0") + point + rest


def _day(raw: str | None) -> str | None:
    if raw is None:
        return None
    match = _DAY.fullmatch(raw)
    if match is None:
        raise Broken("date", f"{raw[:40]!r} is no date").inside("date", 0)
    return match[1]
