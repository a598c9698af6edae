"""Staging: where packed files lie unpacked until they are collected. Only copies are here, so they may be deleted."""

import errno
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from brownfield.contract import Rejected, Unavailable
from brownfield_files.place.archive import Caps, Member, flaw, layers, unpack

_PART = ".part-"


class Staging:
    """A folder of unpacked files, each archive's members in a folder of its name.

    Args:
        root: The folder; it is made when it is needed.
        caps: How much may come out of one file.
    """

    def __init__(self, root: Path, caps: Caps) -> None:
        self._root = root
        self._caps = caps
        self._refused: dict[tuple[str, int, int], Rejected] = {}

    def packed(self, name: str) -> bool:
        """Whether a file must be unpacked, as its name says."""
        return bool(layers(name))

    def flaw(self, path: Path) -> str:
        """What shows, before it is claimed, that a packed file is not whole; empty when nothing does."""
        return flaw(path, self._caps.bytes)

    def unpack(self, name: str, path: Path) -> list[Member]:
        """The members of a file that are still to be put away; it is unpacked when it is asked for first.

        It appears as a whole, so a kill in the middle leaves nothing that looks unpacked.

        Raises:
            Rejected: It is damaged, or breaks a limit or a rule.
            Unavailable: There is no room here, or what it needs is missing.
        """
        folder, seen = self._root / name, path.stat()
        if not folder.is_dir():
            known = self._refused.get((name, seen.st_ino, seen.st_mtime_ns))
            if known is not None:
                raise known
            try:
                self._unpack_whole(name, path, folder)
            except Rejected as refusal:
                self._refused[name, seen.st_ino, seen.st_mtime_ns] = refusal
                raise
        files = sorted(one for one in folder.rglob("*") if one.is_file() and not one.is_symlink())
        return [Member(one.relative_to(folder).as_posix(), one) for one in files]

    def holds(self, path: Path) -> bool:
        """Whether a path lies here."""
        return path.is_relative_to(self._root.resolve())

    def settle(self, path: Path, aside: Path | None) -> str | None:
        """Take a member away, into the folder `aside` where it is to be kept; its archive's name if it was the last."""
        relative = path.relative_to(self._root.resolve())
        container = _container(relative.as_posix())
        if aside is None:
            path.unlink()
        else:
            aside.mkdir(parents=True, exist_ok=True)
            shutil.move(path, aside / path.name)
        folder = self._root / container
        if any(one.is_file() for one in folder.rglob("*")):
            return None
        shutil.rmtree(folder)
        return container

    def _unpack_whole(self, name: str, path: Path, folder: Path) -> None:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            for left in self._root.glob(f"{_PART}*"):
                shutil.rmtree(left)  # a killed run's
            part = Path(tempfile.mkdtemp(prefix=_PART, dir=self._root))
            try:
                unpack(name, path, part, self._caps)
                part.rename(folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        except OSError as error:
            raise Unavailable(no_room(name, "unpacked", self._root, error)) from error


def no_room(name: str, done: str, folder: Path, error: OSError) -> str:
    """Why a file could not be brought here, in words."""
    what = "there is no room" if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} else error.strerror
    return f"{name} cannot be {done} into {folder}: {what}. The file is safe, and is taken up again"


def _container(name: str) -> str:
    """The archive that a member lies in: the first part of its path that is named like one."""
    parts = PurePosixPath(name).parts
    ends = next(index for index, part in enumerate(parts, 1) if layers(part))
    return PurePosixPath(*parts[:ends]).as_posix()
