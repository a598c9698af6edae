"""Collecting: each file once, each record once, and nothing lost."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from stage import EVERYTHING, GOOD, WHOLE, collect, staged

from brownfield.contract import Adapter, Arrival, Drifted, Rejected, Uncertain, Verdict
from brownfield.ledger.batch import FileState, begin_file, files
from brownfield.ledger.event import page
from brownfield.ledger.lease import take
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem
from brownfield.runtime.committing import Committing
from brownfield.runtime.streaming import cloud_event
from brownfield.testing.canned import CannedDrop
from brownfield.testing.canned.drop import CannedFeed, CannedFeedSettings
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import read_contract, write_contract, write_lock

pytestmark = pytest.mark.anyio
DAMAGED = b"A-100 140\nB-2?? 7\nC-300 1\n= 3\n"
LIMIT = {'key = "sku"\n': 'key = "sku"\nquarantine_limit = 1\n'}
COUNTED = """
from pydantic import BaseModel
from brownfield import Record, Wrapper
canned = Wrapper("canned")
class Counted(BaseModel):
    sku: str
    on_hand: int
@canned.feed("stock_count")
def stock_count(row: Record) -> Counted | None:
    "One line."
    {body}
"""


class Stumble(BaseException):
    """The process dies here, as far as the collector can tell."""


class Stumbling(CannedFeed):
    """Gives so many chunks and then stumbles, once."""

    left = 10**6

    def collect(self, arrival, checkpoint):
        for chunk in super().collect(arrival, checkpoint):
            if type(self).left == 0:
                type(self).left = 10**6
                raise Stumble
            type(self).left -= 1
            yield chunk


def events(stage):
    with stage.assembly.kernel.ledger.read() as connection:
        found = page(connection, environment="sandbox", feed="stock_count", wrapper="canned").events
    return [(event["data"]["sku"], event["data"]["on_hand"]) for event in map(cloud_event, found)]


def test_every_record_is_an_event_once(stage):
    """R20: in order, with the counts; the file is archived."""
    stage.drop.put("one.dat", GOOD)
    (file,) = collect(stage)
    told = {word: file[word] for word in ("state", "records", "events", "quarantined", "note")}
    assert told == {"state": "archived", "records": 6, "events": 5, "quarantined": 0, "note": "new"}
    assert events(stage) == WHOLE
    assert stage.drop.settled == {"one.dat": Verdict.ARCHIVE}
    steps = ["batch.collecting", "batch.preflighted", "batch.committed", "batch.settled"]
    assert [entry.event for entry in stage.entries()] == steps


@pytest.mark.parametrize("name", ["one.dat", "another.dat"])
def test_the_same_content_again_is_no_event(stage, name):
    """R20: whatever it is called."""
    stage.drop.put("one.dat", GOOD)
    collect(stage)
    stage.drop.put(name, GOOD)
    assert [(file["note"], file["events"]) for file in collect(stage)] == [("seen before", 0)]
    assert len(events(stage)) == 5
    assert stage.drop.files == {}


def test_what_is_told_of_a_duplicate_is_the_name_that_came(stage):
    """R20, R97: nobody looks for another file under the first one's name."""
    stage.drop.put("one.dat", GOOD)
    (first,) = collect(stage)
    stage.drop.put("another.dat", GOOD)
    (again,) = collect(stage)
    assert (again["name"], again["id"], again["events"], again["records"]) == ("another.dat", first["id"], 0, 0)


def test_the_same_content_twice_at_once_is_one(stage):
    """R20: both are put away."""
    stage.drop.put("one.dat", GOOD)
    stage.drop.put("two.dat", GOOD)
    assert [file["note"] for file in collect(stage)] == ["new", "seen before"]
    assert len(events(stage)) == 5
    assert stage.drop.files == {}


def test_another_content_under_the_same_name_is_another_file(stage):
    """R20: a file is its content."""
    for content in (GOOD, b"Z-999 1\n= 1\n"):
        stage.drop.put("one.dat", content)
        collect(stage)
    assert events(stage) == [*WHOLE, ("Z-999", 1)]


def test_a_truncated_file_is_refused_before_its_first_event(stage):
    """R20: set aside, with the reason."""
    stage.drop.put("one.dat", GOOD[:-4])
    (file,) = collect(stage)
    assert (file["state"], file["events"]) == ("refused", 0)
    assert "cut short" in file["reason"]
    assert events(stage) == []
    assert stage.drop.settled == {"one.dat": Verdict.SET_ASIDE}


def test_a_file_that_is_still_written_is_left_alone(stage):
    """R17, R20."""
    stage.drop.begin("one.dat", GOOD[:20])
    assert collect(stage) == []
    assert stage.entries() == []


def test_what_cannot_be_read_is_kept_whole_with_its_reason(stage):
    """R20, R97: bytes and offset; the others go on."""
    stage.drop.put("one.dat", DAMAGED)
    (file,) = collect(stage)
    assert (file["state"], file["events"], file["quarantined"]) == ("archived", 2, 1)
    (kept,) = stage.assembly.collecting.quarantined(stage.operator, file["id"])
    assert (bytes.fromhex(kept["raw"]), kept["offset"], kept["record"]) == (b"B-2?? 7\n", 10, 1)
    assert kept["code"] == "not-a-count"


def test_too_many_of_them_hold_the_file(put_up):
    """R20, R72: a person looks before the rest is believed."""
    stage = put_up(LIMIT)
    stage.drop.put("one.dat", b"x\ny\nA-100 1\nB-200 1\n= 4\n")
    (file,) = collect(stage)
    assert (file["state"], file["events"], file["quarantined"]) == ("held", 0, 2)
    assert "more than the 1 allowed" in file["reason"]
    assert stage.drop.settled == {"one.dat": Verdict.SET_ASIDE}


def test_a_file_of_which_nothing_can_be_read_is_held(stage):
    """R20, R72: within the limit as it may be, a scheduler that is told of success looks no further."""
    stage.drop.put("one.dat", b"x\n= 1\n")
    (file,) = collect(stage)
    assert (file["state"], file["events"], file["quarantined"]) == ("held", 0, 1)
    assert file["reason"] == "no record became an event: 1 cannot be read"


def test_too_large_a_share_of_them_holds_the_file(put_up):
    """R20, R72: looked at from the hundredth record on, for of three records one is a third."""
    stage = put_up({'key = "sku"\n': 'key = "sku"\nquarantine_percent = 5.0\n'})
    lines = [b"x\n", b"A-100 1\n", b"B-200 1\n", *[b"C-300 1\n"] * 200]
    stage.drop.put("few.dat", b"".join([*lines, b"= %d\n" % len(lines)]))
    lines[1::10] = [b"y\n"] * len(lines[1::10])
    stage.drop.put("many.dat", b"".join([*lines, b"= %d\n" % len(lines)]))
    few, many = collect(stage)
    assert (few["state"], few["quarantined"]) == ("archived", 1)
    assert many["state"] == "held"
    assert "more than the 5 % allowed" in many["reason"]


def test_too_many_are_too_many_over_a_kill_as_well(tmp_path):
    """R20, R77: the limit is of the file, not of the run."""
    Stumbling.left = 1
    adapters = {"canned_feed": stumbling(drop := CannedDrop())}
    drop.put("one.dat", b"x\nA-100 1\ny\nB-200 1\n= 4\n")
    with staged(tmp_path, LIMIT, drop=drop, adapters=adapters) as stage:
        with pytest.raises(Stumble):
            collect(stage)
        assert [file["state"] for file in collect(stage)] == ["held"]


def test_too_many_are_too_many_when_the_last_chunk_was_the_one(put_up, monkeypatch):
    """R20, R77: killed between its commit and the count."""
    stage = put_up(LIMIT)
    stage.drop.put("one.dat", b"A-100 1\nx\ny\n= 3\n")
    within = Committing._within_limit

    def killed(run, quarantined, *records):
        if quarantined > 1:
            raise Stumble
        within(run, quarantined, *records)

    monkeypatch.setattr(Committing, "_within_limit", killed)
    with pytest.raises(Stumble):
        collect(stage)
    monkeypatch.setattr(Committing, "_within_limit", within)
    assert [file["state"] for file in collect(stage)] == ["held"]


@pytest.mark.parametrize("body", ['raise KeyError("x")', 'return {"sku": row["sku"], "on_hand": "many"}'])
def test_a_record_that_the_function_cannot_take_is_quarantined(put_up, body):
    """R20: with what it said; the batch goes on."""
    stage = put_up(wrapper=COUNTED.format(body=f'if row["sku"] == "B-200":\n        {body}\n    return Counted(**row)'))
    stage.drop.put("one.dat", GOOD)
    (file,) = collect(stage)
    assert (file["state"], file["events"], file["quarantined"]) == ("archived", 4, 1)
    (kept,) = stage.assembly.collecting.quarantined(stage.operator, file["id"])
    assert (kept["code"], kept["record"]) == ("function", 1)


def test_none_is_no_event(put_up):
    """R20."""
    stage = put_up(wrapper=COUNTED.format(body='return Counted(**row) if row["on_hand"] else None'))
    stage.drop.put("one.dat", GOOD)
    collect(stage)
    assert events(stage) == [one for one in WHOLE if one[1]]


def stumbling(drop):
    return Adapter("canned_feed", "feed", CannedFeedSettings, lambda opening: Stumbling(drop, opening))


@pytest.mark.parametrize("chunks", range(4))
def test_a_run_that_ended_anywhere_is_taken_up_there(tmp_path, chunks):
    """R20, R77, R78: after each chunk; each event once, told once."""
    Stumbling.left = chunks
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    with staged(tmp_path, drop=drop, adapters={"canned_feed": stumbling(drop)}) as stage:
        if chunks < 3:
            with pytest.raises(Stumble):
                collect(stage)
            assert events(stage) == WHOLE[: 2 * chunks]
            assert [file["note"] for file in collect(stage)] == ["taken up again"]
        else:
            Stumbling.left = 10**6
            assert [file["note"] for file in collect(stage)] == ["new"]
        assert events(stage) == WHOLE


def test_stopping_ends_after_the_chunk_and_the_next_start_goes_on(tmp_path):
    """R77: nothing is lost and nothing twice."""
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    with staged(tmp_path, drop=drop) as stage:
        first = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter
        collect_all = first.collect

        def collect_one(arrival, checkpoint):
            for chunk in collect_all(arrival, checkpoint):
                stage.assembly.collecting.stop()
                yield chunk

        first.collect = collect_one
        assert [file["state"] for file in collect(stage)] == ["collecting"]
        assert len(events(stage)) == 2
    with staged(tmp_path, drop=drop) as stage:
        assert [file["state"] for file in collect(stage)] == ["archived"]
        assert events(stage) == WHOLE


def relayout(folder):
    """Another layout of the same records: its shape is another."""
    bundle = folder / "wrappers" / "canned"
    contract = read_contract(bundle, "drop")
    detail = contract.records["detail"]
    wider = detail.fields | {"properties": detail.fields["properties"] | {"bin": {"type": "string"}}}
    records = contract.records | {"detail": detail.model_copy(update={"fields": wider})}
    write_contract(bundle, "drop", contract.model_copy(update={"records": records}))
    write_lock(bundle, make_lock(open_bundle(bundle)))


def test_a_layout_that_changed_meanwhile_holds_the_file(tmp_path):
    """R20: half under one layout and half under another would be believed as a whole."""
    Stumbling.left = 1
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    adapters = {"canned_feed": stumbling(drop)}
    with staged(tmp_path, drop=drop, adapters=adapters) as stage, pytest.raises(Stumble):
        collect(stage)
    relayout(tmp_path)
    with staged(tmp_path, drop=drop, adapters=adapters) as stage:
        assert [(file["state"], file["note"]) for file in collect(stage)] == [("held", "held")]
        assert drop.settled == {"one.dat": Verdict.SET_ASIDE}


def test_the_same_file_under_another_layout_needs_a_replay(tmp_path):
    """R20: nobody is told the same facts twice because a copybook was mended."""
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    with staged(tmp_path, drop=drop) as stage:
        collect(stage)
    relayout(tmp_path)
    drop.put("one.dat", GOOD)
    with staged(tmp_path, drop=drop) as stage:
        assert [file["note"] for file in collect(stage)] == ["seen before"]
        assert len(events(stage)) == 5
        drop.put("one.dat", GOOD)
        assert [file["note"] for file in collect(stage, replay=True)] == ["replayed"]
        assert len(events(stage)) == 10


def test_a_replay_is_asked_for_and_gives_the_events_again(stage):
    """R20: under a number of its own."""
    for _ in range(2):
        stage.drop.put("one.dat", GOOD)
        collect(stage)
    stage.drop.put("one.dat", GOOD)
    assert [(file["note"], file["replay"]) for file in collect(stage, replay=True)] == [("replayed", 1)]
    assert len(events(stage)) == 10


def test_what_comes_again_is_known_by_its_id_while_neither_file_nor_layout_has_changed(tmp_path):
    """R20: as docs/schedule.md tells consumers: a replay tells all again; a corrected file tells all again anew."""
    drop = CannedDrop()

    def ids(stage):
        with stage.assembly.kernel.ledger.read() as connection:
            found = page(connection, environment="sandbox").events
        return [cloud_event(event)["id"] for event in found]

    def arrived(stage, content, **more):
        before = len(ids(stage))
        drop.put("one.dat", content)
        collect(stage, **more)
        return ids(stage)[before:]

    with staged(tmp_path, drop=drop) as stage:
        first, again = arrived(stage, GOOD), arrived(stage, GOOD, replay=True)
        assert again == first
        corrected = arrived(stage, GOOD.replace(b"140", b"141"))
        assert len(corrected) == len(first)
        assert not {*corrected} & {*first}
    relayout(tmp_path)
    with staged(tmp_path, drop=drop) as stage:
        mended = arrived(stage, GOOD, replay=True)
        assert len(mended) == len(first)
        assert not {*mended} & {*first}


def test_a_file_that_was_begun_and_has_gone_is_held(tmp_path):
    """R20, R72: it does not hold the later files' events back for ever."""
    Stumbling.left = 1
    drop = CannedDrop()
    drop.put("one.dat", GOOD)
    with staged(tmp_path, drop=drop, adapters={"canned_feed": stumbling(drop)}) as stage:
        with pytest.raises(Stumble):
            collect(stage)
        del drop.files["one.dat"]
        drop.put("two.dat", b"Z-999 1\n= 1\n")
        assert [(file["state"], file["note"]) for file in collect(stage)] == [("held", "gone"), ("archived", "new")]
        assert events(stage)[-1] == ("Z-999", 1)


def test_a_file_moved_before_it_was_told_so_is_told_so(stage, monkeypatch):
    """R77: killed between the move and its row."""
    stage.drop.put("one.dat", GOOD)
    settle = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter.settle

    def killed(arrival, verdict):
        settle(arrival, verdict)
        raise Stumble

    adapter = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter
    monkeypatch.setattr(adapter, "settle", killed)
    with pytest.raises(Stumble):
        collect(stage)
    monkeypatch.setattr(adapter, "settle", settle)
    with stage.assembly.kernel.ledger.read() as connection:
        assert [file.state for file in files(connection)] == [FileState.COMMITTED]
    assert [(file["state"], file["events"]) for file in collect(stage)] == [("archived", 5)]
    assert collect(stage) == []


def test_a_dead_collector_s_lease_is_not_waited_for(tmp_path):
    """R77, R86: the lock file says that its holder is dead."""
    with staged(tmp_path) as stage, stage.assembly.kernel.ledger.write() as connection:
        assert take(connection, "feed:canned.stock_count", "dead", ttl=timedelta(hours=6), now=stage.clock.now())
    with staged(tmp_path) as stage:
        assert collect(stage) == []


async def test_of_two_collectors_at_once_one_is_busy(tmp_path):
    """R86: told so, with when to come again."""
    drop, let, entered = CannedDrop(), threading.Event(), threading.Event()
    drop.put("one.dat", GOOD)

    class Waiting(CannedFeed):
        def arrivals(self):
            entered.set()
            let.wait(5)
            return super().arrivals()

    adapter = Adapter("canned_feed", "feed", CannedFeedSettings, lambda opening: Waiting(drop, opening))
    with staged(tmp_path, drop=drop, adapters={"canned_feed": adapter}) as stage:
        operator, collecting = stage.operator, stage.assembly.collecting
        first = asyncio.create_task(collecting.collect(operator, "canned", "stock_count"))
        await asyncio.to_thread(entered.wait, 5)
        with pytest.raises(Problem) as problem:
            await collecting.collect(operator, "canned", "stock_count")
        assert (problem.value.code, problem.value.retry_after) == ("busy", 5.0)
        let.set()
        assert [file["state"] for file in await first] == ["archived"]
        assert await collecting.collect(operator, "canned", "stock_count") == []
        assert len(events(stage)) == 5


def test_a_drop_that_cannot_be_read_is_told(stage):
    """R97."""
    stage.drop.down = True
    with pytest.raises(Problem) as problem:
        collect(stage)
    assert problem.value.code == "unavailable"


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER, Role.AUDITOR])
async def test_only_an_operator_collects(stage, role):
    """R51."""
    stage.drop.put("one.dat", GOOD)
    with pytest.raises(Problem) as problem:
        await stage.assembly.collecting.collect(stage.caller("other", role, *EVERYTHING), "canned", "stock_count")
    assert problem.value.code == "denied"
    assert stage.drop.settled == {}


def test_a_reader_stops_at_a_file_that_is_still_open(stage):
    """R20: so that nothing ever appears behind its position."""
    kernel, drop = stage.assembly.kernel, stage.drop
    drop.put("one.dat", GOOD)
    (arrival,) = kernel.wrappers["canned"].feeds["drop"].adapter.arrivals()
    with kernel.ledger.write() as connection:
        begin_file(connection, environment="sandbox", wrapper="other", feed="x", arrival=arrival, shape="s",
                   now=stage.clock.now())  # fmt: skip
    collect(stage)
    assert events(stage) == []


def test_a_refusal_in_the_middle_holds_what_was_begun(tmp_path):
    """R20: events of its first half are out, so a person must know."""
    drop = CannedDrop()
    drop.put("one.dat", GOOD)

    class Changing(CannedFeed):
        def collect(self, arrival, checkpoint):
            yield next(iter(super().collect(arrival, checkpoint)))
            raise Rejected("it is being written to", code="changed")

    adapter = Adapter("canned_feed", "feed", CannedFeedSettings, lambda opening: Changing(drop, opening))
    with staged(tmp_path, drop=drop, adapters={"canned_feed": adapter}) as stage:
        (file,) = collect(stage)
        assert (file["state"], file["events"], file["reason"]) == ("held", 2, "it is being written to")


async def test_slow_drops_keep_no_halt_waiting(stage):
    """R67: listing a drop takes minutes when its share is gone; other work has other threads."""
    let, (opened, feed) = threading.Event(), stage.assembly.kernel.feed("canned", "stock_count")

    def slow():
        let.wait(10)
        return []

    opened.feeds["drop"].adapter.arrivals = slow
    collecting, operator = stage.assembly.collecting, stage.operator
    feeds = [replace(feed, name=f"feed_{number}") for number in range(40)]
    for one in feeds:
        opened.bundle.feeds[one.name] = one
    running = [asyncio.create_task(collecting.collect(operator, "canned", one.name)) for one in feeds]
    await asyncio.sleep(0.1)
    await asyncio.wait_for(asyncio.to_thread(stage.assembly.control.halt, operator, "everything"), 5)
    let.set()
    await asyncio.gather(*running, return_exceptions=True)


@pytest.mark.parametrize("error", [Drifted("a record outside"), Uncertain("who knows"), RuntimeError("CANARY")])
def test_a_file_that_cannot_be_read_to_its_end_holds_no_other_back(stage, monkeypatch, error):
    """R20, R72: it is held with the reason, for an open one keeps every reader from all that come after it."""
    stage.drop.put("a-poison.dat", b"Z-999 1\n= 1\n")
    stage.drop.put("b-good.dat", GOOD)
    adapter = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter
    collects = adapter.collect

    def poisoned(arrival, checkpoint):
        if arrival.name == "a-poison.dat":
            raise error
        return collects(arrival, checkpoint)

    monkeypatch.setattr(adapter, "collect", poisoned)
    poison, good = collect(stage)
    assert (poison["state"], good["state"]) == ("held", "archived")
    assert "CANARY" not in poison["reason"]
    assert events(stage) == WHOLE


def test_an_open_file_of_a_feed_that_is_gone_is_held(stage):
    """R20: nobody would ever end it."""
    kernel = stage.assembly.kernel
    arrival = Arrival("old.dat", 1, "0" * 64)
    with kernel.ledger.write() as connection:
        gone = begin_file(connection, environment="sandbox", wrapper="canned", feed="gone", arrival=arrival,
                          shape="s", now=stage.clock.now())  # fmt: skip
        begin_file(connection, environment="sandbox", wrapper="canned", feed="stock_count", arrival=arrival, shape="s",
                   now=stage.clock.now())  # fmt: skip
    stage.assembly.collecting.orphans()
    with kernel.ledger.read() as connection:
        assert [file.id for file in files(connection, state=FileState.HELD)] == [gone.id]
    assert [entry.event for entry in stage.entries()] == ["batch.held"]


def test_a_halt_is_asked_before_every_file(stage, monkeypatch):
    """R67: what runs begins nothing more."""
    for number in range(3):
        stage.drop.put(f"{number}.dat", GOOD.replace(b"140", b"%d" % number))
    adapter, operator = stage.assembly.kernel.wrappers["canned"].feeds["drop"].adapter, stage.operator
    collects = adapter.collect

    def halting(arrival, checkpoint):
        stage.assembly.control.halt(operator, "everything")
        return collects(arrival, checkpoint)

    monkeypatch.setattr(adapter, "collect", halting)
    assert [file["name"] for file in collect(stage)] == ["0.dat"]
    assert collect(stage) == []


async def test_who_is_refused_and_who_looks_at_raw_records_is_in_the_audit(stage):
    """R98: a halt, a question and a collect too."""
    stage.drop.put("one.dat", DAMAGED)
    (file,) = collect(stage)
    agent, assembly = stage.agent, stage.assembly
    for asked in (assembly.control.halt, assembly.control.resume, assembly.asking.ask):
        with pytest.raises(Problem):
            asked(agent, "everything")
    with pytest.raises(Problem):
        await assembly.collecting.collect(agent, "canned", "stock_count")
    refused = [(entry.operation, entry.identity) for entry in stage.entries("call.denied")]
    assert refused == [(name, "agent") for name in ("halt", "resume", "ask", "stock_count")]
    assembly.collecting.quarantined(stage.operator, file["id"])
    (entry,) = stage.entries("quarantine.read")
    assert (entry.identity, entry.body["file"]["name"]) == ("operator", "one.dat")
