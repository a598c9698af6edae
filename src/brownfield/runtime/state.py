r"""The states of a snapshot feed: each extract that was taken in, as lines `key\tdocument`.

The key is what stands between the quotes of a JSON string, so it holds neither a tab nor a line end, and lines sort as
their keys do. Whether an extract came in that order is seen while it is written down.
"""

import codecs
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import orjson

from brownfield.contract import Documents, Rejected


@dataclass(frozen=True, slots=True)
class State:
    """One extract.

    Attributes:
        path: Its file.
        keys: How many keys it has.
        sorted: Whether its lines are in the order of their keys.
        sha256: Of the file.
    """

    path: Path
    keys: int
    sorted: bool
    sha256: str


def write_state(path: Path, chunks: Iterable[Documents], ignored: Sequence[str]) -> State:
    """Write the records of an extract down as a state; it is there whole, or not at all.

    Args:
        path: Where to.
        chunks: The records.
        ignored: Fields that are not part of the state.

    Raises:
        Rejected: A record has no key, or two that follow each other in the order of keys have the same.
    """
    part, written, digest = path.with_suffix(".part"), _Writer(), hashlib.sha256()
    with part.open("wb") as file:
        for chunk in chunks:
            lines = written.lines(chunk, ignored)
            digest.update(lines)
            file.write(lines)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return State(path, written.keys, written.sorted, digest.hexdigest())


def intact(path: Path, sha256: str) -> bool:
    """Whether a state is there as it was written."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def text_of(key: bytes) -> str:
    """The key that a line begins with, as it was before it was escaped."""
    return str(orjson.loads(b'"%b"' % key))


class _Writer:
    """Makes lines of records, and watches whether they come in order."""

    def __init__(self) -> None:
        self.keys, self.sorted = 0, True
        self._last: bytes | None = None

    def lines(self, chunk: Documents, ignored: Sequence[str]) -> bytes:
        if not chunk.keys:
            return b""
        keys = _escaped(chunk.keys)
        if b"" in keys:
            raise Rejected(f"record {chunk.numbers[keys.index(b'')]} has no key", code="no-key")
        self._watch(keys)
        self.keys += len(keys)
        texts = chunk.lines.split(b"\n")
        if ignored:
            texts = [_without(text, ignored) for text in texts[:-1]]
        return b"".join([b"%b\t%b\n" % pair for pair in zip(keys, texts, strict=False)])

    def _watch(self, keys: list[bytes]) -> None:
        if not self.sorted:
            return
        seen = keys if self._last is None else [self._last, *keys]
        if all(map(bytes.__lt__, seen, seen[1:])):
            self._last = keys[-1]
            return
        if seen == sorted(seen):
            twice = next(one for one, other in pairwise(seen) if one == other)
            raise Rejected(f"two records have the key {text_of(twice)!r}", code="duplicate-key")
        self.sorted = False


def _escaped(keys: Sequence[str]) -> list[bytes]:
    """What stands between the quotes of each key as a JSON string: within one, a quote has a backslash before it."""
    # At the beginning of a file a byte order mark is no text to whoever reads it.
    return orjson.dumps(list(keys))[2:-2].replace(codecs.BOM_UTF8, b"\\ufeff").split(b'","')


def _without(text: bytes, ignored: Sequence[str]) -> bytes:
    fields = orjson.loads(text)
    for name in ignored:
        fields.pop(name, None)
    return orjson.dumps(fields)
