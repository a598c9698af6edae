r"""Two states of one thing → what was created, updated and deleted between them, by key.

Two states (see `state`) that are sorted by their keys are told apart in one pass over both, and what is equal in both
is passed by without being looked at line by line: most of an extract is what it was yesterday.
"""

import mmap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

TAB, LINE = b"\t", b"\n"
FIRST_STRIDE, LAST_STRIDE = 1 << 9, 1 << 21
"""Bytes compared at once: few after a difference, twice as many each time while there is none."""

KEPT = 8 << 20
"""Bytes behind the place where a state is read that may stay in memory."""


class Change(NamedTuple):
    """One key that differs: a document that is None was not there, or is there no longer."""

    key: bytes
    before: bytes | None
    after: bytes | None


def changes(before: Path | None, after: Path) -> Iterator[Change]:
    """What differs, in the order of keys. Takes little memory, however large the states are.

    Args:
        before: The earlier state, sorted; None when there was none: everything is created, in the order of `after`.
        after: The later state, sorted.
    """
    with ExitStack() as held:
        old, new = _State(before, held), _State(after, held)
        while not (old.ended or new.ended):
            if same := _same(old, new):
                old.pass_by(same)
                new.pass_by(same)
                continue
            change = _next(old, new)
            if change.before != change.after:  # a line longer than what is compared at once may be the same
                yield change
        while not old.ended:
            yield Change(old.key(), old.take(), None)
        while not new.ended:
            yield Change(new.key(), None, new.take())


class _State:
    """A state and the place where it is read, always the beginning of a line."""

    def __init__(self, path: Path | None, held: ExitStack) -> None:
        self.data: bytes | mmap.mmap = b""
        self.at = 0
        self._forgotten = 0
        if path is not None and path.stat().st_size:
            file = held.enter_context(path.open("rb"))
            self.data = held.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self.end = len(self.data)

    @property
    def ended(self) -> bool:
        return self.at >= self.end

    def key(self) -> bytes:
        return self.data[self.at : self.data.find(TAB, self.at)]

    def take(self) -> bytes:
        """The document of this line; the place is the next line then."""
        begin, following = self.data.find(TAB, self.at) + 1, self.data.find(LINE, self.at) + 1
        self.pass_by(following - self.at)
        return self.data[begin : following - 1]

    def pass_by(self, size: int) -> None:
        self.at += size
        if self.at - self._forgotten > 2 * KEPT and isinstance(self.data, mmap.mmap):
            behind = (self.at - KEPT) // mmap.PAGESIZE * mmap.PAGESIZE
            self.data.madvise(mmap.MADV_DONTNEED, self._forgotten, behind - self._forgotten)
            self._forgotten = behind


def _next(old: _State, new: _State) -> Change:
    old_key, new_key = old.key(), new.key()
    if old_key == new_key:
        return Change(new_key, old.take(), new.take())
    return Change(old_key, old.take(), None) if old_key < new_key else Change(new_key, None, new.take())


def _same(old: _State, new: _State) -> int:
    """How many bytes of whole lines are the same from here on, a few MiB at most; 0 when the next line differs."""
    passed, stride = 0, FIRST_STRIDE
    while stride <= LAST_STRIDE:
        one = old.data[old.at + passed : old.at + passed + stride]
        other = new.data[new.at + passed : new.at + passed + stride]
        if one != other or not one:
            passed += _alike(one, other)
            break
        passed, stride = passed + len(one), stride * 2
    return max(old.data.rfind(LINE, old.at, old.at + passed) + 1 - old.at, 0)


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes two pieces have in common from their beginning: by halving, at the speed of memcmp."""
    low, high = 0, min(len(one), len(other)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
