"""The `files` connection: a drop, a format, and the two passes that turn a file into rows."""

import os
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from brownfield.contract import (
    Arrival,
    Checkpoint,
    Chunk,
    Contract,
    Damage,
    Opening,
    Rejected,
    Row,
    Unavailable,
    Verdict,
    fingerprint,
)
from plain.decode import Broken, record_reader
from plain.drop import Drop, Stamp
from plain.frame import Frame, frames
from plain.layout import RecordType
from plain.preflight import Preflight, Survey
from plain.router import router
from plain.schema import contract_of
from plain.setting import FilesSettings, Format


class FilesFeed:
    """A feed adapter over batch files in a folder.

    Rows of every record type are delivered, the header and trailer included; the row's `kind` is the type's name, and
    which kinds become events is the feed's business. Where no types are declared there is one: `detail`.
    """

    def __init__(self, opening: Opening[FilesSettings]) -> None:
        self._name = opening.name
        self._settings = opening.settings
        self._most_bytes = opening.limits.max_bytes
        self._format = Format(opening.settings)
        self._contract = contract_of(self._format.layout)
        self._shape = fingerprint(self._contract.model_dump(mode="json"))
        self._preflight = Preflight(self._format)
        self._decoder = _Decoder(self._format)
        self._known_drop: Drop | None = None

    def probe(self) -> None:
        """Return when the location can be listed; raise `Unavailable` when it cannot."""
        self._drop().probe()

    def describe(self) -> Contract:
        """The record types, from the pinned layout."""
        return self._contract

    def arrivals(self) -> list[Arrival]:
        """The files that are complete now, oldest first."""
        return self._drop().arrivals()

    def collect(self, arrival: Arrival, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """The rows after `checkpoint`, in chunks. The whole file is checked before the first, see `preflight`.

        Raises:
            Rejected: The file is not what it should be, is too large, or changed; or the layout changed since the
                checkpoint. Codes: those of `Preflight.survey`, `too-large`, `layout`.
            Unavailable: The file cannot be read now.
        """
        if checkpoint.record and checkpoint.context.get("layout") != self._shape:
            raise Rejected(f"{arrival.name}: the layout changed since record {checkpoint.record}", code="layout")
        try:
            with self._drop().open(arrival.name) as file:
                size = os.fstat(file.fileno()).st_size
                if size > self._most_bytes:
                    raise Rejected(f"{size} bytes are more than the limit of {self._most_bytes}", code="too-large")
                stamp = Stamp.of(file)
                survey = self._preflight.survey(file, arrival, checkpoint)
                yield from self._chunks(file, stamp, survey, arrival, checkpoint)
        except OSError as error:
            raise Unavailable(f"{arrival.name} cannot be read: {error.strerror}") from error

    def settle(self, arrival: Arrival, verdict: Verdict) -> None:
        """Move the file, and its marker, into `archive/` or `set-aside/`. A file already moved is no error."""
        self._drop().settle(arrival, verdict)

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _drop(self) -> Drop:
        if self._known_drop is None:
            settings = self._settings
            if settings.location is None:
                raise Unavailable(
                    f"connection {self._name}: its `location` has no value: set the environment variable it names"
                )
            self._known_drop = Drop(settings.location, settings.match, settings.marker, settings.settle_seconds)
        return self._known_drop

    def _chunks(
        self, file: BinaryIO, stamp: Stamp, survey: Survey, arrival: Arrival, checkpoint: Checkpoint
    ) -> Iterator[Chunk]:
        """The second pass. A file that changes under us is noticed before the chunk is given."""
        layout = self._format.layout
        number, offset = checkpoint.record, checkpoint.offset
        stream = frames(file, self._format.framing, layout.length, number=number, offset=offset)
        while batch := list(islice(stream, self._settings.chunk)):
            rows, damaged = self._decoder.decode(batch, survey)
            number, offset = batch[-1].number + 1, batch[-1].offset + len(batch[-1].whole)
            prefix = survey.digest.hexdigest()
            if Stamp.of(file) != stamp or (offset == stamp.size and prefix != arrival.sha256):
                raise Rejected(f"{arrival.name}: the file changed while it was read", code="changed")
            context = {"layout": self._shape, "header": survey.header}
            position = Checkpoint(number, offset, prefix, survey.tally.show(survey.statements), context)
            yield Chunk(rows, damaged, position)


class _Decoder:
    """Frames to rows and damage."""

    def __init__(self, format_: Format) -> None:
        layout = format_.layout
        self._length = layout.length
        self._route = router(layout, format_.encoding)
        self._readers = {record.name: record_reader(record, format_.encoding) for record in layout.records}

    def decode(self, batch: list[Frame], survey: Survey) -> tuple[tuple[Row, ...], tuple[Damage, ...]]:
        rows: list[Row] = []
        damaged: list[Damage] = []
        for frame in batch:
            kind = self._route(frame.record)
            survey.tally.add(kind, frame.record)
            survey.digest.update(frame.whole)
            try:
                rows.append(self._row(frame, kind))
            except Broken as broken:
                reason = broken.sentence if broken.field else broken.reason
                damaged.append(Damage(frame.number, frame.offset, frame.whole, broken.field, broken.code, reason))
        return tuple(rows), tuple(damaged)

    def _row(self, frame: Frame, kind: RecordType | None) -> Row:
        if len(frame.record) > self._length:
            raise Broken("line-length", f"the line has {len(frame.record)} bytes, {self._length} are described")
        if kind is None:
            raise Broken("record-type", "it is of no declared record type")
        return Row(frame.number, kind.name, self._readers[kind.name](frame.record))
