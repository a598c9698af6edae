"""The formats of segments: what stands around their messages, as tables for `envelope`.

Sources: ASC X12.5 "Interchange Control Structures" and X12.6; ISO 9735, parts 1 and 2 (UN/EDIFACT syntax, versions 1 to
4); HL7 version 2.8.2, chapter 2 "Control" (delimiters, and the batch protocol FHS, BHS).
"""

import re

from brownfield.contract import Rejected
from brownfield_files.layout.calendar_date import DateFormat
from brownfield_files.standard.envelope import Envelope, Level, Place
from brownfield_files.standard.segment import Start, Syntax

_DATES = (DateFormat("YYYYMMDD"), DateFormat("YYMMDD", 80))
_LINE_ENDS = b"\r\n"
_BLANK = b"\r\n \t\x1a"
_ISA_ELEMENTS = 17
_UNA = 9
_UNB = re.compile(rb"UNB.(UNO[A-Z])", re.DOTALL)
_LATIN = {"C": 1, "D": 2, "E": 5, "F": 7, "G": 3, "H": 4, "I": 6, "J": 8, "K": 9}
_CODECS = {f"UNO{letter}": f"iso8859-{part}" for letter, part in _LATIN.items()} | {
    "UNOA": "",
    "UNOB": "",
    "UNOW": "utf-8",
    "UNOY": "utf-8",
}
_HL7_CODECS = {f"8859/{part}": f"iso8859-{part}" for part in range(1, 10)} | {
    "8859/15": "iso8859-15",
    "ASCII": "ascii",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
}


def _x12(head: bytes) -> Syntax | None:
    """The signs stand in ISA itself: behind the tag, as its last element, and behind that."""
    if not head.startswith(b"ISA"):
        return None
    element = head[3:4]
    elements = head.split(element, _ISA_ELEMENTS - 1)
    if len(elements) < _ISA_ELEMENTS or len(elements[-1]) < 2:
        return None
    component, end = elements[-1][:1], elements[-1][1:2]
    ends = _LINE_ENDS if end in _LINE_ENDS else end
    return Syntax(element, component, ends, around=_BLANK, final=b"IEA", binary={b"BIN": 2, b"BDS": 3})


def _edifact(head: bytes) -> Syntax | None:
    """UNA says the signs; without it they are those of the standard. UNB says what the text is written in."""
    if head.startswith(b"UNA") and len(head) > _UNA:
        component, element, _, release, _, end = (head[at : at + 1] for at in range(3, _UNA))
        return Syntax(element, component, end, release.strip(), _UNA, _BLANK, _edifact_codec(head), final=b"UNZ")
    if head.startswith(b"UNB+"):
        return Syntax(b"+", b":", b"'", b"?", around=_BLANK, codec=_edifact_codec(head), final=b"UNZ")
    return None


def _edifact_codec(head: bytes) -> str:
    """Empty for UNOA and UNOB, which are ASCII, and which senders keep to no better than others."""
    match = _UNB.search(head)
    said = match[1].decode() if match else "UNOA"
    if said not in _CODECS:
        raise Rejected(f"its text is in {said}, which is not read", code="encoding")
    return _CODECS[said]


def _hl7(head: bytes) -> Syntax | None:
    """The first signs behind MSH, BHS and FHS. Lines end with CR, and after transfers with LF or both."""
    if head[:3] not in {b"MSH", b"BHS", b"FHS"} or len(head) < 5 or head[3:5].isalnum():
        return None
    return Syntax(head[3:4], head[4:5], b"\r\n", around=b"\r\n\x0b\x1c", open=True)


X12 = Envelope(
    "x12",
    (
        Level(
            "interchange",
            b"ISA",
            b"IEA",
            {
                "control": Place(13),
                "sender_qualifier": Place(5),
                "sender": Place(6),
                "receiver_qualifier": Place(7),
                "receiver": Place(8),
                "date": Place(9, dates=_DATES),
                "time": Place(10),
                "version": Place(12),
                "usage": Place(15),
            },
            control="control",
            repeats=2,
            numeric=True,
            count=1,
        ),
        Level(
            "group",
            b"GS",
            b"GE",
            {
                "control": Place(6),
                "functional": Place(1),
                "sender": Place(2),
                "receiver": Place(3),
                "date": Place(4, dates=_DATES),
                "time": Place(5),
                "version": Place(8),
            },
            control="control",
            repeats=2,
            numeric=True,
            count=1,
        ),
        Level(
            "transaction",
            b"ST",
            b"SE",
            {"control": Place(2), "type": Place(1), "version": Place(3)},
            control="control",
            repeats=2,
            count=1,
        ),
    ),
    Start((b"ISA",), 512, _x12),
    b"IEA",
    frozenset({b"TA1", b"ISB", b"ISE", b"TA3"}),
)

EDIFACT = Envelope(
    "edifact",
    (
        Level(
            "interchange",
            b"UNB",
            b"UNZ",
            {
                "control": Place(5),
                "syntax": Place(1, 0),
                "syntax_version": Place(1, 1),
                "sender": Place(2, 0),
                "receiver": Place(3, 0),
                "date": Place(4, 0, _DATES),
                "time": Place(4, 1),
            },
            control="control",
            repeats=2,
            count=1,
        ),
        Level(
            "group",
            b"UNG",
            b"UNE",
            {
                "control": Place(5),
                "type": Place(1),
                "sender": Place(2, 0),
                "receiver": Place(3, 0),
                "date": Place(4, 0, _DATES),
                "time": Place(4, 1),
            },
            control="control",
            repeats=2,
            count=1,
            optional=True,
        ),
        Level(
            "message",
            b"UNH",
            b"UNT",
            {
                "control": Place(1),
                "type": Place(2, 0),
                "version": Place(2, 1),
                "release": Place(2, 2),
                "agency": Place(2, 3),
            },
            control="control",
            repeats=2,
            count=1,
        ),
    ),
    Start((b"UNA", b"UNB"), 32, _edifact),
    b"UNZ",
)

_HEADER = {
    "sender": Place(2),
    "sender_facility": Place(3),
    "receiver": Place(4),
    "receiver_facility": Place(5),
    "made": Place(6),
}

HL7 = Envelope(
    "hl7",
    (
        Level(
            "file",
            b"FHS",
            b"FTS",
            {"control": Place(10), **_HEADER},
            "control",
            count=1,
            must_count=False,
            optional=True,
        ),
        Level(
            "batch",
            b"BHS",
            b"BTS",
            {"control": Place(10), **_HEADER},
            "control",
            count=1,
            must_count=False,
            optional=True,
        ),
        Level(
            "message",
            b"MSH",
            b"",
            {
                "control": Place(9),
                **_HEADER,
                "type": Place(8, 0),
                "event": Place(8, 1),
                "processing": Place(10),
                "version": Place(11, 0),
            },
            "control",
            charset=17,
            codecs=_HL7_CODECS,
        ),
    ),
    Start((b"MSH", b"BHS", b"FHS"), 5, _hl7),
)
