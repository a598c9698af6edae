"""What is said of a sample that nothing can be drawn from: what it is, and what to do next.

Sources: first bytes as of RFC 1952 (gzip), RFC 8878 (Zstandard), PKWARE's APPNOTE (zip), [MS-CFB] and [MS-XLS] 2.4.21.
"""

import re
from collections import Counter
from pathlib import Path

from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.place.archive import layers
from brownfield_files.record.transfer import looks_ebcdic

_PACKED = "it is packed: give `new` what is in it; files that come so are unpacked by the ending of their name"
_KNOWN: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\x1f\x8b|BZh|\x28\xb5\x2f\xfd|\xfd7zXZ|PK\x03\x04"), _PACKED),
    (
        re.compile(rb"\x09[\x00\x02\x04\x08][\x04-\x10]\x00"),
        "it is a workbook of before Excel 97, which is not read: have it saved as .xlsx",
    ),
    (
        re.compile(rb"\xd0\xcf\x11\xe0"),
        "it is no workbook that can be read: one with a password looks so, and so does one of before Excel 97",
    ),
    (re.compile(rb"%PDF|\{\\rtf"), "it is a document for people: ask for the data as a file"),
    (
        re.compile(rb"\[\s*[\[{\"\]]"),
        "it is one JSON document, not a record on each line, which `json-lines` reads",
    ),
    (
        re.compile(rb"UNH\+"),
        "it is an EDIFACT message without the interchange around it (UNB … UNZ): have it sent with it",
    ),
    (re.compile(rb"UIB\+"), "it is interactive EDIFACT (UIB), which is not read"),
    (re.compile(rb"STX="), "it is TRADACOMS, which is not read"),
)
_ONE_END = "its lines end with CR alone, which delimited files may not: have it written with LF"
_ONE_VALUE = "nothing splits its lines into values alike: where each is one value, or a text, write a layout for it"
_LAYOUT = "name it with --layout (a copybook, or TOML as docs/formats.md has it)"


def check_unpacked(file: Path) -> None:
    """See that a sample is not packed, by its name: its bytes may be records by chance.

    Raises:
        LayoutError: It is.
    """
    if layers(file.name):
        raise LayoutError(file.name, 0, _PACKED)


def strange(head: bytes) -> str:
    """What a file that begins so is, of what is known and not read; empty where it is nothing of that."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n \t")
    return next((words for begins, words in _KNOWN if begins.match(head) or begins.match(start)), "")


def unguessed(head: bytes, known: str | None) -> str:
    """Why nothing can be drawn from a sample that begins so.

    Args:
        head: Its first bytes.
        known: The layout of ours that it looks like; None where it looks like none.
    """
    looks = "it looks like records of fixed width: name their layout with --layout"
    if known:
        return f"{looks}, perhaps a copy of docs/examples/layouts/{known}"
    if said := strange(head):
        return said
    if looks_ebcdic(head):
        return "it looks like EBCDIC, records of fixed width most likely: name their copybook with --layout"
    if b"\n" not in head and head.count(b"\r") > 1:
        return _ONE_END
    lengths = Counter(len(line.rstrip(b"\r")) for line in head.split(b"\n")[:-1])
    alike, times = lengths.most_common(1)[0] if lengths else (0, 0)
    if times > 1 and times == lengths.total():
        return f"its {times} lines are all of {alike} bytes: {looks}"
    return f"{_ONE_VALUE}, and {_LAYOUT}" if lengths else f"what its records are does not show: {_LAYOUT}"
