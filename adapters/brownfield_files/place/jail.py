"""Names within a drop: which lie within it, which are ours to read, and which are markers.

Whatever the far side puts into a drop is data, and so is every name there: one with `..` in it, or one that is reached
through a symbolic link, is not there as far as this adapter is concerned.
"""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from brownfield.contract import Rejected, Verdict

INFLIGHT, STAGING = "inflight", "staging"
OURS = frozenset({*(str(verdict) for verdict in Verdict), INFLIGHT, STAGING})
"""Folders in a drop that this adapter makes and nobody else writes to."""
_OWN = "ledger-"
_UNFINISHED = (".tmp", ".part", ".filepart")
_SIGN = ".done"
"""Ends a name that says something of another file, whether or not anybody here waits for it."""


class Markers:
    """The files that say that others are complete.

    Args:
        template: Of a marker's name, with `{name}` or `{stem}`; None where there are no markers.
    """

    def __init__(self, template: str | None) -> None:
        self._template = template

    def of(self, name: str) -> str | None:
        """The name of a file's marker, in the same folder; None where there are none."""
        path = PurePosixPath(name)
        if self._template is None:
            return None
        return path.with_name(self._template.format(name=path.name, stem=path.stem)).as_posix()

    def is_one(self, name: str) -> bool:
        """Whether a file is a marker."""
        if self._template is None:
            return False
        before, after = re.split(r"\{(?:name|stem)\}", self._template)
        own = PurePosixPath(name).name
        return len(own) > len(before) + len(after) and own.startswith(before) and own.endswith(after)


def own(folder: str, ledger: str) -> str:
    """Where in a folder of ours one ledger keeps its own; the folder itself where there is no ledger."""
    return f"{folder}/{_OWN}{ledger}" if ledger else folder


def is_nobodys(name: str) -> bool:
    """Whether what lies in a folder of ours is in no ledger's own: left by a version before, or let go by a person."""
    return not PurePosixPath(name).parts[0].startswith(_OWN)


def is_ours_to_read(name: str) -> bool:
    """Not temporary, not hidden, not in a folder of ours, and with a name that JSON can hold."""
    return not _is_passed_over(name) and not re.search("[\ud800-\udfff]", name)


def explains(name: str, match: str, markers: Markers) -> bool:
    """Whether it is known what a name in a location is there for: it is to be taken, or a sign, or was put away."""
    if _is_passed_over(name) or markers.is_one(name) or name.endswith(_SIGN):
        return True
    return is_ours_to_read(name) and is_match(name, match)


def told(name: str) -> str:
    """A name as people are told it: a byte that is no character and a sign that is not seen are written as escapes."""
    return "".join(sign if sign.isprintable() else _escape(sign) for sign in name)


def is_match(name: str, pattern: str) -> bool:
    """Whether a glob finds a name: `*` within a folder, `**` over any folders."""
    return _fits(PurePosixPath(name).parts, PurePosixPath(pattern).parts)


def beside(match: str) -> str:
    """The glob of all that lies in the folders that a match looks into."""
    return PurePosixPath(match).with_name("*").as_posix()


def checked(name: str) -> str:
    """The name, when it stays within the folder that it is a name in.

    Raises:
        Rejected: It is absolute, or has `..` or a NUL in it.
    """
    parts = PurePosixPath(name).parts
    if not parts or parts[0] == "/" or ".." in parts or "\0" in name:
        raise Rejected(f"{name!r} does not lie within the drop", code="outside")
    return name


def jailed(root: Path, name: str) -> Path:
    """The path of a name in a folder of this machine, without a symbolic link on the way.

    Raises:
        Rejected: It leads elsewhere.
    """
    root = root.resolve()
    path = root / checked(name)
    if path.resolve() != path:
        raise Rejected(f"{name!r} does not lie within the drop", code="outside")
    return path


def _escape(sign: str) -> str:
    undecoded = "\udc80" <= sign <= "\udcff"  # how Python keeps a byte of a name that is not UTF-8
    return f"\\x{ord(sign) - 0xDC00:02x}" if undecoded else sign.encode("unicode_escape").decode()


def _is_passed_over(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[0] in OURS or any(part.startswith(".") for part in parts) or parts[-1].lower().endswith(_UNFINISHED)


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not parts or not pattern:
        return not parts and not pattern
    if pattern[0] == "**":
        return _fits(parts, pattern[1:]) or _fits(parts[1:], pattern)
    return fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])
