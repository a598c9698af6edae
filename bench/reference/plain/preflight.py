"""The first pass over a file: is it whole, and the file that was announced? Nothing of it is delivered before.

Checked: framing; header first, trailer last, each once, both readable; control totals; the sha256 of the whole file;
and, when resuming, that the bytes before the checkpoint are those that were read then.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from brownfield.contract import Arrival, Checkpoint, Rejected
from plain.decode import Broken, record_reader
from plain.frame import BadFraming, Frame, frames
from plain.layout import Layout, RecordType
from plain.router import router
from plain.setting import Format
from plain.tally import Statement, Tally


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
        self._route: Callable[[bytes], RecordType | None] = router(format_.layout, format_.encoding)

    def survey(self, file: BinaryIO, arrival: Arrival, checkpoint: Checkpoint) -> Survey:
        """Read the whole file once.

        Raises:
            Rejected: It is not what it should be; the code is one of `empty`, `framing`, `header`, `trailer`, `totals`,
                `changed`.
        """
        self._check_size(os.fstat(file.fileno()).st_size)
        order = _Order(self._layout)
        digest, tally = hashlib.sha256(), Tally(self._layout, self._format.encoding)
        mark: tuple[Any, Tally] | None = None
        end = (0, 0)
        try:
            for frame in frames(file, self._format.framing, self._layout.length):
                if (frame.number, frame.offset) == (checkpoint.record, checkpoint.offset):
                    mark = digest.copy(), tally.fork()
                kind = self._route(frame.record)
                order.add(frame, kind)
                tally.add(kind, frame.record)
                digest.update(frame.whole)
                end = (frame.number + 1, frame.offset + len(frame.whole))
        except BadFraming as error:
            raise Rejected(str(error), code="framing") from error
        if end == (checkpoint.record, checkpoint.offset):
            mark = digest.copy(), tally.fork()
        _check_identity(digest.hexdigest(), arrival, mark, checkpoint)
        header, trailer = self._whole(order.first), self._whole(order.end())
        statements = tally.judge(order.last.record if trailer is not None and order.last else None)
        return Survey(*mark, statements, header) if mark else Survey(digest, tally, statements, header)

    def _check_size(self, size: int) -> None:
        """Refuse at once what reading could only find at the end."""
        if size == 0:
            raise Rejected(
                "the file is empty: a job that found nothing cannot be told from one that failed", code="empty"
            )
        over = size % self._layout.length
        if self._format.framing == "fixed" and over:
            length = self._layout.length
            reason = f"{size} bytes are not a whole number of records of {length}: {over} bytes over"
            raise Rejected(reason, code="framing", detail={"size": size, "length": length, "over": over})

    def _whole(self, frame: Frame | None) -> dict[str, Any] | None:
        """The fields of the header or trailer: what speaks for the whole file must be readable."""
        kind = self._route(frame.record) if frame else None
        if frame is None or kind is None:
            return None
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
        self.first: Frame | None = None
        self.last: Frame | None = None

    def add(self, frame: Frame, kind: RecordType | None) -> None:
        if self.last is not None:
            raise Rejected(f"record {frame.number} stands after the trailer, record {self.last.number}", code="trailer")
        place = kind.place if kind else "body"
        if place == "last":
            self.last = frame
        if place == "first" and frame.number:
            raise Rejected(f"record {frame.number} is a second header", code="header")
        if place == "first":
            self.first = frame
        elif not frame.number and self._first and not self._first.optional:
            raise Rejected(f"the first record is no {self._first.name}", code="header")

    def end(self) -> Frame | None:
        if self.last is None and self._last and not self._last.optional:
            raise Rejected(f"the file ends without its {self._last.name}: it is cut short", code="trailer")
        return self.last


def _check_identity(digest: str, arrival: Arrival, mark: tuple[Any, Tally] | None, checkpoint: Checkpoint) -> None:
    if checkpoint.offset and (mark is None or mark[0].hexdigest() != checkpoint.prefix):
        raise Rejected(
            f"{arrival.name}: the bytes before record {checkpoint.record} are not those that were read before",
            code="changed",
        )
    if digest != arrival.sha256:
        raise Rejected(f"{arrival.name}: the file is not the one that was seen: its bytes changed", code="changed")
