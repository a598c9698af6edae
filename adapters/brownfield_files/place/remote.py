"""A drop on another machine: claimed there, or leased where nothing may be renamed, and copied here to be read.

The copy is a claimed file of a local drop, so everything after the claim (unpacking, reading, setting aside) is the
local drop's. A copy appears as a whole. A connection that breaks leaves the file as claimed as it was, and the next
`arrivals` copies it anew.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from brownfield.contract import Arrival, Failure, Unavailable, Verdict
from brownfield.contract.watched import Sighting, Stray
from brownfield_files.place.archive import layers
from brownfield_files.place.drop import Drop
from brownfield_files.place.filesystem import Place, open_filesystem
from brownfield_files.place.jail import (
    INFLIGHT,
    Markers,
    beside,
    explains,
    is_match,
    is_nobodys,
    is_ours_to_read,
    jailed,
    own,
    told,
)
from brownfield_files.place.reservation import Reservation
from brownfield_files.place.staging import Staging, no_room

_BLOCK = 256 * 1024
_AHEAD = 4 * 1024 * 1024
_PACKET = 32 * 1024
_PART = ".part"


class RemoteDrop:
    """One location on another machine.

    Args:
        place: Where it is.
        match: A glob within it.
        marker: Template of the marker's name, or None.
        local: The folder that copies are kept in.
        leased: Nothing is renamed or moved there.
        staging: Unpacks what is packed.
        most_bytes: Of one file.
        ledger: The name of the ledger that claims, empty for none.
    """

    def __init__(self, place: Place, match: str, marker: str | None, local: Path, staging: Callable[[Path], Staging],
                 most_bytes: int, ledger: str = "", *, leased: bool) -> None:  # fmt: skip
        self._place, self._match, self._leased, self._most_bytes = place, match, leased, most_bytes
        self._markers = Markers(marker)
        self._address = place.path if place.scheme == "file" else place.shown.rstrip("/")
        self._claims = own(INFLIGHT, ledger)
        self._copies = local / self._claims
        self._reservation = Reservation(place.path, ledger) if place.scheme == "s3" and ledger else None
        self._local = Drop(local, match, None, staging, ledger)
        self._opened: Any = None

    def probe(self) -> None:
        """Return when the location can be listed; raise `Unavailable` when it cannot."""
        with self._reaching() as there:
            there.ls(self._place.path or "/", detail=False)

    def sightings(self) -> Iterator[Sighting]:
        """The files there that match and are nobody's yet."""
        with self._reaching() as there:
            found, signs = self._listed(there, self._match), self._names_of_markers(there)
        for name, info in found.items():
            if is_ours_to_read(name) and not self._markers.is_one(name) and name.isprintable():
                marker = self._markers.of(name)
                marked = None if marker is None else marker in signs
                yield Sighting(name, info["size"], _modified(info), _stamp(info), marked, self._leased)

    def strays(self) -> Iterator[Stray]:
        """The files there beside those that match of which nothing says what they are there for."""
        with self._reaching() as there:
            found = self._listed(there, beside(self._match))
        for name, info in found.items():
            if not self._explains(name):
                yield Stray(told(name), f"{self._address}/{name}", _modified(info))

    def knows(self, address: str) -> bool:
        """Whether a file lies there and is to be taken, or can be explained."""
        root, name = f"{self._address}/", address.removeprefix(f"{self._address}/")
        return address.startswith(root) and self._explains(name)

    def _explains(self, name: str) -> bool:
        """As `explains`, but for a name that matches and is not taken, for it holds what is not seen."""
        return explains(name, self._match, self._markers) and (name.isprintable() or not is_match(name, self._match))

    def flaw(self, sighting: Sighting, look: Callable[[BinaryIO, int], str]) -> str:
        """What says that a file there is not whole; over FTP, which reads no file from its middle, only its size."""
        if not sighting.size:
            return "it is empty"
        if layers(sighting.name) or self._place.scheme.startswith("ftp"):
            return ""
        with self._reaching() as there, there.open(self._path(sighting.name), "rb") as file:
            return look(file, sighting.size)

    def claim(self, sighting: Sighting) -> bool:
        """Move a file there into `inflight`, or, where it is leased, copy it here."""
        with self._reaching() as there:
            name = sighting.name
            if not self._is_still(there, sighting):
                return False
            if self._leased:
                self._copy(there, self._path(name), name)
                return True
            if there.exists(self._path(f"{self._claims}/{name}")):
                return False
            marker = self._markers.of(name) if sighting.marked else None
            return (not marker or self._take(there, marker, marker)) and self._take(there, name, name)

    def arrivals(self) -> list[Arrival]:
        """The claimed files, copied here and unpacked."""
        self._copies.mkdir(parents=True, exist_ok=True)
        self._local.adopt()
        if not self._leased:
            with self._reaching() as there:
                self._adopt(there)
                self._finish_moves(there)
                self._finish_claims(there)
                for name in sorted(self._listed(there, f"{self._claims}/{self._match}")):
                    plain = name.removeprefix(f"{self._claims}/")
                    if not self._markers.is_one(plain) and not jailed(self._copies, plain).exists():
                        self._copy(there, self._path(name), plain)
        return self._local.arrivals()

    def open(self, name: str) -> BinaryIO:
        """Open the copy of a file."""
        return self._local.open(name)

    def settle(self, arrival: Arrival, verdict: Verdict) -> None:
        """Put the copy away, then the file there, unless it is leased. Both may be done again."""
        self._local.settle(arrival, verdict)
        if self._leased:
            return
        name = _claimed(arrival.name)
        kept = Verdict.ARCHIVE if name != arrival.name else verdict
        if jailed(self._copies, name).exists():
            return  # members of it are still to be settled, or it is a later file of the name
        with self._reaching() as there:
            for one in (self._markers.of(name), name):
                if one and there.exists(self._path(f"{self._claims}/{one}")):
                    target = self._path(f"{kept}/{one}")
                    self._makedirs(there, PurePosixPath(target).parent.as_posix())
                    if there.exists(target):
                        target += f"-{arrival.sha256[:12]}"
                    if self._reservation:
                        self._reservation.release(there, one)  # what it was for is in this ledger's folder
                    self._replace(there, self._path(f"{self._claims}/{one}"), target)

    def close(self) -> None:
        """Give up the connection."""
        self._opened = None

    @contextmanager
    def _reaching(self) -> Iterator[Any]:
        """The file system there. Whatever goes wrong on the way, nothing happened that cannot be done again."""
        try:
            if self._opened is None:
                self._opened = open_filesystem(self._place)
            yield self._opened
        except Failure:
            self._opened = None  # it may be in the middle of a transfer
            raise
        except Exception as error:
            # fsspec's file systems raise what their libraries do: OSError, EOFError, SSHException, ClientError …
            self._opened = None
            said = str(error).strip() or type(error).__name__
            raise Unavailable(f"{self._place.shown} cannot be reached or read: {said}") from error

    def _listed(self, there: Any, pattern: str) -> dict[str, Any]:
        """The plain files that match, by their names within the location."""
        root = self._place.path
        try:
            found = there.glob(f"{root}/{pattern}", detail=True)
        except FileNotFoundError:
            return {}
        return {
            path.removeprefix(root).lstrip("/"): info for path, info in found.items()
            if info.get("type") == "file" and not info.get("islink")
        }  # fmt: skip

    def _names_of_markers(self, there: Any) -> set[str]:
        marker = self._markers.of(self._match)
        return set(self._listed(there, marker)) if marker else set()

    def _finish_claims(self, there: Any) -> None:
        """Take the file of a marker that a killed run had claimed alone."""
        pattern = self._markers.of(self._match)
        claimed = set(self._listed(there, f"{self._claims}/{pattern}")) if pattern else set()
        if not claimed:
            return
        for name in self._listed(there, self._match):
            if f"{self._claims}/{self._markers.of(name)}" in claimed and is_ours_to_read(name):
                self._take(there, name, name)

    def _adopt(self, there: Any) -> None:
        """Take what was claimed and is in no ledger's folder: see `is_nobodys`."""
        if self._claims == INFLIGHT:
            return
        for path in sorted(self._listed(there, f"{INFLIGHT}/{self._match}")):
            name = path.removeprefix(f"{INFLIGHT}/")
            marker = self._markers.of(name)
            ours = is_nobodys(name) and is_ours_to_read(name) and not self._markers.is_one(name)
            if ours and self._take(there, path, name) and marker:
                self._take(there, f"{INFLIGHT}/{marker}", marker)

    def _finish_moves(self, there: Any) -> None:
        """Delete what a kill left where it was of a move that is a copy and a delete."""
        if self._reservation is None:
            return
        patterns = [pattern for pattern in (self._markers.of(self._match), self._match) if pattern]
        moved = {name for pattern in patterns for name in self._listed(there, f"{self._claims}/{pattern}")}
        lying = {name: info for pattern in patterns for name, info in self._listed(there, pattern).items()}
        for name, info in lying.items():
            if f"{self._claims}/{name}" in moved and self._reservation.is_of(there, name, _stamp(info)):
                there.rm_file(self._path(name))

    def _take(self, there: Any, source: str, name: str) -> bool:
        """Move a file there into this ledger's folder; False when it is gone, or one of the name is there already."""
        target = self._path(f"{self._claims}/{name}")
        if there.exists(target) or not self._may_move(there, source, name):
            return False
        self._makedirs(there, PurePosixPath(target).parent.as_posix())
        try:
            there.mv(self._path(source), target)
        except Exception:
            there.invalidate_cache()
            if there.exists(self._path(source)):
                raise
            moved = bool(there.exists(target))  # it was moved all the same, or another was faster
            if self._reservation and not moved:
                self._reservation.release(there, name)
            return moved
        return True

    def _may_move(self, there: Any, source: str, name: str) -> bool:
        """Whether a file there is this ledger's to move: where a move is one step, whoever makes it has it."""
        if self._reservation is None:
            return True
        there.invalidate_cache()
        path = self._path(source)
        return bool(there.exists(path)) and self._reservation.take(there, name, _stamp(there.info(path)))

    def _is_still(self, there: Any, sighting: Sighting) -> bool:
        there.invalidate_cache()
        escaped = _escaped(sighting.name)
        return any(_stamp(info) == sighting.stamp for info in self._listed(there, escaped).values())

    def _copy(self, there: Any, path: str, name: str) -> None:
        """Copy a file here, as a claimed one of the local drop: as many bytes as it has, and the same ones to its end.

        Raises:
            Unavailable: It changed meanwhile, or less came than there is; a server that breaks off need not say so.
        """
        target = jailed(self._copies, name)
        part = target.with_name(f".{target.name}{_PART}")
        target.parent.mkdir(parents=True, exist_ok=True)
        seen = there.info(path)
        with part.open("wb", buffering=0) as out:

            def write(block: bytes) -> None:
                try:
                    out.write(block)
                except OSError as error:
                    raise Unavailable(no_room(name, "copied", part.parent, error)) from error
                if out.tell() > self._most_bytes:
                    raise _Enough

            try:
                _fetch(there, path, write)
                there.invalidate_cache()
                if out.tell() != seen["size"] or _stamp(there.info(path)) != _stamp(seen):
                    raise Unavailable(f"{name} changed while it was copied, or did not come whole: it is copied anew")
            except _Enough:
                self._opened = None  # in the middle of a transfer; what is here is refused for its size
        if modified := _modified(seen):
            os.utime(part, (modified.timestamp(), modified.timestamp()))
        part.rename(target)

    def _replace(self, there: Any, source: str, target: str) -> None:
        if there.exists(target):
            there.rm_file(target)
        there.mv(source, target)

    def _makedirs(self, there: Any, folder: str) -> None:
        if self._place.scheme != "s3":  # has no folders
            there.makedirs(folder, exist_ok=True)

    def _path(self, name: str) -> str:
        return f"{self._place.path}/{name}"


class _Enough(Exception):
    """More has come than is allowed; it is no use to wait for the rest."""


def _fetch(there: Any, path: str, write: Callable[[bytes], None]) -> None:
    if type(there).protocol == "ftp":  # whose files are read from their middle by a new transfer for each block
        there.ftp.retrbinary(f"RETR {path}", write)
        return
    ahead = {"block_size": _AHEAD} if "s3" in type(there).protocol else {}  # else 50 MB lie in memory
    with there.open(path, "rb", **ahead) as file:
        if hasattr(file, "prefetch"):  # SFTP: else every 32 kB wait for an answer
            file._prefetch_thread = _quiet(file._prefetch_thread)
            file.prefetch(max_concurrent_requests=_AHEAD // _PACKET)
        while block := file.read(_BLOCK):
            write(block)


def _quiet(asking: Callable[..., None]) -> Callable[..., None]:
    """The thread of paramiko that asks ahead, without its traceback when the connection breaks: the reader is told."""

    def quiet(*words: Any) -> None:
        with suppress(Exception):
            asking(*words)

    return quiet


def _modified(info: dict[str, Any]) -> datetime | None:
    """The time in a listing, whatever the scheme calls it."""
    found = info.get("mtime") or info.get("LastModified") or info.get("modify")
    if isinstance(found, datetime):
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    if isinstance(found, int | float):
        return datetime.fromtimestamp(found, UTC)
    if isinstance(found, str) and found[:14].isdigit():
        return datetime.strptime(found[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return None


def _stamp(info: dict[str, Any]) -> str:
    return f"{info['size']}-{_modified(info)}-{info.get('ETag', '')}-{info.get('unique', '') or info.get('ino', '')}"


def _claimed(name: str) -> str:
    """The file that was claimed: the arrival itself, or the archive that it is a member of."""
    parts = PurePosixPath(name).parts
    for end, part in enumerate(parts[:-1], 1):
        if layers(part):
            return PurePosixPath(*parts[:end]).as_posix()
    return name


def _escaped(name: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
