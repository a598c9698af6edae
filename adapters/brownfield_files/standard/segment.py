"""Files of segments, as X12, EDIFACT and HL7 are: a tag and elements, with a sign between them and one at the end.

Which signs these are stands at the start of each interchange, and is read from there. A segment is delivered as the
exact text that stands in the file, without the sign at its end. Line ends are part of a text, except in a file that was
wrapped on its way: all its lines are of one length then, and they mean nothing (binary data are not touched).
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO, NamedTuple

from brownfield.contract import Rejected

MOST_BYTES = 4 << 20
"""Of one segment, and of one message with all its segments."""
_BLOCK = 1 << 16
_SAMPLE = 1 << 12
_USUAL_WIDTH = 80
_LINE_END = re.compile(r"\r\n?|\n")
_AROUND = b"\r\n"
_BEFORE = b"\r\n \t\x0b"


@dataclass(frozen=True, slots=True)
class Syntax:
    """The signs of an interchange.

    Attributes:
        element: Between elements.
        component: Between the components of an element.
        ends: One of these bytes ends a segment.
        release: What stands before a sign that is meant as a letter; empty for none.
        head: Bytes that only say what the signs are, before the first segment.
        around: What may stand between segments and means nothing.
        codec: What the text is written in, where the file says so; empty where it does not.
        mark: What it is written in by the mark before the first segment, whatever is said elsewhere; empty without one.
        open: Whether the last segment of a file need not be ended.
        final: The tag of the segment that ends an interchange: it repeats a number, so that it shows itself whether it
            is whole. The last of a file need not be ended: some programs leave the sign, or its line end, away.
        binary: The tags of segments that hold binary data, and which element begins it; the one before says its length.
    """

    element: bytes
    component: bytes
    ends: bytes
    release: bytes = b""
    head: int = 0
    around: bytes = _AROUND
    codec: str = ""
    mark: str = ""
    open: bool = False
    final: bytes = b""
    binary: Mapping[bytes, int] = field(default_factory=dict)

    def split(self, raw: bytes, sign: bytes) -> list[bytes]:
        """What stands between a sign, where it is not released."""
        if not self.release or self.release not in raw:
            return raw.split(sign)
        pieces: list[bytes] = []
        start = at = 0
        while (found := raw.find(sign, at)) >= 0:
            at = found + 1
            if not _released(raw, start, found, self.release):
                pieces.append(raw[start:found])
                start = at
        return [*pieces, raw[start:]]

    def plain(self, raw: bytes) -> bytes:
        """An element or a component without the signs that release others."""
        if not self.release or self.release not in raw:
            return raw
        return re.sub(re.escape(self.release) + b"(.)", rb"\1", raw, flags=re.DOTALL)


def _wrapped(head: bytes) -> bytes:
    """The line ends of a file whose lines are of one length, whatever stands in them; nothing where they are not."""
    *lines, last = map(len, _LINE_END.split(head.rstrip(_AROUND).decode(errors="replace")))
    told = len(lines) > 1 or lines == [_USUAL_WIDTH]
    return _AROUND if told and {*lines} == {max(last, *lines)} else b""


def _released(raw: bytes, start: int, at: int, release: bytes) -> bool:
    """Whether a sign is meant as a letter: an odd number of release signs stands before it."""
    before = at
    while before > start and raw[before - 1 : before] == release:
        before -= 1
    return (at - before) % 2 == 1


class Segment(NamedTuple):
    """A segment as it stands in the file.

    Attributes:
        offset: Where it begins, what stands before it and means nothing included.
        end: Where the next one begins.
        tag: What it is called.
        bare: What it says, without the sign at its end.
        syntax: The signs.
    """

    offset: int
    end: int
    tag: bytes
    bare: bytes
    syntax: Syntax

    def elements(self) -> list[bytes]:
        """Its elements, the tag first."""
        return self.syntax.split(self.bare, self.syntax.element)


class Start(NamedTuple):
    """What an interchange may begin with.

    Attributes:
        tags: Its first three bytes.
        head: How many bytes say the signs.
        signs: A function from these to the signs; None where they say none.
    """

    tags: tuple[bytes, ...]
    head: int
    signs: Callable[[bytes], Syntax | None]


def segments(file: BinaryIO, start: Start) -> Iterator[Segment]:
    """The segments of a file, from its start. Where the file stands between two of them does not matter.

    Raises:
        Rejected: It does not begin as such a file does, or a segment has no end.
    """
    cutter = _Cutter(file, start)
    while (segment := cutter.next()) is not None:
        yield segment


class _Cutter:
    def __init__(self, file: BinaryIO, start: Start) -> None:
        self._file, self._start = file, start
        self._buffer, self._at, self._base = b"", 0, 0
        self._syntax: Syntax | None = None
        self._mark, self._wrapped = "", b""
        self._stop = re.compile(b"")

    def next(self) -> Segment | None:
        """The next segment; None at the end of the file."""
        if self._at > _BLOCK:
            self._buffer, self._base, self._at = self._buffer[self._at :], self._base + self._at, 0
        offset = self._base + self._at
        if self._syntax is None:
            self._skip(_BEFORE)
            self._skip_mark()
            self._wrapped = _wrapped(self._buffer[self._at : self._at + _SAMPLE])
        while len(self._buffer) - self._at < self._start.head and self._fill():
            pass
        if self._at == len(self._buffer):
            return None
        if self._buffer.startswith(self._start.tags, self._at):
            self._begin()
        if self._syntax is None:
            shown = self._buffer[self._at : self._at + 12]
            raise Rejected(f"it begins with {shown!r}, as no such file does", code="framing")
        return self._cut(self._syntax, offset)

    def _begin(self) -> None:
        """An interchange may say other signs than the one before it."""
        head = self._buffer[self._at : self._at + self._start.head]
        begun = self._start.signs(head.translate(None, self._wrapped))
        if begun is not None:
            self._syntax = replace(begun, mark=self._mark)
            self._stop = re.compile(b"[%b]" % re.escape(begun.ends))
            self._at += begun.head
            self._skip(begun.around)

    def _cut(self, syntax: Syntax, offset: int) -> Segment:
        start = self._at
        end = self._end(syntax, start, start)
        bare = self._buffer[start:end].translate(None, self._wrapped)
        tag = bare[:4].split(syntax.element)[0].split(syntax.component)[0]
        if tag in syntax.binary:
            end = self._end(syntax, start, self._data_end(syntax, start, end, syntax.binary[tag]))
            bare = self._buffer[start:end]
        self._at = min(end + 1, len(self._buffer))
        self._skip(syntax.around)
        return Segment(offset, self._base + self._at, tag, bare, syntax)

    def _end(self, syntax: Syntax, start: int, at: int) -> int:
        """Where the sign stands that ends the segment which begins at `start`; it is looked for from `at` on."""
        while True:
            match = self._stop.search(self._buffer, at)
            if match and not (syntax.release and _released(self._buffer, start, match.start(), syntax.release)):
                return match.start()
            at = match.end() if match else max(at, len(self._buffer))
            if len(self._buffer) - start > MOST_BYTES:
                reason = f"the segment at byte {self._base + start} has no end in {MOST_BYTES} bytes"
                raise Rejected(reason, code="framing")
            if not match and not self._fill():
                if syntax.open or self._buffer[start:].split(syntax.element, 1)[0] == syntax.final:
                    return max(start, len(self._buffer.rstrip(syntax.around)))
                raise Rejected(f"the segment at byte {self._base + start} has no end: it is cut short", code="framing")

    def _data_end(self, syntax: Syntax, start: int, end: int, element: int) -> int:
        """Where the binary data of a segment end; its length stands before them."""
        before = self._buffer[start:end].split(syntax.element)[:element]
        length = before[-1].decode("ascii", "replace")
        if len(before) < element or not (length.isascii() and length.isdecimal() and len(length) < 9):
            raise Rejected(f"the segment at byte {self._base + start} states no length of its data", code="framing")
        at = start + sum(len(one) + 1 for one in before) + int(length)
        while len(self._buffer) <= at and self._fill():
            pass
        if self._buffer[at : at + 1] not in [syntax.ends[place : place + 1] for place in range(len(syntax.ends))]:
            reason = f"the data of the segment at byte {self._base + start} do not end after {length} bytes"
            raise Rejected(reason, code="framing")
        return at

    def _skip(self, around: bytes) -> None:
        """Go on to where the next segment begins."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in around:
                self._at += 1
            if self._at < len(self._buffer) or not self._fill():
                return

    def _skip_mark(self) -> None:
        """Programs that write UTF-8 often put a mark before all else (BOM), which is no sign of the format."""
        if self._buffer.startswith(BOM_UTF8, self._at):
            self._mark = "utf-8"
            self._at += len(BOM_UTF8)
            self._skip(_BEFORE)

    def _fill(self) -> bool:
        self._file.seek(self._base + len(self._buffer))
        block = self._file.read(_BLOCK)
        self._buffer += block
        return bool(block)
