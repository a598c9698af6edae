"""Approved writes leave as a job's input file, once, and what its answer says settles each of them."""

import asyncio
from datetime import timedelta

import pytest
from ordering import ordering

from brownfield.rules.input import plain_number, read_said
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import Event
from brownfield.runtime.putting import Putting

pytestmark = pytest.mark.anyio


async def test_from_the_proposals_to_the_answers(desk):
    """Every approved write is one record; what the job says of each settles it."""
    ids = [await desk.approved("SO-1"), await desk.approved("SO-2", sku="X-900"), await desk.approved("SO-3", units=0)]
    waiting = await desk.proposed("SO-4")
    made = await desk.send()
    assert (made["file"]["name"], made["file"]["sequence"], made["file"]["records"]) == ("ORD000001.DAT", 1, 3)
    assert set(desk.seen()) == {"ORD000001.DAT", "ORD000001.DAT.done"}
    assert desk.states(ids) == ["sent"] * 3
    assert desk.proposal(ids[1]).result == {"file": "ORD000001.DAT", "sequence": 1, "record": 2}
    assert desk.work() == 1
    await desk.answered()
    assert desk.states([*ids, waiting.id]) == ["done", "rejected", "rejected", "proposed"]
    assert desk.proposal(ids[0]).outcome == "accepted with 00: TAKEN"
    assert desk.proposal(ids[1]).result["message"] == "NO SUCH ARTICLE"
    assert desk.taken() == ["1 1 D SO-1 00", "1 2 D SO-2 10", "1 3 D SO-3 20"]
    events = [entry.event for entry in desk.entries() if entry.event.split(".")[0] in ("input", "write")]
    assert events[-8:] == ["input.prepared", "write.sent", "write.sent", "write.sent", "input.sent", "write.done",
                           "write.rejected", "write.rejected", "input.acknowledged"][-8:]  # fmt: skip


async def test_nothing_approved_makes_no_file(desk):
    await desk.proposed()
    assert (await desk.send())["file"] is None
    assert desk.seen() == {}
    assert not desk.entries("input.prepared")


async def test_numbers_have_no_gap(desk):
    """Whatever was refused, withdrawn or found empty in between."""
    await desk.whole("SO-1")
    await desk.send()
    await desk.whole("SO-2")
    await desk.approved("SO-3")
    desk.inbox.rename(desk.inbox.with_name("away"))
    kept = await desk.send()
    assert kept["file"]["state"] == "prepared"
    assert "cannot be written" in kept["file"]["reason"]
    await desk.assembly.sending.withdraw(desk.operator, "orders", "entry", 3, "the share is gone")
    desk.inbox.with_name("away").rename(desk.inbox)
    made = await desk.send()
    assert (made["file"]["sequence"], made["file"]["state"]) == (3, "sent")
    desk.work()
    assert [line.split()[0] for line in desk.taken()] == ["1", "2", "3"]


async def test_a_number_may_begin_where_the_system_is(open_desk):
    desk = open_desk({"batch = { first = 1, most = 500 }": "batch = { first = 4711, most = 2 }"})
    for order in ("SO-1", "SO-2", "SO-3"):
        await desk.approved(order)
    made = await desk.send()
    assert (made["file"]["name"], made["file"]["records"]) == ("ORD004711.DAT", 2)
    assert [one["reason"] for one in made["left"]] == ["a file holds 2 records"]
    assert (await desk.send())["file"]["name"] == "ORD004712.DAT"


@pytest.mark.parametrize(("fields", "reason"), [
    ({"note": "café"}, "has a character that ascii has not"),
    ({"note": "a\nD000009"}, "control character"),
    ({"note": "blank "}, "would come back as 'blank'"),
])  # fmt: skip
async def test_what_no_record_can_hold_is_not_even_proposed(desk, fields, reason):
    """People are not asked to approve what would have to be cut."""
    with pytest.raises(Problem, match=reason) as refusal:
        await desk.proposed(**fields)
    assert refusal.value.code == "invalid"
    assert "nothing was proposed" in refusal.value.cause
    assert not desk.entries("write.proposed")


async def test_an_overflow_of_its_picture_is_refused_by_the_schema(desk):
    with pytest.raises(Problem) as refusal:
        await desk.proposed(units=100_000)
    assert refusal.value.code == "invalid"


async def test_what_would_make_a_total_overflow_waits_for_the_next_file(open_desk):
    """It is left with the reason, and blocks nothing."""
    desk = open_desk()
    ids = [await desk.approved(f"SO-{number}", units=99_999) for number in range(101)]
    made = await desk.send()
    assert made["file"]["records"] == 100
    [left] = made["left"]
    assert (left["proposal"], "unit_total: 10099899 does not fit" in left["reason"]) == (ids[-1], True)
    assert desk.states(ids) == ["sent"] * 100 + ["approved"]
    assert (await desk.send())["file"]["records"] == 1


async def test_one_that_cannot_be_made_any_more_is_denied_alone(desk):
    """Its grant is gone, or it is not what was approved; the rest go."""
    ids = [await desk.approved("SO-1"), await desk.approved("SO-2")]
    with desk.assembly.kernel.ledger.write() as connection:
        connection.exec_driver_sql("UPDATE bf_proposal SET arguments = replace(arguments, 'A-100', 'B-666')"
                                   " WHERE id = ?", (ids[0],))  # fmt: skip
    made = await desk.send()
    assert made["file"]["records"] == 1
    assert desk.states(ids) == ["denied", "sent"]
    assert "it is not what was approved" in desk.proposal(ids[0]).outcome


async def test_a_halt_keeps_writes_from_the_file(desk):
    ids = [await desk.approved("SO-1"), await desk.approved("SO-1", operation="cancel_order")]
    desk.assembly.control.halt(desk.operator, "operation:orders.place_order")
    await desk.send()
    assert desk.states(ids) == ["approved", "sent"]


async def test_a_halt_after_the_claim_keeps_the_file_from_leaving(desk, monkeypatch):
    id_ = await desk.approved("SO-1")
    monkeypatch.setattr(Putting, "finish", nothing)
    assert (await desk.send())["file"]["state"] == "prepared"
    monkeypatch.undo()
    desk.assembly.control.halt(desk.operator, "everything")
    await desk.assembly.sending.tick()
    assert desk.seen() == {}
    [blocked] = desk.entries("input.blocked")
    assert "has halted everything" in blocked.body["cause"]
    desk.assembly.control.resume(desk.operator, "everything")
    await desk.assembly.sending.tick()
    assert desk.states([id_]) == ["sent"]
    assert len(desk.entries("input.blocked")) == 1


async def nothing(*_):
    """Stands in for what is killed before it puts anything."""


async def test_the_worker_leaves_them_alone(desk):
    id_ = await desk.approved()
    await desk.assembly.worker.sweep()
    assert await desk.assembly.worker.step() is False
    await desk.send()
    await desk.assembly.worker.sweep()
    assert desk.states([id_]) == ["sent"]


async def test_a_read_only_bundle_sends_nothing(open_desk):
    desk = open_desk({'mode  = "live"  ': 'mode  = "read-only"'})
    id_ = await desk.approved()
    with pytest.raises(Problem, match="read-only"):
        await desk.send()
    desk.assembly.proposing.by_hand(desk.operator, id_, "ORDER 4711")
    assert desk.states([id_]) == ["done_by_hand"]


async def test_a_resend_is_the_same_to_the_byte(desk):
    """Nobody but a person sends a file again; what is answered completely is not sent again at all."""
    ids = [await desk.approved("SO-1"), await desk.approved("SO-2")]
    await desk.send()
    first = desk.seen()["ORD000001.DAT"]
    for path in desk.inbox.glob("ORD*"):
        path.unlink()
    desk.clock.move(timedelta(days=1))
    for _ in range(3):
        await desk.assembly.sending.tick()
    assert desk.seen() == {}
    again = await desk.assembly.sending.resend(desk.operator, "orders", "entry", 1, "operations lost it")
    assert (again["state"], again["resent"]) == ("sent", 1)
    assert desk.seen()["ORD000001.DAT"] == first
    [resent] = desk.entries("input.resent")
    assert (resent.identity, resent.body["note"]) == ("operator", "operations lost it")
    desk.work()
    await desk.answered()
    assert desk.states(ids) == ["done", "done"]
    with pytest.raises(Problem, match="every record of"):
        await desk.assembly.sending.resend(desk.operator, "orders", "entry", 1, "once more")


async def test_a_file_that_still_lies_there_may_be_sent_again(desk):
    await desk.approved()
    await desk.send()
    before = desk.seen()
    await desk.assembly.sending.resend(desk.operator, "orders", "entry", 1, "to be sure")
    assert desk.seen() == before
    assert desk.work() == 1


async def test_another_file_of_the_name_is_not_written_over(desk):
    """As after a ledger that was restored from a backup: the number is taken out there already."""
    (desk.inbox / "ORD000001.DAT").write_bytes(b"yesterday's")
    id_ = await desk.approved()
    made = await desk.send()
    assert made["file"]["state"] == "prepared"
    assert "is there already, and it is another file" in made["file"]["reason"]
    assert desk.seen() == {"ORD000001.DAT": b"yesterday's"}
    await desk.approved("SO-2")
    with pytest.raises(Problem, match="file 1 has not left yet"):
        await desk.send()
    (desk.inbox / "ORD000001.DAT").unlink()
    await desk.assembly.sending.tick()
    assert desk.states([id_]) == ["sent"]


async def test_an_answer_that_does_not_come_makes_them_unknown(desk):
    """And one page, for the file; an answer that comes late settles them after all."""
    ids = [await desk.approved("SO-1"), await desk.approved("SO-2", sku="X-1")]
    await desk.send()
    desk.clock.move(timedelta(hours=23, minutes=59))
    await desk.assembly.sending.tick()
    assert desk.states(ids) == ["sent", "sent"]
    desk.clock.move(timedelta(minutes=2))
    await desk.assembly.sending.tick()
    await desk.assembly.sending.tick()
    assert desk.states(ids) == ["unknown", "unknown"]
    [overdue] = desk.entries("input.overdue")
    assert (overdue.body["count"], overdue.body["file"]["name"]) == (2, "ORD000001.DAT")
    desk.work()
    await desk.answered()
    assert desk.states(ids) == ["done", "rejected"]


async def test_an_answer_for_part_of_it_leaves_the_rest_open(desk):
    ids = [await desk.approved(order) for order in ("SO-1", "SO-2")]
    await desk.send()
    answer(desk, "ACK000001.DAT", [(1, 1, "00")])
    await desk.answered()
    assert desk.states(ids) == ["done", "sent"]
    desk.clock.move(timedelta(hours=25))
    await desk.assembly.sending.tick()
    assert desk.states(ids) == ["done", "unknown"]
    assert desk.entries("input.overdue")[0].body["count"] == 1


async def test_an_answer_that_comes_twice_changes_nothing(desk):
    """The same file is a duplicate; the same lines in another file are told."""
    ids = await desk.whole("SO-1", "SO-2")
    answer(desk, "ACK000001-B.DAT", [(1, 1, "00"), (1, 2, "00")], trailing="AGAIN")
    await desk.answered()
    assert desk.states(ids) == ["done", "done"]
    assert len(desk.entries("write.done")) == 2
    [repeated] = desk.entries("input.repeated")
    assert repeated.body["count"] == 2
    assert not desk.entries("input.unmatched", "input.contradicted")


async def test_an_answer_that_says_otherwise_changes_nothing_and_is_told(desk):
    ids = await desk.whole("SO-1")
    answer(desk, "ACK000001-B.DAT", [(1, 1, "10")])
    await desk.answered()
    assert desk.states(ids) == ["done"]
    [told] = desk.entries("input.contradicted")
    assert told.body["lines"] == ["file 1, record 1: 10"]
    sending, status = desk.assembly.sending, desk.assembly.control.status
    [listed] = sending.listing(desk.operator)
    assert listed["contradicted"] == 1
    [record] = sending.show(desk.operator, "orders", "entry", 1)["records"]
    assert record["contradiction"] == "file 1, record 1: 10"
    [shown] = status(desk.operator)["contradicted"]
    assert (shown["connection"], shown["sequence"], shown["records"]) == ("orders.entry", 1, 1)
    assert shown["last"] == "file 1, record 1: 10"
    assert status(desk.agent)["contradicted"] == []
    desk.clock.move(timedelta(days=31))
    assert status(desk.operator)["contradicted"] == []
    assert sending.listing(desk.operator)[0]["contradicted"] == 1


async def test_a_withdrawn_file_has_no_number_for_the_next_one_has_it(desk, monkeypatch):
    """R97: a program that goes by the number, and a person who reads the list, find one file under each."""
    await desk.approved("SO-1")
    with monkeypatch.context() as patch:
        patch.setattr(Putting, "finish", nothing)
        await desk.send()
    gone = await desk.assembly.sending.withdraw(desk.operator, "orders", "entry", 1, "wrong day")
    assert (gone.get("sequence"), gone["gave_back"], gone["state"]) == (None, 1, "withdrawn")
    await desk.send()
    listed = desk.assembly.sending.listing(desk.operator)
    assert [(one.get("sequence"), one["state"]) for one in listed] == [(1, "sent"), (None, "withdrawn")]


async def test_an_answer_for_another_batch_changes_nothing_and_is_told(desk):
    """Of a file that was never made, of a record that is not in it, with a status that nobody declared."""
    ids = [await desk.approved("SO-1")]
    await desk.send()
    answer(desk, "ACK000007.DAT", [(7, 1, "00"), (1, 9, "00"), (1, 1, "77")])
    await desk.answered()
    assert desk.states(ids) == ["sent"]
    lines = [line for entry in desk.entries("input.unmatched") for line in entry.body["lines"]]
    assert lines == ["file 7, record 1: 00", "file 1, record 9: 00", "file 1, record 1: 77"]


@pytest.mark.parametrize("digits", [20, 5000])
def test_a_number_that_nothing_holds_is_nobodys(digits):
    """The other lines are read all the same, and deadlines are kept."""
    names = {"sequence": "file", "record": "line", "status": "code"}
    said = read_said({"file": "9" * digits, "line": "1", "code": "00"}, names, ["00"], [])
    assert (said.sequence, said.event) == (None, Event.CONFIRM)
    assert plain_number("9" * digits) == "9" * digits
    assert plain_number("000012") == "12"


async def test_an_answer_to_what_has_not_left_is_nobodys(desk, monkeypatch):
    """Nobody but the job can know what is in a file; before it has left nobody can."""
    id_ = await desk.approved("SO-1")
    monkeypatch.setattr(Putting, "finish", nothing)
    await desk.send()
    answer(desk, "ACK000001.DAT", [(1, 1, "00")])
    await desk.answered()
    assert desk.states([id_]) == ["executing"]
    assert len(desk.entries("input.unmatched")) == 1


async def test_answers_from_before_are_not_looked_at(tmp_path):
    """A feed that was there already begins to be looked at when files begin to be sent."""
    with ordering(tmp_path) as desk:
        answer(desk, "ACK000009.DAT", [(9, 1, "00")])
        await desk.answered()
        assert len(desk.entries("batch.committed")) == 1
        ids = await desk.whole("SO-1")
        assert desk.states(ids) == ["done"]
        assert not desk.entries("input.unmatched")


async def test_undo_is_a_record_of_its_own(desk):
    [id_] = await desk.whole("SO-1")
    reverse = await desk.assembly.proposing.undo(desk.operator, id_, "the customer called")
    desk.approve(reverse.proposal)
    await desk.send()
    desk.work()
    await desk.answered()
    assert desk.states([reverse.proposal.id]) == ["done"]
    assert desk.taken()[-1] == "2 1 C SO-1 00"


async def test_a_record_may_be_told_by_what_the_proposer_gave(open_desk):
    desk = open_desk({'record   = "line_no"': 'record   = "order_no"\nargument = "order_no"'})
    ids = await desk.whole("SO-1", "SO-2")
    assert desk.states(ids) == ["done", "done"]


async def test_a_file_that_cannot_leave_is_in_the_status(desk):
    (desk.inbox / "ORD000001.DAT").write_bytes(b"yesterday's")
    await desk.approved()
    await desk.send()
    [told] = desk.assembly.control.status(desk.operator)["unsent"]
    assert (told["connection"], told["sequence"], told["state"]) == ("orders.entry", 1, "prepared")
    assert "it is another file" in told["reason"]


async def test_a_dry_run_shows_every_field_beside_its_bytes(desk):
    """R86: and claims, denies and writes nothing."""
    id_ = await desk.approved("SO-1")
    plan = await desk.assembly.sending.plan(desk.operator, "orders", "entry")
    assert plan["file"]["name"] == "ORD000001.DAT"
    units = next(one for one in plan["fields"] if one["field"] == "units")
    assert (units["record"], units["offset"], units["bytes"], units["value"]) == (1, 25, "00002c", 2)
    assert desk.states([id_]) == ["approved"]
    assert desk.seen() == {}
    assert not desk.entries("input.prepared")


async def test_who_may_not_send_is_refused_and_it_is_told(desk):
    for caller in (desk.agent, desk.marie):
        with pytest.raises(Problem) as refusal:
            await desk.assembly.sending.send(caller, "orders", "entry")
        assert refusal.value.code == "denied"
    assert len(desk.entries("call.denied")) == 2


async def test_the_story_of_one_is_told_in_sentences(desk):
    """`ask` finds it by the order, by the file, by the number."""
    await desk.whole("SO-1")
    told = desk.assembly.asking.ask(desk.operator, "what happened with SO-1 today")
    assert "left for Order entry (nightly batch) (sandbox)" in " ".join(told["story"])
    assert 'as record 1 of "ORD000001.DAT"' in " ".join(told["story"])
    files = desk.assembly.asking.ask(desk.operator, 'what happened with file "ORD000001.DAT" today')
    assert "was answered: 1 accepted" in " ".join(files["story"])


async def test_two_who_send_at_once_make_one_file(desk):
    ids = [await desk.approved(f"SO-{number}") for number in range(5)]
    made = await asyncio.gather(*(desk.send() for _ in range(4)))
    assert [one["file"]["records"] for one in made if one["file"]] == [5]
    assert desk.states(ids) == ["sent"] * 5


async def test_a_schedule_sends_what_people_approved(open_desk, monkeypatch):
    """No standing approval is asked for: nothing leaves that was not approved by itself."""
    desk = open_desk({'cron = "0 18 * * mon-fri"': 'cron = "* * * * *"'})
    await desk.approved("SO-1")
    await desk.proposed("SO-2")
    desk.clock.move(timedelta(minutes=1))
    await desk.assembly.scheduler.tick()
    assert list(desk.seen()) == ["ORD000001.DAT", "ORD000001.DAT.done"]
    assert desk.taken() == []
    desk.work()
    assert desk.taken() == ["1 1 D SO-1 00"]


def answer(desk, name, lines, trailing=""):
    """A file of the job's answers, as somebody could write one."""
    body = [f"A{file:06}{record:06}{'SO':10}{status}{trailing:25}" for file, record, status in lines]
    text = "".join([f"H{lines[0][0]:06}".ljust(50), *body, f"T{len(lines):06}".ljust(50)])
    (desk.outbox / name).write_text(text, "ascii")
