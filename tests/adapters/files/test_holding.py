"""Record types of a sample are told by what its records hold."""

from pathlib import Path
from typing import Any

import pytest
from copybook_file import SAMPLES

from brownfield.contract import Sources
from brownfield_files.layout.assemble import assemble
from brownfield_files.layout.copybook import parse_copybook
from brownfield_files.layout.declaration import RecordDeclaration
from brownfield_files.layout.encoding import encoding
from brownfield_files.layout.normal_form import RecordType
from brownfield_files.sample.draft import read_sources
from brownfield_files.sample.holding import held_by

COPYBOOK = """
       01  R.
           05  BODY.
               10  SHORT-TEXT  PIC X(4).
           05  LONG REDEFINES BODY.
               10  LONG-TEXT   PIC X(8).
           05  SUM-OF REDEFINES BODY.
               10  AMOUNT      PIC S9(7) COMP-3.
           05  TWIN REDEFINES BODY.
               10  NAME-OF     PIC X(8).
"""


def types(*names: str) -> dict[str, RecordType]:
    book = parse_copybook(COPYBOOK)
    return {name: assemble(book, {"detail": RecordDeclaration(of=name)}).records[0] for name in names}


@pytest.mark.parametrize(
    ("records", "names", "held"),
    [
        ([b"AB  \0\0\0\0"], ("BODY", "LONG", "SUM-OF"), "BODY"),
        ([b"AB      ", b"ABCDEFGH"], ("BODY", "LONG", "SUM-OF"), "LONG"),
        ([bytes.fromhex("0000123C00000000")], ("BODY", "LONG", "SUM-OF"), "SUM-OF"),
        ([b"ABCDEFGH"], ("BODY", "LONG", "TWIN"), ""),  # two alternatives are as good
        ([bytes.fromhex("0000123A00000000")], ("BODY", "LONG", "SUM-OF"), ""),  # none is
        ([], ("BODY", "LONG"), ""),
    ],
)
def test_the_shortest_alternative_that_means_something_is_believed(
    records: list[bytes], names: tuple[str, ...], held: str
) -> None:
    """R26: and none where two are as good, or none is."""
    assert held_by(records, types(*names), encoding("ascii")) == held


@pytest.mark.corpus
@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample.types])
def test_the_record_types_of_the_corpus_are_guessed(name: str, corpus: Path) -> None:
    """R26: every type of seven files, by the values of the field that tells it; before, of none."""
    one = SAMPLES[name]
    sources: Sources = {"layout": str(corpus / "batch" / one.copybook), "file": str(corpus / "batch" / one.data)}
    guessed: dict[str, Any] = {entry["of"]: entry["when"] for entry in read_sources(sources).records.values()}
    told = one.told.lower().replace("-", "_")
    assert guessed == {of: {told: value} for of, value in one.types.values()}
