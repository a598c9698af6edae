"""A cheap look at a file that is not claimed yet: does it end where a whole one would?"""

from typing import BinaryIO

from brownfield_files.frame import Frame
from brownfield_files.layout import RecordType
from brownfield_files.router import router
from brownfield_files.setting import Format

_TAIL = 64 * 1024
_LINE_ENDS = {False: b"\r\n\x1a\0", True: b"\x0d\x15\x25\x3f\0"}


class Wholeness:
    """Judges by length and by the last record. What it finds whole is still read as a whole before its first event.

    Args:
        format_: Of the files.
    """

    def __init__(self, format_: Format) -> None:
        self._cut = format_.cut
        self._route = router(format_.layout, format_.encoding)
        last = format_.layout.at("last")
        self._trailer: RecordType | None = None if last is None or last.optional else last
        self._space = format_.encoding.space

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What says that a file of `size` bytes is not whole; empty when nothing does."""
        if not size:
            return "it is empty"
        if self._cut.framing == "fixed" and size % self._cut.length:
            return f"{size} bytes are not a whole number of records of {self._cut.length}"
        if self._trailer and self._cut.framing in {"fixed", "line"}:
            last = self._last_record(file, size)
            if last is None or self._route(Frame(0, 0, last, last).batch)[0] != self._trailer.name:
                return f"its last record is no {self._trailer.name}"
        return ""

    def _last_record(self, file: BinaryIO, size: int) -> bytes | None:
        length, ends = self._cut.length, _LINE_ENDS[self._cut.ebcdic]
        if self._cut.framing == "fixed":
            file.seek(size - length)
            return file.read(length)
        file.seek(max(0, size - max(_TAIL, 2 * length)))
        tail = file.read().rstrip(ends)
        start = max(tail.rfind(bytes([end])) for end in ends) + 1
        return tail[start:].ljust(length, self._space) if tail else None
