"""What was worked out is kept in the home, and comes back as it was or not at all."""

import os

import pytest

from brownfield.runtime.derived import KEPT, Derived, derived_in
from brownfield.runtime.home import Home


@pytest.fixture
def derived(tmp_path):
    return Derived(tmp_path / "derived", b"k" * 32)


def test_what_is_kept_comes_back_in_another_process(derived, tmp_path):
    derived["model-1"] = b"a model"
    assert Derived(tmp_path / "derived", b"k" * 32)["model-1"] == b"a model"
    assert derived.get("model-2") is None


@pytest.mark.parametrize("place", [0, 31, 32, -1])
def test_a_file_that_was_changed_is_not_there(derived, tmp_path, place):
    """R35: a cache that somebody edits changes no contract."""
    derived["model-1"] = b"a model"
    (file,) = (tmp_path / "derived").iterdir()
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert derived.get("model-1") is None


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 32, b"x" * 500])
def test_a_file_that_we_did_not_write_is_not_there(derived, tmp_path, content):
    derived["model-1"] = b"a model"
    (file,) = (tmp_path / "derived").iterdir()
    file.write_bytes(content)
    assert derived.get("model-1") is None


def test_a_file_under_another_s_name_is_not_there(derived, tmp_path):
    """R35: the model of another WSDL, or of this one before it changed, is a good file in the wrong place."""
    derived["model-1"] = b"a model"
    derived["model-2"] = b"another"
    one, two = sorted((tmp_path / "derived").iterdir(), key=lambda path: path.read_bytes()[32:])
    two.write_bytes(one.read_bytes())
    assert {derived.get("model-1"), derived.get("model-2")} == {None, b"a model"}


def test_nobody_else_reads_it(derived, tmp_path):
    derived["model-1"] = b"a model"
    (file,) = (tmp_path / "derived").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_what_was_used_longest_ago_goes(derived, tmp_path):
    derived["old"] = b"1"
    (file,) = (tmp_path / "derived").iterdir()
    os.utime(file, (1, 1))
    for number in range(KEPT):
        derived[f"new-{number}"] = b"2"
    assert len(derived) == KEPT
    assert "old" not in derived


def test_where_nothing_can_be_kept_nothing_fails(tmp_path):
    (tmp_path / "file").touch()
    derived = Derived(tmp_path / "file" / "derived", b"k" * 32)
    derived["model-1"] = b"a model"
    assert derived.get("model-1") is None


def test_a_home_that_is_not_there_is_not_made(tmp_path):
    """`check` leaves nothing behind."""
    kept = derived_in(Home(tmp_path / "home"))
    kept["model-1"] = b"a model"
    assert list(tmp_path.iterdir()) == []
