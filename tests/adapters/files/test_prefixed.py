"""Card files: a length of four bytes before each record, plain or in blocks of 1,014 bytes."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield_files.record.descriptor import BadFraming
from brownfield_files.record.frame import Cut, batches, frames

PLAIN, BLOCKS = Cut("prefixed", 80), Cut("prefixed-1014", 80)


def written(records: list[bytes], *, blocks: bool) -> bytes:
    content = b"".join(len(record).to_bytes(4, "big") + record for record in records) + bytes(4)
    if not blocks:
        return content
    cut = [content[at : at + 1012].ljust(1012, b"\x40") for at in range(0, len(content), 1012)]
    return b"".join(block + b"\x40\x40" for block in cut)


RECORDS = st.lists(st.binary(min_size=1, max_size=700), min_size=1, max_size=12)


@given(records=RECORDS, blocks=st.booleans(), size=st.integers(1, 5))
def test_records_are_told_apart_and_no_byte_is_lost(records: list[bytes], blocks: bool, size: int) -> None:
    """R21: the bytes of all records together are the file, so that a prefix can be hashed and resumed."""
    content, cut = written(records, blocks=blocks), BLOCKS if blocks else PLAIN
    found = list(batches(BytesIO(content), cut, size))
    assert [record for batch in found for record in batch.records] == records
    assert b"".join(batch.raw for batch in found) == content
    number, offset = found[0].end
    rest = list(batches(BytesIO(content), cut, size, number=number, offset=offset))
    assert [batch.records for batch in rest] == [batch.records for batch in found[1:]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\0\0\0\2ab", "without the length of zero"),
        (b"\0\0\0\5ab", "states 5 bytes, and 2 are left"),
        (b"\x7f\xff\xff\xffab", "states 2147483647 bytes|is no length"),
        (b"\0\0\0\2ab\0\0\0\0more", "something follows"),
        (b"\0\0\0\2ab\0\0", "without the length of zero"),
    ],
)
def test_what_is_not_so_is_refused(content: bytes, reason: str) -> None:
    """R21: cut short, damaged, or two files in one."""
    with pytest.raises(BadFraming, match=reason):
        list(frames(BytesIO(content), PLAIN))


def test_a_block_ends_with_two_blanks() -> None:
    """R21: a file that was cut elsewhere is not read askew."""
    content = bytearray(written([b"x" * 700] * 3, blocks=True))
    content[1012] = 0
    with pytest.raises(BadFraming, match="byte 1014: a block of 1014 bytes"):
        list(frames(BytesIO(bytes(content)), BLOCKS))


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "cut", "code"),
    [("synthetic_cp500_vbs.ipm", PLAIN, "cp500"), ("synthetic_latin_1_1014.ipm", BLOCKS, "latin-1")],
)
def test_card_files_of_the_corpus(corpus: Path, name: str, cut: Cut, code: str) -> None:
    """R21: as many records as expected, each beginning with its message type."""
    folder = corpus / "batch" / "adelosa+cardutil"
    expected = json.loads((folder / "synthetic.expected.json").read_text())
    with (folder / name).open("rb") as file:
        found = [frame.record[:4].decode(code) for frame in frames(file, cut)]
    assert found == [one["MTI"] for one in expected]
