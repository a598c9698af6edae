"""The drop: only what is complete, only what lies within, and nothing is ever lost by being moved."""

import time
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from brownfield.contract import Arrival, Checkpoint, Rejected, Unavailable, Verdict

if TYPE_CHECKING:
    from conftest import Bench


def names(arrivals: list[Arrival]) -> list[str]:
    return [arrival.name for arrival in arrivals]


def test_files_are_listed_oldest_first_with_their_size_and_hash(bench: "Bench") -> None:
    """R20: the file's identity is its content."""
    late = bench.write(b"late", "STK1.DAT", mtime=1_700_000_100)
    early = bench.write(b"early", "STK2.DAT")
    bench.write(b"other", "OTHER.DAT")
    assert bench.feed().arrivals() == [early, late]


def test_a_file_that_was_just_written_is_not_complete(bench: "Bench") -> None:
    """R20: a file still being written is not listed; one that was left alone long enough is."""
    bench.write(b"half", mtime=int(time.time()))
    assert bench.feed(settle_seconds=60).arrivals() == []
    assert names(bench.feed(settle_seconds=0).arrivals()) == ["STK20261120.DAT"]


def test_a_writer_whose_clock_is_ahead_is_watched_instead(bench: "Bench") -> None:
    """R20: a time in the future does not hide a file for ever."""
    bench.write(b"x", mtime=int(time.time()) + 7200)
    feed = bench.feed(settle_seconds=0.2)
    assert feed.arrivals() == []
    time.sleep(0.25)
    assert len(feed.arrivals()) == 1


def test_a_marker_says_that_a_file_is_complete_and_is_never_delivered(bench: "Bench") -> None:
    """R20: with a marker, age says nothing; an orphan marker is not a file either."""
    bench.write(b"a", "STK1.DAT")
    bench.write(b"b", "STK2.DAT", mtime=int(time.time()))
    bench.write(b"", "STK2.DAT.done")
    bench.write(b"", "STK3.DAT.done")
    assert names(bench.feed(match="STK*", marker="{name}.done").arrivals()) == ["STK2.DAT"]
    bench.write(b"", "STK1.ok")
    assert names(bench.feed(match="STK1*", marker="{stem}.ok").arrivals()) == ["STK1.DAT"]


@pytest.mark.parametrize("name", ["STK1.tmp", "STK1.DAT.part", "STK1.filepart", ".STK1.DAT", "STK1.TMP"])
def test_temporary_names_are_not_listed(bench: "Bench", name: str) -> None:
    """R20: what a transfer has not renamed yet is not there yet."""
    bench.write(b"x", name)
    assert bench.feed(match="*").arrivals() == []


def test_names_may_hold_blanks_letters_of_any_script_and_folders(bench: "Bench") -> None:
    """R20: far sides name files as they like."""
    odd = ["STK é.DAT", "STK\n1.DAT", "a/b/STK1.DAT", "STK'; rm.DAT"]
    for name in odd:
        bench.write(b"x", name)
    feed = bench.feed(match="**/STK*.DAT")
    assert sorted(names(feed.arrivals())) == sorted(odd)
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
    assert bench.feed(match="STK1.DAT").arrivals() == []
    assert bench.feed(match="STK2/*.DAT").arrivals() == []
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
    for _ in range(2):
        feed.settle(arrival, verdict)
    assert feed.arrivals() == []
    assert sorted(path.name for path in (bench.drop / verdict).iterdir()) == ["STK1.DAT", "STK1.DAT.done"]


def test_a_crash_between_the_two_moves_is_made_good(bench: "Bench") -> None:
    """R20: the marker goes first, so a new file of the name is never complete by an old marker."""
    arrival = bench.write(b"x", "STK1.DAT")
    bench.write(b"", "STK1.DAT.done")
    archive = bench.drop / "archive"
    archive.mkdir()
    (bench.drop / "STK1.DAT.done").rename(archive / "STK1.DAT.done")
    feed = bench.feed(marker="{name}.done")
    assert feed.arrivals() == []
    feed.settle(arrival, Verdict.ARCHIVE)
    assert (archive / "STK1.DAT").is_file()


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
    assert feed.arrivals() == [correction]


def test_a_folder_of_ours_that_is_a_link_leads_nowhere(bench: "Bench") -> None:
    """R33: nor is anything moved out of the drop."""
    (bench.drop / "archive").symlink_to(bench.folder, target_is_directory=True)
    arrival = bench.write(b"x", "STK1.DAT")
    with pytest.raises(Rejected):
        bench.feed().settle(arrival, Verdict.ARCHIVE)
    assert (bench.drop / "STK1.DAT").is_file()


def test_a_hash_is_not_taken_from_memory_when_the_file_changed(bench: "Bench") -> None:
    """R20: same name, same size, other content is another file."""
    bench.write(b"one", "STK1.DAT")
    feed = bench.feed()
    first = feed.arrivals()
    second = bench.write(b"two", "STK1.DAT", mtime=1_700_000_001)
    assert feed.arrivals() == [second] != first


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
    assert feed.arrivals() == [arrival]
    feed.settle(arrival, Verdict.SET_ASIDE)
    assert (bench.drop / "set-aside" / "STK1.DAT").is_file()
