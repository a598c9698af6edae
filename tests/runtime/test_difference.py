"""Two states and what changed between them, by key."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.runtime import difference
from brownfield.runtime.difference import Change, changes

GROWTH = """
import sys
from pathlib import Path
from brownfield.runtime.difference import changes
def peak():  # not getrusage, whose figure outlives exec
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = peak()
print(sum(1 for _ in changes(*map(Path, sys.argv[1:]))), peak() - before)
"""
STATES = st.dictionaries(st.text("ab", max_size=3), st.text("xy", max_size=4), max_size=30)


def state(path, content):
    lines = sorted(b"%s\t%s\n" % (key.encode(), value.encode()) for key, value in content.items())
    path.write_bytes(b"".join(lines))
    return path


def by_hand(before, after):
    return {
        key.encode(): (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }


def found(before, after):
    def text(document):
        return None if document is None else document.decode()

    listed = list(changes(before, after))
    assert [one.key for one in listed] == sorted(one.key for one in listed)
    return {one.key: (text(one.before), text(one.after)) for one in listed}


@given(STATES, STATES)
def test_what_differs_is_what_a_dictionary_says(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("state")
    assert found(state(folder / "a", before), state(folder / "b", after)) == by_hand(before, after)


@given(STATES, STATES)
def test_it_does_not_depend_on_how_much_is_compared_at_once(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(difference, "FIRST_STRIDE", 2)
        patch.setattr(difference, "LAST_STRIDE", 4)
        assert found(state(folder / "a", before), state(folder / "b", after)) == by_hand(before, after)


def test_the_first_state_is_all_created(tmp_path):
    assert list(changes(None, state(tmp_path / "b", {"a": "1"}))) == [Change(b"a", None, b"1")]


def test_nothing_is_all_deleted(tmp_path):
    assert list(changes(state(tmp_path / "a", {"a": "1"}), state(tmp_path / "b", {}))) == [Change(b"a", b"1", None)]


def test_a_key_that_begins_like_another_comes_before_it(tmp_path):
    before, after = {"a": "1", "a!": "2", "a b": "3"}, {"a!": "2", "ab": "4"}
    assert found(state(tmp_path / "a", before), state(tmp_path / "b", after)) == by_hand(before, after)


def test_large_states_take_little_memory(tmp_path):
    """Two of 60 MB, in a process of their own: the high-water mark of this one says what other tests took."""
    with (tmp_path / "a").open("wb") as a, (tmp_path / "b").open("wb") as b:
        for number in range(600_000):
            line = b'%09d\t{"text":"%s"}\n' % (number, b"x" * 80)
            a.write(line)
            b.write(line.replace(b"x", b"y") if number % 50_000 == 7 else line)
    measured = subprocess.run(
        [sys.executable, "-c", GROWTH, tmp_path / "a", tmp_path / "b"], capture_output=True, check=True
    )
    found, kilobytes = map(int, measured.stdout.split())
    assert found == 12
    assert kilobytes < 48 * 1024
