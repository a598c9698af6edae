"""Formats that a library reads: everything but the reading itself, for all of them alike.

Such a reader cannot start in the middle. A resume reads the file again from its start and leaves out what was
committed; that the file and the layout are still the same is held against the checkpoint before.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any, BinaryIO, Protocol, TypeAlias

import orjson

from brownfield.contract import (
    Arrival,
    Checkpoint,
    Chunk,
    Contract,
    Damage,
    Documents,
    Fields,
    Rejected,
    Row,
    Sight,
    fingerprint,
)
from brownfield.contract.adapter import key_text
from brownfield_files.record.late import LateRows

_BLOCK = 1 << 20
MOST_BYTES = 1 << 20
"""Of one record."""
CHUNK = 2_000
"""Records per transaction unless told: with more of them the processor's caches no longer hold what is worked on."""

Content: TypeAlias = tuple[str, Fields]
"""A record that could be read: its record type and its fields."""


class Parser(Protocol):
    """What reads one format, with one layout."""

    @property
    def layout(self) -> Fields:
        """All that the reading depends on, as plain JSON values."""

    def contract(self) -> Contract:
        """The record types, with schemas no wider than what `records` gives."""

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What shows cheaply that a file is not whole, such as its end; empty when nothing does."""

    def check(self, file: BinaryIO) -> None:
        """Read the file once from its start to its end.

        Raises:
            Rejected: It is not whole, not of this format, or not what the layout says of a file as such.
        """

    def records(self, file: BinaryIO) -> Iterator[Content | Damage]:
        """Its records from its start, in order; the number of a `Damage` is left 0.

        They are made while the file is read (`file.tell()` says how far that has come), none of them from more than
        `MOST_BYTES`.

        Raises:
            Rejected: As `check`.
        """

    def reread(self, raw: bytes) -> Iterator[Content | Damage]:
        """The records in what was the `raw` of a `Damage`, corrected.

        Raises:
            Rejected: It cannot be read alone.
        """

    def look(self, file: BinaryIO | None) -> Iterator[Sight]:
        """What `brownfield look` shows of its records, or, without a file, of the layout."""


class Parsed:
    """Reads the files of a format by its parser: a `Reader`.

    Args:
        parser: The format's.
        chunk: Records per transaction.
    """

    def __init__(self, parser: Parser, chunk: int) -> None:
        self._parser = parser
        self._chunk = chunk
        self._contract = parser.contract()
        self.shape = fingerprint([self._contract.model_dump(mode="json"), parser.layout])

    def contract(self) -> Contract:
        """The record types, from the layout."""
        return self._contract

    def flaw(self, file: BinaryIO, size: int) -> str:
        """What its end says against a file."""
        return self._parser.flaw(file, size) if size else "it is empty"

    def chunks(self, file: BinaryIO, arrival: Arrival, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """The rows after `checkpoint`, after the whole file was read once to see whether it is whole.

        Raises:
            Rejected: The file is empty (`empty`), not the one that was seen (`changed`), or what the format's parser
                refuses.
        """
        progress = _Progress(file, arrival, checkpoint, self.shape)
        file.seek(0)
        self._parser.check(file)
        file.seek(0)
        records = islice(self._parser.records(file), checkpoint.record, None)
        for chunk in _cut(records, self._chunk):
            if chunk or not checkpoint.record:
                yield progress.after(chunk)

    def reread(self, number: int, raw: bytes) -> Row | Damage:
        """What these bytes hold as the record of that number.

        Raises:
            Rejected: They are not one record.
        """
        found = list(islice(self._parser.reread(raw), 2))
        if len(found) != 1:
            raise Rejected(f"{len(raw)} bytes are not one record", code="framing")
        one = _numbered(number, found[0])
        return replace(one, offset=0) if isinstance(one, Damage) else one


class _Progress:
    """How far a file was read: what its checkpoints say.

    Args:
        file: The file.
        arrival: What it was seen as.
        checkpoint: Where to go on.
        shape: That of the layout.

    Raises:
        Rejected: It is empty, or its bytes are not those that were seen, or committed, before.
    """

    def __init__(self, file: BinaryIO, arrival: Arrival, checkpoint: Checkpoint, shape: str) -> None:
        self._file, self._shape = file, shape
        self._number, self._offset = checkpoint.record, checkpoint.offset
        self._counts = Counter({kind: int(total["found"]) for kind, total in checkpoint.totals.items()})
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise Rejected(
                "the file is empty: a job that found nothing cannot be told from one that failed", code="empty"
            )
        self._digest = hashlib.sha256()
        self._hash(self._digest, 0, min(checkpoint.offset, size))
        whole = self._digest.copy()
        self._hash(whole, checkpoint.offset, size)
        if checkpoint.record and self._digest.hexdigest() != checkpoint.prefix:
            reason = f"the bytes before record {checkpoint.record} are not those that were read before"
            raise Rejected(f"{arrival.name}: {reason}", code="changed")
        if whole.hexdigest() != arrival.sha256:
            raise Rejected(f"{arrival.name}: the file is not the one that was seen: its bytes changed", code="changed")

    def after(self, records: list[Content | Damage]) -> Chunk:
        """These records, which come next, and where reading stands after them."""
        rows = _Rows(self._number, records)
        damaged = tuple(replace(one, number=at) for at, one in rows.numbered if isinstance(one, Damage))
        self._counts.update(one[0] for one in records if not isinstance(one, Damage))
        self._counts["damaged"] += len(damaged)
        self._number += len(records)
        end = self._file.tell()
        self._hash(self._digest, self._offset, end)
        self._offset = max(end, self._offset)
        totals = {kind: {"found": count} for kind, count in self._counts.items()}
        position = Checkpoint(self._number, self._offset, self._digest.hexdigest(), totals, {"layout": self._shape})
        return Chunk(rows, damaged, position, rows.documents)

    def _hash(self, digest: Any, start: int, end: int) -> None:
        """Read past whoever reads the file: where that stands must stay."""
        for at in range(start, end, _BLOCK):
            digest.update(os.pread(self._file.fileno(), min(_BLOCK, end - at), at))


class _Rows(LateRows):
    """The records of a chunk that could be read; rows are made of them when they are first asked for."""

    def __init__(self, number: int, records: list[Content | Damage]) -> None:
        self._number, self._records = number, records

    @property
    def numbered(self) -> Iterator[tuple[int, Content | Damage]]:
        """All records with their numbers, those that mean nothing too."""
        return enumerate(self._records, self._number)

    def documents(self, kind: str, key: str) -> Documents:
        """Those of one type as JSON text."""
        chosen = [(at, one[1]) for at, one in self.numbered if not isinstance(one, Damage) and one[0] == kind]
        lines = [orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE) for _, fields in chosen]
        return Documents([at for at, _ in chosen], [key_text(fields, key) for _, fields in chosen], lines)

    @cached_property
    def _rows(self) -> tuple[Row, ...]:
        return tuple(Row(at, *one) for at, one in self.numbered if not isinstance(one, Damage))


def _cut(records: Iterator[Content | Damage], size: int) -> Iterator[list[Content | Damage]]:
    """The records in chunks, at least one. The next is looked at before a chunk is given: the last reaches the end."""
    following = list(islice(records, 1))
    chunk = following + list(islice(records, size - 1))
    while True:
        following = list(islice(records, 1))
        yield chunk
        if not following:
            return
        chunk = following + list(islice(records, size - 1))


def _numbered(number: int, record: Content | Damage) -> Row | Damage:
    return replace(record, number=number) if isinstance(record, Damage) else Row(number, *record)
