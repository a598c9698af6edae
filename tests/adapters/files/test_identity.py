"""Encoding what was decoded gives the same bytes: over every field of every file of the corpus that has a copybook."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from copybook_file import SAMPLES, Sample

from brownfield_files.layout.copybook import read_copybook
from brownfield_files.layout.encoding import Encoding, encoding
from brownfield_files.layout.normal_form import Field
from brownfield_files.record.decode import Broken, value_reader
from brownfield_files.record.encode import encode_field
from brownfield_files.record.frame import Cut, frames

pytestmark = pytest.mark.corpus


def pieces(sample: Sample, folder: Path) -> Iterator[tuple[Field, bytes]]:
    """The bytes of every field of every record, those of every REDEFINES included."""
    records = read_copybook(folder / sample.copybook).records
    entries = [entry for record in records for entry in record.walk() if entry.item]
    length = sample.length or max(record.length for record in records)
    with (folder / sample.data).open("rb") as file:
        for frame in frames(file, Cut(sample.framing, length, record=sample.record)):  # type: ignore[arg-type]
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
def test_what_is_decoded_is_encoded_to_the_same_bytes(corpus: Path) -> None:
    """R21: numbers of all kinds to the byte; text as well, but that its end is filled with blanks always.

    Damage is what stands in a REDEFINES that the record does not hold, and what the files hold on purpose.
    """
    found: Counter[str] = Counter()
    for sample in SAMPLES.values():
        code = encoding(sample.code, floating=sample.floating)
        found.update(verdict(field, piece, code) for field, piece in pieces(sample, corpus / "batch"))
    assert found.keys() == {"same bytes", "damage", "NULs on the right of text, written as blanks"}
    assert found["same bytes"] > 60_000
