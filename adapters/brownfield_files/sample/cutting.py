"""How a sample may be cut into records: every way in which files are written is tried.

The first that goes through the whole of it, or its first records, is what a person is shown to confirm. Nothing here is
used when a feed runs.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from brownfield_files.layout.encoding import Encoding
from brownfield_files.record.descriptor import IBM, BadFraming, Descriptor
from brownfield_files.record.frame import Cut, Framing, frames
from brownfield_files.record.prefixed import BLOCK

_RECORDS = 2000
_OTHER = tuple(
    Descriptor(order=order, at=at, includes=includes)
    for order in ("big", "little")
    for at in (0, 2)
    for includes in (True, False)
)


def guess_cut(path: Path, encoding: Encoding, longest: int, *, lines: bool) -> Cut:
    """How the records of a sample end.

    A descriptor before each record is believed only if it leads from record to record: lengths that are none are found
    at once. What no way cuts is called fixed, and what is over is said elsewhere.

    Args:
        path: The sample.
        encoding: Its encoding.
        longest: Bytes of the longest record that the layout describes.
        lines: There are line ends, and the layout has no field in which they may be data.
    """
    if lines:
        return Cut("line", longest, encoding.name, encoding.ebcdic)
    ways = (Cut(framing, longest, encoding.name, encoding.ebcdic, *how) for framing, how in _ways(path.stat().st_size))
    fixed = Cut("fixed", longest, encoding.name, encoding.ebcdic)
    return next((way for way in ways if _goes_through(path, way)), fixed)


def _ways(size: int) -> Iterator[tuple[Framing, tuple[Descriptor, Descriptor, bool]]]:
    """The ways that can be told from any other, those of mainframes first."""
    for spanned in (False, True):
        yield "variable", (IBM, IBM, spanned)
        yield "blocked", (IBM, IBM, spanned)
    yield "prefixed" if size % BLOCK else "prefixed-1014", (IBM, IBM, False)
    yield from (("variable", (how, IBM, False)) for how in _OTHER)
    yield from (("blocked", (how, how, False)) for how in _OTHER)


def _goes_through(path: Path, way: Cut) -> bool:
    """Whether the first records, or all there are, are cut without a doubt and are no longer than the layout says."""
    try:
        with path.open("rb") as file:
            lengths = [len(frame.record) for frame in islice(frames(file, way), _RECORDS)]
    except BadFraming:
        return False
    return bool(lengths) and max(lengths) <= way.length
