"""The drop: a folder that another system writes into. What is complete, what it is, and where it goes afterwards.

Nothing outside the folder is ever read or moved: names with `..`, and whatever is reached through a symbolic link, are
not there as far as this module is concerned. The folders `archive` and `set-aside` within it are ours.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from brownfield.contract import Arrival, Rejected, Unavailable, Verdict

_BLOCK = 1024 * 1024
_UNFINISHED = (".tmp", ".part", ".filepart")


class Stamp(NamedTuple):
    """What changes when a file does, short of its content."""

    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, file: BinaryIO | Path) -> "Stamp":
        """The stamp of an open file or of a path, the link itself where it is one."""
        seen = file.lstat() if isinstance(file, Path) else os.fstat(file.fileno())
        return cls(seen.st_ino, seen.st_size, seen.st_mtime_ns)


class Drop:
    """One location.

    Args:
        location: The folder.
        match: A glob within it.
        marker: Template of the marker's name, or None.
        settle_seconds: Without a marker, the age in seconds from which a file counts as complete.
    """

    def __init__(self, location: Path, match: str, marker: str | None, settle_seconds: float) -> None:
        self._location = location
        self._match = match
        self._marker = marker
        self._settle_seconds = settle_seconds
        self._first_seen: dict[str, tuple[Stamp, float]] = {}
        self._hashes: dict[str, tuple[Stamp, str]] = {}

    def probe(self) -> None:
        """Return when the location can be listed.

        Raises:
            Unavailable: It is missing, no folder, or not readable.
        """
        try:
            with os.scandir(self._location) as entries:
                next(entries, None)
        except OSError as error:
            raise Unavailable(f"the drop {self._location} cannot be read: {error.strerror}") from error

    def arrivals(self) -> list[Arrival]:
        """The files that are complete, oldest first (by modification time, then by name).

        Raises:
            Unavailable: The location cannot be listed.
        """
        self.probe()
        candidates = sorted(self._candidates(), key=lambda one: (one[1].mtime_ns, one[0]))
        names = {name for name, _ in candidates}
        self._first_seen = {name: seen for name, seen in self._first_seen.items() if name in names}
        self._hashes = {name: known for name, known in self._hashes.items() if name in names}
        complete = [(name, stamp) for name, stamp in candidates if self._is_complete(name, stamp)]
        found = (self._arrival(name, stamp) for name, stamp in complete)
        return [arrival for arrival in found if arrival is not None]

    def open(self, name: str) -> BinaryIO:
        """Open a file of the drop for reading.

        Raises:
            Rejected: The name leads out of the location, or through a symbolic link.
            Unavailable: It cannot be opened now.
        """
        path = self._jailed(name)
        try:
            return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except OSError as error:
            raise Unavailable(f"{name} cannot be read: {error.strerror}", detail={"file": name}) from error

    def settle(self, arrival: Arrival, verdict: Verdict) -> None:
        """Move a file, and its marker before it, into `archive` or `set-aside`.

        The marker goes first: after a crash between the two moves the file is not listed again, and a later file of
        the same name cannot be taken for complete by an old marker. Only the bytes that were collected are moved: where
        another file has taken the name meanwhile, it stays, for it is still to be collected.

        Raises:
            Unavailable: The file system refuses; the same call may be made again.
        """
        source = self._jailed(arrival.name)
        try:
            if not source.is_file() or self._digest(arrival.name, source) != arrival.sha256:
                return
            folder = self._jailed((PurePosixPath(verdict) / arrival.name).as_posix()).parent
            folder.mkdir(parents=True, exist_ok=True)
            if (marker := self._marker_of(source)) and marker.is_file():
                _move(marker, folder, arrival.sha256)
            _move(source, folder, arrival.sha256)
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(f"{arrival.name} cannot be moved: {error.strerror}") from error

    def _candidates(self) -> Iterator[tuple[str, Stamp]]:
        for path in self._location.glob(self._match):
            name = path.relative_to(self._location).as_posix()
            if self._is_ours_to_read(name):
                try:
                    if self._jailed(name).is_file():
                        yield name, Stamp.of(path)
                except (Rejected, FileNotFoundError):
                    continue

    def _is_ours_to_read(self, name: str) -> bool:
        """Not temporary, not hidden, not settled already, not a marker, and with a name that JSON can hold."""
        parts = PurePosixPath(name).parts
        if parts[0] in {*Verdict} or any(part.startswith(".") for part in parts):
            return False
        if parts[-1].lower().endswith(_UNFINISHED) or self._is_marker(parts[-1]):
            return False
        return not re.search("[\ud800-\udfff]", name)

    def _is_marker(self, name: str) -> bool:
        if self._marker is None:
            return False
        before, after = re.split(r"\{(?:name|stem)\}", self._marker)
        return len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)

    def _marker_of(self, path: Path) -> Path | None:
        return path.with_name(self._marker.format(name=path.name, stem=path.stem)) if self._marker else None

    def _is_complete(self, name: str, stamp: Stamp) -> bool:
        """By its marker; else by age, or, where the writer's clock is ahead of ours, watched for as long."""
        if marker := self._marker_of(self._location / name):
            return marker.is_file()
        now = time.monotonic()
        seen, since = self._first_seen.setdefault(name, (stamp, now))
        if seen != stamp:
            self._first_seen[name], since = (stamp, now), now
        age = time.time() - stamp.mtime_ns / 1e9
        return age >= self._settle_seconds or now - since >= self._settle_seconds

    def _arrival(self, name: str, stamp: Stamp) -> Arrival | None:
        """The file with its hash, or None when it vanished or changed while it was read."""
        try:
            path = self._jailed(name)
            digest = self._digest(name, path)
            return Arrival(name, stamp.size, digest) if Stamp.of(path) == stamp else None
        except (Unavailable, FileNotFoundError):
            return None

    def _digest(self, name: str, path: Path) -> str:
        """sha256 of the content, remembered for as long as the stamp stays the same."""
        stamp = Stamp.of(path)
        known = self._hashes.get(name)
        if known is None or known[0] != stamp:
            with self.open(name) as file:
                known = (stamp, _sha256(file))
            self._hashes[name] = known
        return known[1]

    def _jailed(self, name: str) -> Path:
        """The path of a name, if it lies in the location without `..` and without symbolic links."""
        root = self._location.resolve()
        path, parts = root / name, PurePosixPath(name).parts
        odd = not parts or parts[0] == "/" or ".." in parts or "\0" in name
        if odd or path.resolve() != path:
            raise Rejected(f"{name!r} does not lie within the drop", code="outside")
        return path


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _move(source: Path, folder: Path, sha256: str) -> None:
    """Move within the file system, never over a file of other content: of two files of one name both are kept."""
    target = folder / source.name
    if target.exists():
        target = folder / f"{source.stem}-{sha256[:12]}{source.suffix}"
    source.rename(target)
    for changed in (folder, source.parent):
        handle = os.open(changed, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
