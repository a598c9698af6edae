"""What is kept of answers: so many, so large, and none from before a write."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from brownfield.runtime.recent import Recent, Remembered

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def answer(document=b"{}"):
    return Remembered(document, NOW, 0.0)


def key(name, wrapper="canned"):
    return wrapper, name


def test_what_was_used_longest_ago_goes_first():
    recent = Recent(entries=2)
    for name in ("a", "b"):
        recent.keep(key(name), answer(), 0)
    recent.find(key("a"))
    recent.keep(key("c"), answer(), 0)
    assert [name for name in "abc" if recent.find(key(name))] == ["a", "c"]


def test_its_bytes_are_bounded():
    """R92: whatever callers ask."""
    recent = Recent(size=800)
    for number in range(100):
        recent.keep(key(str(number)), answer(b"x" * 100), 0)
    assert sum(recent.find(key(str(number))) is not None for number in range(100)) == 8
    recent.keep(key("large"), answer(b"x" * 101), 0)
    assert recent.find(key("large")) is None
    recent.keep(key("99"), answer(b"y"), 0)
    assert recent.find(key("99")).document == b"y"


def test_a_write_forgets_its_wrapper_alone():
    recent = Recent()
    recent.keep(key("a"), answer(), 0)
    recent.keep(key("a", "other"), answer(), 0)
    recent.forget("canned")
    assert recent.find(key("a")) is None
    assert recent.find(key("a", "other"))


def test_what_was_asked_before_a_write_is_not_kept_after_it():
    recent = Recent()
    before = recent.writes("canned")
    recent.forget("canned")
    recent.keep(key("a"), answer(), before)
    assert recent.find(key("a")) is None


def test_what_is_asked_while_a_write_is_under_way_is_not_kept_either():
    """Nobody knows when in between it took effect."""
    recent = Recent()

    def write():
        recent.keep(key("during"), answer(), recent.writes("canned"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        recent.around("canned", write)
    assert recent.find(key("during")) is None


def test_threads_leave_it_whole():
    recent = Recent(entries=10, size=1000)

    def work(number):
        recent.keep(key(str(number % 20)), answer(b"x" * (number % 50)), recent.writes("canned"))
        recent.find(key(str(number % 7)))
        if number % 13 == 0:
            recent.forget("canned")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(4000)))
    recent.forget("canned")
    assert (recent._bytes, len(recent._kept)) == (0, 0)
