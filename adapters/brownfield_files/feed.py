"""The `files` connection: a drop, where files arrive and are put away, and the reader of their format."""

from collections.abc import Callable, Iterator
from functools import partial
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
)
from brownfield.contract.watched import Sighting, Stray
from brownfield_files.catalog import FORMATS
from brownfield_files.format.reader import OnePass
from brownfield_files.place.archive import Caps
from brownfield_files.place.drop import Drop, Stamp
from brownfield_files.place.filesystem import Place
from brownfield_files.place.pgp import Pgp
from brownfield_files.place.remote import RemoteDrop
from brownfield_files.place.staging import Staging
from brownfield_files.setting import FilesSettings


class FilesFeed:
    """A feed adapter over batch files in a folder, or on another machine: see `catalog` for what may be in them."""

    def __init__(self, opening: Opening[FilesSettings]) -> None:
        self._name = opening.name
        self._settings = opening.settings
        self._most_bytes = opening.limits.max_bytes
        self._reader = FORMATS[opening.settings.format](opening.settings)
        self._secret = opening.secret
        self._ledger = opening.ledger
        self._passphrase = partial(opening.secret, "pgp_passphrase")
        self._patience = opening.limits.deadline
        self._known_drop: Drop | RemoteDrop | None = None

    def probe(self) -> None:
        """Return when the location can be listed; raise `Unavailable` when it cannot."""
        self._drop().probe()

    def describe(self) -> Contract:
        """The record types, from the pinned layout."""
        return self._reader.contract()

    def sightings(self) -> Iterator[Sighting]:
        """The files that lie in the location and are nobody's yet."""
        return self._drop().sightings()

    def strays(self) -> Iterator[Stray]:
        """The files that lie beside those of the connection, and that nothing explains."""
        return self._drop().strays()

    def knows(self, address: str) -> bool:
        """Whether a file is this connection's to take, or can be explained; False where it has no location."""
        return self._settings.location is not None and self._drop().knows(address)

    def flaw(self, sighting: Sighting) -> str:
        """What says that a file is not whole: its length, trailer or check sum; empty when nothing does."""
        return self._drop().flaw(sighting, self._reader.flaw)

    def claim(self, sighting: Sighting) -> bool:
        """Make a file ours; False when it changed, or somebody else was faster."""
        return self._drop().claim(sighting)

    def arrivals(self) -> list[Arrival]:
        """The files that were claimed and not put away yet, unpacked, oldest first."""
        return self._drop().arrivals()

    def collect(self, arrival: Arrival, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """The rows after `checkpoint`, in chunks. The whole file is judged before the first, see `Reader.chunks`.

        Raises:
            Rejected: The file is not what it should be, is too large, or changed; or the layout changed since the
                checkpoint. Codes: those of the format's reader, `too-large`, `changed`, `layout`.
            Unavailable: The file cannot be read now.
        """
        if checkpoint.record and checkpoint.context.get("layout") != self._reader.shape:
            raise Rejected(f"{arrival.name}: the layout changed since record {checkpoint.record}", code="layout")
        yield from self._read(arrival, partial(self._reader.chunks, arrival=arrival, checkpoint=checkpoint))

    def gather(self, arrival: Arrival) -> Iterator[Chunk] | None:
        """The rows, of a format that can be judged while it is read."""
        reader = self._reader
        return self._read(arrival, partial(reader.gather, arrival=arrival)) if isinstance(reader, OnePass) else None

    def _read(self, arrival: Arrival, read: Callable[[BinaryIO], Iterator[Chunk]]) -> Iterator[Chunk]:
        """The chunks of a file that is no larger than it may be, and stays as it is."""
        try:
            with self._drop().open(arrival.name) as file:
                stamp = Stamp.of(file)
                if stamp.size > self._most_bytes:
                    reason = f"{stamp.size} bytes are more than the limit of {self._most_bytes}"
                    raise Rejected(reason, code="too-large")
                for chunk in read(file):
                    _check_unchanged(file, stamp, arrival, chunk.checkpoint)
                    yield chunk
        except OSError as error:
            raise Unavailable(f"{arrival.name} cannot be read: {error.strerror}") from error

    def reread(self, number: int, raw: bytes) -> Row | Damage:
        """What these bytes hold as the record of that number.

        Raises:
            Rejected: They are not one record, or one that cannot be read alone.
        """
        return self._reader.reread(number, raw)

    def settle(self, arrival: Arrival, verdict: Verdict) -> None:
        """Move the file, and its marker, into `archive/` or `set-aside/`. A file already moved is no error."""
        self._drop().settle(arrival, verdict)

    def close(self) -> None:
        """Give up the connection to another machine, where there is one."""
        if isinstance(self._known_drop, RemoteDrop):
            self._known_drop.close()

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
            return Drop(settings.location, settings.match, settings.marker, self._staging, self._ledger())
        place = Place(str(settings.location), self._secret, settings.host_key, settings.authority, settings.endpoint,
                      self._patience)  # fmt: skip
        local = settings.staging or Path()
        return RemoteDrop(place, settings.match, settings.marker, local, self._staging, self._most_bytes,
                          self._ledger(), leased=settings.claim == "lease")  # fmt: skip

    def _staging(self, root: Path) -> Staging:
        settings, pgp = self._settings, None
        if settings.pgp is not None and settings.pgp.keyring is not None:
            pgp = Pgp(settings.pgp.keyring, settings.pgp.signed_by, self._passphrase)
        return Staging(root, Caps(self._most_bytes, settings.members, settings.ratio, pgp))


def _check_unchanged(file: BinaryIO, stamp: Stamp, arrival: Arrival, position: Checkpoint) -> None:
    """A file that changes under us is noticed before the chunk is given."""
    ended = position.offset == stamp.size
    if Stamp.of(file) != stamp or (ended and position.prefix != arrival.sha256):
        raise Rejected(f"{arrival.name}: the file changed while it was read", code="changed")
