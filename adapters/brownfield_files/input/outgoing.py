"""Putting a file where a job takes it: written beside its place, then renamed, the marker last.

What is staged is hidden (`.ORD000012.DAT.staged`), so that no job takes it and nothing that cleans up temporary files.
A rename happens at once: as long as the staged name is there the file has not left. A hidden file that stays tells the
folder from the empty one that is there when a share is not mounted.
"""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from brownfield.contract import Failure, Rejected, Unavailable
from brownfield.contract.input import InputFile, Whereabouts
from brownfield_files.place.filesystem import Place, open_filesystem
from brownfield_files.place.jail import Markers, jailed

_WORDS = "brownfield puts input files of a batch job here: {}. By this file it knows the folder again; leave it.\n"


class Folder(Protocol):
    """What is asked of a place. `OSError`, or whatever its library raises, says that it could not be done."""

    def check(self) -> None:
        """Return when files can be written there."""

    def read(self, name: str) -> bytes | None:
        """The content of a file; None when there is none."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file, over one of that name. Durable when `sync` returns."""

    def rename(self, source: str, target: str) -> None:
        """Rename at once, over a file of that name."""

    def remove(self, name: str) -> None:
        """Remove a file that is there."""

    def sync(self) -> None:
        """Have what was renamed and removed outlive a power cut."""


class Outgoing:
    """Stages and releases files in a folder.

    Args:
        folder: Where.
        shown: The folder's name for people.
        marker: Template of the marker's name, or None.
        owner: Of which ledger and connection it is the place.
        renamed: Names that this process gave; it is added to.
    """

    def __init__(self, folder: Folder, shown: str, marker: str | None, owner: str, renamed: set[str]) -> None:
        self._folder, self._shown, self._markers = folder, shown, Markers(marker)
        self._owner, self._renamed = owner, renamed
        self._witness = ".brownfield-" + re.sub(r"[^A-Za-z0-9_-]", "-", owner)

    def probe(self) -> None:
        """Return when files can be put there; raise `Unavailable` when they cannot."""
        self._do(self._folder.check)

    def adopt(self) -> None:
        """See `InputAdapter`."""
        self._do(lambda: self._folder.write(self._witness, _WORDS.format(self._owner).encode()))

    def where(self, file: InputFile) -> Whereabouts:
        """See `InputAdapter`."""
        found: Whereabouts = self._do(lambda: self._where(file))
        return found

    def stage(self, file: InputFile) -> None:
        """See `InputAdapter`."""
        self._do(lambda: self._stage(file, self._markers.of(file.name)))

    def release(self, file: InputFile) -> bool:
        """See `InputAdapter`."""
        return bool(self._do(lambda: self._release(file, self._markers.of(file.name))))

    def discard(self, file: InputFile) -> None:
        """See `InputAdapter`."""
        self._do(lambda: self._discard(file, self._markers.of(file.name)))

    def _where(self, file: InputFile) -> Whereabouts:
        self._demand_known()
        if self._folder.read(_staged(file.name)) is not None:
            return Whereabouts.STAGED
        if self._folder.read(file.name) == file.data:
            return Whereabouts.THERE
        return Whereabouts.TAKEN if file.name in self._renamed else Whereabouts.GONE

    def _stage(self, file: InputFile, marker: str | None) -> None:
        self._demand_known()
        self._renamed.discard(file.name)
        there = self._folder.read(file.name)
        self._demand_same(file.name, there, file.data)
        if marker and there is None and self._folder.read(marker) is not None:
            raise Rejected(f"{marker} lies there without {file.name}: a job may be taking it", code="taken")
        self._folder.write(_staged(file.name), file.data)
        if marker:
            self._folder.write(_staged(marker), b"")
        self._folder.sync()

    def _release(self, file: InputFile, marker: str | None) -> bool:
        self._demand_known()
        released = self._place(file.name, file.data)
        if marker is None or self._folder.read(_staged(marker)) is None:
            return released
        if self._folder.read(file.name) is None:  # a job took the file and did not wait for its marker
            self._folder.remove(_staged(marker))
        else:
            self._place(marker, b"")
        return True

    def _place(self, name: str, data: bytes) -> bool:
        staged = self._folder.read(_staged(name))
        if staged is None:
            return False
        if staged != data:
            self._folder.write(_staged(name), data)
            raise Unavailable(f"what was staged of {name} was not what was prepared: it was written again")
        self._demand_same(name, self._folder.read(name), data)
        self._folder.rename(_staged(name), name)
        self._renamed.add(name)
        self._folder.sync()
        return True

    def _discard(self, file: InputFile, marker: str | None) -> None:
        for name in filter(None, (file.name, marker)):
            if self._folder.read(_staged(name)) is not None:
                self._folder.remove(_staged(name))
        self._folder.sync()

    def _demand_known(self) -> None:
        if self._folder.read(self._witness) is None:
            self._folder.check()
            raise Unavailable(f"{self._shown} is not the folder that files were put in: is it mounted? Where it is the"
                              f" right one all the same, make an empty file {self._witness} there")  # fmt: skip

    def _demand_same(self, name: str, there: bytes | None, data: bytes) -> None:
        if there not in (None, data):
            raise Rejected(f"{name} is there already, and it is another file; nothing was put over it", code="taken")

    def _do(self, work: Any) -> Any:
        try:
            return work()
        except Failure:
            raise
        except Exception as error:
            # A remote place raises what its library does: OSError, EOFError, SSHException …
            said = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
            raise Unavailable(f"{self._shown} cannot be written: {said}") from error


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def check(self) -> None:
        """Return when it is a folder that may be written."""
        if not self._root.is_dir():
            raise FileNotFoundError(2, "it is no folder")
        if not os.access(self._root, os.W_OK | os.X_OK):
            raise PermissionError(13, "permission denied")

    def read(self, name: str) -> bytes | None:
        """The content of a file. What is none is not read: a pipe would hold whoever opens it."""
        try:
            handle = os.open(self._path(name), os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Rejected(f"{name} is there already, and it is no file; nothing was put over it", code="taken")
            return file.read()

    def write(self, name: str, data: bytes) -> None:
        """Write a file, fsynced. What a killed run left of it is written over."""
        path = self._path(name)
        with suppress(FileNotFoundError):
            path.unlink()
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, source: str, target: str) -> None:
        """Rename."""
        self._path(source).rename(self._path(target))

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._path(name).unlink()

    def sync(self) -> None:
        """Fsync the folder."""
        handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _path(self, name: str) -> Path:
        return jailed(self._root, name)


class RemoteFolder:
    """A folder of another machine, over fsspec. Whether it keeps what it took is that machine's to know."""

    def __init__(self, place: Place) -> None:
        self._place, self._opened = place, None

    def check(self) -> None:
        """Return when it can be listed."""
        self._there().ls(self._place.path or "/", detail=False)

    def read(self, name: str) -> bytes | None:
        """The content of a file."""
        path, there = self._path(name), self._there()
        return bytes(there.cat_file(path)) if there.exists(path) else None

    def write(self, name: str, data: bytes) -> None:
        """Write a file."""
        with self._there().open(self._path(name), "wb") as file:
            file.write(data)

    def rename(self, source: str, target: str) -> None:
        """Rename. Over SFTP and FTP a file of that name, which has the same bytes, is removed first."""
        there = self._there()
        if there.exists(self._path(target)):
            there.rm_file(self._path(target))
        there.mv(self._path(source), self._path(target))

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._there().rm_file(self._path(name))

    def sync(self) -> None:
        """Nothing can be asked of it."""

    def _there(self) -> Any:
        if self._opened is None:
            self._opened = open_filesystem(self._place)
        return self._opened

    def _path(self, name: str) -> str:
        return f"{self._place.path}/{name}"


def _staged(name: str) -> str:
    return f".{name}.staged"
