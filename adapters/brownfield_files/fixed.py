"""Fixed-width records: two passes that turn a file into rows."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial
from io import BytesIO
from typing import BinaryIO

from brownfield.contract import Arrival, Checkpoint, Chunk, Contract, Damage, Rejected, Row, fingerprint
from brownfield.contract.adapter import Image
from brownfield_files.descriptor import BadFraming
from brownfield_files.engine import engine
from brownfield_files.family import Families
from brownfield_files.frame import Batch, batches
from brownfield_files.hashing import Hashing
from brownfield_files.image import image_data, pin
from brownfield_files.preflight import Preflight, changed
from brownfield_files.router import router
from brownfield_files.row import Decoded, Decoder
from brownfield_files.schema import contract_of
from brownfield_files.setting import FilesSettings, Format
from brownfield_files.wholeness import Wholeness

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
        size = max(1, min(self._chunk, _MOST_BYTES // self._format.layout.length))
        survey = self._preflight.survey(file, arrival, checkpoint, size)
        families = Families(self._format.layout, checkpoint.context)
        found = batches(file, self._format.cut, size, number=checkpoint.record, offset=checkpoint.offset)
        with Hashing(survey.digest) as hashing:
            for mark in survey.marks:
                batch = _next(found, arrival)
                prefix = hashing.add(batch.raw)
                names = self._route(batch)
                decoded = self._decoder.decode(batch, names)
                families.relate(batch, names, decoded)
                context = {"layout": self.shape, "header": survey.header, **families.show()}
                if prefix.result() != mark.prefix.result():
                    raise changed(arrival, _MEANWHILE)
                position = Checkpoint(*batch.end, prefix.result(), mark.tally.show(survey.statements), context)
                image = None if families.any else partial(self._image, batch, decoded)
                yield Chunk(decoded, tuple(decoded.damaged), position, decoded.documents, image)

    def reread(self, number: int, raw: bytes) -> Row | Damage:
        """What these bytes, line end or descriptor included, hold as the record of that number.

        Raises:
            Rejected: They are not one record, or one that belongs to another (`parent`).
        """
        if Families(self._format.layout, {}).any:
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
