"""The drop: only what is complete, only what lies within, and nothing is ever lost by being moved."""

import errno
import gzip
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hostile import zipped
from pydantic import ValidationError

from brownfield.contract import Arrival, Checkpoint, Rejected, Unavailable, Verdict
from brownfield.contract.watched import Sighting
from brownfield_files.place.jail import is_match

if TYPE_CHECKING:
    from conftest import Bench


LONG_AGO = 1_700_000_000


def names(arrivals: list[Arrival]) -> list[str]:
    return [arrival.name for arrival in arrivals]


def seen(bench: "Bench", **settings: Any) -> dict[str, Sighting]:
    return {sighting.name: sighting for sighting in bench.feed(**settings).sightings()}


def test_claimed_files_are_listed_oldest_first_with_their_size_and_hash(bench: "Bench") -> None:
    """R20: the file's identity is its content."""
    late = bench.write(b"late", "STK1.DAT", mtime=1_700_000_100)
    early = bench.write(b"early", "STK2.DAT")
    bench.write(b"other", "OTHER.DAT")
    feed = bench.feed()
    assert feed.arrivals() == []
    assert bench.claimed(feed) == [early, late]
    assert list(feed.sightings()) == []


def test_a_sighting_says_what_a_listing_tells(bench: "Bench") -> None:
    """R20: size and time; the stamp is another one when the file is."""
    bench.write(b"half")
    first = seen(bench)["STK20261120.DAT"]
    assert (first.size, first.marked) == (4, None)
    assert first.modified == datetime.fromtimestamp(LONG_AGO, UTC)
    bench.write(b"halt")
    bench.drop.joinpath("other").write_bytes(b"half")
    os.utime(bench.drop / "other", (LONG_AGO, LONG_AGO))
    bench.drop.joinpath("other").rename(bench.drop / "STK20261120.DAT")
    assert seen(bench)["STK20261120.DAT"].stamp != first.stamp


def test_a_marker_says_that_a_file_is_complete_and_is_never_delivered(bench: "Bench") -> None:
    """R20: an orphan marker is not a file either, nor does it claim anything."""
    bench.write(b"a", "STK1.DAT")
    bench.write(b"b", "STK2.DAT", mtime=int(time.time()))
    bench.write(b"", "STK2.DAT.done")
    bench.write(b"", "STK3.DAT.done")
    found = seen(bench, match="STK*", marker="{name}.done")
    assert {name: sighting.marked for name, sighting in found.items()} == {"STK1.DAT": False, "STK2.DAT": True}
    bench.write(b"", "STK1.ok")
    assert seen(bench, match="STK1*.DAT", marker="{stem}.ok")["STK1.DAT"].marked


@pytest.mark.parametrize("name", ["STK1.tmp", "STK1.DAT.part", "STK1.filepart", ".STK1.DAT", "STK1.TMP"])
def test_temporary_names_are_not_listed(bench: "Bench", name: str) -> None:
    """R20: what a transfer has not renamed yet is not there yet."""
    bench.write(b"x", name)
    assert seen(bench, match="*") == {}


def test_names_may_hold_blanks_letters_of_any_script_and_folders(bench: "Bench") -> None:
    """R20: far sides name files as they like."""
    odd = ["STK é.DAT", "STK\n1.DAT", "a/b/STK1.DAT", "STK'; rm.DAT"]
    for name in odd:
        bench.write(b"x", name)
    feed = bench.feed(match="**/STK*.DAT")
    assert sorted(names(bench.claimed(feed))) == sorted(odd)
    for arrival in feed.arrivals():
        feed.settle(arrival, Verdict.ARCHIVE)
    assert feed.arrivals() == []
    assert (bench.drop / "archive" / "a" / "b" / "STK1.DAT").is_file()


def test_nothing_outside_is_read_or_listed(bench: "Bench") -> None:
    """R33: neither `..` nor a symbolic link leads out of the drop."""
    outside = bench.folder / "secret.DAT"
    outside.write_bytes(b"secret")
    (bench.drop / "STK1.DAT").symlink_to(outside)
    (bench.drop / "STK2").symlink_to(bench.folder, target_is_directory=True)
    assert seen(bench, match="STK1.DAT") == {}
    assert seen(bench, match="STK2/*.DAT") == {}
    for name in ("../secret.DAT", "STK1.DAT", "STK2/secret.DAT", "/etc/passwd", "", "STK\0.DAT"):
        with pytest.raises((Rejected, Unavailable)):
            next(bench.feed().collect(Arrival(name, 6, "0" * 64), Checkpoint()))
        with pytest.raises(Rejected):
            bench.feed().settle(Arrival(name, 6, "0" * 64), Verdict.ARCHIVE)
    assert outside.read_bytes() == b"secret"


@pytest.mark.parametrize("match", ["../*.DAT", "/etc/*", "", "a/../../b"])
def test_a_pattern_that_leads_out_is_refused(bench: "Bench", match: str) -> None:
    """R33: as above, in the settings."""
    with pytest.raises(ValidationError):
        bench.feed(match=match)


@pytest.mark.parametrize("marker", ["done", "{name}", "{other}.done", "../{name}.done", "{name}{stem}", "{name"])
def test_a_marker_must_name_its_file(bench: "Bench", marker: str) -> None:
    """R34: a marker for all files at once would say nothing of one."""
    with pytest.raises(ValidationError):
        bench.feed(marker=marker)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_settled_file_is_moved_with_its_marker_and_settling_again_is_no_error(
    bench: "Bench", verdict: Verdict
) -> None:
    """R20: a crash after the commit repeats the move, not the events."""
    arrival = bench.write(b"x", "STK1.DAT")
    bench.write(b"", "STK1.DAT.done")
    feed = bench.feed(marker="{name}.done")
    assert bench.claimed(feed) == [arrival]
    for _ in range(2):
        feed.settle(arrival, verdict)
    assert feed.arrivals() == []
    assert sorted(path.name for path in (bench.drop / verdict).iterdir()) == ["STK1.DAT", "STK1.DAT.done"]


def test_a_kill_between_the_two_moves_of_a_claim_is_made_good(bench: "Bench") -> None:
    """R77: the marker goes first, and says that its file is claimed; a new file of the name has none."""
    arrival = bench.write(b"x", "STK1.DAT")
    bench.write(b"", "inflight/STK1.DAT.done")
    feed = bench.feed(marker="{name}.done")
    assert feed.arrivals() == [arrival]
    assert not (bench.drop / "STK1.DAT").exists()


def test_a_rename_that_was_made_and_told_as_failed_is_made_good(
    bench: "Bench", monkeypatch: pytest.MonkeyPatch
) -> None:
    """R77, §7: over NFS the answer may be lost, and what was asked again finds nothing. The answer is stood in for."""
    arrival, feed = bench.write(b"x", "STK1.DAT"), bench.feed(ledger="a1")
    rename = Path.rename

    def lost(self: Path, target: Path) -> None:
        rename(self, target)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lost)
        assert not feed.claim(next(feed.sightings()))
    assert list(feed.sightings()) == []
    assert feed.arrivals() == [arrival]


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "UTC"])
def test_a_time_is_an_instant_in_any_zone_and_on_any_night(
    bench: "Bench", monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """R20, §7: in the hour that comes twice, and around the one that never comes, age is what has passed."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    moments = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
               datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]  # fmt: skip
    for number, moment in enumerate(moments):
        bench.write(b"x", f"STK{number}.DAT", mtime=int(moment.timestamp()))
    try:
        for feed in (bench.feed(), bench.feed(location=f"file://{bench.drop}", staging=bench.folder / "here")):
            found = {one.name: one.modified for one in feed.sightings()}
            assert [found[f"STK{number}.DAT"] for number in range(4)] == moments
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_one_ledger_claimed_no_other_sees_or_takes(bench: "Bench") -> None:
    """R20, R77, R86: however long it is dead, packed or not; its own takes it up again."""
    contents = {"STK1.DAT": b"x", "STK2.DAT.gz": gzip.compress(b"y")}
    for name, content in contents.items():
        bench.write(content, name)
    ours, others = bench.feed(ledger="a1", match="STK*"), bench.feed(ledger="b2", match="STK*")
    sighted = {one.name: one for one in ours.sightings()}
    assert ours.claim(sighted["STK1.DAT"])
    assert not others.claim(sighted["STK1.DAT"])
    assert others.claim(sighted["STK2.DAT.gz"])
    assert [names(feed.arrivals()) for feed in (ours, others)] == [["STK1.DAT"], ["STK2.DAT.gz/STK2.DAT"]]
    bench.write(b"later", "STK1.DAT")
    assert others.claim(next(others.sightings())), "a later one of the name is whose who takes it"
    killed = bench.feed(ledger="a1", match="STK*")
    assert [names(feed.arrivals()) for feed in (killed, others)] == [["STK1.DAT"], ["STK1.DAT", "STK2.DAT.gz/STK2.DAT"]]
    for feed in (killed, others):
        for arrival in feed.arrivals():
            feed.settle(arrival, Verdict.ARCHIVE)
    kept = sorted(path.read_bytes() for path in (bench.drop / "archive").iterdir())
    assert kept == sorted([*contents.values(), b"later"])


def test_of_two_ledgers_who_has_the_marker_has_the_file(bench: "Bench") -> None:
    """R20, R77: killed between the two moves, the other cannot take the file, however long it lies there."""
    arrival = bench.write(b"x", "STK1.DAT")
    bench.write(b"", "STK1.DAT.done")
    ours, others = (bench.feed(ledger=name, match="STK*.DAT", marker="{name}.done") for name in ("a1", "b2"))
    (sighting,) = others.sightings()
    (bench.drop / "inflight" / "ledger-a1").mkdir(parents=True)
    (bench.drop / "STK1.DAT.done").rename(bench.drop / "inflight" / "ledger-a1" / "STK1.DAT.done")
    assert not others.claim(sighting)
    assert [one.marked for one in others.sightings()] == [False]
    assert (others.arrivals(), ours.arrivals()) == ([], [arrival])


def test_what_is_in_no_ledgers_folder_is_taken_by_the_first_who_looks(bench: "Bench") -> None:
    """R20, R77: claimed by a version before there were such folders, or let go by a person for one that is dead."""
    content = [(f"STK{number}.DAT", b"".join(bench.file(bench.details(number + 1)))) for number in range(2)]
    bench.write(zipped(*content), "a/STK.zip")
    before = bench.feed(match="**/STK*", marker="{name}.done")
    bench.write(b"", "a/STK.zip.done")
    gone, left = bench.claimed(before)
    before.settle(gone, Verdict.ARCHIVE)
    late = bench.write(b"x", "STK9.DAT")
    bench.write(b"", "inflight/STK9.DAT.done")
    ours, others = (bench.feed(ledger=name, match="**/STK*", marker="{name}.done") for name in ("a1", "b2"))
    assert (ours.arrivals(), others.arrivals()) == ([late, left], [])
    held = bench.drop / "inflight" / "ledger-a1"
    assert sorted(path.relative_to(held).as_posix() for path in held.rglob("*") if path.is_file()) == [
        "STK9.DAT", "STK9.DAT.done", "a/STK.zip", "a/STK.zip.done"]  # fmt: skip
    for kept in ("inflight", "staging"):
        for path in list((bench.drop / kept / "ledger-a1").iterdir()):
            path.rename(bench.drop / kept / path.name)  # what the pages tell an operator to do
    assert sorted(one.name for one in others.arrivals()) == ["STK9.DAT", left.name]
    assert ours.arrivals() == []


def test_a_claim_is_of_the_file_that_was_seen(bench: "Bench") -> None:
    """R20: appended to, truncated, replaced meanwhile: it is not claimed, and is seen again."""
    for change in (b"longer", b"s", b"other"):
        bench.write(b"bytes", "STK1.DAT")
        feed = bench.feed()
        (sighting,) = feed.sightings()
        bench.write(change, "STK1.DAT", mtime=1_700_000_001)
        assert not feed.claim(sighting)
    assert feed.arrivals() == []


def test_of_many_who_claim_one_wins(bench: "Bench") -> None:
    """R20, R86: by the file system, so it holds between machines too."""
    feeds = [bench.feed() for _ in range(8)]
    for number in range(20):
        bench.write(b"%d" % number, f"STK{number}.DAT")
        sighted = [{one.name: one for one in feed.sightings()}[f"STK{number}.DAT"] for feed in feeds]
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda pair: pair[0].claim(pair[1]), zip(feeds, sighted, strict=True)))
        assert won.count(True) == 1
    assert len(feeds[0].arrivals()) == 20


def test_a_second_file_of_a_name_waits_until_the_first_is_put_away(bench: "Bench") -> None:
    """R20: neither takes the other's place."""
    first, feed = bench.write(b"first", "STK1.DAT"), bench.feed()
    assert bench.claimed(feed) == [first]
    second = bench.write(b"second", "STK1.DAT")
    assert bench.claimed(feed) == [first]
    feed.settle(first, Verdict.ARCHIVE)
    assert bench.claimed(feed) == [second]


def test_a_drop_that_may_not_be_written_to_says_so(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    """R97: what to do is in the message. The file system is stood in for: root writes everywhere else."""
    bench.write(b"x", "STK1.DAT")
    feed = bench.feed()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(Unavailable, match="rename files in the drop"):
        feed.claim(next(feed.sightings()))
    assert (bench.drop / "STK1.DAT").is_file()


def test_a_marker_before_its_file_claims_nothing(bench: "Bench") -> None:
    """R20, §7: and when the file is there it is complete, for the writer said so."""
    bench.write(b"", "STK1.DAT.done")
    feed = bench.feed(match="STK*", marker="{name}.done")
    assert list(feed.sightings()) == feed.arrivals() == []
    arrival = bench.write(b"x", "STK1.DAT")
    assert bench.claimed(feed) == [arrival]
    assert not (bench.drop / "STK1.DAT.done").exists()


def test_a_file_that_may_not_be_read_is_told(bench: "Bench", monkeypatch: pytest.MonkeyPatch) -> None:
    """R97, §7: permissions. Root reads everything, so the system's answer is stood in for."""
    bench.write(b"x", "STK1.DAT")
    feed = bench.feed()
    (arrival,) = bench.claimed(feed)

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refuse)
    assert "cannot be read" in feed.flaw(Sighting("STK1.DAT", 1, None, ""))
    with pytest.raises(Unavailable, match="cannot be read: Permission denied"):
        list(feed.collect(arrival, Checkpoint()))


def test_header_and_trailer_alone_are_a_whole_file(bench: "Bench") -> None:
    """R20, §7: a job that found nothing and says so."""
    bench.write(bench.file([]))
    feed = bench.feed()
    assert feed.flaw(next(feed.sightings())) == ""
    (arrival,) = bench.claimed(feed)
    assert list(feed.collect(arrival, Checkpoint()))[-1].checkpoint.record == 2


def test_a_writer_that_goes_on_after_the_claim_is_noticed(bench: "Bench") -> None:
    """R20, §7: appended to, truncated, written over in place: the inode moved with the claim."""
    for number, change in enumerate((b"more", b"", b"\x00" * 100)):
        bench.write(bench.file(bench.details(3)), f"STK{number}.DAT")
        feed = bench.feed()
        with (bench.drop / f"STK{number}.DAT").open("r+b") as writer:
            (arrival,) = bench.claimed(feed)
            writer.seek(0, 2 if change == b"more" else 0)
            writer.write(change)
            if not change:
                writer.truncate(20)
        with pytest.raises(Rejected):
            list(feed.collect(arrival, Checkpoint()))
        (bench.drop / "inflight" / f"STK{number}.DAT").unlink()


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"x" * 30, "whole number of records"), (b"\xc4" + b"\x40" * 19, "no trailer")],
)
def test_what_is_visibly_not_whole_has_a_flaw(bench: "Bench", content: bytes, says: str) -> None:
    """R20: zero bytes, a record cut in two, no trailer at the end."""
    bench.write(content)
    feed = bench.feed()
    assert says in feed.flaw(next(feed.sightings()))
    bench.write(bench.file(bench.details(2)))
    assert feed.flaw(next(feed.sightings())) == ""


def test_a_folder_of_a_hundred_thousand_files_is_listed(bench: "Bench") -> None:
    """R20, §7: in seconds, and without a stat of every marker."""
    for number in range(100_000):
        (bench.drop / f"STK{number}.DAT").touch()
    feed, begun = bench.feed(), time.process_time()
    assert sum(1 for _ in feed.sightings()) == 100_000
    assert time.process_time() - begun < 20


def test_of_two_files_of_one_name_both_are_kept(bench: "Bench") -> None:
    """R20: a correction does not overwrite what was archived before it."""
    feed = bench.feed()
    for content in (b"first", b"second", b"third"):
        feed.settle(bench.write(content, "STK1.DAT"), Verdict.ARCHIVE)
    kept = {path.read_bytes() for path in (bench.drop / "archive").iterdir()}
    assert kept == {b"first", b"second", b"third"}


def test_a_file_that_took_the_name_meanwhile_stays(bench: "Bench") -> None:
    """R20: only what was collected is moved; the correction is still to be read."""
    arrival = bench.write(b"first", "STK1.DAT")
    correction = bench.write(b"second", "STK1.DAT")
    feed = bench.feed()
    feed.settle(arrival, Verdict.ARCHIVE)
    assert bench.claimed(feed) == [correction]


def test_a_folder_of_ours_that_is_a_link_leads_nowhere(bench: "Bench") -> None:
    """R33: nor is anything moved out of the drop."""
    (bench.drop / "archive").symlink_to(bench.folder, target_is_directory=True)
    arrival = bench.write(b"x", "STK1.DAT")
    with pytest.raises(Rejected):
        bench.feed().settle(arrival, Verdict.ARCHIVE)
    assert (bench.drop / "STK1.DAT").is_file()


def test_a_hash_is_not_taken_from_memory_when_the_file_changed(bench: "Bench") -> None:
    """R20: same name, same size, other content is another file."""
    bench.write(b"one", "inflight/STK1.DAT")
    feed = bench.feed()
    first = feed.arrivals()
    second = bench.write(b"two", "inflight/STK1.DAT", mtime=1_700_000_001)
    assert [one.sha256 for one in feed.arrivals()] == [second.sha256] != [one.sha256 for one in first]


def test_a_location_that_is_missing_is_unavailable(bench: "Bench") -> None:
    """R18: the share is not mounted: nothing happened."""
    feed = bench.feed(location=bench.folder / "gone")
    with pytest.raises(Unavailable):
        feed.probe()
    with pytest.raises(Unavailable):
        feed.arrivals()


def test_a_location_that_is_reached_through_a_link_is_a_location(bench: "Bench") -> None:
    """R20: what the operator names is trusted; what the far side puts there is not."""
    link = bench.folder / "link"
    link.symlink_to(bench.drop, target_is_directory=True)
    arrival = bench.write(b"x", "STK1.DAT")
    feed = bench.feed(location=link)
    assert bench.claimed(feed) == [arrival]
    feed.settle(arrival, Verdict.SET_ASIDE)
    assert (bench.drop / "set-aside" / "STK1.DAT").is_file()


def strays(bench: "Bench", **settings: Any) -> list[str]:
    return sorted(one.name for one in bench.feed(**settings).strays())


def test_what_no_match_takes_is_a_stray_unless_it_is_known_what_it_is_there_for(bench: "Bench") -> None:
    """R97: a name spelt wrong is told; markers, temporary files and what was put away are not."""
    taken = bench.write(b"a", "STK1.DAT")
    feed = bench.feed(marker="{stem}.OK")
    for name in ("STK1.OK", "NOTES.OK", "STK2.DAT.tmp", "x.part", ".hidden", "STK1.DAT.done", "inflight/x.txt",
                 "archive/x.txt", "set-aside/x.txt", "staging/x.txt", "sub/STK9.DAT"):  # fmt: skip
        bench.write(b"", name)
    bench.drop.joinpath("link.txt").symlink_to("STK1.DAT")
    assert list(feed.strays()) == []
    bench.write(b"b", "stk2.dat")
    (stray,) = feed.strays()
    assert (stray.name, stray.address) == ("stk2.dat", str(bench.drop / "stk2.dat"))
    assert stray.modified == datetime.fromtimestamp(LONG_AGO, UTC)
    assert names(bench.claimed(bench.feed())) == [taken.name]
    assert strays(bench, match="sub/*.TXT") == ["sub/STK9.DAT"]
    assert strays(bench, match="**/*.DAT") == ["NOTES.OK", "STK1.OK", "stk2.dat"]


@pytest.mark.parametrize(("raw", "told"), [
    (b"STOCK-\xe9t\xe9.TXT", "STOCK-\\xe9t\\xe9.TXT"), (b"STOCK-\xe9.DAT", "STOCK-\\xe9.DAT"),
    (b"A\x1b[2J\nheld: none.TXT", "A\\x1b[2J\\nheld: none.TXT"), ("a\u202eb.TXT".encode(), "a\\u202eb.TXT"),
    ("été 1.TXT".encode(), "été 1.TXT"),
])  # fmt: skip
def test_a_stray_of_any_name_is_told_on_one_line_of_plain_text(bench: "Bench", raw: bytes, told: str) -> None:
    """R97: bytes that are not UTF-8, whatever matches them; a line feed forges no line of ours."""
    Path(os.fsdecode(os.fsencode(bench.drop) + b"/" + raw)).write_bytes(b"x")
    assert strays(bench) == [told]
    assert list(bench.feed().sightings()) == []
    assert not bench.feed(match="*.CSV").knows(os.fsdecode(os.fsencode(bench.drop) + b"/" + raw))


@pytest.mark.parametrize("raw", [b"STOCK-\xe9.tmp", b".\xe9", b"archive/\xe9.TXT", b"\xe9.done"])
def test_a_name_that_is_not_utf_8_is_no_stray_where_it_is_known_what_it_is_there_for(
    bench: "Bench", raw: bytes
) -> None:
    """R97: temporary, hidden, put away, a sign."""
    path = Path(os.fsdecode(os.fsencode(bench.drop) + b"/" + raw))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    assert strays(bench) == []


def test_another_connection_over_the_place_knows_what_it_takes(bench: "Bench") -> None:
    """R97: by the file's address, from a folder above or below too; without looking there."""
    here, above = bench.feed(match="*.CSV", marker="{name}.ok"), bench.feed(location=bench.folder, match="drop/*.XML")
    for name, known in (("a.CSV", True), ("a.txt.ok", True), ("a.XML", False), ("a.txt", False)):
        assert here.knows(str(bench.drop / name)) is known, name
    assert above.knows(str(bench.drop / "a.XML"))
    assert not here.knows(str(bench.folder / "a.CSV"))
    assert not bench.feed(location=None).knows(str(bench.drop / "a.CSV"))


@pytest.mark.parametrize(("name", "pattern", "fits"), [
    ("a.DAT", "*.DAT", True), ("a.dat", "*.DAT", False), ("sub/a.DAT", "*.DAT", False), ("a.DAT", "**/*.DAT", True),
    ("x/y/a.DAT", "**/*.DAT", True), ("x/y/a.DAT", "x/*/*.DAT", True), ("x/a.DAT", "x/*/*.DAT", False),
    ("a1.DAT", "a[0-9].DAT", True), ("ab.DAT", "a[!0-9].DAT", True), ("x", "x/*", False),
])  # fmt: skip
def test_a_name_fits_a_match_as_the_folder_would_find_it(bench: "Bench", name: str, pattern: str, fits: bool) -> None:
    """R97: what is told as a stray is what the glob of the location has not found."""
    bench.write(b"", name)
    assert is_match(name, pattern) is fits
    assert (bench.drop / name in bench.drop.glob(pattern)) is fits
