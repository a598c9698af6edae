"""The `input_files` connection: a layout, and the place where a batch job finds its input."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from brownfield.contract import Adapter, Contract, Opening, Sight, Unavailable
from brownfield.contract.input import InputBatch, InputFile, InputRecord, Whereabouts
from brownfield_files.input.compose import Composer
from brownfield_files.input.filling import Facts
from brownfield_files.input.outgoing import LocalFolder, Outgoing, RemoteFolder
from brownfield_files.input.setting import InputSettings
from brownfield_files.place.filesystem import Place

_ANY = Facts(1, date(2026, 11, 21), 1)
"""What a record is filled with to see whether the rest of it can be written."""


class InputFiles:
    """An input adapter over fixed-width files.

    Raises:
        LayoutError: A file of this layout cannot be written.
    """

    def __init__(self, opening: Opening[InputSettings]) -> None:
        self._opening = opening
        self._composer = Composer(opening.settings)
        self._contract = self._composer.contract()
        self._renamed: set[str] = set()

    def probe(self) -> None:
        """Return when files can be put there; raise `Unavailable` when they cannot."""
        self._outgoing().probe()

    def describe(self) -> Contract:
        """An operation for each record type between the first and the last, from the pinned layout."""
        return self._contract

    def flaw(self, record: InputRecord) -> str:
        """Why a record cannot be written exactly; empty when it can."""
        return self._composer.flaw(record, _ANY)

    def render(self, batch: InputBatch) -> InputFile:
        """The file of a batch; it was read again and came back equal.

        Raises:
            Rejected: Codes: `does-not-fit`, `not-identical`.
        """
        return self._composer.render(batch)

    def look(self, data: bytes) -> Iterator[Sight]:
        """Every field of such a file with its place, its bytes and what they mean."""
        return self._composer.look(data)

    def adopt(self) -> None:
        """Leave a hidden file in the place, by which it is known again; its name has ledger, bundle and connection.

        Raises:
            Unavailable: It cannot be written now.
        """
        self._outgoing().adopt()

    def where(self, file: InputFile) -> Whereabouts:
        """Where a file is that was staged.

        Raises:
            Unavailable: It cannot be looked at, or the place is not the one.
        """
        return self._outgoing().where(file)

    def stage(self, file: InputFile) -> None:
        """Write the file and its marker beside their places.

        Raises:
            Rejected: Something else has the name (`taken`).
            Unavailable: It cannot be written now.
        """
        self._outgoing().stage(file)

    def release(self, file: InputFile) -> bool:
        """Give what is staged its name, the marker last; whether anything was staged.

        Raises:
            Rejected: Something else has the name (`taken`).
            Unavailable: It could not be done to the end.
        """
        return self._outgoing().release(file)

    def discard(self, file: InputFile) -> None:
        """Take away what was staged."""
        self._outgoing().discard(file)

    def close(self) -> None:
        """Nothing is held: what is reached is reached anew each time."""

    def _outgoing(self) -> Outgoing:
        settings, name = self._opening.settings, self._opening.name
        location = settings.location
        if location is None:
            raise Unavailable(f"{name} has no location: set the environment variable that it names")
        owner = f"{self._opening.ledger() or 'ledger'} {self._opening.folder.absolute().name} {name}"
        if isinstance(location, Path):
            return Outgoing(LocalFolder(location), str(location), settings.marker, owner, self._renamed)
        place = Place(str(location), self._opening.secret, settings.host_key, settings.authority,
                      timeout=self._opening.limits.deadline)  # fmt: skip
        return Outgoing(RemoteFolder(place), place.shown, settings.marker, owner, self._renamed)


adapter = Adapter(name="input_files", kind="input", settings=InputSettings, open=InputFiles)
