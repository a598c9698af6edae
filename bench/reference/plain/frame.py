"""Framing: where one record ends and the next begins. Reads in blocks; the file is never in memory as a whole."""

from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple, TypeAlias

Framing: TypeAlias = Literal["fixed", "line"]

_BLOCK = 256 * 1024
_LONGEST_LINE = 64 * 1024
_CONTROL_Z = b"\x1a"


class Frame(NamedTuple):
    """One record as it stands in the file.

    Attributes:
        number: From 0.
        offset: Bytes from the start of the file.
        whole: All its bytes in the file, line end included.
        record: The record, padded with blanks to the record length; longer only where the line is too long.
    """

    number: int
    offset: int
    whole: bytes
    record: bytes


class BadFraming(Exception):
    """The file cannot be cut into records; the message says why. Internal to the adapter."""


def frames(file: BinaryIO, framing: Framing, length: int, *, number: int = 0, offset: int = 0) -> Iterator[Frame]:
    """The records of a file from a position on.

    `fixed`: each record has `length` bytes. `line`: each ends with LF or CR LF; the last line end may be missing, a
    Control-Z on the last line belongs to the record before it, and a short line is filled with blanks, as COBOL's LINE
    SEQUENTIAL cuts them off.

    Args:
        file: Opened for reading bytes.
        framing: How records end.
        length: The record length in bytes.
        number: The number of the record at `offset`.
        offset: Where to begin, in bytes.

    Raises:
        BadFraming: The last record is cut short, or a line has no end within 64 KB.
    """
    file.seek(offset)
    return _fixed(file, length, number, offset) if framing == "fixed" else _lines(file, length, number, offset)


def _fixed(file: BinaryIO, length: int, number: int, offset: int) -> Iterator[Frame]:
    block_size = max(1, _BLOCK // length) * length
    while block := _read_fully(file, block_size):
        over = len(block) % length
        for start in range(0, len(block) - over, length):
            record = block[start : start + length]
            yield Frame(number, offset + start, record, record)
            number += 1
        offset += len(block)
        if over:
            raise BadFraming(f"{offset} bytes are not a whole number of records of {length}: {over} bytes over")


def _read_fully(file: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes; fewer only at the end of the file."""
    block = file.read(size)
    while block and len(block) < size and (more := file.read(size - len(block))):
        block += more
    return block


def _lines(file: BinaryIO, length: int, number: int, offset: int) -> Iterator[Frame]:
    longest = max(_LONGEST_LINE, 2 * length)
    whole = file.readline(longest)
    while whole:
        if len(whole) == longest and not whole.endswith(b"\n"):
            raise BadFraming(f"the line at byte {offset} has no end within {longest} bytes")
        record = whole.removesuffix(b"\n").removesuffix(b"\r").ljust(length)
        following = file.readline(longest)
        if following.rstrip(b"\r\n") == _CONTROL_Z:
            whole, following = whole + following, file.readline(longest)
        yield Frame(number, offset, whole, record)
        number, offset, whole = number + 1, offset + len(whole), following
