"""Memory: what is read in a process of its own takes as much as a little of it would."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from shelf import FILES, Shelf

pytestmark = pytest.mark.slow
READ = """
import hashlib, json, re, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from brownfield.contract import Arrival, Checkpoint, Rejected
from brownfield_files.catalog import FORMATS
from brownfield_files.setting import FilesSettings

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10

reader = FORMATS[{format!r}](FilesSettings(format={format!r}, layout={layout!r}, match="*"))
file = Path({file!r})
with file.open("rb") as opened:
    arrival = Arrival("f", file.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest())
    before, count, code = peak(), 0, ""
    try:
        for chunk in reader.chunks(opened, arrival, Checkpoint()):
            count += len(chunk.render("detail", "sku").keys)
    except Rejected as refusal:
        code = refusal.code
print(json.dumps([count, code, peak() - before]))
"""
MEGA = 1 << 20


def read(shelf: Shelf, file: Path) -> tuple[int, str, int]:
    """Records, the code of a refusal, and by how many MB the process grew."""
    text = READ.format(paths=[path for path in sys.path if path], format=shelf.format, layout=str(shelf.layout()),
                       file=str(file))  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr
    count, code, grown = json.loads(ended.stdout)
    return count, code, grown


@pytest.mark.parametrize("kind", ["delimited", "json-lines", "xml"])
def test_a_file_of_many_records_takes_no_more_memory_than_one_of_few(tmp_path: Path, kind: str) -> None:
    """R69: the reader streams."""
    make, more = FILES[kind]
    shelf, grown = Shelf(tmp_path, kind, more=more), []
    for count in (6_000, 60_000):
        file = tmp_path / f"{count}"
        file.write_bytes(make([[f"S-{n:06}", n, n + 0.5, "21.11.2026"] for n in range(count)]))
        found, code, grew = read(shelf, file)
        assert (found, code) == (count, "")
        grown.append(grew)
    assert grown[1] - grown[0] <= 8


@pytest.mark.parametrize(
    ("kind", "head", "filling"),
    [
        ("delimited", b"sku,on_hand,price,counted\nA", b"A"),
        ("delimited", b'sku,on_hand,price,counted\n"A', b"A"),
        ("json-lines", b'{"sku": "', b"A"),
        ("json-lines", b"", b"["),
        ("xml", b"<stock><item><sku>", b"A"),
        ("xml", b"<stock><!--", b"A"),
        ("xml", b"<stock ", b"A"),
        ("xml", b"<stock>", b"<a>"),
        ("xml", b"<stock><item>", b"<sku/>"),
    ],
)
def test_a_bomb_of_200_megabytes_is_refused_and_never_held(
    tmp_path: Path, kind: str, head: bytes, filling: bytes
) -> None:
    """R33: one value, one line, one tag without end."""
    file = tmp_path / "bomb"
    with file.open("wb") as out:
        out.write(head)
        for _ in range(200):
            out.write(filling * (MEGA // len(filling)))
    _, code, grown = read(Shelf(tmp_path, kind, more=FILES[kind][1]), file)
    print(f"{kind}: refused as {code}, and the process grew by {grown} MB")
    assert code in {"framing", "depth"}
    assert grown < 32
