"""Fixed-width records: two passes that turn a file into rows."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import cached_property, partial
from io import BytesIO
from typing import BinaryIO

from brownfield.contract import Arrival, Checkpoint, Chunk, Contract, Damage, Fields, Rejected, Row, fingerprint
from brownfield.contract.adapter import Image
from brownfield_files.fixed.engine import engine
from brownfield_files.fixed.family import Families
from brownfield_files.fixed.hashing import Hashing
from brownfield_files.fixed.image import image_data, pin
from brownfield_files.fixed.preflight import Preflight, changed
from brownfield_files.fixed.row import Decoded, Decoder
from brownfield_files.fixed.wholeness import Wholeness
from brownfield_files.record.descriptor import BadFraming
from brownfield_files.record.frame import Batch, batches
from brownfield_files.record.router import router
from brownfield_files.record.schema import contract_of
from brownfield_files.setting import FilesSettings, Format

_MOST_BYTES = 4 << 20
"""Of one chunk: a transaction takes no longer because records are long."""

_MEANWHILE = "the file changed while it was read"


class FixedWidth:
    """Reads fixed-width records: a `Reader`.

    Rows of every record type are delivered, the header and trailer included; the row's `kind` is the type's name, and
    which kinds become events is the feed's business. Where no types are declared there is one: `detail`.
    """

    def __init__(self, settings: FilesSettings) -> None:
        self._chunk = settings.chunk
        self._format = Format(settings)
        self._contract = contract_of(self._format.layout)
        self._preflight = Preflight(self._format)
        self._route = router(self._format.layout, self._format.encoding)
        self._wholeness = Wholeness(self._format)
        self._related = Families(self._format.layout, {}).any
        self.shape = fingerprint(self._contract.model_dump(mode="json"))

    def contract(self) -> Contract:
        """The record types, from the pinned layout."""
        return self._contract

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What its length or its last record says against a file."""
        return self._wholeness.flaw(file, size)

    def chunks(self, file: BinaryIO, arrival: Arrival, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """The rows after `checkpoint`. The whole file is checked before the first, see `preflight`.

        Raises:
            Rejected: The codes are those of `Preflight.survey`.
        """
        survey = self._preflight.survey(file, arrival, checkpoint, self._size)
        families = Families(self._format.layout, checkpoint.context)
        found = batches(file, self._format.cut, self._size, number=checkpoint.record, offset=checkpoint.offset)
        with Hashing(survey.digest) as hashing:
            for mark in survey.marks:
                batch = _next(found, arrival)
                prefix = hashing.add(batch.raw)
                decoded = self._decoded(batch, self._route(batch), families)
                if prefix.result() != mark.prefix.result():
                    raise changed(arrival, _MEANWHILE)
                totals = mark.tally.show(survey.statements)
                yield self._filled(batch, decoded, prefix, self._context(survey.header, families), totals)

    def gather(self, file: BinaryIO, arrival: Arrival) -> Iterator[Chunk]:
        """The rows from the first on, each chunk when the next was read: its hash is worked out meanwhile.

        Raises:
            Rejected: See `Preflight.survey`.
        """
        families, held = Families(self._format.layout, {}), None
        totals: Fields = {}
        with self._preflight.reading(file) as reading:
            for batch in reading.batches(self._size):
                decoded = self._decoded(batch, reading.take(batch), families)
                if held is not None:
                    yield self._filled(*held, totals)
                held = batch, decoded, reading.prefix, self._context(reading.header, families)
                totals = reading.tally.show(reading.tally.unjudged())
            totals = reading.tally.show(reading.judge(arrival))
            if held is not None:
                yield self._filled(*held, totals)

    @property
    def _size(self) -> int:
        """Records of a chunk."""
        return max(1, min(self._chunk, _MOST_BYTES // self._format.layout.length))

    def _decoded(self, batch: Batch, names: list[str], families: Families) -> Decoded:
        decoded = self._decoder.decode(batch, names)
        families.relate(batch, names, decoded)
        return decoded

    def _context(self, header: Fields | None, families: Families) -> Fields:
        return {"layout": self.shape, "header": header, **families.show()}

    def _filled(self, batch: Batch, decoded: Decoded, prefix: "Future[str]", context: Fields, totals: Fields) -> Chunk:
        position = Checkpoint(*batch.end, prefix.result(), totals, context)
        image = None if self._related else partial(self._image, batch, decoded)
        return Chunk(decoded, tuple(decoded.damaged), position, decoded.documents, image)

    def reread(self, number: int, raw: bytes) -> Row | Damage:
        """What these bytes, line end or descriptor included, hold as the record of that number.

        Raises:
            Rejected: They are not one record, or one that belongs to another (`parent`).
        """
        if self._related:
            raise Rejected("a record may belong to the one before it: correct the file and replay it", code="parent")
        try:
            found = list(batches(BytesIO(raw), self._format.cut, 2))
        except BadFraming as error:
            raise Rejected(str(error), code="framing") from error
        if sum(batch.count for batch in found) != 1:
            raise Rejected(f"{len(raw)} bytes are not one record", code="framing")
        decoded = self._decoder.decode(found[0], self._route(found[0]))
        one: Row | Damage = decoded[0] if len(decoded) else decoded.damaged[0]
        return replace(one, number=number)

    @cached_property
    def _decoder(self) -> Decoder:
        return Decoder(self._format.layout, self._format.encoding, engine())

    def _image(self, batch: Batch, decoded: Decoded, kind: str) -> Image:
        numbers = decoded.numbers(kind)
        indexes = range(batch.count) if len(numbers) == batch.count else [number - batch.number for number in numbers]
        return Image(numbers, image_data(batch, indexes), self._pinned, "files")

    @cached_property
    def _pinned(self) -> str:
        return pin(self._format.layout, self._format.encoding)


def _next(found: Iterator[Batch], arrival: Arrival) -> Batch:
    """The records of the next chunk, which were there in the first pass."""
    try:
        return next(found)
    except (StopIteration, BadFraming):
        raise changed(arrival, _MEANWHILE) from None
