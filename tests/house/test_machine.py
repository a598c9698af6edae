"""Nothing that only this machine has."""

import re

import pytest
from tree import ROOT, tracked

PLACES = re.compile(rb"/(?:root|work|Users/\w+)/")
INDEX = re.compile(rb"https?://|--(?:extra-)?index-url|--find-links|--trusted-host", re.IGNORECASE)
OWN = ROOT / "tests" / "house" / "test_machine.py"


def test_no_file_names_a_place_on_this_machine():
    found = {path.relative_to(ROOT).as_posix(): match[0].decode() for path in tracked()
             if path != OWN and (match := PLACES.search(path.read_bytes()))}  # fmt: skip
    assert found == {}


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_requirements_name_no_index(path):
    """Which index is asked is the machine's affair; what is installed is pinned by its hash."""
    assert INDEX.search(path.read_bytes()) is None


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_requirements_are_pinned_by_hash(path):
    text = path.read_text("utf-8").replace("\\\n", " ")
    pins = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert pins
    assert [line.split()[0] for line in pins if "--hash=sha256:" not in line or "==" not in line] == []
