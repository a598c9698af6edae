"""Records kept as they stand in the file, with all that reads them again: the layout in its normal form.

The data begin with a line that says how long the records are: `80,75,81`, or `80/10000` where 10,000 records have 80
bytes each; these lie on their side, all first bytes before all second ones, as they compress ten times better and three
times faster so. (`80` alone, as it was written once: each has 80 bytes, one after the other.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

from pydantic import TypeAdapter

from brownfield_files.fixed.engine import engine
from brownfield_files.fixed.row import Decoder
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Layout
from brownfield_files.record.frame import Batch


@dataclass(frozen=True)
class Pinned:
    """What reads records: nothing else is needed."""

    layout: Layout
    encoding: Encoding


_PINNED = TypeAdapter(Pinned)


def pin(layout: Layout, encoding: Encoding) -> str:
    """The layout and the encoding as text."""
    return _PINNED.dump_json(Pinned(layout, encoding)).decode()


def image_data(batch: Batch, indexes: Sequence[int]) -> list[bytes | memoryview]:
    """Some records of a batch as they stand in the file, their line ends and descriptors left out."""
    if batch.stride:
        raw, stride = batch.raw, batch.stride
        if len(indexes) < batch.count:
            raw, stride = b"".join([batch.records[index] for index in indexes]), batch.length
        return [b"%d/%d\n" % (batch.length, len(indexes)), engine().on_side(raw, stride, batch.length)]
    records = [batch.records[index] for index in indexes]
    return [",".join(str(len(record)) for record in records).encode() + b"\n", *records]


def render(layout: str, kind: str, data: bytes) -> bytes:
    """The JSON lines of records of one type."""
    head, _, raw = data.partition(b"\n")
    if not raw:
        return b""
    batch = _batch(head, raw)
    return _decoder(layout).decode(batch, [kind] * batch.count).documents(kind, "").lines


def _batch(head: bytes, raw: bytes) -> Batch:
    length, slash, count = head.partition(b"/")
    if slash:
        raw = b"".join([raw[at :: int(count)] for at in range(int(count))])
        return Batch.even(0, 0, raw, int(length), int(length))
    sizes = [int(size) for size in head.split(b",")]
    if len(sizes) == 1:
        return Batch.even(0, 0, raw, sizes[0], sizes[0])
    pieces = [raw[start:end] for start, end in pairwise(accumulate(sizes, initial=0))]
    return Batch.of(0, 0, [(piece, piece) for piece in pieces])


@cache
def _decoder(layout: str) -> Decoder:
    pinned = _PINNED.validate_json(layout)
    return Decoder(pinned.layout, pinned.encoding, engine())
