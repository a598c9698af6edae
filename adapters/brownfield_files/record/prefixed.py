"""Records with their length before them in four bytes, big-endian, not counting itself; a length of zero ends the file.

So the card schemes' files are written (IPM, clearing), plain or cut into blocks of 1,014 bytes of which the last two
are blanks in EBCDIC. Source: `cardutil`'s documentation of its `vbs` and `1014` formats, and its sample files.
"""

from collections.abc import Iterator
from typing import BinaryIO

from brownfield_files.record.descriptor import BadFraming

_SIZE, BLOCK, _FILLED = 4, 1014, 1012
_FILLER = b"\x40"
_END = bytes(_SIZE)


def prefixed(file: BinaryIO, *, blocks: bool, longest: int) -> Iterator[tuple[bytes, bytes]]:
    """Each record as it stands in the file, and bare; what follows the last one, the end mark, belongs to it.

    Args:
        file: At its start.
        blocks: Whether it is cut into blocks.
        longest: Bytes that a record may have.

    Raises:
        BadFraming: A record is cut short or too long, a block is not filled as it should be, the end mark is missing
            or something follows it.
    """
    source = _Source(file, _FILLED if blocks else 0)
    held: tuple[bytes, bytes] | None = None
    while (head := source.read(_SIZE)) != _END:
        if len(head) < _SIZE:
            raise BadFraming(f"byte {source.offset}: the file ends without the length of zero that ends it")
        size = int.from_bytes(head, "big")
        record = source.read(min(size, longest + 1))
        if len(record) < size:
            short = f"states {size} bytes, and {len(record)} are left"
            raise BadFraming(
                f"byte {source.offset}: {head.hex(' ').upper()} {short if size <= longest else 'is no length'}"
            )
        if held:
            yield held
        held = source.taken(), record
    source.read_filler()
    if held:
        yield held[0] + source.taken(), held[1]


class _Source:
    """Reads what is no filler, and keeps all that was read for `taken`."""

    def __init__(self, file: BinaryIO, filled: int) -> None:
        self._file, self._filled = file, filled
        self._raw = bytearray()
        self._left = filled
        self.offset = 0

    def read(self, size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            wanted = size - len(found)
            piece = self._take(min(wanted, self._left) if self._filled else wanted)
            if not piece:
                break
            found += piece
            if self._filled:
                self._left -= len(piece)
                self._end_block()
        return bytes(found)

    def read_filler(self) -> None:
        """The rest of the file: what fills its last block."""
        rest = self._take(BLOCK + 1)
        if len(rest) > BLOCK or rest.strip(_FILLER + b"\0"):
            raise BadFraming(f"byte {self.offset}: something follows the length of zero that ends the file")

    def taken(self) -> bytes:
        """All bytes that were read since this was asked last."""
        raw, self._raw = bytes(self._raw), bytearray()
        return raw

    def _end_block(self) -> None:
        if self._left:
            return
        if self._take(BLOCK - _FILLED) != _FILLER * (BLOCK - _FILLED):
            raise BadFraming(f"byte {self.offset}: a block of {BLOCK} bytes does not end with two blanks")
        self._left = self._filled

    def _take(self, size: int) -> bytes:
        piece = self._file.read(size)
        self._raw += piece
        self.offset += len(piece)
        return piece
