"""What the ledger answers, once for all stacks, and where a stack answers otherwise and why.

A row is one call of one operation, and the line that the server's own log of writes must have grown by, if any.
`DIFFERENCES` are facts of a stack, each with its reason: nothing in the adapter knows a stack.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from brownfield.contract import Drifted, Failure, Rejected, Uncertain

Answer = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One call: what it answers, or how it fails, and what the server notes.

    Attributes:
        operation: The far side's name.
        fields: What is sent.
        answer: The reply's fields, rows put back; a function gets the number of writes so far.
        failure: How it fails instead.
        code: The failure's code.
        detail: The failure's detail.
        wrote: The line in the server's log.
    """

    operation: str
    fields: Answer
    answer: Answer | Callable[[int], Answer] | None = None
    failure: type[Failure] | None = None
    code: str | None = None
    detail: Mapping[str, str] | None = None
    wrote: str = ""


@dataclass(frozen=True)
class Difference:
    """Where a stack differs: the reason, and what is changed in the row."""

    why: str
    change: Callable[[Row], Row]


A1 = {"Number": "A-1", "Owner": "Zoë Müller", "Balance": "1200.50", "Opened": "2019-04-01", "ClosedOn": None,
      "Active": True, "Tags": ["vip", "eu"]}  # fmt: skip
A2 = {"Number": "A-2", "Owner": "Böse & Söhne", "Balance": "-0.01", "Opened": "1999-12-31", "ClosedOn": "2025-06-30",
      "Active": False, "Limit": "0.00", "Tags": []}  # fmt: skip
VALUES = {"Amount": "-12.50", "Day": "2026-02-28", "At": "2026-11-21T12:30:00Z", "Flag": True, "Big": 9007199254740993,
          "Ratio": 0.1, "Data": "AAEC/w==", "Note": "Zoë <&> \"'"}  # fmt: skip
EDGES = {"Amount": "0.00", "Day": "0001-01-01", "At": "2026-11-21T12:30:00.123+05:30", "Flag": False,
         "Big": -9223372036854775808, "Ratio": -1e300, "Data": "", "Note": None}  # fmt: skip


def entries(count: int) -> Answer:
    """The first entries of any account."""
    texts = (None if number % 2 else f"Nº {number}" for number in range(1, count + 1))
    return {"items": [
        {"Id": number, "BookedAt": "2026-11-21T12:30:00", "Amount": f"-{number}.50", "Text": text}
        for number, text in enumerate(texts, start=1)
    ]}  # fmt: skip


def placed(count: int) -> Answer:
    """The entry that was placed, numbered by the writes so far."""
    return {"Id": 1000 + count, "BookedAt": "2026-11-21T12:30:00", "Amount": "12.50", "Text": "Café"}


def refusal(code: str, field: str, value: str) -> dict[str, Any]:
    """What a typed fault of the ledger becomes."""
    return {
        "failure": Rejected,
        "code": code,
        "detail": {"Code": code, "Field": field, "Value": value},
    }


ROWS = {
    "an account": Row("GetAccount", {"Number": "A-1"}, A1),
    "a closed account": Row("GetAccount", {"Number": "A-2"}, A2),
    "no account": Row("GetAccount", {"Number": "Z-9"}, **refusal("LED-404", "Number", "Z-9")),
    "a broken server": Row("GetAccount", {"Number": "BROKEN"}, failure=Uncertain),
    "found": Row("FindAccount", {"Number": "A-1"}, A1),
    "not found": Row("FindAccount", {"Number": "Z-9"}, {}),
    "three entries": Row("ListEntries", {"Number": "A-1", "MaxRows": 3}, entries(3)),
    "one entry": Row("ListEntries", {"Number": "A-1", "MaxRows": 1}, entries(1)),
    "no entries": Row("ListEntries", {"Number": "A-1", "MaxRows": 0}, entries(0)),
    "a thousand entries": Row("ListEntries", {"Number": "A-1", "MaxRows": 1000}, entries(1000)),
    "owners": Row("ListOwners", {}, {"items": ["Zoë Müller", "Böse & Söhne"]}),
    "a number": Row("CountEntries", {"Number": "A-1"}, {"value": 3}),
    "values": Row("Echo", {"Values": VALUES}, VALUES),
    "values at the edge": Row("Echo", {"Values": EDGES}, EDGES),
    "a character of two halves": Row("Echo", {"Values": {**VALUES, "Note": "😀"}}, {**VALUES, "Note": "😀"}),
    "a report": Row("SlowReport", {"Seconds": 0}, {"value": "done"}),
    "a write": Row("PlaceEntry", {"Number": "A-1", "Amount": "12.50", "Text": "Café"}, placed,
                   wrote="PlaceEntry\tA-1\t12.50\tCafé"),
    "a refused write": Row("PlaceEntry", {"Number": "Z-9", "Amount": "1", "Text": "x"},
                           **refusal("LED-404", "Number", "Z-9")),
    "a cancellation": Row("CancelEntry", {"Id": 1001}, {"value": True}, wrote="CancelEntry\t1001"),
    "a refused cancellation": Row("CancelEntry", {"Id": 5}, **refusal("LED-409", "Id", "5")),
    "the trap": Row("GetNextVoucher", {}, lambda count: {"value": f"V-{count}"}, wrote="GetNextVoucher"),
}  # fmt: skip
"""The calls that change nothing, then the writes. "The trap" is a write whose name says Get."""


def answering(**changed: Any) -> Callable[[Row], Row]:
    """The row with other values in its answer."""

    def change(row: Row) -> Row:
        answer = row.answer
        if callable(answer):
            return replace(row, answer=lambda count: {**answer(count), **changed})
        return replace(row, answer={**(answer or {}), **changed})

    return change


def small(*names: str) -> Callable[[Row], Row]:
    """The row with some names beginning with a small letter, in the answer and in what is sent."""

    def renamed(given: Any) -> Any:
        if isinstance(given, dict):
            return {name.lower() if name in names else name: renamed(inner) for name, inner in given.items()}
        return given

    return lambda row: replace(row, fields=renamed(row.fields), answer=renamed(row.answer))


def both(*changes: Callable[[Row], Row]) -> Callable[[Row], Row]:
    """One change after the other."""

    def change(row: Row) -> Row:
        for one in changes:
            row = one(row)
        return row

    return change


def sending(**changed: Any) -> Callable[[Row], Row]:
    """The row with other values sent under `Values`."""
    return lambda row: replace(row, fields={"Values": {**row.fields["Values"], **changed}})


def failing(failure: type[Failure]) -> Callable[[Row], Row]:
    """The row with a failure in place of its answer."""
    return lambda row: replace(row, answer=None, failure=failure)


def every_moment(at: str) -> Callable[[Row], Row]:
    """The row with another `BookedAt` in every item of its answer."""

    def change(row: Row) -> Row:
        assert isinstance(row.answer, dict)
        return replace(row, answer={"items": [{**item, "BookedAt": at} for item in row.answer["items"]]})

    return change


SPYNE = {
    "values": Difference("it writes UTC as an offset", answering(At="2026-11-21T12:30:00+00:00")),
    "a character of two halves": Difference("it writes UTC as an offset", answering(At="2026-11-21T12:30:00+00:00")),
    "values at the edge": Difference(
        "it counts microseconds; no bytes at all are nil to it",
        answering(At="2026-11-21T12:30:00.123000+05:30", Data=None),
    ),
}
NODE = {
    "values": Difference(
        "its numbers are doubles, its moments are UTC with milliseconds",
        answering(Amount="-12.5", Big=9007199254740992, At="2026-11-21T12:30:00.000Z"),
    ),
    "values at the edge": Difference(
        "its numbers are doubles, its moments are UTC with milliseconds",
        both(sending(Big=-(2**53)), answering(Amount="0", Big=-(2**53), At="2026-11-21T07:00:00.123Z")),
    ),
    "a character of two halves": Difference(
        "its numbers are doubles, its moments are UTC with milliseconds",
        answering(Amount="-12.5", Big=9007199254740992, At="2026-11-21T12:30:00.000Z"),
    ),
    "a write": Difference(
        "its numbers are doubles: the server itself sees 12.5",
        both(answering(Amount="12.5"), lambda row: replace(row, wrote="PlaceEntry\tA-1\t12.5\tCafé")),
    ),
}
UTC = "2026-11-21T12:30:00.000Z"
ZONED = Difference("a Calendar is an instant to Axis: it is written in UTC, with milliseconds", every_moment(UTC))
BEAN = Difference(
    "the name of a bean's property begins with a small letter; null is nil to Axis, never absent",
    both(small("Tags"), answering(Limit=None)),
)
AXIS = {
    "an account": BEAN,
    "found": BEAN,
    "a closed account": Difference("the name of a bean's property begins with a small letter", small("Tags")),
    "three entries": ZONED,
    "one entry": ZONED,
    "a thousand entries": ZONED,
    "values": Difference(
        "a java.util.Date is an xsd:dateTime to Axis, and every moment is UTC with milliseconds",
        both(sending(Day="2026-02-28T00:00:00Z"), answering(Day="2026-02-28T00:00:00.000Z", At=UTC), small("Data")),
    ),
    "values at the edge": Difference(
        "a java.util.Date is an xsd:dateTime to Axis, and every moment is UTC with milliseconds",
        both(
            sending(Day="0001-01-01T00:00:00Z"),
            answering(Day="0001-01-01T00:00:00.000Z", At="2026-11-21T07:00:00.123Z"),
            small("Data"),
        ),
    ),
    "a character of two halves": Difference(
        "Axis writes it as two character references, &#xD83D;&#xDE00;, and that is no XML",
        both(sending(Day="2026-02-28T00:00:00Z"), small("Data"), failing(Drifted)),
    ),
    "a write": Difference("a Calendar is an instant to Axis", answering(BookedAt=UTC)),
}
DIFFERENCES = {"spyne": SPYNE, "spyne-1.2": SPYNE, "node": NODE, "axis": AXIS}


def row_of(stack: str, name: str) -> Row:
    """What a stack answers."""
    difference = DIFFERENCES.get(stack, {}).get(name)
    return ROWS[name] if difference is None else difference.change(ROWS[name])
