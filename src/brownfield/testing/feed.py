"""The suite that a feed adapter passes. Inherit it and give one fixture.

class TestFiles(FeedAdapterContract):
    @pytest.fixture
    def connection(self, tmp_path):
        return FeedCase(
            adapter=brownfield_files.adapter,
            opening=Opening("nightly", FOLDER, FilesSettings(location=tmp_path, chunk=50, …), no_secret),
            put=lambda name, content: deliver(tmp_path / name, content),
            good=GOOD, other=OTHER, truncated=GOOD[:-80], …
        )
"""

import dataclasses
import hashlib

import pytest

from brownfield.contract import (
    Arrival,
    Checkpoint,
    Chunk,
    Contract,
    Damage,
    FeedAdapter,
    Rejected,
    Row,
    Unavailable,
    Verdict,
)
from brownfield.contract.watched import GatheringFeed, WatchedFeed
from brownfield.testing.case import FeedCase, Kind
from brownfield.testing.descriptor import AdapterContract, DescriptionContract, capable, connected
from brownfield.testing.observation import misplaced_floats, not_plain, outside

START = Checkpoint()


def _listed(far: FeedAdapter) -> list[Arrival]:
    """The arrivals; where the adapter shows what lies there, after what may be complete was claimed."""
    if isinstance(far, WatchedFeed):
        for sighting in list(far.sightings()):
            if sighting.marked is not False:
                far.claim(sighting)
    return list(far.arrivals())


def _arrive(case: FeedCase, far: FeedAdapter, content: bytes, *, instead_of: Arrival | None = None) -> Arrival:
    """Deliver a file, and find it. A claimed file keeps its name, so another one waits until it is settled."""
    case.put(case.name, content)
    if instead_of is not None and isinstance(far, WatchedFeed):
        far.settle(instead_of, Verdict.ARCHIVE)
    found = [arrival for arrival in _listed(far) if arrival.name == case.name]
    assert len(found) == 1, f"{case.name} was put and is listed {len(found)} times"
    return found[0]


def _records(chunks: list[Chunk]) -> list[Row | Damage]:
    """Rows and damaged records together, in the order of the file."""
    records: list[Row | Damage] = []
    for chunk in chunks:
        records += [*chunk.rows, *chunk.damaged]
    return sorted(records, key=lambda record: record.number)


def _stored(checkpoint: Checkpoint) -> Checkpoint:
    """A checkpoint as it comes back from the ledger: through JSON."""
    for part in (checkpoint.totals, checkpoint.context):
        assert not_plain(part) == "", "a checkpoint is stored as JSON"
    return checkpoint


def _refused(far: FeedAdapter, arrival: Arrival, checkpoint: Checkpoint = START) -> Rejected:
    """The refusal that comes instead of the first chunk."""
    with pytest.raises(Rejected) as refusal:
        next(iter(far.collect(arrival, checkpoint)), None)
    assert refusal.value.message.strip()
    assert refusal.value.code.strip()
    return refusal.value


class ArrivalContract:
    """What `arrivals` lists, and what `settle` does."""

    def test_an_arrival_is_its_bytes(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Size and sha256 are those of the content: they are the file's identity."""
        arrival = _arrive(connection, opened, connection.good)
        assert arrival.size == len(connection.good)
        assert arrival.sha256 == hashlib.sha256(connection.good).hexdigest()

    def test_arrivals_are_stable(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Asked twice, or by another connection, they are the same, oldest first."""
        connection.put(connection.second, connection.other)
        connection.put(connection.name, connection.good)
        with connected(connection) as another:
            listed = [_listed(opened), _listed(opened), list(another.arrivals())]
        assert listed[0] == listed[1] == listed[2]
        assert [arrival.name for arrival in listed[0]] == [connection.second, connection.name]

    def test_an_unfinished_file_is_not_listed(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """A file that is still being written is not there yet."""
        connection.begin(connection.name, connection.good[: len(connection.good) // 2])
        assert _listed(opened) == []

    def test_another_content_is_another_file(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Under the same name: it is known by its sha256."""
        first = _arrive(connection, opened, connection.good)
        second = _arrive(connection, opened, connection.other, instead_of=first)
        assert first.sha256 != second.sha256
        assert second.sha256 == hashlib.sha256(connection.other).hexdigest()

    @pytest.mark.parametrize("verdict", list(Verdict))
    def test_settling_is_idempotent(self, connection: FeedCase, opened: FeedAdapter, verdict: Verdict) -> None:
        """The file is listed no more; once more is no error, as after a crash between commit and settling."""
        capable(connection.adapter, "settle")
        arrival = _arrive(connection, opened, connection.good)
        opened.settle(arrival, verdict)
        assert list(opened.arrivals()) == []
        opened.settle(arrival, verdict)
        assert list(opened.arrivals()) == []

    def test_settling_leaves_a_newer_file(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Another file that took the name meanwhile is still to be collected."""
        capable(connection.adapter, "settle")
        old = _arrive(connection, opened, connection.good)
        connection.put(connection.name, connection.other)
        opened.settle(old, Verdict.ARCHIVE)
        assert [arrival.name for arrival in _listed(opened)] == [connection.name]

    def test_nothing_outside_the_drop_is_read(self, opened: FeedAdapter) -> None:
        """A name that leads out is refused, or is not there."""
        for name in ("../outside.dat", "/etc/hostname"):
            with pytest.raises((Rejected, Unavailable)):
                list(opened.collect(Arrival(name, 1, "0" * 64), START))

    def test_nothing_is_printed(self, connection: FeedCase, capfd: pytest.CaptureFixture[str]) -> None:
        """Standard output belongs to the door."""
        capfd.readouterr()
        with connected(connection) as far:
            list(far.collect(_arrive(connection, far, connection.good), START))
        assert capfd.readouterr() == ("", "")


class CollectionContract:
    """What `collect` gives of a whole file."""

    def test_records_are_numbered_without_a_gap(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """From 0, in order, each once."""
        chunks = list(opened.collect(_arrive(connection, opened, connection.good), START))
        assert len(chunks) > 1, "the opening's chunks must be so small that the good file has two or more"
        assert [record.number for chunk in chunks for record in chunk.rows] == list(range(len(_records(chunks))))
        assert [chunk.damaged for chunk in chunks] == [()] * len(chunks)

    def test_rows_are_what_describe_says(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Each row is of a described record type and meets its schema."""
        described: Contract = opened.describe()
        for chunk in opened.collect(_arrive(connection, opened, connection.good), START):
            for row in chunk.rows:
                assert row.kind in described.records
                assert outside(dict(row.fields), described.records[row.kind].fields) == []

    def test_rows_are_plain_json(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """They come back from JSON as they were, and what must be exact is no float."""
        described: Contract = opened.describe()
        for chunk in opened.collect(_arrive(connection, opened, connection.good), START):
            for row in chunk.rows:
                assert not_plain(row.fields) == ""
                assert misplaced_floats(row.fields, described.records[row.kind].fields) == []

    def test_one_reading_gives_what_two_give(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Whoever keeps chunks back until the file is judged gets the same ones, and the same last checkpoint."""
        arrival = _arrive(connection, opened, connection.good)
        chunks = list(opened.collect(arrival, START))
        found = opened.gather(arrival) if isinstance(opened, GatheringFeed) else None
        gathered = chunks if found is None else list(found)
        assert _records(gathered) == _records(chunks)
        assert gathered[-1].checkpoint == chunks[-1].checkpoint
        places = [(one.checkpoint.record, one.checkpoint.offset, one.checkpoint.prefix) for one in gathered]
        assert places == [(one.checkpoint.record, one.checkpoint.offset, one.checkpoint.prefix) for one in chunks]

    def test_a_checkpoint_says_where_it_is(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Records and bytes consumed, and the sha256 of those bytes; the last one is the whole file."""
        content, count = connection.good, 0
        checkpoints = []
        for chunk in opened.collect(_arrive(connection, opened, content), START):
            count += len(chunk.rows) + len(chunk.damaged)
            checkpoints.append(chunk.checkpoint)
            assert chunk.checkpoint.record == count
            assert chunk.checkpoint.prefix == hashlib.sha256(content[: chunk.checkpoint.offset]).hexdigest()
        assert checkpoints[-1].offset == len(content)

    def test_resuming_anywhere_gives_the_same(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """From every checkpoint, on a new connection, come exactly the records that are missing."""
        capable(connection.adapter, "resume")
        content = connection.good if connection.damaged is None else connection.damaged
        arrival = _arrive(connection, opened, content)
        chunks = list(opened.collect(arrival, START))
        for number, chunk in enumerate(chunks, start=1):
            with connected(connection) as another:
                rest = list(another.collect(arrival, _stored(chunk.checkpoint)))
            assert _records(rest) == _records(chunks[number:]), f"after chunk {number} of {len(chunks)}"
            assert [one.checkpoint for one in rest][-1:] == [one.checkpoint for one in chunks[number:]][-1:]

    def test_a_file_can_be_left_in_the_middle(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Whoever stops after a chunk can settle the file, or collect it again from the start."""
        arrival = _arrive(connection, opened, connection.good)
        begun = iter(opened.collect(arrival, START))
        first = next(begun)
        del begun
        assert next(iter(opened.collect(arrival, START))) == first


class RefusalContract:
    """What `collect` refuses, and what it sets apart."""

    def test_a_truncated_file_is_refused_whole(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Before the first chunk, so that no event is made of half a day."""
        _refused(opened, _arrive(connection, opened, connection.truncated))

    def test_wrong_totals_are_refused_whole(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Before the first chunk."""
        capable(connection.adapter, "totals", connection.wrong_totals)
        _refused(opened, _arrive(connection, opened, connection.wrong_totals or b""))

    def test_totals_are_exact(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """They are kept from chunk to chunk, without a float."""
        capable(connection.adapter, "totals")
        for chunk in opened.collect(_arrive(connection, opened, connection.good), START):
            assert chunk.checkpoint.totals, "the adapter declares `totals`: its checkpoints must hold them"
            assert not_plain(chunk.checkpoint.totals) == ""
            assert misplaced_floats(chunk.checkpoint.totals, {}) == []

    def test_a_damaged_record_is_kept_whole(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """Its bytes as they are, where they stand, why they mean nothing; every other record is a row."""
        capable(connection.adapter, "damage", connection.damaged, connection.damaged_record)
        content = connection.damaged or b""
        records = _records(list(opened.collect(_arrive(connection, opened, content), START)))
        damaged = [record for record in records if isinstance(record, Damage)]
        assert [record.number for record in records] == list(range(len(records)))
        assert len(damaged) == 1
        assert damaged[0].raw == connection.damaged_record
        assert content[damaged[0].offset :].startswith(damaged[0].raw)
        assert damaged[0].code.strip()
        assert damaged[0].reason.strip()

    def test_other_bytes_before_the_checkpoint_are_refused(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """A resume in another file would make events of two halves."""
        capable(connection.adapter, "resume")
        arrival = _arrive(connection, opened, connection.good)
        first = next(iter(opened.collect(arrival, START)))
        _refused(opened, _arrive(connection, opened, connection.other, instead_of=arrival), first.checkpoint)

    def test_one_reading_ends_with_the_refusal(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """What was given until then means nothing, so it must not end in peace."""
        for content in (connection.truncated, connection.wrong_totals):
            if content is not None and isinstance(opened, GatheringFeed):
                arrival = _arrive(connection, opened, content)
                with pytest.raises(Rejected):
                    list(opened.gather(arrival) or opened.collect(arrival, START))
                opened.settle(arrival, Verdict.SET_ASIDE)

    def test_a_file_that_changed_since_it_was_seen_is_refused(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """What was announced is what is collected; nothing, where a later file could take its place."""
        seen = _arrive(connection, opened, connection.good)
        connection.put(connection.name, connection.other)
        if isinstance(opened, WatchedFeed):
            assert list(opened.collect(seen, START))[-1].checkpoint.prefix == seen.sha256
        else:
            _refused(opened, seen)

    def test_a_file_that_is_gone_is_unavailable(self, connection: FeedCase, opened: FeedAdapter) -> None:
        """It may come back: nothing is known against it."""
        absent = Arrival(connection.name, len(connection.good), hashlib.sha256(connection.good).hexdigest())
        with pytest.raises(Unavailable):
            list(opened.collect(absent, START))

    def test_a_file_above_the_limit_is_refused(self, connection: FeedCase) -> None:
        """One byte too many, and nothing of it is delivered."""
        limits = dataclasses.replace(connection.opening.limits, max_bytes=len(connection.good) - 1)
        with connected(connection, dataclasses.replace(connection.opening, limits=limits)) as far:
            _refused(far, _arrive(connection, far, connection.good))


class FeedAdapterContract(AdapterContract, DescriptionContract, ArrivalContract, CollectionContract, RefusalContract):
    """What every feed adapter does. Inherit it, and give the fixture `connection`: see `FeedCase`."""

    kind: Kind = "feed"

    @pytest.fixture
    def connection(self) -> FeedCase:
        """To be given by the author."""
        raise NotImplementedError("give a fixture `connection` that returns a FeedCase")
