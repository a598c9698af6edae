"""The `files` connection: a drop, a format, and the two passes that turn a file into rows."""

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
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
from brownfield.contract.adapter import Image
from brownfield.contract.watched import Sighting
from brownfield_files.archive import Caps
from brownfield_files.descriptor import BadFraming
from brownfield_files.drop import Drop, Stamp
from brownfield_files.engine import engine
from brownfield_files.family import Families
from brownfield_files.filesystem import Place
from brownfield_files.frame import Batch, batches
from brownfield_files.image import image_data, pin
from brownfield_files.pgp import Pgp
from brownfield_files.preflight import Preflight, Survey
from brownfield_files.remote import RemoteDrop
from brownfield_files.router import router
from brownfield_files.row import Decoded, Decoder
from brownfield_files.schema import contract_of
from brownfield_files.setting import FilesSettings, Format
from brownfield_files.staging import Staging
from brownfield_files.wholeness import Wholeness

_MOST_BYTES = 4 << 20
"""Of one chunk: a transaction takes no longer because records are long."""


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
        self._wholeness = Wholeness(self._format)
        self._secret = opening.secret
        self._passphrase = partial(opening.secret, "pgp_passphrase")
        self._patience = opening.limits.deadline
        self._known_drop: Drop | RemoteDrop | None = None

    def probe(self) -> None:
        """Return when the location can be listed; raise `Unavailable` when it cannot."""
        self._drop().probe()

    def describe(self) -> Contract:
        """The record types, from the pinned layout."""
        return self._contract

    def sightings(self) -> Iterator[Sighting]:
        """The files that lie in the location and are nobody's yet."""
        return self._drop().sightings()

    def flaw(self, sighting: Sighting) -> str:
        """What says that a file is not whole: its length, trailer or check sum; empty when nothing does."""
        return self._drop().flaw(sighting, self._wholeness.flaw)

    def claim(self, sighting: Sighting) -> bool:
        """Make a file ours; False when it changed, or somebody else was faster."""
        return self._drop().claim(sighting)

    def arrivals(self) -> list[Arrival]:
        """The files that were claimed and not put away yet, unpacked, oldest first."""
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

    def settle(self, arrival: Arrival, verdict: Verdict) -> None:
        """Move the file, and its marker, into `archive/` or `set-aside/`. A file already moved is no error."""
        self._drop().settle(arrival, verdict)

    def close(self) -> None:
        """Give up the connection to another machine, where there is one."""
        if isinstance(self._known_drop, RemoteDrop):
            self._known_drop.close()

    @cached_property
    def _decoder(self) -> Decoder:
        return Decoder(self._format.layout, self._format.encoding, engine())

    def _drop(self) -> Drop | RemoteDrop:
        if self._known_drop is None:
            self._known_drop = self._open_drop(self._settings)
        return self._known_drop

    def _open_drop(self, settings: FilesSettings) -> Drop | RemoteDrop:
        if settings.location is None:
            raise Unavailable(
                f"connection {self._name}: its `location` has no value: set the environment variable it names"
            )
        if isinstance(settings.location, Path):
            return Drop(settings.location, settings.match, settings.marker, self._staging)
        place = Place(str(settings.location), self._secret, settings.host_key, settings.authority, settings.endpoint,
                      self._patience)  # fmt: skip
        local = settings.staging or Path()
        return RemoteDrop(place, settings.match, settings.marker, local, self._staging, self._most_bytes,
                          leased=settings.claim == "lease")  # fmt: skip

    def _staging(self, root: Path) -> Staging:
        settings, pgp = self._settings, None
        if settings.pgp is not None and settings.pgp.keyring is not None:
            pgp = Pgp(settings.pgp.keyring, settings.pgp.signed_by, self._passphrase)
        return Staging(root, Caps(self._most_bytes, settings.members, settings.ratio, pgp))

    def _chunks(
        self, file: BinaryIO, stamp: Stamp, survey: Survey, arrival: Arrival, checkpoint: Checkpoint
    ) -> Iterator[Chunk]:
        """The second pass. A file that changes under us is noticed before the chunk is given."""
        families = Families(self._format.layout, checkpoint.context)
        size = max(1, min(self._settings.chunk, _MOST_BYTES // self._format.layout.length))
        for batch in batches(file, self._format.cut, size, number=checkpoint.record, offset=checkpoint.offset):
            names = self._route(batch)
            survey.tally.add(names, batch)
            survey.digest.update(batch.raw)
            decoded = self._decoder.decode(batch, names)
            families.relate(batch, names, decoded)
            number, offset = batch.end
            prefix = survey.digest.hexdigest()
            if Stamp.of(file) != stamp or (offset == stamp.size and prefix != arrival.sha256):
                raise Rejected(f"{arrival.name}: the file changed while it was read", code="changed")
            context = {"layout": self._shape, "header": survey.header, **families.show()}
            position = Checkpoint(number, offset, prefix, survey.tally.show(survey.statements), context)
            image = None if families.any else partial(self._image, batch, decoded)
            yield Chunk(decoded, tuple(decoded.damaged), position, decoded.documents, image)

    def _image(self, batch: Batch, decoded: Decoded, kind: str) -> Image:
        numbers = decoded.numbers(kind)
        return Image(numbers, image_data(batch, [number - batch.number for number in numbers]), self._pinned, "files")

    @cached_property
    def _pinned(self) -> str:
        return pin(self._format.layout, self._format.encoding)
