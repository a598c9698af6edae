"""How a feed's events are kept is nobody's business but the ledger's: consumers read the same."""

from dataclasses import replace

import orjson
import pytest
from stage import GOOD, WHOLE, collect, staged

from brownfield.contract import Adapter
from brownfield.contract.adapter import Image
from brownfield.rules.problem import Problem
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
                return Image([row.number for row in some], data, "json", "canned_feed")

            yield replace(chunk, image=image)


def render(layout, kind, data):
    assert (layout, kind) == ("json", "detail")
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in orjson.loads(data))


def keeping(drop, render=render):
    return Adapter(name="canned_feed", kind="feed", settings=CannedFeedSettings, render=render,
                   open=lambda opening: Keeping(drop, opening))  # fmt: skip


def sink(kind):
    return {'key = "sku"\n': f'key = "sku"\nsink = "{kind}"\n'}


def read(stage, limit):
    """All events, so many a page."""
    reader, position, events = stage.operator, 0, []
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
