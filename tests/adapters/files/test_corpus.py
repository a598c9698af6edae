"""Other people's copybooks and files: how far this parser reaches, and that it never misplaces a byte silently.

The corpus is not part of the repository (some of it may not be given on); its INDEX.tsv says whose each file is.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from brownfield_files.layout.assemble import assemble
from brownfield_files.layout.copybook import Copybook, read_copybook
from brownfield_files.layout.declaration import RecordDeclaration
from brownfield_files.layout.encoding import encoding
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.record.decode import Broken, record_reader
from brownfield_files.record.frame import Cut, frames
from brownfield_files.record.router import router

pytestmark = [pytest.mark.corpus, pytest.mark.usefixtures("corpus")]

ROOT = Path(os.environ.get("BROWNFIELD_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")) / "batch"

COBRIX = ROOT / "AbsaOSS+cobrix" / "data"
CARDDEMO = ROOT / "aws-samples+aws-mainframe-modernization-carddemo" / "app"

PROCEDURES = {  # copybooks of procedure code by name, with the line that it begins on
    "CSDB2RPY.cpy": 21,
    "CSSETATY.cpy": 18,
    "CSSTRPFY.cpy": 17,
    "CSUTLDPY.cpy": 18,
}


def copybooks() -> Iterator[Path]:
    """Every COBOL source of the corpus: by its name, or by what it holds."""
    for path in sorted(ROOT.rglob("*")):
        if not path.is_file():
            continue
        named = path.suffix.lower() in {".cpy", ".cbl", ".cob"}
        if named or re.search(rb"\sPIC(?:TURE)?\s+(?:IS\s+)?S?[9XA][(9XAV.]", path.read_bytes()[:100_000]):
            yield path


def test_every_copybook_of_data_is_read_and_procedure_code_is_told_with_its_line() -> None:
    """R21: 64 of 64 copybooks have a layout; the other four are procedure code, and are told as such."""
    results = {path: result_of(path) for path in copybooks()}
    refused = {path.name: error for path, error in results.items() if error is not None}
    assert {name: error.line for name, error in refused.items()} == PROCEDURES
    for name, line in PROCEDURES.items():
        assert str(refused[name]) == f"{name}:{line}: it holds PROCEDURE code from line {line} on: not a layout"
    assert (len(results) - len(refused), len(results)) == (64, 68)


def result_of(path: Path) -> LayoutError | None:
    try:
        read_copybook(path)
    except LayoutError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("copybook", "expected"),
    [
        ("test11_copybook.cob", "test11_expected/test11_layout.txt"),
        ("test13a_file_header_footer.cob", "test13_expected/test13a_layout.txt"),
        ("test13b_vrl_file_headers.cob", "test13_expected/test13b_layout.txt"),
        ("test16_fix_len_segments.cob", "test16_expected/test16_layout.txt"),
        ("test17_hierarchical.cob", "test17_expected/test17a_layout.txt"),
    ],
)
def test_fields_stand_where_cobrix_puts_them(copybook: str, expected: str) -> None:
    """R21: names, positions and lengths agree with an independent implementation's."""
    line = re.compile(r" *\d+ (\S+) .*? (\d+) +(\d+) +(\d+) +(\d+)$")
    theirs = [match for text in (COBRIX / expected).read_text().splitlines() if (match := line.match(text))]
    ours = [entry for record in read_copybook(COBRIX / copybook).records for entry in record.walk()]
    named = [entry for entry in ours if entry.name != "FILLER"]
    assert [(entry.name.replace("-", "_"), entry.offset + 1) for entry in named] == [
        (match[1], int(match[3])) for match in theirs
    ]
    for entry, match in zip(named, theirs, strict=True):
        if entry.item and not entry.clauses.redefines:  # Cobrix gives all alternatives the length of the longest
            assert entry.length == int(match[5]), entry.name


def decoded(copybook: Copybook, path: Path, code: str, framing: str) -> list[dict[str, object]]:
    layout = assemble(copybook)
    read = record_reader(layout.records[0], encoding(code))
    with path.open("rb") as file:
        return [read(frame.record) for frame in frames(file, Cut(framing, layout.length, code, framing == "fixed"))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("copybook", "ebcdic", "text"),
    [
        ("CVACT01Y.cpy", "ACCTDATA", "acctdata"),
        ("CVACT02Y.cpy", "CARDDATA", "carddata"),
        ("CVACT03Y.cpy", "CARDXREF", "cardxref"),
        ("CVCUS01Y.cpy", "CUSTDATA", "custdata"),
        ("CVTRA06Y.cpy", "DALYTRAN", "dailytran"),
    ],
)
def test_ebcdic_files_say_what_their_text_twins_say(copybook: str, ebcdic: str, text: str) -> None:
    """R20: the same records by two roads: zoned decimals with overpunched signs in both."""
    book = read_copybook(CARDDEMO / "cpy" / copybook)
    left = decoded(book, CARDDEMO / "data" / "EBCDIC" / f"AWS.M2.CARDDEMO.{ebcdic}.PS", "cp037", "fixed")
    right = decoded(book, CARDDEMO / "data" / "ASCII" / f"{text}.txt", "ascii", "line")
    pairs = [(a[name], b[name]) for a, b in zip(left, right, strict=True) for name in a]
    assert len(left) >= 50
    assert sum(a != b for a, b in pairs) <= 2  # two values of dailytran do differ in the corpus


def test_a_file_of_five_record_types_is_read_whole() -> None:
    """R20: packed, binary and zoned fields in alternatives of one area, told by the first byte."""
    kinds = {"C": "CUSTOMER", "A": "ACCOUNT", "T": "TRANSACTION", "X": "CARD-XREF", "D": "CARD"}
    records = {
        kind.lower(): RecordDeclaration(of=f"EXPORT-{kind}-DATA", when={"EXPORT-REC-TYPE": (letter,)})
        for letter, kind in kinds.items()
    }
    layout = assemble(read_copybook(CARDDEMO / "cpy" / "CVEXPORT.cpy"), records)
    code = encoding("cp037")
    route = router(layout, code)
    readers = {record.name: record_reader(record, code) for record in layout.records}
    seen: dict[str, int] = {}
    damaged = 0
    with (CARDDEMO / "data" / "EBCDIC" / "AWS.M2.CARDDEMO.EXPORT.DATA.PS").open("rb") as file:
        for frame in frames(file, Cut("fixed", layout.length)):
            (kind,) = route(frame.batch)
            seen[kind] = seen.get(kind, 0) + 1
            try:
                readers[kind](frame.record)
            except Broken:
                damaged += 1
    assert (sum(seen.values()), damaged) == (500, 0)
