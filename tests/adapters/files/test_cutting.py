"""A sample's framing: the ways in which files are written are told apart by their own lengths."""

from pathlib import Path
from typing import Any

import pytest
from copybook_file import SAMPLES

from brownfield.contract import Sources
from brownfield_files.layout.encoding import encoding
from brownfield_files.record.descriptor import IBM, Descriptor
from brownfield_files.sample.cutting import guess_cut
from brownfield_files.sample.draft import draft_file, read_sources

RECORDS = [b"\xc1" * 40, b"\xc2" * 17, b"\xc3" * 33]
BIG_BARE, LITTLE_END = Descriptor(includes=False), Descriptor(order="little", at=2, includes=False)


def described(records: list[bytes], how: Descriptor) -> bytes:
    found = b""
    for record in records:
        size = (len(record) + 4 * how.includes).to_bytes(2, how.order)
        found += (size + b"\0\0" if how.at == 0 else b"\0\0" + size) + record
    return found


def prefixed() -> bytes:
    return b"".join(len(one).to_bytes(4, "big") + one for one in RECORDS) + bytes(4)


@pytest.mark.parametrize(
    ("content", "framing", "record"),
    [
        (described(RECORDS, IBM), "variable", IBM),
        (described(RECORDS, BIG_BARE), "variable", BIG_BARE),
        (described(RECORDS, LITTLE_END), "variable", LITTLE_END),
        (described([described(RECORDS, IBM), described(RECORDS, IBM)], IBM), "blocked", IBM),
        (prefixed(), "prefixed", IBM),
        (prefixed().ljust(1014, b"\x40"), "prefixed-1014", IBM),
        (b"\xc1\xf1\x40\x40" * 30, "fixed", IBM),
        (b"", "fixed", IBM),
    ],
)
def test_each_way_is_told_from_the_others(tmp_path: Path, content: bytes, framing: str, record: Descriptor) -> None:
    """R26: descriptors are believed when they lead from record to record to the end."""
    (tmp_path / "sample").write_bytes(content)
    found = guess_cut(tmp_path / "sample", encoding("cp037"), 40, lines=False)
    assert (found.framing, found.record) == (framing, record)


@pytest.mark.corpus
@pytest.mark.parametrize("name", SAMPLES)
def test_encoding_and_framing_of_the_corpus_files_are_guessed(name: str, corpus: Path) -> None:
    """R26: 34 of 34 copybook files; before descriptors were tried, 29."""
    one = SAMPLES[name]
    sources: Sources = {"layout": str(corpus / "batch" / one.copybook), "file": str(corpus / "batch" / one.data)}
    sample = read_sources(sources).sample
    assert sample is not None
    assert (sample.encoding.name, sample.how.framing) == (one.code, one.framing)
    if one.framing == "variable":
        assert sample.how.record == one.record


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "framing"),
    [("synthetic_cp500_vbs.ipm", "prefixed"), ("synthetic_latin_1_1014.ipm", "prefixed-1014")],
)
def test_clearing_files_are_told_by_their_blocks(corpus: Path, name: str, framing: str) -> None:
    """R26: plain or cut into blocks of 1,014 bytes."""
    path = corpus / "batch" / "adelosa+cardutil" / name
    assert guess_cut(path, encoding("latin-1"), 4096, lines=False).framing == framing


@pytest.mark.corpus
def test_a_draft_says_how_the_descriptors_are_written(corpus: Path) -> None:
    """R26: what a person would have had to find out with a hex editor."""
    one = SAMPLES["test17"]
    sources: Sources = {"layout": str(corpus / "batch" / one.copybook), "file": str(corpus / "batch" / one.data)}
    draft = draft_file(sources)
    settings: dict[str, Any] = dict(draft.settings)
    assert (settings["framing"], settings["rdw"]) == ("variable", {"order": "little", "at": 2, "includes": False})
    assert any(note.startswith("framing = variable") and "rdw" in note for note in draft.notes)
