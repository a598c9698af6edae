"""Encoding what was decoded gives the same bytes: over every field of every file of the corpus that has a copybook."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from test_cobrix import CASES, COBRIX, ROOT

from brownfield_files.copybook import read_copybook
from brownfield_files.decode import Broken, value_reader
from brownfield_files.encode import encode_field
from brownfield_files.encoding import Encoding, encoding
from brownfield_files.frame import Cut, frames
from brownfield_files.layout import Field

pytestmark = pytest.mark.corpus

CARDDEMO = ROOT / "aws-samples+aws-mainframe-modernization-carddemo" / "app"
TWINS = {
    "CVACT01Y": ("ACCTDATA", "acctdata"), "CVACT02Y": ("CARDDATA", "carddata"), "CVACT03Y": ("CARDXREF", "cardxref"),
    "CVCUS01Y": ("CUSTDATA", "custdata"), "CVTRA06Y": ("DALYTRAN", "dailytran"), "CVTRA01Y": ("TCATBALF", "tcatbal"),
    "CVTRA02Y": ("DISCGRP", "discgrp"), "CVTRA03Y": ("TRANTYPE", "trantype"), "CVTRA04Y": ("TRANCATG", "trancatg"),
    "CSUSR01Y": ("USRSEC", ""), "CVEXPORT": ("EXPORT.DATA", ""),
}  # fmt: skip


class Source(NamedTuple):
    """A file, what describes it and how it is cut."""

    copybook: Path
    data: Path
    code: Encoding
    cut: Cut


def sources() -> Iterator[Source]:
    for case in CASES.values():
        copybook = COBRIX / case.copybook
        cut = Cut("fixed", max(one.length for one in read_copybook(copybook).records))
        if case.record:
            cut = Cut("variable", cut.length, record=case.record)
        yield Source(copybook, COBRIX / case.data, encoding(case.code), cut)
    for name, (ebcdic, text) in TWINS.items():
        copybook = CARDDEMO / "cpy" / f"{name}.cpy"
        length = read_copybook(copybook).records[0].length
        data = CARDDEMO / "data"
        yield Source(
            copybook, data / "EBCDIC" / f"AWS.M2.CARDDEMO.{ebcdic}.PS", encoding("cp037"), Cut("fixed", length)
        )
        if text:
            yield Source(copybook, data / "ASCII" / f"{text}.txt", encoding("ascii"), Cut("line", length))


def pieces(source: Source) -> Iterator[tuple[Field, bytes]]:
    """The bytes of every field of every record, those of every REDEFINES included."""
    entries = [entry for record in read_copybook(source.copybook).records for entry in record.walk() if entry.item]
    with source.data.open("rb") as file:
        for frame in frames(file, source.cut):
            for entry in entries:
                piece = frame.record[entry.offset : entry.offset + entry.length]
                if len(piece) == entry.length and entry.item:
                    yield entry.item, piece


def verdict(field: Field, piece: bytes, code: Encoding) -> str:
    try:
        value = value_reader(field, code)(piece)
    except Broken:
        return "damage"
    again = encode_field(field, value, code)
    if value_reader(field, code)(again) != value:
        return "another value"
    if again == piece:
        return "same bytes"
    blank = piece.rstrip(b"\0" + code.space).ljust(len(piece), code.space)
    return "NULs on the right of text, written as blanks" if again == blank else "other bytes"


@pytest.mark.slow
@pytest.mark.usefixtures("corpus")
def test_what_is_decoded_is_encoded_to_the_same_bytes() -> None:
    """R21: numbers of all kinds to the byte; text as well, but that its end is filled with blanks always.

    Damage is what stands in a REDEFINES that the record does not hold, and what the files hold on purpose.
    """
    found = Counter(verdict(field, piece, source.code) for source in sources() for field, piece in pieces(source))
    assert found.keys() == {"same bytes", "damage", "NULs on the right of text, written as blanks"}
    assert found["same bytes"] > 60_000
