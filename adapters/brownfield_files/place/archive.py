"""Unpacking: gzip, zstd, zip, tar and OpenPGP, each within limits. Everything in an archive is the far side's word.

What is refused, always whole: a name that leads out of its folder, a link, a device, an encrypted or a sparse member,
two members of one name, more members or bytes than allowed, and more bytes out of so few that it can only be a bomb.
"""

import gzip
import stat
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from brownfield.contract import Rejected
from brownfield_files.place.jail import checked
from brownfield_files.place.pgp import Pgp, decrypted

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_BLOCK = 256 * 1024
_FREE = 10 * 1024 * 1024
"""Bytes from which the ratio is looked at: little files of blanks are as small as they like."""
_WINDOW = 25
"""Of zstd, as a power of two: 32 MB of memory."""
_LONGEST_HEADER = 64 * 1024
"""Of tar, whose extended headers are read into memory as a whole."""
_END_OF_ZIP = struct.Struct("<4s4H2LH")
_SUFFIXES = {".gz": "gzip", ".zst": "zstd", ".zip": "zip", ".tar": "tar", ".gpg": "pgp", ".pgp": "pgp", ".asc": "pgp"}
_SHORT = {".tgz": ".tar.gz", ".tzst": ".tar.zst"}


@dataclass(frozen=True, slots=True)
class Caps:
    """How much may come out of one file.

    Attributes:
        bytes: In all, and of the file itself.
        members: Files in one archive.
        ratio: Bytes out for one byte in, looked at beyond 10 MiB.
        pgp: How OpenPGP files are decrypted; None where none are expected.
    """

    bytes: int
    members: int = 1000
    ratio: int = 200
    pgp: Pgp | None = None


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Member(NamedTuple):
    """One file that was unpacked: its name in the archive, and where it lies."""

    name: str
    path: Path


@dataclass(slots=True)
class _Meter:
    """Counts what comes out, over all members and layers of one file."""

    caps: Caps
    taken: int
    given: int = 0
    names: set[str] = field(default_factory=set)

    def add(self, count: int) -> None:
        self.given += count
        if self.given > self.caps.bytes:
            raise _refused(f"more than {self.caps.bytes} bytes come out of it", "too-large")
        if self.given > _FREE and self.given > self.caps.ratio * max(self.taken, 1):
            raise _refused(f"{self.given} bytes and more come out of {self.taken}: it looks like a bomb", "bomb")

    def name(self, name: str) -> str:
        """A member's name, once it is known to be harmless and the only one."""
        checked(name)
        plain = PurePosixPath(name).as_posix()
        if "\\" in name or plain in self.names:
            raise _refused(f"the member name {name!r} is used twice, or is no plain path", "member")
        self.names.add(plain)
        if len(self.names) > self.caps.members:
            raise _refused(f"it has more than {self.caps.members} members", "members")
        return plain


def layers(name: str) -> tuple[str, ...]:
    """How a file is packed, outermost first, by its name: `STK.tar.gz.gpg` is `pgp`, `gzip`, `tar`."""
    found, rest = [], _long(PurePosixPath(name).name)
    while (suffix := PurePosixPath(rest).suffix.lower()) in _SUFFIXES:
        found.append(_SUFFIXES[suffix])
        rest = PurePosixPath(rest).stem
        if found[-1] in {"zip", "tar"}:
            break
    return tuple(found)


def bare_name(name: str) -> str:
    """The name without the endings that say how it is packed."""
    rest = _long(PurePosixPath(name).name)
    for _ in layers(name):
        rest = PurePosixPath(rest).stem
    return rest


def unpack(name: str, path: Path, folder: Path, caps: Caps) -> None:
    """Unpack a file into an empty folder.

    Raises:
        Rejected: It is damaged, or breaks a limit or a rule. What was unpacked so far is to be thrown away.
        Unavailable: It cannot be unpacked here and now: no room, a library or a key is missing.
    """
    size = path.stat().st_size
    if size > caps.bytes:
        raise _refused(f"{size} bytes are more than the limit of {caps.bytes}", "too-large")
    meter = _Meter(caps, size)
    with _refusing(name):
        for number, layer in enumerate(layers(name)):
            if layer in _CONTAINERS:
                meter.given = 0
                _CONTAINERS[layer](path, folder, meter)
                if number:
                    path.unlink()
                return
            target = folder / f".layer-{number}"
            meter.given = 0
            _LAYERS[layer](path, target, meter)
            if number:
                path.unlink()
            path = target
        path.rename(folder / meter.name(bare_name(name)))


def flaw(path: Path, most: int) -> str:
    """What shows, before it is claimed, that a packed file is not whole; empty when nothing does.

    A gzip file is read to its check sum, for it tells nothing of its end before, or to `most` bytes, with which it will
    be refused; a zip has its directory there.
    """
    kind = (layers(path.name) or ("",))[0]
    try:
        if kind == "gzip":
            with gzip.open(path) as file:
                while file.tell() <= most and file.read(_BLOCK):
                    pass
        if kind == "zip" and not zipfile.is_zipfile(path):
            return "it has no zip directory at its end"
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        return f"it cannot be inflated to its end ({error})"
    return ""


def _long(name: str) -> str:
    short = PurePosixPath(name).suffix.lower()
    return name[: -len(short)] + _SHORT[short] if short in _SHORT else name


def _refused(reason: str, code: str) -> Rejected:
    return Rejected(reason, code=code)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn what a library says of a damaged file into a refusal of it."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, tarfile.TarError, NotImplementedError) as error:
        raise _refused(f"{name} cannot be unpacked: {error}", "archive") from error
    except Rejected as refusal:
        raise Rejected(f"{name}: {refusal.message}", code=refusal.code, detail=refusal.detail) from None


def _copy(source: _Readable, target: Path, meter: _Meter) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as out:
        while block := source.read(_BLOCK):
            meter.add(len(block))
            out.write(block)


def _gzip(path: Path, target: Path, meter: _Meter) -> None:
    with gzip.open(path) as source:
        _copy(source, target, meter)


def _zstd(path: Path, target: Path, meter: _Meter) -> None:
    try:
        with zstd.open(path, options={zstd.DecompressionParameter.window_log_max: _WINDOW}) as source:
            _copy(source, target, meter)
    except zstd.ZstdError as error:
        raise _refused(f"it cannot be unpacked: {error}", "archive") from error


def _pgp(path: Path, target: Path, meter: _Meter) -> None:
    if meter.caps.pgp is None:
        raise _refused("it is encrypted with OpenPGP, and this connection has no `pgp` setting", "pgp")
    decrypted(path, target, meter.caps.pgp, meter.caps.bytes)
    meter.add(target.stat().st_size)


def _zip(path: Path, folder: Path, meter: _Meter) -> None:
    _check_directory(path, meter.caps)
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            mode = info.external_attr >> 16
            if info.flag_bits & 1:
                raise _refused(f"the member {info.filename!r} is encrypted", "encrypted")
            if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
                raise _refused(f"the member {info.filename!r} is a link, or no file", "link")
            name = meter.name(info.orig_filename)
            with archive.open(info) as source:
                _copy(source, folder / name, meter)


def _check_directory(path: Path, caps: Caps) -> None:
    """Look at a zip's directory before it is read into memory as a whole."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_557))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END_OF_ZIP.size:
        raise zipfile.BadZipFile("it has no zip directory at its end")
    _, _, _, _, count, size, _, _ = _END_OF_ZIP.unpack_from(tail, at)
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        raise _refused("it is a zip64 archive, which is not read", "members")
    if count > caps.members or size > caps.members * 1024:
        raise _refused(f"its directory has {count} entries in {size} bytes, and {caps.members} are allowed", "members")


class _Header(tarfile.TarInfo):
    """A header of tar, an extended one only where it is short."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _EXTENDED and self.size > _LONGEST_HEADER:
            raise _refused(f"it has an extended header of {self.size} bytes", "members")
        read: Callable[[tarfile.TarFile], tarfile.TarInfo] = super()._proc_member  # type: ignore[misc]
        return read(archive)


_EXTENDED = frozenset({tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME,
                       tarfile.GNUTYPE_LONGLINK})  # fmt: skip


def _tar(path: Path, folder: Path, meter: _Meter) -> None:
    with tarfile.open(path, "r:", tarinfo=_Header) as archive:
        for number, info in enumerate(archive):
            if number >= meter.caps.members:
                raise _refused(f"it has more than {meter.caps.members} entries", "members")
            if info.isdir():
                continue
            if not info.isreg() or info.sparse is not None:
                raise _refused(f"the member {info.name!r} is a link, or no plain file", "link")
            name, source = meter.name(info.name), archive.extractfile(info)
            if source is not None:
                _copy(source, folder / name, meter)


_LAYERS: dict[str, Callable[[Path, Path, _Meter], None]] = {"gzip": _gzip, "zstd": _zstd, "pgp": _pgp}
_CONTAINERS: dict[str, Callable[[Path, Path, _Meter], None]] = {"zip": _zip, "tar": _tar}
