"""Framing: records are cut where they end, and a file that cannot be cut is refused with the byte at which."""

from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.contract import Rejected
from brownfield_files.record.descriptor import BadFraming, Descriptor
from brownfield_files.record.frame import Cut, _batched, _lines, batches, frames

if TYPE_CHECKING:
    from conftest import Bench

EXCLUDING = Descriptor(includes=False)
LITTLE = Descriptor(order="little", includes=False)
AT_THE_END = Descriptor(order="little", at=2, includes=False)


def cut(content: bytes, how: Cut) -> list[bytes]:
    found = list(frames(BytesIO(content), how))
    assert b"".join(frame.whole for frame in found) == content
    assert [frame.number for frame in found] == list(range(len(found)))
    assert all(a.offset + len(a.whole) == b.offset for a, b in pairwise(found))
    return [frame.record for frame in found]


def rdw(*records: bytes, how: Descriptor = EXCLUDING, control: int = 0) -> bytes:
    def head(size: int) -> bytes:
        stated = (size + 4 * how.includes).to_bytes(2, how.order)
        return bytes(2) + stated if how.at else stated + bytes([control, 0])

    return b"".join(head(len(record)) + record for record in records)


@pytest.mark.parametrize("how", [Descriptor(), EXCLUDING, LITTLE, AT_THE_END, Descriptor(order="little")])
def test_a_descriptor_says_how_long_its_record_is(how: Descriptor) -> None:
    """R20: big and little-endian, counting itself or not, the length in front or behind."""
    assert cut(rdw(b"abc", b"d", how=how), Cut("variable", 9, record=how)) == [b"abc", b"d"]


@pytest.mark.parametrize("block", [Descriptor(), EXCLUDING, LITTLE])
def test_blocks_hold_records(block: Descriptor) -> None:
    """R20: RECFM=VB; the descriptor of a block belongs to its first record."""
    content = rdw(rdw(b"abc", b"d"), rdw(b"ef"), how=block)
    assert cut(content, Cut("blocked", 9, record=EXCLUDING, block=block)) == [b"abc", b"d", b"ef"]


def test_a_large_block_has_a_length_of_four_bytes() -> None:
    """R20: z/OS large block interface: the first bit is 1."""
    block = rdw(b"abc" * 20_000, b"d")
    content = (0x80000000 + len(block) + 4).to_bytes(4, "big") + block
    assert [len(one) for one in cut(content, Cut("blocked", 60_000, record=EXCLUDING))] == [60_000, 1]


def test_segments_of_a_spanned_record_are_put_together_across_blocks() -> None:
    """R20: RECFM=VBS."""
    first = rdw(b"ab", control=1)
    content = rdw(rdw(b"x") + first, rdw(b"cd", control=3), rdw(b"e", control=2) + rdw(b"y"), how=Descriptor())
    how = Cut("blocked", 9, record=EXCLUDING, spanned=True)
    assert cut(content, how) == [b"x", b"abcde", b"y"]


@pytest.mark.parametrize(
    ("content", "how", "reason"),
    [
        (bytes(4), {}, "a descriptor of 0 bytes: nothing follows"),
        (b"\x00\x03\x00\x00abc", {"record": Descriptor()}, "of 3 bytes: nothing follows"),
        (b"\x00\x04\x00\x00", {"record": Descriptor()}, "of 4 bytes: nothing follows"),
        (rdw(b"abc") + b"\x00\x09\x00\x00ab", {}, "byte 7: 00 09 00 00 states 9 bytes, and 2 are left"),
        (b"\xff\xff\x00\x00ab", {}, "states 65535 bytes, and 2 are left"),
        (rdw(b"abc") + b"\x00\x09", {}, "byte 7: 2 bytes are left, and a descriptor has 4"),
        (b"\x00\x03\x00\x01abc", {}, "beside its length are no zeros"),
        (b"\x00\x03\x01\x00abc", {}, "beside its length are no zeros"),
        (b"\x01\x00\x03\x00abc", {"record": AT_THE_END}, "beside its length are no zeros"),
        (rdw(b"ab", control=2), {"spanned": True}, "a segment is missing"),
        (rdw(b"ab", control=1) + rdw(b"cd"), {"spanned": True}, "a segment is missing"),
        (rdw(b"ab", control=1), {"spanned": True}, "ends within a spanned record"),
        (b"abcdefgh", {}, "no zeros"),
        (bytes(4), {"framing": "blocked"}, "nothing follows"),
        (b"\x00\x40\x00\x00" + rdw(b"ab"), {"framing": "blocked"}, "states 60 bytes, and 6 are left"),
        (rdw(rdw(b"abc")[:-1], how=Descriptor()), {"framing": "blocked"}, "byte 4: 00 03 00 00 states 3 bytes, and 2"),
        (b"\xff\xff\xff\xffab", {"framing": "blocked"}, "states 2147483643 bytes, and 2 are left"),
        (b"\x7f\xff\xff\xffab", {"framing": "blocked"}, "no zeros"),
    ],
)
def test_lengths_that_cannot_be_are_refused(content: bytes, how: dict[str, Any], reason: str) -> None:
    """R21: zero, too short, beyond the end: one wrong length and every record after it would be wrong."""
    settings: dict[str, Any] = {"framing": "variable", "length": 9, "record": EXCLUDING} | how
    with pytest.raises(BadFraming, match=reason):
        cut(content, Cut(**settings))


LINE = Cut("line", 3)
NEL = Cut("line", 3, "cp037", ebcdic=True)


@pytest.mark.parametrize(
    ("content", "how", "records"),
    [
        (b"abc\ndef\n", LINE, [b"abc", b"def"]),
        (b"abc\r\ndef", LINE, [b"abc", b"def"]),
        (b"a\n\nbc\n", LINE, [b"a  ", b"   ", b"bc "]),
        (b"abc\ndef\x1a", LINE, [b"abc", b"def"]),
        (b"abc\ndef\n\x1a", LINE, [b"abc", b"def"]),
        (b"abc\ndef\r\n\x1a\x1a\x1a\r\n", LINE, [b"abc", b"def"]),
        (b"abc\n\x1a\ndef\n\x1a", LINE, [b"abc", b"def"]),
        (b"\xef\xbb\xbfabc\ndef\n", LINE, [b"abc", b"def"]),
        (b"a\x1ac\n", LINE, [b"a\x1ac"]),
        (b"\x81\x82\x83\x15\x84\x15", NEL, [b"\x81\x82\x83", b"\x84\x40\x40"]),
        (b"\x81\x82\x83\x25\x84", NEL, [b"\x81\x82\x83", b"\x84\x40\x40"]),
        (b"\x81\x82\x83\x0d\x25\x84\x0d\x25\x3f", NEL, [b"\x81\x82\x83", b"\x84\x40\x40"]),
        (b"", LINE, []),
    ],
)
def test_lines_end_as_their_machine_ends_them(content: bytes, how: Cut, records: list[bytes]) -> None:
    """R20: LF, CR LF, NEL of both EBCDIC dialects, none at the end; Control-Z; a byte order mark before ASCII."""
    assert cut(content, how) == records


@pytest.mark.parametrize(
    ("content", "encoding", "reason"),
    [
        (b"abc\rdef\r", "ascii", "a carriage return stands inside a line"),
        (b"abc\r\r\n", "ascii", "a carriage return stands inside a line"),
        (b"\xef\xbb\xbfabc\n", "latin-1", "begins with a byte order mark, EF BB BF, so it is not in latin-1"),
        (b"\xff\xfea\0b\0\n\0", "latin-1", "FF FE, so it is not in latin-1"),
        (b"a" * 70_000, "ascii", "has no end within 65536 bytes"),
        (b"abc\n" + b"a" * 70_000, "ascii", "the line at byte 4 has no end"),
    ],
)
def test_lines_that_are_none_are_refused(content: bytes, encoding: str, reason: str) -> None:
    """R21: another machine's lines, or another encoding, would be read as one long record or as letters."""
    with pytest.raises(BadFraming, match=reason):
        cut(content, Cut("line", 3, encoding))


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (b"abc\n" + b"\x1a\n" * 200_000, Cut("line", 3)),
        (rdw(b"a", control=1) + rdw(*[b"b"] * 200_000, control=3), Cut("variable", 3, record=EXCLUDING, spanned=True)),
    ],
)
def test_a_record_does_not_grow_without_end(content: bytes, how: Cut) -> None:
    """R21: a file made to be put together piece by piece is refused before that takes its time."""
    with pytest.raises(BadFraming, match=r"more than|goes on beyond"):
        cut(content, how)


@given(
    lines=st.lists(st.sampled_from([b"abc", b"de", b"", b"fgh", b"\x1a", b"abcd", b"a\x1ac"]), min_size=1, max_size=9),
    end=st.sampled_from([b"\n", b"\r\n"]),
    size=st.integers(1, 4),
    last=st.booleans(),
)
def test_full_lines_are_cut_as_lines_are(lines: list[bytes], end: bytes, size: int, last: bool) -> None:
    """R20: the quick way gives what the slow way gives, whatever stands beside full lines."""
    content = end.join(lines) + end * last
    quick = [batch.frame(at) for batch in batches(BytesIO(content), LINE, size) for at in range(len(batch.records))]
    slow = list(_batched(_lines(BytesIO(content), LINE, 0), 100, 0, 0))
    assert quick == [batch.frame(at) for batch in slow for at in range(len(batch.records))]


def test_an_ebcdic_line_without_end_is_refused() -> None:
    """R21: nor is it read into memory to find out."""
    with pytest.raises(BadFraming, match="the line at byte 2 has no end"):
        cut(b"\x81\x15" + b"\x81" * 3_000_000, NEL)


RECORDS = st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=12)


@given(records=RECORDS, size=st.integers(1, 5), data=st.data())
def test_batches_from_anywhere_are_the_rest(records: list[bytes], size: int, data: Any) -> None:
    """R78: a resume finds the same records, in every framing."""
    texts = [record.hex().encode()[:9] for record in records]
    content, how = data.draw(
        st.sampled_from(
            [
                (b"".join(text.ljust(9) for text in texts), Cut("fixed", 9)),
                (b"\n".join(texts), Cut("line", 9)),
                (rdw(*records), Cut("variable", 9, record=EXCLUDING)),
                (rdw(rdw(*records[:2]), *[rdw(*records[2:])] * (len(records) > 2), how=Descriptor()),
                 Cut("blocked", 9, record=EXCLUDING)),
            ]
        )
    )  # fmt: skip
    every = list(frames(BytesIO(content), how))
    at = data.draw(st.sampled_from(every))
    until = data.draw(st.integers(at.number, len(every)))
    got = list(batches(BytesIO(content), how, size, number=at.number, offset=at.offset, until=until))
    found = [batch.frame(index) for batch in got for index in range(len(batch.records))]
    assert found == every[at.number : until]
    assert all(len(batch.records) == size for batch in got[:-1])


def test_a_feed_of_variable_records_is_read_and_resumed(bench: "Bench") -> None:
    """R78: header, details and trailer of different lengths; a checkpoint may stand in the middle of a block."""
    records = bench.file(bench.details(6))
    short = [record[:9] if index == 0 else record for index, record in enumerate(records)]
    content = rdw(rdw(*short[:3]), rdw(*short[3:]), how=Descriptor())
    settings = {"framing": "blocked", "rdw": {"includes": False}, "chunk": 2}
    arrival = bench.write(content)
    whole = bench.collect(arrival, **settings)
    assert [row.kind for chunk in whole for row in chunk.rows] == ["header", *["detail"] * 6, "trailer"]
    assert whole[-1].checkpoint.offset == len(content)
    for position, chunk in enumerate(whole):
        assert bench.collect(arrival, chunk.checkpoint, **settings) == whole[position + 1 :]


def test_a_variable_record_that_is_too_short_or_too_long_is_damage(bench: "Bench") -> None:
    """R21: what it lacks is not made up, what it has too much is not dropped."""
    head, *details, tail = bench.file(bench.details(4))
    details[1], details[2] = details[1][:14], details[2] + b"\x40"
    arrival = bench.write(rdw(head, *details, tail))
    (chunk,) = bench.collect(arrival, framing="variable", rdw={"includes": False})
    assert [(d.number, d.code, d.field) for d in chunk.damaged] == [
        (2, "record-short", "cost"),
        (3, "record-length", ""),
    ]


def test_a_wrong_length_rejects_the_file(bench: "Bench") -> None:
    """R20: before its first chunk."""
    content = rdw(*bench.file(bench.details(4)))
    with pytest.raises(Rejected, match="are left") as caught:
        bench.collect(bench.write(content[:-1]), framing="variable", rdw={"includes": False})
    assert caught.value.code == "framing"
