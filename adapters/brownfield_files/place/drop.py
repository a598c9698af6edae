"""The drop: a folder that another system writes into. What lies there, claiming it, and where it goes afterwards.

The folders `inflight`, `staging`, `archive` and `set-aside` within it are ours. A claimed file is in `inflight`, with
its marker, in the folder of the ledger that claimed it: no other touches it there, however long that one is dead.
What was packed is unpacked into `staging`. After the commit both end in `archive` or `set-aside`, and nothing is ever
deleted but unpacked copies.
"""

import hashlib
import os
import stat
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from brownfield.contract import Arrival, Rejected, Unavailable, Verdict
from brownfield.contract.watched import Sighting, Stray
from brownfield_files.place.jail import (
    INFLIGHT,
    STAGING,
    Markers,
    beside,
    checked,
    explains,
    is_nobodys,
    is_ours_to_read,
    jailed,
    own,
    told,
)
from brownfield_files.place.staging import Staging

_BLOCK = 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TURNS = defaultdict[Path, threading.Lock](threading.Lock)
"""One claim at a time in a location: nobody but this process, which holds its ledger, writes into its folders."""


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
    """One location on this machine.

    Args:
        location: The folder.
        match: A glob within it.
        marker: Template of the marker's name, or None.
        staging: Unpacks what is packed.
        ledger: The name of the ledger that claims, empty for none.
    """

    def __init__(self, location: Path, match: str, marker: str | None, staging: Callable[[Path], Staging],
                 ledger: str = "") -> None:  # fmt: skip
        self._location = location
        self._match = match
        self._markers = Markers(marker)
        self._turn = _TURNS[location.absolute()]
        self._claims, self._unpacked = own(INFLIGHT, ledger), own(STAGING, ledger)
        self._staging = staging(location / self._unpacked)
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

    def sightings(self) -> Iterator[Sighting]:
        """The files that match and are nobody's yet.

        Raises:
            Unavailable: The location cannot be listed.
        """
        self.probe()
        names: dict[Path, set[str]] = {}
        for path, seen in self._regular(self._location.glob(self._match)):
            name = path.relative_to(self._location).as_posix()
            if not is_ours_to_read(name) or self._markers.is_one(name):
                continue
            if path.parent not in names:
                names[path.parent] = _names_in(path.parent) if self._leads_nowhere_else(path.parent) else set()
            if path.name in names[path.parent]:
                marker = self._markers.of(path.name)
                marked = None if marker is None else marker in names[path.parent]
                yield Sighting(name, seen.st_size, _instant(seen.st_mtime_ns), _stamped(seen), marked)

    def strays(self) -> Iterator[Stray]:
        """The files beside those that match of which nothing says what they are there for.

        Raises:
            Unavailable: The location cannot be listed.
        """
        self.probe()
        for path, seen in self._regular(self._location.glob(beside(self._match))):
            name = path.relative_to(self._location).as_posix()
            if not explains(name, self._match, self._markers):
                yield Stray(told(name), path.absolute().as_posix(), _instant(seen.st_mtime_ns))

    def knows(self, address: str) -> bool:
        """Whether a file of this machine lies here and is to be taken, or can be explained."""
        root = self._location.absolute()  # never resolved: that would wait for a share that hangs
        path = Path(address)
        return root in path.parents and explains(path.relative_to(root).as_posix(), self._match, self._markers)

    def flaw(self, sighting: Sighting, look: Callable[[BinaryIO, int], str]) -> str:
        """What says that a file that lies here is not whole; `look` judges one that is not packed."""
        try:
            path = self._jailed(sighting.name)
            if self._staging.packed(sighting.name):
                return self._staging.flaw(path)
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                return look(file, sighting.size)
        except (OSError, Rejected) as error:
            return f"it cannot be read ({getattr(error, 'strerror', error)})"

    def claim(self, sighting: Sighting) -> bool:
        """Move a file and its marker into the ledger's own folder: by rename, which one of all who try succeeds in.

        The marker goes first, and decides: who has it has the file. What a crash between the two leaves is made good
        by `arrivals`, and no later file of the name is ever complete by an old marker. A rename that was made and told
        as failed, as NFS may, is made good there too.

        Raises:
            Unavailable: The location cannot be written to.
        """
        source, target = self._jailed(sighting.name), self._inflight(sighting.name)
        marker = self._markers.of(sighting.name) if sighting.marked else None
        try:
            with self._turn:
                if target.exists() or _stamped(source.lstat()) != sighting.stamp:
                    return False
                target.parent.mkdir(parents=True, exist_ok=True)
                if marker:
                    self._jailed(marker).replace(self._inflight(marker))
                source.rename(target)
            _sync(target.parent, source.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _read_only(sighting.name, error) from error
        return True

    def arrivals(self) -> list[Arrival]:
        """The files that were claimed and not put away yet, oldest first (by modification time, then by name).

        Raises:
            Unavailable: The location cannot be listed, or there is no room to unpack.
        """
        self.probe()
        root = self._location / self._claims
        self.adopt()
        if not root.is_dir() or not self._leads_nowhere_else(root):
            return []
        self._finish_claims(root)
        claimed = self._regular(root.glob(self._match))  # other feeds may share the folder
        listed = sorted((seen.st_mtime_ns, path.relative_to(root).as_posix()) for path, seen in claimed)
        names = [name for _, name in listed if self._is_file_of_ours(name)]
        return [arrival for name in names for arrival in self._staged(name)]

    def adopt(self) -> None:
        """Take what was claimed and is in no ledger's folder: see `is_nobodys`.

        Raises:
            Unavailable: The location cannot be written to.
        """
        root = self._location / INFLIGHT
        if self._claims == INFLIGHT or not self._leads_nowhere_else(root):
            return
        for path, _ in list(self._regular(root.glob(self._match))):
            name = path.relative_to(root).as_posix()
            ours = is_nobodys(name) and is_ours_to_read(name) and not self._markers.is_one(name)
            if not ours or self._inflight(name).exists():
                continue
            try:
                if self._take_over(INFLIGHT, self._claims, name):
                    self._take_over(STAGING, self._unpacked, name)
                    self._take_over(INFLIGHT, self._claims, self._markers.of(name) or name)
            except OSError as error:
                raise _read_only(name, error) from error

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading: claimed, unpacked, set aside, or still lying there.

        Raises:
            Rejected: The name leads out of the location, or through a symbolic link; or what is packed in it may not be
                unpacked.
            Unavailable: It cannot be opened now.
        """
        path = next((path for path in self._places(name) if path.is_file()), self._jailed(name))
        if path == self._inflight(name) and self._staging.packed(name):
            self._staging.unpack(name, path)  # says why it cannot be unpacked: else its members would be listed
        try:
            return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except OSError as error:
            raise Unavailable(f"{name} cannot be read: {error.strerror}", detail={"file": name}) from error

    def settle(self, arrival: Arrival, verdict: Verdict) -> None:
        """Move a file, and its marker before it, into `archive` or `set-aside`.

        Only the bytes that were collected are moved: where another file has the name meanwhile, it stays. Of an
        archive, a member that is set aside is moved there unpacked, and the archive itself follows its last member.

        Raises:
            Unavailable: The file system refuses; the same call may be made again.
        """
        try:
            for path in self._places(arrival.name):
                if path.is_file() and self._digest(path) == arrival.sha256:
                    self._put_away(path, arrival, verdict)
                    return
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(f"{arrival.name} cannot be moved: {error.strerror}") from error

    def _put_away(self, path: Path, arrival: Arrival, verdict: Verdict) -> None:
        if path == self._jailed(f"{verdict}/{arrival.name}"):
            return
        self._hashes.pop(path.as_posix(), None)
        folder = self._jailed(f"{verdict}/{arrival.name}").parent
        if self._staging.holds(path):
            container = self._staging.settle(path, folder if verdict is Verdict.SET_ASIDE else None)
            if container is not None:
                self._settle_container(container)
            return
        folder.mkdir(parents=True, exist_ok=True)
        marker = self._markers.of(arrival.name)
        sign = path.with_name(Path(marker).name) if marker else None
        if sign and sign.is_file():
            _move(sign, folder, arrival.sha256)
        _move(path, folder, arrival.sha256)

    def _settle_container(self, name: str) -> None:
        """Archive what every member of was put away."""
        path = self._inflight(name)
        if path.is_file():
            self._put_away(path, Arrival(name, path.stat().st_size, self._digest(path)), Verdict.ARCHIVE)

    def _staged(self, name: str) -> Iterator[Arrival]:
        """A claimed file as it is read: itself, or the members that it holds."""
        path = self._inflight(name)
        if not self._staging.packed(name):
            yield Arrival(name, path.stat().st_size, self._digest(path))
            return
        try:
            members = self._staging.unpack(name, path)
        except Rejected:
            yield Arrival(name, path.stat().st_size, self._digest(path))  # `open` says why, when it is collected
            return
        for member in members:
            yield Arrival(f"{name}/{member.name}", member.path.stat().st_size, self._digest(member.path))
        if not members:
            self._settle_container(name)

    def _finish_claims(self, root: Path) -> None:
        """Take the file of a marker that a kill left claimed alone."""
        pattern = self._markers.of(self._match)
        if pattern is None or not any((self._location / INFLIGHT).rglob(PurePosixPath(pattern).name)):
            return
        for path, seen in self._regular(self._location.glob(self._match)):
            name = path.relative_to(self._location).as_posix()
            marker = self._markers.of(name)
            if marker and is_ours_to_read(name) and not self._markers.is_one(name) and not (root / name).exists():
                self._take_over(INFLIGHT, self._claims, marker)
                if (root / marker).is_file():
                    self.claim(Sighting(name, seen.st_size, None, _stamped(seen)))

    def _take_over(self, folder: str, mine: str, name: str) -> bool:
        """Move what is nobody's into this ledger's folder; False when it is not there: another may have been faster."""
        source, target = self._jailed(f"{folder}/{name}"), self._jailed(f"{mine}/{name}")
        if folder == mine or not source.exists() or target.exists():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            source.rename(target)
            return True
        return False

    def _is_file_of_ours(self, claimed: str) -> bool:
        """Whether a claimed file is one to be read, and was not claimed by another ledger."""
        others = self._claims == INFLIGHT and not is_nobodys(claimed)
        return not others and is_ours_to_read(claimed) and not self._markers.is_one(claimed)

    def _places(self, name: str) -> Iterator[Path]:
        """Where a file may be, in the order of how far it has come."""
        yield self._inflight(name)
        yield self._jailed(f"{self._unpacked}/{name}")
        yield self._jailed(f"{Verdict.SET_ASIDE}/{name}")
        yield self._jailed(name)

    def _regular(self, paths: Iterator[Path]) -> Iterator[tuple[Path, os.stat_result]]:
        for path in paths:
            try:
                seen = path.lstat()
            except OSError:
                continue
            if stat.S_ISREG(seen.st_mode):
                yield path, seen

    def _leads_nowhere_else(self, folder: Path) -> bool:
        return folder.resolve() == self._location.resolve() / folder.relative_to(self._location)

    def _digest(self, path: Path) -> str:
        """sha256 of the content, remembered for as long as the stamp stays the same."""
        stamp, key = Stamp.of(path), path.as_posix()
        known = self._hashes.get(key)
        if known is None or known[0] != stamp:
            with path.open("rb") as file:
                known = (stamp, _sha256(file))
            self._hashes[key] = known
        return known[1]

    def _inflight(self, name: str) -> Path:
        return self._jailed(f"{self._claims}/{checked(name)}")

    def _jailed(self, name: str) -> Path:
        return jailed(self._location, name)


def _names_in(folder: Path) -> set[str]:
    return set(os.listdir(folder))  # noqa: PTH208  names are all that is wanted, of folders that hold 100,000


def _stamped(seen: os.stat_result) -> str:
    return f"{seen.st_ino}-{seen.st_size}-{seen.st_mtime_ns}"


def _instant(mtime_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=mtime_ns // 1000)


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _read_only(name: str, error: OSError) -> Unavailable:
    return Unavailable(
        f"{name} cannot be claimed: {error.strerror}. Let brownfield rename files in the drop,"
        ' or read it with `claim = "lease"`'
    )


def _move(source: Path, folder: Path, sha256: str) -> None:
    """Move within the file system, never over a file of other content: of two files of one name both are kept."""
    target = folder / source.name
    if target.exists():
        target = folder / f"{source.stem}-{sha256[:12]}{source.suffix}"
    source.rename(target)
    _sync(folder, source.parent)


def _sync(*folders: Path) -> None:
    """Have the renames in these folders outlive a power cut."""
    for folder in folders:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
