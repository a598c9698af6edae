"""What works beside those who wait: one item ahead, and what is kept until it may be told."""

import os
import threading
from pathlib import Path

import pytest

from brownfield.runtime.ahead import Ahead
from brownfield.runtime.kept import Kept


def test_the_next_item_is_made_while_one_is_used():
    begun = [threading.Event() for _ in range(3)]

    def items():
        for event in begun:
            event.set()
            yield event

    with Ahead(items()) as coming:
        next(coming)
        assert begun[1].wait(5)
        assert not begun[2].is_set()
        assert list(coming) == begun[1:]


def test_what_making_one_raises_is_raised_where_it_would_be_taken():
    def items():
        yield 1
        raise LookupError("the second")

    with Ahead(items()) as coming:
        assert next(coming) == 1
        with pytest.raises(LookupError, match="the second"):
            next(coming)


def test_nothing_runs_after_its_block():
    with Ahead(iter(range(9))) as coming:
        next(coming)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_what_is_kept_comes_back_in_order_and_leaves_nothing(tmp_path, size):
    """Beyond what memory is for, it lies in a file that nobody else can open."""
    items = [(number, bytes([number]) * size) for number in range(5)]
    with Kept(tmp_path) as kept:
        for item in items:
            kept.take(item)
        assert list(kept.given()) == items
        assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_is_no_defect_of_what_was_kept(tmp_path):
    """What no longer fits is told by `take`; what is left in the buffer then is nobody's."""
    with Kept(tmp_path) as kept, Path("/dev/full").open("wb") as full:
        kept.take(bytes(5 << 20))
        os.dup2(full.fileno(), kept._file.fileno())
        kept.take("little")
