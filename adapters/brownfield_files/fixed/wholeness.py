"""A cheap look at a file that is not claimed yet: does it end where a whole one would?"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from brownfield_files.layout.normal_form import RecordType
from brownfield_files.record.frame import Frame
from brownfield_files.record.router import router
from brownfield_files.setting import Format

_TAIL = 64 * 1024
_LINE_ENDS = {False: re.compile(rb"[\r\n]"), True: re.compile(rb"[\x0d\x15\x25]")}
_FILE_ENDS = {False: b"\r\n\x1a\0", True: b"\x0d\x15\x25\x3f\0"}


class Wholeness:
    """Judges by length and by the last record but those that fill the file up.

    What it finds whole is still read as a whole before its first event.

    Args:
        format_: Of the files.
    """

    def __init__(self, format_: Format) -> None:
        self._cut = format_.cut
        self._route = router(format_.layout, format_.encoding)
        last = format_.layout.at("last")
        self._trailer: RecordType | None = None if last is None or last.optional else last
        self._fills = frozenset(record.name for record in format_.layout.records if record.place == "fill")
        self._space = format_.encoding.space

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What says that a file of `size` bytes is not whole; empty when nothing does."""
        if not size:
            return "it is empty"
        if self._cut.framing == "fixed" and size % self._cut.length:
            return f"{size} bytes are not a whole number of records of {self._cut.length}"
        if self._trailer and self._cut.framing in {"fixed", "line"}:
            kinds = (self._route(Frame(0, 0, one, one).batch)[0] for one in self._from_the_end(file, size))
            if next((kind for kind in kinds if kind not in self._fills), "") != self._trailer.name:
                return f"its last record is no {self._trailer.name}"
        return ""

    def _from_the_end(self, file: BinaryIO, size: int) -> Iterator[bytes]:
        """Its records from the last one back, as far as a cheap look goes."""
        length, most = self._cut.length, max(_TAIL, 2 * self._cut.length)
        whole = most - most % length if self._cut.framing == "fixed" else most
        start = max(0, size - whole)
        file.seek(start)
        tail = file.read(size - start)
        if self._cut.framing == "fixed":
            yield from (tail[at : at + length] for at in range(len(tail) - length, -1, -length))
            return
        lines = _LINE_ENDS[self._cut.ebcdic].split(tail.rstrip(_FILE_ENDS[self._cut.ebcdic]))[1 if start else 0 :]
        yield from (line.ljust(length, self._space) for line in reversed(lines) if line)
