"""Cobrix' expected outputs, field for field, each difference counted under the reason for it.

Each file is compared as far as Cobrix wrote down what it expects. Fields are decoded by the plain decoder where the
copybook puts them, those of every REDEFINES included.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from brownfield_files.copybook import Copybook, Entry, read_copybook
from brownfield_files.decode import Broken, value_reader
from brownfield_files.descriptor import Descriptor
from brownfield_files.encoding import Encoding, encoding
from brownfield_files.frame import Cut, frames

pytestmark = pytest.mark.corpus

ROOT = Path(os.environ.get("BROWNFIELD_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")) / "batch"
COBRIX = ROOT / "AbsaOSS+cobrix" / "data"
AT_THE_END = Descriptor(order="little", at=2)


class Case(NamedTuple):
    """A file of Cobrix' own tests."""

    copybook: str
    data: str
    expected: str
    code: str = "cp037"
    record: Descriptor | None = None
    twice: bool = False


CASES = {
    "1": Case("test1_copybook.cob", "test1_data/example.bin", "test1_expected/test1.txt"),
    "3": Case("test3_copybook.cob", "test3_data/TRAN2.AUG31.DATA.dat", "test3_expected/test3.txt"),
    "4": Case("test4_copybook.cob", "test4_data/COMP.DETAILS.SEP30.DATA.dat", "test4_expected/test4.txt", "ascii",
              AT_THE_END.model_copy(update={"includes": False})),
    **{
        f"9-{code}": Case("test9_copybook.cob", "test9_data/TRAN.APR14.NPT.DATA.dat",
                          f"test9_expected/test9_{code}.txt", code)
        for code in ("cp037", "cp1140", "cp500", "cp273")
    },
    "10": Case("test10_copybook.cob", "test10_data/data.dat", "test10_expected/test10.txt", "ascii"),
    "12": Case("test12_copybook.cob", "test12_data/data.dat", "test12_expected/test12.txt", "ascii"),
    "14": Case("test14_copybook.cob", "test14_data/COMP.DETAILS.JUL02.DATA.dat", "test14_expected/test14.txt",
               record=AT_THE_END),
    "15": Case("test15_copybook.cob", "test15_data/a/example.bin", "test15_expected/test15.txt", twice=True),
    "16": Case("test16_fix_len_segments.cob", "test16_data/ENTITY.DB.AUG12.DATA.FIX.LEN.dat",
               "test16_expected/test16.txt"),
    "17a": Case("test17_hierarchical.cob", "test17/HIERARCHICAL.DATA.RDW.dat", "test17_expected/test17a.txt",
                record=AT_THE_END.model_copy(update={"includes": False})),
}  # fmt: skip
NOT_READ = {
    "11": "the length of a record stands in a field of it",
    "13": "a header and a footer of other lengths than the records'",
    "21, 25": "records of varying length with neither descriptors nor line ends",
}
OTHER_ALTERNATIVE = (
    "binary read as text, or text as binary: an alternative of a REDEFINES that the record does not hold"
)
DIFFERENCES = {  # how often, and why ours is right
    OTHER_ALTERNATIVE: (172, "a record type is declared with the alternative that it holds, and no other is read"),
    "NULs on the right of text, which are cut off here": (209, "LOW-VALUES is how COBOL says that text is not set"),
    "control characters, which Cobrix makes blanks": (179, "the code page has them, and what was sent is not changed"),
    "damage here, a value there: zoned-sign": (47, "`33` and a NUL in PIC 9(3): 330 to COBOL, 33 to Cobrix; not known"),
    "damage here, a value there: text-shift": (20, "0x0E begins double-byte text, which no codec here reads"),
    "damage here, a value there: text-nul": (12, "a NUL inside text: the field holds something else"),
    "another character": (16, "14: binary read as text (11); 9-cp273: IBM and Unicode have U+203E for 0xBC (5)"),
    "a group delivered as text (an option of Cobrix)": (2, "a group is its fields"),
}
MADE_BY_COBRIX = re.compile("File_Id|Record_Id|Record_Byte_Length|Seg_Id[0-9]")


@pytest.fixture(autouse=True)
def _files(corpus: Path) -> None:
    """The corpus is asked for once; without it the tests are skipped by `require`."""
    assert (corpus / "batch").is_dir()


def documents(path: Path) -> list[Any]:
    text, decoder, found = path.read_text("utf-8").strip(), json.JSONDecoder(parse_float=Decimal), list[Any]()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def ours(book: Copybook, raw: bytes, code: Encoding, path: tuple[str | int, ...]) -> Any:
    """What stands where the path leads: a value, a `Broken`, or None for what is no elementary item."""
    names = [part for part in path if isinstance(part, str)]
    indexes = [part for part in path if isinstance(part, int)]
    for entry in (entry for record in book.records for entry in record.walk() if entry.item):
        above = [one.name.replace("-", "_") for one in entry.lineage()]
        if above[0] != names[-1] or not set(names) <= set(above):
            continue
        tables = [one for one in reversed(list(entry.lineage())) if one.clauses.occurs]
        start = entry.offset + sum(index * table.length for index, table in zip(indexes, tables, strict=True))
        assert entry.item is not None
        piece = raw[start : start + entry.length]
        try:
            return value_reader(entry.item, code)(piece) if len(piece) == entry.length else Broken("record-short", "")
        except Broken as broken:
            broken.field = entry.name if _is_alternative(entry) else ""
            return broken
    return None


def _is_alternative(entry: Entry) -> bool:
    """Whether the entry or a group around it redefines another, or is redefined."""
    for one in entry.lineage():
        beside = one.parent.children if one.parent else []
        if one.clauses.redefines or any(other.clauses.redefines == one.name for other in beside):
            return True
    return False


def verdict(theirs: Any, mine: Any) -> str:
    """`equal`, or why not."""
    if mine is None:
        return "a group delivered as text (an option of Cobrix)"
    if isinstance(mine, Broken):
        other = mine.field and mine.code != "zoned-sign"
        return OTHER_ALTERNATIVE if other else f"damage here, a value there: {mine.code}"
    if isinstance(theirs, str):
        return _text_verdict(theirs.strip(), str(mine).strip())
    try:
        return "equal" if Decimal(str(mine)) == theirs else "another number"
    except InvalidOperation:
        return "another number"


def _text_verdict(theirs: str, mine: str) -> str:
    if theirs == mine:
        return "equal"
    if theirs.rstrip("\0 ") == mine:
        return "NULs on the right of text, which are cut off here"
    bare = [re.sub(r"[\x00-\x20\x7f-\xa0]", "", text) for text in (theirs, mine)]
    return "control characters, which Cobrix makes blanks" if bare[0] == bare[1] else "another character"


def compared(case: Case) -> Counter[str]:
    book, code = read_copybook(COBRIX / case.copybook), encoding(case.code)
    how = Cut("variable" if case.record else "fixed", max(one.length for one in book.records))
    if case.record:
        how = Cut("variable", how.length, record=case.record)
    with (COBRIX / case.data).open("rb") as file:
        records = [frame.record for frame in frames(file, how)]
    if case.twice:  # two files of the same content
        records = [record for record in records for _ in range(2)]
    found: Counter[str] = Counter()
    for raw, document in zip(records, documents(COBRIX / case.expected), strict=False):
        for path, theirs in leaves(document):
            if not MADE_BY_COBRIX.fullmatch(str(path[-1])):
                found[verdict(theirs, ours(book, raw, code, path))] += 1
    return found


def test_cobrix_expected_values_are_ours_or_differ_for_a_known_reason() -> None:
    """R21: 3918 of 4575 values in thirteen of Cobrix' files are equal; every other one has its reason.

    "another number" and "record-short" are no reasons: there is none of them.
    """
    found = sum((compared(case) for case in CASES.values()), Counter[str]())
    assert found.pop("equal") == 3918
    assert found == {reason: count for reason, (count, _) in DIFFERENCES.items()}


@pytest.mark.parametrize("name", ["3", "12", "16"])
def test_plain_business_files_agree_with_cobrix_to_the_last_value(name: str) -> None:
    """R21: where no text field holds bytes of another kind, there is no difference."""
    assert set(compared(CASES[name])) == {"equal"}


def test_what_is_not_read_is_said() -> None:
    """R21: the files of Cobrix' tests that this adapter cannot cut into records, each with the reason."""
    done = {re.match(r"\d+", name).group() for name in CASES}  # type: ignore[union-attr]
    left = {number for names in NOT_READ for number in names.split(", ")}
    expected = {match[1] for path in COBRIX.glob("test*_expected") if (match := re.match(r"test(\d+)_", path.name))}
    assert done.isdisjoint(left)
    assert expected <= done | left
