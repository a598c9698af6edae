"""The `files` connection: a drop, a format, and the two passes that turn a file into rows."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from brownfield.contract import (
    Arrival,
    Checkpoint,
    Chunk,
    Contract,
    Opening,
    Rejected,
    Unavailable,
    Verdict,
    fingerprint,
)
from brownfield_files.drop import Drop, Stamp
from brownfield_files.frame import batches
from brownfield_files.preflight import Preflight, Survey
from brownfield_files.router import router
from brownfield_files.row import Decoder
from brownfield_files.schema import contract_of
from brownfield_files.setting import FilesSettings, Format


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
        self._route = router(self._format.layout, self._format.encoding)
        self._decoder = Decoder(self._format.layout, self._format.encoding)
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
        stream = batches(
            file, self._format.cut, self._settings.chunk, number=checkpoint.record, offset=checkpoint.offset
        )
        for batch in stream:
            names = self._route(batch.records)
            survey.tally.add(names, batch.records)
            survey.digest.update(batch.raw)
            rows, damaged = self._decoder.decode(batch, names)
            number, offset = batch.end
            prefix = survey.digest.hexdigest()
            if Stamp.of(file) != stamp or (offset == stamp.size and prefix != arrival.sha256):
                raise Rejected(f"{arrival.name}: the file changed while it was read", code="changed")
            context = {"layout": self._shape, "header": survey.header}
            position = Checkpoint(number, offset, prefix, survey.tally.show(survey.statements), context)
            yield Chunk(rows, damaged, position)
