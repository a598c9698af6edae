"""Records kept as they stand in the file, with all that reads them again: the layout in its normal form.

The data begin with a line that says how long the records are: `80` when all are, else `80,75,81`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

from pydantic import TypeAdapter

from brownfield_files.encoding import Encoding
from brownfield_files.engine import engine
from brownfield_files.frame import Batch
from brownfield_files.layout import Layout
from brownfield_files.row import Decoder


@dataclass(frozen=True)
class Pinned:
    """What reads records: nothing else is needed."""

    layout: Layout
    encoding: Encoding


_PINNED = TypeAdapter(Pinned)


def pin(layout: Layout, encoding: Encoding) -> str:
    """The layout and the encoding as text."""
    return _PINNED.dump_json(Pinned(layout, encoding)).decode()


def image_data(batch: Batch, indexes: Sequence[int]) -> bytes:
    """Some records of a batch as they stand in the file, their line ends and descriptors left out."""
    records = batch.records if len(indexes) == batch.count else [batch.records[index] for index in indexes]
    if batch.stride:
        whole = len(indexes) == batch.count and batch.stride == batch.length
        return b"%d\n" % batch.length + (batch.raw if whole else b"".join(records))
    return ",".join(str(len(record)) for record in records).encode() + b"\n" + b"".join(records)


def render(layout: str, kind: str, data: bytes) -> bytes:
    """The JSON lines of records of one type."""
    head, _, raw = data.partition(b"\n")
    if not raw:
        return b""
    sizes = [int(size) for size in head.split(b",")]
    if len(sizes) == 1:
        batch = Batch.even(0, 0, raw, sizes[0], sizes[0])
    else:
        pieces = [raw[start:end] for start, end in pairwise(accumulate(sizes, initial=0))]
        batch = Batch.of(0, 0, [(piece, piece) for piece in pieces])
    return _decoder(layout).decode(batch, [kind] * batch.count).documents(kind, "").lines


@cache
def _decoder(layout: str) -> Decoder:
    pinned = _PINNED.validate_json(layout)
    return Decoder(pinned.layout, pinned.encoding, engine())
