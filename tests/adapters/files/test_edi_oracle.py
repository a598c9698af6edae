"""X12, EDIFACT, HL7 and BAI2 against the libraries that read them: pyx12, pydifact, hl7, bai2.

They are oracles here, as zeep is for SOAP. What both read must say the same; where a library reads less, or something
else, it stands below with the reason. A library that gets better fails this file: then look again whether ours is
needed. `docs/architecture.md` has the comparison.
"""

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, NamedTuple

import hl7
import pytest
from bai2 import bai2
from pydifact.parser import Parser
from pydifact.segmentcollection import Interchange
from pyx12.x12file import X12Reader
from test_standard import BAI2, CORPUS, EDIFACT, FILES, HL7, ROOT, X12

from brownfield.contract import Damage, Rejected
from brownfield_files.setting import FormatName
from brownfield_files.standard import interchange
from brownfield_files.standard.envelope import Envelope, text_of
from brownfield_files.standard.known import STANDARDS
from brownfield_files.standard.segment import segments

Rows = list[list[Any]]
ENVELOPES: dict[str, Envelope] = {"x12": interchange.X12, "edifact": interchange.EDIFACT, "hl7": interchange.HL7}

TALLY: dict[FormatName, tuple[dict[str, int], int]] = {
    "x12": ({"same": 16, "refuses": 3, "accepts": 1, "neither": 21}, 36),
    "edifact": ({"same": 6, "refuses": 2, "accepts": 6, "neither": 3}, 12),
    "hl7": ({"same": 11, "accepts": 6, "neither": 3}, 13),
    "bai2": ({"same": 3, "neither": 3}, 3),
}
"""Of the files of the corpus: how many both accept, and the others (see `Compared`); how many both cut, and alike."""

REFUSED = {
    "sample837-HL-nested.edi": "pyx12 asks that HL01 is there: a matter of the segment and not of the envelope",
    "sample837-original.edi": "pyx12 knows the versions 00401 and 00501 only, and this is 00402",
    "sample837-small.edi": "pyx12 knows the versions 00401 and 00501 only, and this is 00402",
    "wrapped_invoic_d97b.edi": "pydifact does not read wrapped files",
    "wrapped_invoic_d97b_una.edi": "pydifact does not read wrapped files",
}
"""Why the library is alone in refusing a file. Why ours refuses one stands in unread.tsv."""

CUT_OTHERWISE = {
    "sample_batch3.hl7": "hl7 makes up the BTS that is missing",
    "sample_file3.hl7": "hl7 makes up the FTS that is missing",
    "sample_file5.hl7": "hl7 makes up the BTS that is missing",
    "sample_file6.hl7": "hl7 drops a BTS without its BHS",
}
"""Files that ours refuses and the library accepts, and does not give as they are."""

GROUP = EDIFACT.replace("UNH+1", "UNG+ORDERS+A+B+261121:0930+4'UNH+1").replace("UNZ+2", "UNE+2+4'UNZ+1")
FILES_OF_OURS = [(name, FILES[name]) for name in TALLY]
ALIKE = [
    ("x12", X12.replace("NE*", "N^E*A:B::C:*").replace("P-1", "P\n1")),
    ("edifact", EDIFACT.replace("P?'1", "P?'1++::A?:B::+C??+D???+E?+?:F??")),
    ("edifact", EDIFACT.replace("P?'1", "DEAR\r\nCOLLEAGUE")),
    ("hl7", HL7.replace("GLU", "A\\F\\B~C^D&E")),
    ("bai2", BAI2.replace("S,100,200,12200", "D,2,0,100,3,12400").replace("NUMBER 12", "NO 1/2")),
    ("bai2", BAI2.replace("S,100,200,12200", "V,261122,1200").replace("16,475,12500", "16,475,+12500")),
]
"""Signs that are released, repeated or escaped, texts of several lines, amounts that become available by and by."""

OTHERWISE: list[tuple[str, str, str | bytes, str]] = [
    ("x12", "refuses", X12.replace("*00501*", "*00403*"), "it knows the versions 00401 and 00501 only"),
    ("x12", "refuses", X12.replace("P-1", "P" * 20_000), "it stops at a segment of more than 16 KB"),
    ("x12", "refuses", X12 + X12.replace("*", "|").replace("00007*0", "00008*0"), "it reads the signs once in a file"),
    ("x12", "refuses", X12.replace("BEG*00*NE*P-1**20261121", "BIN*5*a~b*c"), "binary data end at the first ~"),
    ("x12", "refuses", X12.replace("**20261121~", "**20261121**~"), "empty elements at the end are an error to it"),
    ("edifact", "refuses", EDIFACT + EDIFACT.replace("+7'", "+8'"), "it reads one interchange"),
    ("edifact", "refuses", GROUP, "it knows no groups"),
    ("edifact", "accepts", EDIFACT.replace("UNT+3", "UNT+4"), "it compares no count"),
    ("edifact", "accepts", EDIFACT[: EDIFACT.index("UNZ")], "it misses no end: a file cut short is whole to it"),
    ("hl7", "accepts", HL7.replace("BTS|2", "BTS|3"), "it compares no count"),
    ("hl7", "accepts", HL7[: HL7.index("BTS")], "it misses no end: a file cut short is whole to it"),
    ("hl7", "other", HL7.replace("\r", "\n"), "line ends other than CR are text to it"),
    ("bai2", "refuses", BAI2.replace("16,475", "16,999"), "it has a list of types, and a bank's own is not on it"),
    ("bai2", "accepts", BAI2.replace("16,475,12500", "16,475,\uff112500"), "any digit of Unicode is an amount"),
    ("bai2", "accepts", BAI2.replace("16,475,12500", "16,475,12_500"), "an underscore is part of an amount"),
]  # fmt: skip


def bare(elements: Rows) -> Rows:
    """A segment without the empty elements and components at its end, which say nothing."""
    return _shorter([_shorter(element, "") for element in elements], [""])


def _shorter(values: list[Any], empty: Any) -> list[Any]:
    while len(values) > 1 and values[-1] == empty:
        values = values[:-1]
    return values


def ours(name: str, raw: bytes) -> Rows:
    """Segments, elements, components: as a reader of the rows would cut them."""
    if name == "bai2":
        return list(_ours_of_bank(raw))
    cut: Rows = []
    for segment in segments(BytesIO(raw), ENVELOPES[name].start):
        elements, syntax = segment.elements(), segment.syntax
        if name == "hl7":
            cut.append([text_of(element) for element in elements])
        elif segment.tag == b"ISA":
            cut.append([[text_of(element)] for element in elements])
        else:
            parts = [syntax.split(element, syntax.component) for element in elements]
            cut.append(bare([[text_of(syntax.plain(part)) for part in one] for one in parts]))
    return cut


def _ours_of_bank(raw: bytes) -> Iterator[list[Any]]:
    for record in STANDARDS["bai2"].parser().records(BytesIO(raw)):
        if isinstance(record, Damage):
            continue
        kind, row = record
        units = int(row["amount"].replace(".", "")) if row.get("amount") else None
        if kind == "account":
            yield [row["account"], row["currency"]]
        elif kind == "summary":
            yield [row["type"], units, row["funds"], int(row["count"] or 0)]
        elif kind == "transaction":
            references = [row["bank_reference"], row["customer_reference"]]
            yield [row["type"], units, row["funds"], *references, " ".join(row["text"].split())]


def by_pyx12(raw: bytes) -> tuple[Rows, list[Any]]:
    reader = X12Reader(StringIO(raw.decode("latin-1"), newline=""))
    cut, errors = [], []
    for segment in reader:
        parts = [[part.get_value() for part in element.elements] for element in segment.elements]
        tag = segment.get_seg_id()
        isa = [[element.format()] for element in segment.elements]
        cut.append([[tag], *isa] if tag == "ISA" else bare([[tag], *parts]))
        errors += reader.pop_errors()
    reader.cleanup()
    return cut, errors + reader.pop_errors()


def by_pydifact(raw: bytes) -> tuple[Rows, list[Any]]:
    list(Interchange.from_str(text_of(raw)).get_messages())
    found = [segment for segment in Parser().parse(text_of(raw)) if segment.tag != "UNA"]
    parts = [[one if isinstance(one, list) else [one] for one in segment.elements] for segment in found]
    return [bare([[segment.tag], *one]) for segment, one in zip(found, parts, strict=True)], []


def by_hl7(raw: bytes) -> tuple[Rows, list[Any]]:
    return list(_of_hl7(hl7.parse_hl7(text_of(raw)))), []


def _of_hl7(part: Any) -> Iterator[list[Any]]:
    if isinstance(part, hl7.Segment):
        fields = [str(field) for field in part]
        yield fields[:1] + fields[2:] if fields[0] in {"MSH", "BHS", "FHS"} else fields
        return
    ends = isinstance(part, hl7.Batch | hl7.File)
    for one in [part.header, *part, part.trailer] if ends else part:
        if one:
            yield from _of_hl7(one)


def by_bai2(raw: bytes) -> tuple[Rows, list[Any]]:
    groups = bai2.parse_from_string(text_of(raw)).children
    return [row for group in groups for account in group.children for row in _of_account(account, group)], []


def _of_account(account: Any, group: Any) -> Iterator[list[Any]]:
    header = account.header
    yield [header.customer_account_number, header.currency or group.header.currency]
    for one in header.summary_items:
        if one.type_code:
            yield [one.type_code.code, one.amount, one.funds_type.value if one.funds_type else "", one.item_count or 0]
    for one in account.children:
        funds = one.funds_type.value if one.funds_type else ""
        references = [one.bank_reference or "", one.customer_reference or ""]
        yield [one.type_code.code, one.amount, funds, *references, " ".join((one.text or "").split())]


THEIRS: dict[str, Callable[[bytes], tuple[Rows, list[Any]]]] = {
    "x12": by_pyx12,
    "edifact": by_pydifact,
    "hl7": by_hl7,
    "bai2": by_bai2,
}


class Compared(NamedTuple):
    """A file, read by both.

    Attributes:
        what: `same` and `other`: both accept it; `neither` does; the library `refuses`, or `accepts`, it alone.
        alike: Whether they cut it alike, accepted or not; None where one of them cannot cut it.
    """

    what: str
    alike: bool | None


def compared(name: str, raw: bytes) -> Compared:
    cut, theirs, errors = _cut(name, raw), None, []
    try:
        with warnings.catch_warnings(action="ignore"):
            theirs, errors = THEIRS[name](raw)
    except Exception as error:  # noqa: BLE001 - a library says no in its own ways
        errors = [error]
    alike = None if cut is None or theirs is None else cut == theirs
    accepted = _accepted(name, raw)
    if accepted and not errors:
        return Compared("same" if alike else "other", alike)
    return Compared("refuses" if accepted else "neither" if errors else "accepts", alike)


def _cut(name: str, raw: bytes) -> Rows | None:
    try:
        return ours(name, raw)
    except Rejected:
        return None


def _accepted(name: str, raw: bytes) -> bool:
    """Whether ours reads all of a file, without damage."""
    try:
        return not any(isinstance(record, Damage) for record in STANDARDS[name].parser().records(BytesIO(raw)))
    except Rejected:
        return False


@pytest.mark.parametrize(("name", "text"), [*FILES_OF_OURS, *ALIKE])
def test_a_file_is_read_alike(name: str, text: str) -> None:
    """R21: segments, elements, components, amounts."""
    assert compared(name, text.encode()) == ("same", True)
    assert len(ours(name, text.encode())) > 4


@pytest.mark.parametrize(("name", "what", "text", "why"), OTHERWISE, ids=[f"{row[0]}: {row[3]}" for row in OTHERWISE])
def test_where_a_library_does_not_do_what_the_files_need(name: str, what: str, text: str, why: str) -> None:
    """R21: each is a reason for our own reader; one that fails here is a reason less."""
    assert text not in FILES.values()
    assert compared(name, text.encode()).what == what, why


@pytest.mark.corpus
@pytest.mark.usefixtures("corpus")
@pytest.mark.parametrize("name", TALLY)
def test_files_of_the_corpus_are_read_alike_or_it_is_said_why_not(name: FormatName) -> None:
    """R21: each difference has a reason, on one side or the other."""
    files = [file for pattern in CORPUS[name][1] for file in ROOT.glob(pattern) if file.is_file()]
    found = {file: compared(name, _in_its_line_ends(name, file.read_bytes())) for file in files}
    unread = Path(__file__).with_name("unread.tsv").read_text()
    for file, one in found.items():
        assert one.what == "same" or file.name in (REFUSED if one.what == "refuses" else unread), (file, one)
        assert one.alike is not False or file.name in CUT_OTHERWISE, file
    assert Counter(one.what for one in found.values()) == TALLY[name][0]
    assert sum(one.alike is True for one in found.values()) == TALLY[name][1]


def _in_its_line_ends(name: str, raw: bytes) -> bytes:
    """The library hl7 asks that line ends are made CR before."""
    return re.sub(rb"\r\n?|\n", b"\r", raw) if name == "hl7" else raw
