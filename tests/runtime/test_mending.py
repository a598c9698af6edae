"""Held files and unreadable records: decided on once, by a person, and told."""

import pytest
from stage import EVERYTHING, collect

from brownfield.contract import Verdict
from brownfield.ledger.event import page
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem
from brownfield.runtime.streaming import cloud_event
from brownfield.testing.canned.drop import CannedFeed

pytestmark = pytest.mark.anyio
DAMAGED = b"A-100 140\nB-2?? 7\nC-300 1\n= 3\n"
LIMIT = {'key = "sku"\n': 'key = "sku"\nquarantine_limit = 1\n'}
MANY = b"A-100 1\nx\ny\nB-200 2\nC-300 3\n= 5\n"


def events(stage):
    with stage.assembly.kernel.ledger.read() as connection:
        return [cloud_event(event) for event in page(connection, environment="sandbox").events]


def skus(stage):
    return [event["data"]["sku"] for event in events(stage)]


@pytest.fixture
def operator(stage):
    return stage.operator


def held(stage):
    stage.drop.put("one.dat", MANY)
    (file,) = collect(stage)
    assert (file["state"], file["events"]) == ("held", 2)
    stage.drop.put("one.dat", MANY)  # where it was set aside, the adapter finds it by its name and content
    return file["id"]


def quarantined(stage):
    stage.drop.put("one.dat", DAMAGED)
    (file,) = collect(stage)
    return file["id"]


async def test_a_person_has_the_rest_of_a_held_file_taken_in(put_up):
    """R20, R72: after the last chunk, under a number of its own; told with the name."""
    stage = put_up(LIMIT)
    id_, operator = held(stage), stage.operator
    resumed = await stage.assembly.collecting.resume(operator, id_, "looked at it")
    assert (resumed["state"], resumed["resumes"], resumed["records"]) == ("archived", id_, 6)
    assert skus(stage) == ["A-100", "B-200", "C-300"]
    assert stage.drop.settled == {"one.dat": Verdict.ARCHIVE}
    (entry,) = stage.entries("batch.resumed")
    assert (entry.identity, entry.body["note"]) == ("operator", "looked at it")
    with pytest.raises(Problem) as problem:
        await stage.assembly.collecting.resume(operator, id_)
    assert problem.value.code == "conflict"


async def test_a_held_file_may_be_refused_once(put_up):
    """R20, R72: it stays aside, and cannot be resumed any more."""
    stage = put_up(LIMIT)
    id_, operator = held(stage), stage.operator
    assert stage.assembly.collecting.refuse(operator, id_, "not ours")["state"] == "refused"
    assert stage.entries("batch.refused")[0].body["reason"] == "not ours"
    with pytest.raises(Problem) as problem:
        await stage.assembly.collecting.resume(operator, id_)
    assert problem.value.code == "conflict"


async def test_a_held_file_is_not_resumed_while_drift_stops_its_feed(put_up):
    """R22: what may not be collected may not be resumed either."""
    stage = put_up(LIMIT)
    id_ = held(stage)
    stage.assembly.kernel.wrappers["canned"].stops["drop"]["detail"] = "everything"
    with pytest.raises(Problem, match="not the locked one") as problem:
        await stage.assembly.collecting.resume(stage.operator, id_)
    assert problem.value.code == "drifted"
    assert len(stage.entries("batch.resumed")) == 0


async def test_a_resumed_file_that_is_gone_is_held_again(put_up):
    """R77: and holds no other back."""
    stage = put_up(LIMIT)
    id_ = held(stage)
    stage.drop.files.clear()
    resumed = await stage.assembly.collecting.resume(stage.operator, id_)
    assert (resumed["state"], resumed["resumes"]) == ("held", id_)
    assert collect(stage) == []


@pytest.mark.parametrize("given", [{"raw": b"B-200 7\n"}, {"fields": {"sku": "B-200", "on_hand": 7}}])
def test_a_corrected_record_becomes_its_one_event(stage, operator, given):
    """R20: the id is the record's, the position is new, and nobody can do it twice."""
    id_, mending = quarantined(stage), stage.assembly.mending
    before = events(stage)
    done = mending.correct(operator, id_, 1, note="typed anew", **given)
    assert (done["state"], done["decided_by"], done["note"]) == ("corrected", "operator", "typed anew")
    (made,) = events(stage)[len(before) :]
    assert made["data"] == {"sku": "B-200", "on_hand": 7}
    assert made["id"].rsplit("/", 1) == [before[0]["id"].rsplit("/", 1)[0], "1"]
    assert int(made["position"]) > int(before[-1]["position"])
    (entry,) = stage.entries("record.corrected")
    assert (entry.identity, entry.body["record"]) == ("operator", 1)
    for again in (mending.correct, mending.write_off):
        with pytest.raises(Problem) as problem:
            again(operator, id_, 1)
        assert problem.value.code == "conflict"
    assert len(events(stage)) == len(before) + 1


@pytest.mark.parametrize(
    "given",
    [{"raw": b"B-2?? 7\n"}, {"raw": b"B-200 7\nC-300 1\n"}, {"raw": b"= 3\n"}, {"fields": {"sku": "B-200"}},
     {"fields": {"sku": "B-200", "on_hand": "7"}}, {}],
    ids=["damaged still", "two records", "another type", "a field is missing", "a text for a number", "as it is"],
)  # fmt: skip
def test_what_is_still_wrong_stays_in_quarantine(stage, operator, given):
    """R20, R97."""
    id_ = quarantined(stage)
    with pytest.raises(Problem) as problem:
        stage.assembly.mending.correct(operator, id_, 1, **given)
    assert problem.value.code == "invalid"
    assert [one["state"] for one in stage.assembly.collecting.quarantined(operator, id_)] == ["open"]
    assert skus(stage) == ["A-100", "C-300"]


def test_records_are_read_again_when_what_reads_them_was_mended(stage, operator, monkeypatch):
    """R20: those that can be read now are events; the others stay, with the reason of today."""
    id_ = quarantined(stage)
    (still,) = stage.assembly.mending.replay(operator, id_)
    assert still["state"] == "open"
    (told,) = stage.entries("record.replayed")
    assert (told.identity, told.body["events"], told.body["open"]) == ("operator", 0, 1), "its bytes were told"
    reread = CannedFeed.reread
    mended = lambda self, number, raw: reread(self, number, raw.replace(b"??", b"00"))  # noqa: E731
    monkeypatch.setattr(CannedFeed, "reread", mended)
    (done,) = stage.assembly.mending.replay(operator, id_, "a new copybook")
    assert done["state"] == "corrected"
    assert stage.assembly.mending.replay(operator, id_) == []
    assert skus(stage) == ["A-100", "C-300", "B-200"]


def test_records_that_are_open_are_counted_until_they_are_decided_on(stage, operator):
    """R97: by feed in the status, by file in the list."""
    control, collecting = stage.assembly.control, stage.assembly.collecting
    assert control.status(operator)["unread"] == []
    id_ = quarantined(stage)
    assert control.status(operator)["unread"] == [{"feed": "canned.stock_count", "records": 1}]
    assert [file["open"] for file in collecting.batches(operator)] == [1]
    stage.assembly.mending.write_off(operator, id_, 1, "twice")
    assert control.status(operator)["unread"] == []
    assert [(file["open"], file["quarantined"]) for file in collecting.batches(operator)] == [(0, 1)]


def test_a_record_is_written_off_by_name(stage, operator):
    """R20, R98."""
    id_ = quarantined(stage)
    done = stage.assembly.mending.write_off(operator, id_, 1, "sent twice")
    assert (done["state"], done["decided_by"]) == ("written-off", "operator")
    (entry,) = stage.entries("record.written_off")
    assert (entry.identity, entry.body["note"]) == ("operator", "sent twice")
    assert len(events(stage)) == 2


@pytest.mark.parametrize("role", [Role.AGENT, Role.APPROVER, Role.AUDITOR])
async def test_only_who_may_collect_decides(stage, role):
    """R51, R98: and who may not is in the audit."""
    id_, other, assembly = quarantined(stage), stage.caller("other", role, *EVERYTHING), stage.assembly
    for refused in (assembly.mending.correct, assembly.mending.write_off):
        with pytest.raises(Problem) as problem:
            refused(other, id_, 1)
        assert problem.value.code == "denied"
    with pytest.raises(Problem) as problem:
        await assembly.collecting.resume(other, id_)
    assert problem.value.code == "denied"
    assert len(stage.entries("call.denied")) == 3
