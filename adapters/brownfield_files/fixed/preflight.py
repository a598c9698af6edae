"""The first pass over a file: is it whole, and the file that was announced? Nothing of it is delivered before.

Checked: framing; header first, trailer last, each once, both readable; control totals; the sha256 of the whole file;
and, when resuming, that the bytes before the checkpoint are those that were read then.

What it found at the end of each chunk is kept, so that the second pass neither sums again nor takes other bytes.
"""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from brownfield.contract import Arrival, Checkpoint, Rejected
from brownfield_files.fixed.engine import engine
from brownfield_files.fixed.hashing import Hashing
from brownfield_files.fixed.tally import Statement, Tally
from brownfield_files.layout.normal_form import Layout
from brownfield_files.record.decode import Broken, record_reader
from brownfield_files.record.descriptor import BadFraming
from brownfield_files.record.frame import Batch, Frame, batches
from brownfield_files.record.router import Router, router
from brownfield_files.record.transfer import sign_of_text_mode
from brownfield_files.setting import Format

_BLOCK = 1 << 19
_OF_CUTTING = frozenset(["framing", "header", "trailer"])


class Mark(NamedTuple):
    """What the first pass found at the end of a chunk.

    Attributes:
        prefix: The sha256 of the file up to there.
        tally: The totals up to there.
    """

    prefix: "Future[str]"
    tally: Tally


@dataclass(frozen=True, slots=True)
class Survey:
    """What the second pass needs of the first.

    Attributes:
        digest: The running hash at the checkpoint, to go on from.
        marks: For each chunk after the checkpoint.
        statements: What the trailer stated, judged against the whole file.
        header: The fields of the first record, or None when it has no type of its own.
    """

    digest: Any
    marks: list[Mark]
    statements: dict[str, Statement]
    header: dict[str, Any] | None


class Preflight:
    """The first pass, for one format. Keeps nothing between files."""

    def __init__(self, format_: Format) -> None:
        self._format = format_
        self._layout: Layout = format_.layout
        self._route = router(format_.layout, format_.encoding)

    def survey(self, file: BinaryIO, arrival: Arrival, checkpoint: Checkpoint, size: int) -> Survey:
        """Read the whole file once.

        Args:
            file: The file.
            arrival: What was announced.
            checkpoint: Where the second pass begins.
            size: Records in each of its chunks.

        Raises:
            Rejected: It is not what it should be; the code is one of `empty`, `framing`, `header`, `trailer`, `totals`,
                `changed`.
        """
        try:
            return self._survey(file, arrival, checkpoint, size)
        except Rejected as error:
            sign = ""
            if error.code in _OF_CUTTING and self._format.cut.framing != "line":
                sign = sign_of_text_mode(file, ebcdic=self._format.encoding.ebcdic)
            if not sign:
                raise
            raise Rejected(f"{error}; {sign}", code=error.code, detail=error.detail) from error

    def _survey(self, file: BinaryIO, arrival: Arrival, checkpoint: Checkpoint, size: int) -> Survey:
        marks: list[Mark] = []
        with self.reading(file) as reading:
            end = (0, 0)
            for batch in reading.batches(max(1, _BLOCK // self._layout.length), end, checkpoint.record):
                reading.take(batch)
                end = batch.end
            digest = reading.digest
            for batch in reading.batches(size, end):
                reading.take(batch)
                marks.append(Mark(reading.prefix, reading.tally.fork()))
            if checkpoint.offset and (end, digest.hexdigest()) != (_place(checkpoint), checkpoint.prefix):
                before = f"the bytes before record {checkpoint.record}"
                raise changed(arrival, f"{before} are not those that were read before")
            statements = reading.judge(arrival)
            return Survey(digest, marks, statements, reading.header)

    def reading(self, file: BinaryIO) -> "Reading":
        """A reading of a file from its first byte.

        Raises:
            Rejected: It is empty, or no whole number of records.
        """
        self._check_size(os.fstat(file.fileno()).st_size)
        return Reading(self._format, file, self._route)

    def _check_size(self, size: int) -> None:
        """Refuse at once what reading could only find at the end."""
        if size == 0:
            raise Rejected(
                "the file is empty: a job that found nothing cannot be told from one that failed", code="empty"
            )
        over = size % self._layout.length
        if self._format.cut.framing == "fixed" and over:
            length = self._layout.length
            reason = f"{size} bytes are not a whole number of records of {length}: {over} bytes over"
            raise Rejected(reason, code="framing", detail={"size": size, "length": length, "over": over})


class Reading:
    """One reading of a file, in batches that follow each other, and what is found by it.

    Args:
        format_: The file's.
        file: It, at its first byte.
        route: Tells the types of records.

    Attributes:
        tally: The totals so far.
        prefix: The sha256 of what was taken so far, worked out beside it.
    """

    prefix: "Future[str]"

    def __init__(self, format_: Format, file: BinaryIO, route: Router) -> None:
        self._format, self._file, self._route = format_, file, route
        self._order, self._hashing = _Order(format_.layout), Hashing()
        self.tally = Tally(format_.layout, format_.encoding, engine())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._hashing.__exit__(kind, error, trace)

    def batches(self, size: int, start: tuple[int, int] = (0, 0), until: int | None = None) -> Iterator[Batch]:
        """The records from a place on, so many at a time.

        Raises:
            Rejected: The file cannot be cut into records.
        """
        number, offset = start
        try:
            yield from batches(self._file, self._format.cut, size, number=number, offset=offset, until=until)
        except BadFraming as error:
            raise Rejected(str(error), code="framing") from error

    def take(self, batch: Batch) -> list[str]:
        """Take the next records into account; the names of their types.

        Raises:
            Rejected: A header or trailer stands where it may not, or a total within the file is wrong.
        """
        names = self._route(batch)
        self._order.add(batch, names)
        self.tally.add(names, batch)
        self.prefix = self._hashing.add(batch.raw)
        return names

    @property
    def digest(self) -> Any:
        """The running hash."""
        return self._hashing.copy()

    @cached_property
    def header(self) -> dict[str, Any] | None:
        """The fields of the first record, once it was taken; None where it has no type of its own.

        Raises:
            Rejected: It cannot be read.
        """
        return self._whole(self._order.first)

    def judge(self, arrival: Arrival) -> dict[str, Statement]:
        """Whether the file that was taken whole is what was announced, and holds what its trailer states.

        Raises:
            Rejected: It is not so.
        """
        if self.digest.hexdigest() != arrival.sha256:
            raise changed(arrival, "the file is not the one that was seen: its bytes changed")
        _, trailer = self.header, self._whole(self._order.end())
        last = self._order.last
        return self.tally.judge(last.record if trailer is not None and last else None)

    def _whole(self, frame: Frame | None) -> dict[str, Any] | None:
        """The fields of the header or trailer: what speaks for the whole file must be readable."""
        if frame is None:
            return None
        kind = self._format.layout.record(self._route(frame.batch)[0])
        try:
            return record_reader(kind, self._format.encoding)(frame.record)
        except Broken as error:
            code = "header" if kind.place == "first" else "trailer"
            raise Rejected(f"record {frame.number} ({kind.name}): {error.sentence}", code=code) from None


class _Order:
    """Header first, trailer last, each once."""

    def __init__(self, layout: Layout) -> None:
        self._first = layout.at("first")
        self._last = layout.at("last")
        self._ends = {record.name for record in (self._first, self._last) if record}
        self._fill = {record.name for record in layout.records if record.place == "fill"}
        self.first: Frame | None = None
        self.last: Frame | None = None

    def add(self, batch: Batch, names: list[str]) -> None:
        """Look at the types of records that follow those seen before."""
        if self._first and not self._first.optional and not batch.number and names[0] != self._first.name:
            raise Rejected(f"the first record is no {self._first.name}", code="header")
        if self.last is None and self._ends.isdisjoint(names):
            return
        for index, name in enumerate(names):
            if self.last is not None and name not in self._fill:
                self._refuse_after(self.last, batch.frame(index))
            if name in self._ends:
                self._add_end(batch.frame(index), name)

    def _add_end(self, frame: Frame, name: str) -> None:
        if self._last and name == self._last.name:
            self.last = frame
        elif frame.number:
            raise Rejected(f"record {frame.number} is a second header", code="header")
        else:
            self.first = frame

    def _refuse_after(self, last: Frame, frame: Frame) -> None:
        what = "" if frame.whole.strip(b"\r\n\x15\x25") else " (an empty line)"
        raise Rejected(f"record {frame.number}{what} stands after the trailer, record {last.number}", code="trailer")

    def end(self) -> Frame | None:
        """The trailer; it is missed where it must be there."""
        if self.last is None and self._last and not self._last.optional:
            raise Rejected(f"the file ends without its {self._last.name}: it is cut short", code="trailer")
        return self.last


def changed(arrival: Arrival, how: str) -> Rejected:
    """What is said of a file that is not the one that it was."""
    return Rejected(f"{arrival.name}: {how}", code="changed")


def _place(checkpoint: Checkpoint) -> tuple[int, int]:
    return checkpoint.record, checkpoint.offset
