"""A sieve lets nothing through that the plain decoder would not read: for every byte in every place."""

import numpy as np
import pytest

from brownfield_files.fixed.sieve import Sieve, compile_sieve
from brownfield_files.layout.encoding import Encoding, encoding
from brownfield_files.layout.normal_form import Field, RecordType, SignPlace
from brownfield_files.layout.picture import place_field
from brownfield_files.record.decode import record_reader
from brownfield_files.record.encode import encode_field

PICTURES = [
    ("X(3)", "DISPLAY", "trailing"), ("9(3)", "DISPLAY", "trailing"), ("S9(3)", "DISPLAY", "trailing"),
    ("S9(3)", "DISPLAY", "leading"), ("S9(3)", "DISPLAY", "trailing separate"), ("S9(2).99", "DISPLAY", "trailing"),
    ("9(3)V9(2)", "COMP-3", "trailing"), ("S9(4)", "COMP-3", "trailing"), ("9(4)", "COMP-3", "trailing"),
]  # fmt: skip


def _sieve(field: Field, of: Encoding) -> Sieve:
    made = compile_sieve([field], field.length, of)
    assert made is not None
    return made


def _right(field: Field, of: Encoding) -> bytes:
    """Bytes that mean something."""
    if field.kind == "text":
        return encode_field(field, "A1b", of)
    return encode_field(field, f"1.{'2' * field.scale}" if field.scale else 1, of)


@pytest.mark.parametrize("name", ["cp037", "cp500", "ascii", "latin-1"])
@pytest.mark.parametrize(("picture", "usage", "sign"), PICTURES)
def test_what_is_let_through_is_read_by_the_plain_decoder(name: str, picture: str, usage: str, sign: SignPlace) -> None:
    """R20: each byte of 256 in each place; some are let through, some held back."""
    field, of = place_field("f", 0, picture, usage, sign), encoding(name)
    sieve, read = _sieve(field, of), record_reader(RecordType("detail", field.length, (field,)), of)
    right, let = _right(field, of), 0
    for at in range(field.length):
        for byte in range(256):
            record = right[:at] + bytes([byte]) + right[at + 1 :]
            if sieve(np.frombuffer(record, np.uint8).reshape(1, -1)):
                let += 1
                read(record)
    assert field.length <= let < 256 * field.length


def test_one_record_among_many_is_held_back() -> None:
    """R20: wherever it stands."""
    sieve = _sieve(place_field("f", 0, "9(2)"), encoding("ascii"))
    for at in (0, 999, 1000, 2499):
        records = np.full((2500, 2), 0x30, np.uint8)
        assert sieve(records)
        records[at, 1] = 0x3A
        assert not sieve(records)


def test_what_bytes_alone_do_not_tell_has_no_sieve() -> None:
    """R20: a binary number may have more digits than its picture says."""
    field = place_field("f", 0, "9(4)", "COMP")
    assert compile_sieve([field], field.length, encoding("cp037")) is None
