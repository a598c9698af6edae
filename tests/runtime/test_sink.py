"""How a feed's events are kept is nobody's business but the ledger's: consumers read the same."""

from dataclasses import replace
from typing import ClassVar

import orjson
import pytest
from stage import GOOD, WHOLE, collect, staged

from brownfield.contract import Adapter, Checkpoint, Rejected
from brownfield.contract.adapter import Image
from brownfield.rules.problem import Problem
from brownfield.runtime import committing
from brownfield.runtime.committing import Committing
from brownfield.testing.canned import CannedDrop
from brownfield.testing.canned.drop import CannedFeed, CannedFeedSettings
from brownfield.wrapper.finding import BundleError

DAMAGED = b"A-100 140\nx\nC-300 1\n= 3\n"
FUNCTION = """
from pydantic import BaseModel
from brownfield import Record, Wrapper
canned = Wrapper("canned")
class Counted(BaseModel):
    sku: str
@canned.feed("stock_count")
def stock_count(row: Record) -> Counted:
    "One line."
    return Counted(sku=row["sku"])
"""


class Keeping(CannedFeed):
    """Its chunks may be kept as records: here a record is written down as JSON."""

    def collect(self, arrival, checkpoint):
        for chunk in super().collect(arrival, checkpoint):
            rows = chunk.rows

            def image(kind, rows=rows):
                some = [row for row in rows if row.kind == kind]
                data = orjson.dumps([dict(row.fields) for row in some])
                return Image([row.number for row in some], [data], "json", "canned_feed")

            yield replace(chunk, image=image)


class Gathering(Keeping):
    """It can judge a file while it is read, and finds it wrong at its end as often as it is told."""

    wrong: ClassVar[list[str]] = []
    readings: ClassVar[list[str]] = []

    def gather(self, arrival):
        self.readings.append("gather")
        yield from super().collect(arrival, Checkpoint())
        if self.wrong:
            raise Rejected(self.wrong.pop())

    def collect(self, arrival, checkpoint):
        self.readings.append("collect")
        yield from super().collect(arrival, checkpoint)


@pytest.fixture
def readings(monkeypatch):
    monkeypatch.setattr(Gathering, "wrong", [])
    monkeypatch.setattr(Gathering, "readings", [])
    return Gathering.readings


def gathering(drop):
    return Adapter(name="canned_feed", kind="feed", settings=CannedFeedSettings, render=render,
                   open=lambda opening: Gathering(drop, opening))  # fmt: skip


def render(layout, kind, data):
    assert (layout, kind) == ("json", "detail")
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in orjson.loads(data))


def keeping(drop, render=render):
    return Adapter(name="canned_feed", kind="feed", settings=CannedFeedSettings, render=render,
                   open=lambda opening: Keeping(drop, opening))  # fmt: skip


def sink(kind):
    return {'key = "sku"\n': f'key = "sku"\nsink = "{kind}"\n'}


def read(stage, limit, reader=None):
    """All events, so many a page."""
    reader, position, events = reader or stage.operator, 0, []
    while (found := stage.assembly.events.page(reader, position, limit))["position"] != position:
        assert len(found["events"]) <= limit
        position, events = found["position"], events + found["events"]
    return events


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_consumers_cannot_tell(tmp_path, limit):
    """R20: ids, keys, data and order; over a damaged record, and whatever a page holds."""
    told = {}
    for kind in ("rows", "chunks", "raw"):
        drop = CannedDrop()
        drop.put("one.dat", GOOD)
        drop.put("two.dat", DAMAGED)
        (tmp_path / kind).mkdir()
        with staged(tmp_path / kind, sink(kind), drop=drop, adapters={"canned_feed": keeping(drop)}) as stage:
            files = collect(stage)
            assert [file["events"] for file in files] == [5, 2]
            told[kind] = read(stage, limit)
            with stage.assembly.kernel.ledger.read() as connection:
                rows = connection.exec_driver_sql("SELECT count(*) FROM bf_event").scalar()
            assert (rows > 0) == (kind == "rows")
    assert told["rows"] == told["chunks"] == told["raw"]
    assert [(one["data"]["sku"], one["data"]["on_hand"]) for one in told["raw"]][:5] == WHOLE


@pytest.mark.parametrize("kind", ["rows", "chunks", "raw"])
def test_what_is_packed_is_read_once_and_told_when_it_is_judged(tmp_path, readings, kind):
    """R20: the same events; a file with a damaged record is read again, by the way that tells of it."""
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    with staged(tmp_path, sink(kind), drop=drop, adapters={"canned_feed": gathering(drop)}) as stage:
        reader = stage.operator
        assert [file["events"] for file in collect(stage)] == [5]
        assert readings == ["collect" if kind == "rows" else "gather"]
        assert [(one["data"]["sku"], one["data"]["on_hand"]) for one in read(stage, 2, reader)] == WHOLE
        assert [entry.event for entry in stage.entries("batch.preflighted")] == ["batch.preflighted"]
        drop.put("two.dat", DAMAGED)
        file = collect(stage)[-1]
        assert (file["events"], file["quarantined"]) == (2, 1)
        assert readings[1:] == (["collect"] if kind == "rows" else ["gather", "collect"])
        assert len(read(stage, 100, reader)) == 7
    assert not [path for path in (tmp_path / "home").iterdir() if path.name.startswith("tmp")]


def test_a_total_that_could_not_be_proven_is_told(tmp_path, monkeypatch):
    """R20: a record that cannot be read may hide what is missing, so whoever looks at the file is told."""

    def collect_in_doubt(self, arrival, checkpoint):
        for chunk in CannedFeed.collect(self, arrival, checkpoint):
            totals = {"units": {"stated": "7", "found": "3", "state": "unverified"}, "lines": {"state": "verified"}}
            yield replace(chunk, checkpoint=replace(chunk.checkpoint, totals={"records": 3, **totals}))

    monkeypatch.setattr(Keeping, "collect", collect_in_doubt)
    drop = CannedDrop()
    drop.put("one.dat", DAMAGED)
    with staged(tmp_path, drop=drop, adapters={"canned_feed": keeping(drop)}) as stage:
        (file,) = collect(stage)
        assert (file["state"], file["events"]) == ("archived", 2)
        assert file["reason"] == "stated, and could not be proven: units"
        (entry,) = stage.entries("batch.committed")
        assert entry.body["reason"] == file["reason"]


def test_a_stop_while_a_file_is_gathered_begins_nothing_more(tmp_path, readings, monkeypatch):
    """R20: nothing of it is told, and the file is taken up again, from its first record."""
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    with staged(tmp_path, sink("raw"), drop=drop, adapters={"canned_feed": gathering(drop)}) as stage:
        stopping, keep = stage.assembly.collecting.stopping, Committing.keep

        def keep_and_stop(self, *given):
            stopping.set()
            return keep(self, *given)

        with monkeypatch.context() as patch:
            patch.setattr(Committing, "keep", keep_and_stop)
            collect(stage)
        assert readings == ["gather"]
        stopping.clear()
        assert collect(stage)[-1]["events"] == 5


def test_of_a_file_that_is_wrong_at_its_end_nothing_is_told(tmp_path, readings):
    """R20: what was kept is let go of, and the reading that begins with the judgement says what is to be said."""
    Gathering.wrong.append("the totals do not hold")
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    with staged(tmp_path, sink("raw"), drop=drop, adapters={"canned_feed": gathering(drop)}) as stage:
        collect(stage)
        assert readings == ["gather", "collect"]
        assert [(one["data"]["sku"], one["data"]["on_hand"]) for one in read(stage, 100)] == WHOLE


def test_what_a_stop_left_of_what_was_kept_is_told_afterwards(tmp_path, readings, monkeypatch):
    """R77: each once, and from the checkpoint on."""
    monkeypatch.setattr(committing, "_TOGETHER", 1)
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    with staged(tmp_path, sink("chunks"), drop=drop, adapters={"canned_feed": gathering(drop)}) as stage:
        stopping, commit, seen = stage.assembly.collecting.stopping, Committing._commit, []

        def commit_and_stop(self, *given):
            stopping.set()
            return commit(self, *given)

        monkeypatch.setattr(Committing, "_commit", commit_and_stop)
        reader = stage.operator
        while len(seen) < 2 or seen[-1] != seen[-2]:
            stopping.clear()
            collect(stage)
            seen.append(len(read(stage, 100, reader)))
        assert seen == sorted(seen)
        assert seen[0] < 5 == seen[-1]
        assert readings[0] == "gather"
        assert set(readings[1:]) == {"collect"}
        assert [(one["data"]["sku"], one["data"]["on_hand"]) for one in read(stage, 100, reader)] == WHOLE


def test_records_are_not_skipped_when_nothing_renders_them(tmp_path):
    """R20: a consumer is told what to install, and its position stays."""
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    adapters = {"canned_feed": keeping(drop, render=None)}
    with staged(tmp_path, sink("raw"), drop=drop, adapters=adapters) as stage:
        collect(stage)
        with pytest.raises(Problem) as problem:
            stage.assembly.events.page(stage.operator)
        assert "canned_feed" in problem.value.next


def test_what_a_function_makes_is_not_its_records(put_up):
    """R7: `raw` keeps records, so a function's events cannot be rendered from them."""
    with pytest.raises(BundleError, match=r"feeds\.stock_count\.sink: .* say sink = \"chunks\""):
        put_up(sink("raw"), wrapper=FUNCTION, lock=True)
