"""The first pass over a file: is it whole, and the file that was announced? Nothing of it is delivered before.

Checked: framing; header first, trailer last, each once, both readable; control totals; the sha256 of the whole file;
and, when resuming, that the bytes before the checkpoint are those that were read then.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

from brownfield.contract import Arrival, Checkpoint, Rejected
from brownfield_files.decode import Broken, record_reader
from brownfield_files.descriptor import BadFraming
from brownfield_files.engine import engine
from brownfield_files.frame import Batch, Frame, batches
from brownfield_files.layout import Layout
from brownfield_files.router import router
from brownfield_files.setting import Format
from brownfield_files.tally import Statement, Tally
from brownfield_files.transfer import sign_of_text_mode

_BLOCK = 1 << 19
_OF_CUTTING = frozenset(["framing", "header", "trailer"])


@dataclass(frozen=True, slots=True)
class Survey:
    """What the second pass needs of the first.

    Attributes:
        digest: The running hash at the checkpoint, to go on from.
        tally: The running totals at the checkpoint, to go on from.
        statements: What the trailer stated, judged against the whole file.
        header: The fields of the first record, or None when it has no type of its own.
    """

    digest: Any
    tally: Tally
    statements: dict[str, Statement]
    header: dict[str, Any] | None


class Preflight:
    """The first pass, for one format. Keeps nothing between files."""

    def __init__(self, format_: Format) -> None:
        self._format = format_
        self._layout: Layout = format_.layout
        self._route = router(format_.layout, format_.encoding)

    def survey(self, file: BinaryIO, arrival: Arrival, checkpoint: Checkpoint) -> Survey:
        """Read the whole file once.

        Raises:
            Rejected: It is not what it should be; the code is one of `empty`, `framing`, `header`, `trailer`, `totals`,
                `changed`.
        """
        try:
            return self._survey(file, arrival, checkpoint)
        except Rejected as error:
            sign = ""
            if error.code in _OF_CUTTING and self._format.cut.framing != "line":
                sign = sign_of_text_mode(file, ebcdic=self._format.encoding.ebcdic)
            if not sign:
                raise
            raise Rejected(f"{error}; {sign}", code=error.code, detail=error.detail) from error

    def _survey(self, file: BinaryIO, arrival: Arrival, checkpoint: Checkpoint) -> Survey:
        self._check_size(os.fstat(file.fileno()).st_size)
        order, digest = _Order(self._layout), hashlib.sha256()
        tally = Tally(self._layout, self._format.encoding, engine())
        mark: tuple[Any, Tally] | None = None
        try:
            end = self._read(file, (0, 0), checkpoint.record, _Sums(order, digest, tally))
            if end == (checkpoint.record, checkpoint.offset):
                mark = digest.copy(), tally.fork()
            self._read(file, end, None, _Sums(order, digest, tally))
        except BadFraming as error:
            raise Rejected(str(error), code="framing") from error
        _check_identity(digest.hexdigest(), arrival, mark, checkpoint)
        header, trailer = self._whole(order.first), self._whole(order.end())
        statements = tally.judge(order.last.record if trailer is not None and order.last else None)
        return Survey(*mark, statements, header) if mark else Survey(digest, tally, statements, header)

    def _read(self, file: BinaryIO, start: tuple[int, int], until: int | None, sums: "_Sums") -> tuple[int, int]:
        """Take the records from `start` to `until` into account; the number and offset after the last of them."""
        (number, offset), end = start, start
        size = max(1, _BLOCK // self._layout.length)
        for batch in batches(file, self._format.cut, size, number=number, offset=offset, until=until):
            names = self._route(batch)
            sums.order.add(batch, names)
            sums.tally.add(names, batch)
            sums.digest.update(batch.raw)
            end = batch.end
        return end

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

    def _whole(self, frame: Frame | None) -> dict[str, Any] | None:
        """The fields of the header or trailer: what speaks for the whole file must be readable."""
        if frame is None:
            return None
        kind = self._layout.record(self._route(frame.batch)[0])
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
                self._refuse_after(self.last, batch.number + index)
            if name in self._ends:
                self._add_end(batch.frame(index), name)

    def _add_end(self, frame: Frame, name: str) -> None:
        if self._last and name == self._last.name:
            self.last = frame
        elif frame.number:
            raise Rejected(f"record {frame.number} is a second header", code="header")
        else:
            self.first = frame

    def _refuse_after(self, last: Frame, number: int) -> None:
        raise Rejected(f"record {number} stands after the trailer, record {last.number}", code="trailer")

    def end(self) -> Frame | None:
        """The trailer; it is missed where it must be there."""
        if self.last is None and self._last and not self._last.optional:
            raise Rejected(f"the file ends without its {self._last.name}: it is cut short", code="trailer")
        return self.last


class _Sums(NamedTuple):
    """What is summed up over a file."""

    order: _Order
    digest: Any
    tally: Tally


def _check_identity(digest: str, arrival: Arrival, mark: tuple[Any, Tally] | None, checkpoint: Checkpoint) -> None:
    if checkpoint.offset and (mark is None or mark[0].hexdigest() != checkpoint.prefix):
        raise Rejected(
            f"{arrival.name}: the bytes before record {checkpoint.record} are not those that were read before",
            code="changed",
        )
    if digest != arrival.sha256:
        raise Rejected(f"{arrival.name}: the file is not the one that was seen: its bytes changed", code="changed")
