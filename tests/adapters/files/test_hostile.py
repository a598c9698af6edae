"""Archives, and files that were made to do harm: refused or quarantined, always with a reason, never out of jail."""

import gzip
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile import HOSTILE, good_archives, tarred, zipped

from brownfield.contract import Checkpoint, Limits, Rejected, Unavailable, Verdict

if TYPE_CHECKING:
    from conftest import Bench

START = Checkpoint()
MEGA = 1024 * 1024
PEAK = 32
"""Megabytes that going over all hostile files may add to the process; the largest of them are 200 MB unpacked."""


def outside(folder: Path, drop: Path) -> list[str]:
    """Whatever lies beside the drop now."""
    return sorted(path.name for path in folder.iterdir() if path != drop and path.name != "stock.cpy")


@pytest.mark.parametrize("name", [name for name, _ in good_archives(b"")])
def test_a_packed_file_is_what_is_in_it(bench: "Bench", name: str) -> None:
    """R20: every way of packing; what was packed is archived as it came, and the unpacked copy is gone."""
    content = b"".join(bench.file(bench.details(2)))
    packed = dict(good_archives(content))[name]
    bench.write(packed, name)
    feed = bench.feed(match="STK*")
    (arrival,) = bench.claimed(feed)
    assert arrival.name.startswith(f"{name}/")
    assert arrival.size == len(content)
    assert arrival.sha256 == bench.write(content, "../plain").sha256
    chunks = list(feed.collect(arrival, START))
    assert chunks[-1].checkpoint.record == 4
    for _ in range(2):
        feed.settle(arrival, Verdict.ARCHIVE)
    assert feed.arrivals() == []
    assert (bench.drop / "archive" / name).read_bytes() == packed
    assert list((bench.drop / "staging").iterdir()) == []
    assert list((bench.drop / "inflight").iterdir()) == []


def test_an_archive_is_put_away_after_its_last_member(bench: "Bench") -> None:
    """R20, R77: a member that is set aside lies there unpacked; killed in between, only what is left is listed."""
    members = [(f"STK{number}.DAT", b"".join(bench.file(bench.details(number + 1)))) for number in range(3)]
    bench.write(zipped(*members), "STK.zip")
    feed = bench.feed(match="STK*")
    first, second, third = bench.claimed(feed)
    feed.settle(first, Verdict.ARCHIVE)
    again = bench.feed(match="STK*")
    assert again.arrivals() == [second, third]
    again.settle(second, Verdict.SET_ASIDE)
    again.settle(third, Verdict.ARCHIVE)
    assert again.arrivals() == []
    assert (bench.drop / "archive" / "STK.zip").is_file()
    assert (bench.drop / "set-aside" / "STK.zip" / "STK1.DAT").read_bytes() == members[1][1]
    assert list(again.collect(second, START))  # a person may resume it from there


def test_a_kill_in_the_middle_of_unpacking_leaves_nothing_that_looks_unpacked(bench: "Bench") -> None:
    """R77."""
    bench.write(gzip.compress(b"".join(bench.file(bench.details(2)))), "inflight/STK1.DAT.gz")
    part = bench.drop / "staging" / ".part-killed"
    part.mkdir(parents=True)
    (part / "STK1.DAT").write_bytes(b"half")
    (arrival,) = bench.feed(match="STK*").arrivals()
    assert arrival.size == 80
    assert not part.exists()


def test_a_full_disk_is_no_fault_of_the_file(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    """R97: it stays claimed, and is taken up when there is room. The disk is stood in for."""
    bench.write(gzip.compress(b"".join(bench.file(bench.details(2)))), "STK1.DAT.gz")
    feed = bench.feed(match="STK*")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("brownfield_files.place.archive._copy", full)
        with pytest.raises(Unavailable, match=r"there is no room.*taken up again"):
            bench.claimed(feed)
    assert len(feed.arrivals()) == 1


@pytest.mark.parametrize(("name", "make", "codes"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_a_hostile_file_is_refused_whole(bench: "Bench", name: str, make: object, codes: str) -> None:
    """R20, R33: with its reason, nothing unpacked left behind, nothing written elsewhere."""
    good = b"".join(bench.file(bench.details(2)))
    bench.write(make(good), f"STK-{name}")  # type: ignore[operator]
    before = outside(bench.folder, bench.drop)
    feed = bench.feed(match="STK*", limits=Limits())
    (arrival,) = bench.claimed(feed)
    with pytest.raises(Rejected) as refusal:
        list(feed.collect(arrival, START))
    assert refusal.value.code in codes.split(), refusal.value.message
    assert len(refusal.value.message) > 15
    feed.settle(arrival, Verdict.SET_ASIDE)
    assert outside(bench.folder, bench.drop) == before
    staging = bench.drop / "staging"
    assert not staging.exists() or [path for path in staging.rglob("*") if path.is_file()] == []
    assert feed.arrivals() == []


@pytest.mark.parametrize(("name", "says"), [("STK1.DAT.gz", "inflated to its end"), ("STK1.zip", "no zip directory")])
def test_a_packed_file_that_is_not_whole_yet_has_a_flaw(bench: "Bench", name: str, says: str) -> None:
    """R20: a gzip without its check sum, a zip without its directory; a bomb is looked at no further than allowed."""
    content = b"".join(bench.file(bench.details(2)))
    whole = gzip.compress(content) if name.endswith("gz") else zipped(("STK1.DAT", content))
    feed = bench.feed(match="STK*")
    bench.write(whole[:-10], name)
    assert says in feed.flaw(next(feed.sightings()))
    bench.write(whole, name)
    assert feed.flaw(next(feed.sightings())) == ""
    bench.write(gzip.compress(bytes(80 * MEGA)), "STK1.DAT.gz")
    begun = time.process_time()
    assert {sighting.name: feed.flaw(sighting) for sighting in feed.sightings()}["STK1.DAT.gz"] == ""
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(("ratio", "taken"), [(5, "STK2.DAT.gz"), (1100, "STK2.DAT.gz/STK2.DAT")])
def test_the_ratio_is_looked_at_beyond_ten_megabytes(bench: "Bench", ratio: int, taken: str) -> None:
    """R33: below, a little file of blanks is as small as it likes."""
    bench.write(gzip.compress(b"\x40" * MEGA), "STK1.DAT.gz")
    bench.write(gzip.compress(b"\x40" * 11 * MEGA), "STK2.DAT.gz")
    names = [arrival.name for arrival in bench.claimed(bench.feed(match="STK*", ratio=ratio))]
    assert names == ["STK1.DAT.gz/STK1.DAT", taken]


@pytest.mark.parametrize(
    ("damage", "field", "code"),
    [
        (lambda raw: raw[:9] + b"\xfa\x0c\x00\x3c" + raw[13:], "on_hand", "packed"),
        (lambda raw: raw[:9] + b"\x40\x40\x40\x40" + raw[13:], "on_hand", "packed"),
        (lambda raw: raw[:9] + b"\x00" * 4 + raw[13:], "on_hand", "packed"),
        (lambda raw: b"\xff" * 20, "", "record-type"),
        (lambda raw: b"\x00" * 20, "", "record-type"),
    ],
    ids=["nibble", "blanks", "zeros", "high values", "low values"],
)
def test_a_hostile_record_is_quarantined_with_its_reason(bench: "Bench", damage, field, code) -> None:  # type: ignore[no-untyped-def]
    """R20, R97: nibbles that are no digits, and records of no type; the others go on."""
    details = bench.details(3)
    details[1] = damage(details[1])
    arrival = bench.write(bench.file(details))
    chunks = bench.collect(arrival)
    (bad,) = [one for chunk in chunks for one in chunk.damaged]
    assert (bad.number, bad.raw) == (2, details[1])
    assert bad.code.startswith(code), bad.code
    assert bad.field == field
    assert bad.reason


TEXTS = [b"A-1     \xef\xbc\x94\xef\xbc", b"A-1     NaN  ", b"A-1     1e3  ", b"A-1     1_000", b"A-1     0x1F ",
         b"A-1     \x00\x00\x00\x00\x00", b"A-1     --1  ", b"A-1     Inf  ", b"A\xff1     00001"]  # fmt: skip


@pytest.mark.parametrize("line", TEXTS, ids=repr)
def test_what_python_would_take_for_a_number_is_none(bench: "Bench", line: bytes) -> None:
    """R20: full-width digits, `NaN`, `1_000`, NUL and the like are quarantined, whatever int() and Decimal() say."""
    book = bench.folder / "text.cpy"
    book.write_text("       01  R.\n           05  SKU PIC X(8).\n           05  UNITS PIC 9(5).\n")
    arrival = bench.write(b"A-0     00001\n" + line + b"\n" + b"A-2     00002\n")
    settings = {"layout": book, "records": {}, "totals": [], "encoding": "ascii", "framing": "line"}
    chunks = bench.collect(arrival, **settings)
    assert [row.fields["units"] for chunk in chunks for row in chunk.rows] == [1, 2]
    (bad,) = [one for chunk in chunks for one in chunk.damaged]
    assert bad.number == 1
    assert bad.reason


def test_a_formula_stays_text(bench: "Bench") -> None:
    """R20: what a spreadsheet would run is a string of JSON; nothing of ours writes CSV."""
    formula = "=cmd|A1"
    detail = bench.record("detail", sku=formula, on_hand=3, cost="1.25")
    chunks = bench.collect(bench.write(bench.file([detail])))
    (row,) = [row for chunk in chunks for row in chunk.rows if row.kind == "detail"]
    assert json.loads(json.dumps(row.fields["sku"])) == formula


MEASURE = """
import json, re, sys
from pathlib import Path

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

sys.path[:0] = {paths!r}
from brownfield.contract import Checkpoint, Limits, Opening, Rejected, Verdict
from brownfield_files import adapter
from brownfield_files.setting import FilesSettings
settings = FilesSettings(**json.loads({settings!r}))
feed = adapter.open(Opening("nightly", Path({folder!r}), settings, str, Limits()))
before = peak()
for sighting in list(feed.sightings()):
    feed.claim(sighting)
refused = 0
for arrival in feed.arrivals():
    try:
        list(feed.collect(arrival, Checkpoint()))
    except Rejected:
        refused += 1
    feed.settle(arrival, Verdict.SET_ASIDE)
print(json.dumps([refused, before, peak()]))
"""


@pytest.mark.slow
def test_all_of_them_together_need_little_memory(bench: "Bench") -> None:
    """R33, R69: 200 MB bombs included, a process of its own grows by less than the largest file that is allowed."""
    good = b"".join(bench.file(bench.details(2)))
    for name, make, _ in HOSTILE:
        bench.write(make(good), f"STK-{name}")
    settings = {name: str(value) if isinstance(value, Path) else value for name, value in bench.settings.items()}
    text = MEASURE.format(paths=[path for path in sys.path if path], folder=str(bench.folder),
                          settings=json.dumps(settings | {"match": "STK*"}))  # fmt: skip
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr
    refused, before, after = json.loads(ended.stdout)
    print(f"{refused} hostile files refused; the process grew from {before} to {after} MB")
    assert refused == len(HOSTILE)
    assert after - before < PEAK


def test_a_member_name_is_no_path_out(bench: "Bench") -> None:
    """R33: neither does an archive within a folder, nor one whose member has an archive's name."""
    content = b"".join(bench.file(bench.details(2)))
    bench.write(tarred(("inner.zip/STK1.DAT", content)), "a/STK.tar")
    feed = bench.feed(match="**/STK*")
    (arrival,) = bench.claimed(feed)
    assert arrival.name == "a/STK.tar/inner.zip/STK1.DAT"
    feed.settle(arrival, Verdict.ARCHIVE)
    assert (bench.drop / "archive" / "a" / "STK.tar").is_file()
