"""Batch input at the adapter: what is written comes back equal, what does not fit is refused, nothing is there half."""

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import server as servers
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).resolve().parents[2] / "crash"))

import leaver
import process

from brownfield.contract import Opening, Rejected, Unavailable
from brownfield.contract.input import InputBatch, InputRecord
from brownfield.testing.case import InputCase
from brownfield.testing.input import InputAdapterContract
from brownfield_files.input.connection import InputFiles, adapter
from brownfield_files.input.setting import InputSettings
from brownfield_files.layout.normal_form import LayoutError

ROOT = Path(__file__).resolve().parents[3]
COPYBOOK = ROOT / "fixtures" / "orders" / "order.cpy"
DAY = date(2026, 11, 21)
GOOD = {"order_no": "SO-1", "sku": "A-100", "units": 2, "price": "12.50", "note": "soon"}
OTHER = {"order_no": "SO-2", "sku": "B-200", "units": -7, "price": "-99999.99", "note": ""}


def declared(folder: Path, **more: Any) -> InputSettings:
    """The order file's settings, with some others."""
    told: dict[str, Any] = {
        "format": "fixed-width", "layout": COPYBOOK, "location": folder, "name": "ORD{sequence:06}.DAT",
        "marker": "{name}.done",
        "records": {"header": {"of": "ORDER-HEADER", "when": {"REC-TYPE": "H"}},
                    "detail": {"of": "ORDER-DETAIL", "when": {"REC-TYPE": "D"}},
                    "trailer": {"of": "ORDER-TRAILER", "when": {"REC-TYPE": "T"}}},
        "totals": [{"trailer": "RECORD-COUNT", "counts": "detail"}, {"trailer": "UNIT-TOTAL", "sums": "detail.UNITS"},
                   {"trailer": "HASH-PRICE", "sums": "detail.PRICE", "wraps": True}],
        "fill": {"header": {"FILE-SEQ": "sequence", "RUN-DATE": "date", "SENDER": {"literal": "BROWNFIELD"}},
                 "detail": {"LINE-NO": "record"}, "trailer": {"FILE-SEQ": "sequence"}},
    }  # fmt: skip
    return InputSettings.model_validate(told | more)


def opening(folder: Path, **more: Any) -> Opening[InputSettings]:
    return Opening("orders", ROOT, declared(folder, **more), lambda name: "")


def opened(folder: Path, **more: Any) -> InputFiles:
    return InputFiles(opening(folder, **more))


def details(*fields: dict[str, Any]) -> list[InputRecord]:
    return [InputRecord("detail", one) for one in fields]


def batch(*fields: dict[str, Any], sequence: int = 12) -> InputBatch:
    return InputBatch(sequence, DAY, details(*fields))


@dataclass
class Place:
    """A folder, and what a job sees in it."""

    folder: Path
    kept: dict[str, bytes] = field(default_factory=dict)

    def seen(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if not path.name.startswith(".")}

    def disturb(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class TestInputFiles(InputAdapterContract):
    """The suite that every input adapter passes, over a folder of this machine."""

    @pytest.fixture
    def connection(self, place: Place) -> InputCase:
        good, other, flawed = details(GOOD, OTHER, GOOD | {"units": 100_000})
        return InputCase(
            adapter=adapter, opening=opening(place.folder), good=good, other=other, flawed=flawed, seen=place.seen,
            disturb=place.disturb, unreachable=opening(place.folder / "nowhere"), optional=("fsspec", "paramiko"),
        )  # fmt: skip


class TestInputFilesByUrl(TestInputFiles):
    """The same by a URL, over fsspec."""

    @pytest.fixture
    def connection(self, place: Place) -> InputCase:
        good, other, flawed = details(GOOD, OTHER, GOOD | {"units": 100_000})
        at, nowhere = f"file://{place.folder}", f"file://{place.folder}/nowhere"
        return InputCase(
            adapter=adapter, opening=opening(place.folder, location=at), good=good, other=other, flawed=flawed,
            seen=place.seen, disturb=place.disturb, unreachable=opening(place.folder, location=nowhere),
        )  # fmt: skip


def test_the_file_to_the_byte(tmp_path):
    """Header, details, trailer: numbers, date, constant, count, sum and hash total where the copybook has them."""
    file = opened(tmp_path).render(batch(GOOD, OTHER))
    header, one, two, trailer = (file.data[at : at + 60] for at in range(0, 240, 60))
    assert (file.name, len(file.data)) == ("ORD000012.DAT", 240)
    assert header == b"H00001220261121BROWNFIELD" + b" " * 35
    assert one == b"D000001SO-1      A-100   " + b"\x00\x00\x2c\x00\x01\x25\x0c" + b"soon" + b" " * 24
    assert two[:25] + two[25:32] == b"D000002SO-2      B-200   " + b"\x00\x00\x7d\x99\x99\x99\x9d"
    assert trailer[:21] == b"T000012000002" + b"\x00\x00\x00\x5d" + b"\x99\x98\x74\x9c"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"units": 100_000}, "units: 100000 has more digits than S9(5) COMP-3"),
        ({"price": "100000.00"}, "price: '100000.00' has more digits"),
        ({"price": "1.005"}, "price: '1.005' is finer"),
        ({"note": "x" * 21}, "is longer than 20 bytes"),
        ({"note": "café"}, "note: 'café' has a character that ascii has not"),
        ({"note": "\uff14\uff14\uff17\uff11"}, "has a character that ascii has not"),
        ({"note": "a\x00b"}, "note: it holds a control character"),
        ({"note": "blank at the end "}, "would come back as 'blank at the end'"),
        ({"units": "2"}, "units: '2' would come back as 2"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_does_not_fit_is_refused_and_never_cut(tmp_path, fields, reason):
    """An overflow of a PIC, a character that the encoding lacks, what would not come back as it was."""
    (record,) = details(GOOD | fields)
    assert reason in opened(tmp_path).flaw(record)


def test_no_text_makes_a_record_of_its_own(tmp_path):
    """In a file of lines a line end in a text would be a second record, which nobody approved."""
    line = opened(tmp_path, layout=_text_layout(tmp_path), records={}, totals=[], fill={}, framing="line")
    assert line.flaw(InputRecord("detail", {"note": "plain"})) == ""
    for note in ("a\nDx", "a\rb", "a\r\nb", "a\x1a"):
        assert line.flaw(InputRecord("detail", {"note": note})) != "", repr(note)


def _text_layout(folder: Path) -> Path:
    path = folder / "text.toml"
    path.write_text('length = 20\n[records.detail]\nfields = [{ name = "note", picture = "X(20)" }]\n')
    return path


@pytest.mark.parametrize(("framing", "expected"), [
    ({"framing": "line", "encoding": "ascii"}, b"soon" + b" " * 16 + b"\n"),
    ({"framing": "line", "line_end": "crlf"}, b"soon" + b" " * 16 + b"\r\n"),
    ({"framing": "line", "encoding": "cp037"}, "soon".encode("cp037") + b"\x40" * 16 + b"\x15"),
    ({"framing": "variable", "encoding": "cp037"}, b"\x00\x18\x00\x00" + "soon".encode("cp037") + b"\x40" * 16),
    ({"framing": "variable", "rdw": {"order": "little", "includes": False}}, b"\x14\x00\x00\x00soon" + b" " * 16),
    ({"framing": "fixed"}, b"soon" + b" " * 16),
])  # fmt: skip
def test_framings(tmp_path, framing, expected):
    far = opened(tmp_path, layout=_text_layout(tmp_path), records={}, totals=[], fill={}, **framing)
    assert far.render(batch({"note": "soon"})).data == expected


def test_a_total_that_its_field_cannot_hold_refuses_the_file(tmp_path):
    """No total is cut either; a hash total wraps, which is what it is for."""
    many = [GOOD | {"units": 99_999}] * 101
    with pytest.raises(Rejected, match="unit_total: 10099899 does not fit"):
        opened(tmp_path).render(batch(*many))


def test_a_number_that_its_field_cannot_hold_refuses_the_file(tmp_path):
    with pytest.raises(Rejected, match="file_seq: 1000000 does not fit"):
        opened(tmp_path).render(batch(GOOD, sequence=1_000_000))


plain = st.characters(min_codepoint=32, max_codepoint=126)
texts = st.text(plain, max_size=20).filter(lambda text: text == text.rstrip())


def money(cents: int) -> str:
    return f"{'-' * (cents < 0)}{abs(cents) // 100}.{abs(cents) % 100:02}"


records = st.fixed_dictionaries({
    "order_no": texts.filter(lambda text: len(text) <= 10), "sku": texts.filter(lambda text: len(text) <= 8),
    "units": st.integers(-9999, 9999), "note": texts,
    "price": st.integers(-(10**7) + 1, 10**7 - 1).map(money)})  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(records, min_size=1, max_size=20), sequence=st.integers(1, 999_999),
       encoding=st.sampled_from(["ascii", "cp037", "cp500", "cp1140", "latin-1"]))  # fmt: skip
def test_what_is_rendered_is_decoded_equal(rows, sequence, encoding):
    """Render then decode is the identity, whatever fits."""
    far = opened(Path("/nowhere"), encoding=encoding)
    flaws = [far.flaw(record) for record in details(*rows)]
    assert flaws == [""] * len(rows)
    file = far.render(InputBatch(sequence, DAY, details(*rows)))
    found: dict[int, dict[str, Any]] = {}
    for sight in far.look(file.data):
        found.setdefault(sight.record, {"kind": sight.kind})[sight.name] = sight.value
    told = [{name: one[name] for name in GOOD} for one in found.values() if one["kind"] == "detail"]
    assert told == rows
    assert found[0]["file_seq"] == found[len(rows) + 1]["file_seq"] == sequence
    assert found[len(rows) + 1]["record_count"] == len(rows)
    assert [one["line_no"] for one in found.values() if one["kind"] == "detail"] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"fill": {"header": {"FILE-SEK": "sequence"}}}, "it has no field FILE-SEK; is file_seq meant?"),
        ({"fill": {"heder": {}}}, "there is no record type heder; is header meant?"),
        ({"fill": {"header": {"FILE-SEQ": "sequence", "RUN-DATE": "date"}}}, "nothing fills sender"),
        ({"fill": {"detail": {"SKU": "date", "UNITS": "date"}}}, "UNITS: no date is written in 5 characters"),
    ],
)  # fmt: skip
def test_a_manifest_that_leaves_a_field_empty_is_refused(tmp_path, more, reason):
    """What no write gives and nothing fills would be a guess."""
    with pytest.raises(LayoutError, match=reason):
        opened(tmp_path, **more)


@pytest.mark.parametrize(
    "name", ["ORD.DAT", "a/{sequence}", ".{sequence}", "{sequence}.tmp", "{number}.DAT", "{sequence"]
)
def test_a_name_tells_files_apart(tmp_path, name):
    with pytest.raises(ValueError, match="name"):
        declared(tmp_path, name=name)


def test_a_name_may_have_the_date(tmp_path):
    assert opened(tmp_path, name="ORD{date:%y%m%d}-{sequence:03}").render(batch(GOOD)).name == "ORD261121-012"


def test_s3_is_no_place_for_it(tmp_path):
    with pytest.raises(ValueError, match="s3 is none of"):
        declared(tmp_path, location="s3://bucket/orders")


def test_killed_at_every_step_nothing_is_there_half(tmp_path):
    """R77: before each system call of staging and releasing: a job sees the whole file or none, its marker only with
    it; who goes on afterwards puts it there once.
    """
    for at in range(40):
        place = Place(tmp_path / str(at) / "in")
        place.folder.mkdir(parents=True)
        noted = tmp_path / str(at) / "noted"
        ended = process.run(leaver.leave, declared(place.folder), batch(GOOD), noted, at)
        assert ended.code in {0, leaver.DEAD}, ended.err
        far = InputFiles(Opening("orders", noted.parent, declared(place.folder), lambda _: ""))  # the same bundle
        file = far.render(batch(GOOD))
        seen = place.seen()
        assert seen.get(file.name) in (None, file.data)
        assert (f"{file.name}.done" in seen) <= (file.name in seen)
        if not noted.exists():
            assert seen == {}
            far.adopt()
            far.stage(file)
        far.release(file)
        assert place.seen() == {file.name: file.data, f"{file.name}.done": b""}
        assert [path.name for path in place.folder.iterdir() if path.name.endswith(".staged")] == []
        if ended.code == 0:
            assert at > 8
            return
    raise AssertionError("it never came to its end")


def test_a_file_that_a_job_has_taken_does_not_come_again(tmp_path):
    """R77: killed between the rename and the marker, the job having taken it by its name: no second file, no marker."""
    far, place = opened(tmp_path), Place(tmp_path)
    file = far.render(batch(GOOD))
    far.adopt()
    far.stage(file)
    (tmp_path / ".ORD000012.DAT.staged").rename(tmp_path / "ORD000012.DAT")
    (tmp_path / "ORD000012.DAT").unlink()
    assert far.release(file) is True
    assert place.seen() == {}
    assert far.release(file) is False


def test_a_marker_that_is_left_over_is_no_sign_for_the_next_file(tmp_path):
    """A job may be in the middle of what it took: nothing is put beside a marker that stands alone."""
    far = opened(tmp_path)
    (tmp_path / "ORD000012.DAT.done").touch()
    far.adopt()
    with pytest.raises(Rejected, match="lies there without"):
        far.stage(far.render(batch(GOOD)))


@pytest.mark.parametrize("name", ["ORD000012.DAT", "ORD000012.DAT.done"])
def test_what_is_staged_and_was_changed_does_not_leave(tmp_path, name):
    """R77: cut short on its way, or by somebody else: it is written again, and leaves the next time."""
    far = opened(tmp_path)
    file = far.render(batch(GOOD))
    far.adopt()
    far.stage(file)
    (tmp_path / f".{name}.staged").write_bytes(file.data[:50])
    with pytest.raises(Unavailable, match="was not what was prepared"):
        far.release(file)
    assert far.release(file) is True
    assert Place(tmp_path).seen() == {"ORD000012.DAT": file.data, "ORD000012.DAT.done": b""}


def test_a_folder_that_is_not_the_one_says_nothing(tmp_path):
    """R77: where the share is not mounted nothing is staged either; that is no sign that the file has left."""
    far = opened(tmp_path / "in")
    (tmp_path / "in").mkdir()
    file = far.render(batch(GOOD))
    far.adopt()
    far.stage(file)
    (tmp_path / "in").rename(tmp_path / "away")
    (tmp_path / "in").mkdir()
    with pytest.raises(Unavailable, match="is not the folder"):
        far.release(file)
    (tmp_path / "in").rmdir()
    (tmp_path / "away").rename(tmp_path / "in")
    assert far.release(file) is True


def test_a_link_leads_nowhere(tmp_path):
    """A name that somebody made a link is not written through."""
    (tmp_path / "in").mkdir()
    victim = tmp_path / "victim"
    victim.write_bytes(b"theirs")
    (tmp_path / "in" / "ORD000012.DAT").symlink_to(victim)
    far = opened(tmp_path / "in")
    far.adopt()
    with pytest.raises(Rejected):
        far.stage(far.render(batch(GOOD)))
    assert victim.read_bytes() == b"theirs"


def test_a_cobol_program_reads_what_was_written(tmp_path, cobc):
    """Another reader than ours: the compiler means every field as it was given."""
    program, folder = tmp_path / "ordpost", COPYBOOK.parent
    subprocess.run([cobc, "-x", "-I", folder, "-o", program, folder / "ORDPOST.cbl"], check=True, timeout=100)
    far = opened(tmp_path)
    file = far.render(batch(GOOD, OTHER))
    far.adopt()
    far.stage(file)
    far.release(file)
    told = subprocess.run(
        [program, tmp_path / file.name], check=True, capture_output=True, text=True, timeout=30
    ).stdout
    assert [[part.strip() for part in line.split("|")] for line in told.splitlines()] == [
        ["H", "000012", "20261121", "BROWNFIELD"],
        ["D", "000001", "SO-1", "A-100", "2", "12.50", "soon"],
        ["D", "000002", "SO-2", "B-200", "-7", "-99999.99", ""],
        ["T", "000012", "000002", "-5", "99987.49"],
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("scheme", ["sftp", "ftp", "ftps"])
def test_on_another_machine(tmp_path, scheme, require):
    """Over real servers: seen by nobody until it is whole, its marker last; what has left does not come again."""
    (tmp_path / "server").mkdir()
    sshd = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
    if scheme == "sftp":
        require("sshd", sshd, "no OpenSSH server (Debian: openssh-server)")
    serving = (
        servers.sftp(tmp_path / "server", str(sshd))
        if scheme == "sftp"
        else servers.ftp(tmp_path / "server", tls=scheme == "ftps")
    )
    with serving as there:
        settings = declared(tmp_path, location=there.url, **there.settings)
        far = InputFiles(Opening("orders", ROOT, settings, there.secrets.__getitem__))
        far.probe()
        file = far.render(batch(GOOD, OTHER))
        seen = lambda: [name for name in there.names() if not name.startswith(".")]  # noqa: E731
        for _ in range(2):
            far.adopt()
            far.stage(file)
        assert seen() == []
        assert far.release(file) is True
        assert seen() == ["ORD000012.DAT", "ORD000012.DAT.done"]
        assert there.read("ORD000012.DAT") == file.data
        assert far.release(file) is False
        far.adopt()
        far.stage(file)
        assert far.release(file) is True
        there.put("ORD000013.DAT", b"somebody else's")
        far.adopt()
        with pytest.raises(Rejected, match="another file"):
            far.stage(far.render(batch(GOOD, sequence=13)))
        far.discard(file)
    with pytest.raises(Unavailable):
        far.stage(file)


def test_two_bundles_do_not_know_each_others_place(tmp_path: Path) -> None:
    """R77: connections of one name, whose shares were mounted the wrong way round: no file goes to the other."""
    place = tmp_path / "in"
    place.mkdir()
    ours, others = (
        InputFiles(Opening("entry", tmp_path / name, declared(place), lambda _: "", ledger=lambda: "3fa94c1d20e7"))
        for name in ("orders", "returns")
    )
    ours.adopt()
    made = ours.render(InputBatch(1, DAY, details(GOOD)))
    ours.stage(made)
    with pytest.raises(Unavailable, match=r"is not the folder .* \.brownfield-3fa94c1d20e7-returns-entry there"):
        others.stage(made)
    others.adopt()
    assert {path.name for path in place.iterdir() if path.name.startswith(".brownfield-")} == {
        ".brownfield-3fa94c1d20e7-orders-entry", ".brownfield-3fa94c1d20e7-returns-entry",
    }  # fmt: skip
