"""Reservations: where a move is a copy and a delete, as on S3, who may make it is decided by an object written once.

The object says whose ledger moves the file, and which file: so what a kill left of the move is finished, and nobody
else takes the file meanwhile. It is there until the file is put away.
"""

from typing import Any

from brownfield_files.place.jail import INFLIGHT

_FOLDER = f"{INFLIGHT}/.claims"


class Reservation:
    """Which files of a location one ledger may move.

    Args:
        root: The location's path there.
        ledger: The ledger's name.
    """

    def __init__(self, root: str, ledger: str) -> None:
        self._root, self._ledger = root, ledger

    def take(self, there: Any, name: str, stamp: str) -> bool:
        """Reserve a file; False when another ledger has. The store compares, so one of all who try at once succeeds."""
        try:
            there.pipe_file(self._path(name), f"{self._ledger} {stamp}".encode(), mode="create")
        except FileExistsError:
            return self._words(there, name).partition(" ")[0] == self._ledger  # what a kill left
        return True

    def is_of(self, there: Any, name: str, stamp: str) -> bool:
        """Whether it is this very file that is reserved."""
        return there.exists(self._path(name)) and self._words(there, name) == f"{self._ledger} {stamp}"

    def release(self, there: Any, name: str) -> None:
        """Let another file of the name be reserved, by whom it may be."""
        if there.exists(self._path(name)):
            there.rm_file(self._path(name))

    def _words(self, there: Any, name: str) -> str:
        return str(there.cat_file(self._path(name)).decode())

    def _path(self, name: str) -> str:
        return f"{self._root}/{_FOLDER}/{name}"
