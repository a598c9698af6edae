"""What stands between a file that was prepared and the job: asked each time anew, until it has left."""

import asyncio
import hashlib
import os
import threading
from datetime import timedelta

import pytest
from stage import until

from brownfield.rules.paging import PAGED
from brownfield.rules.problem import Problem
from brownfield_files.input.outgoing import Outgoing

pytestmark = pytest.mark.anyio


async def test_one_answer_proves_that_the_job_has_the_file(desk):
    """R77: what is half answered is not sent again: the job would do the whole of it twice."""
    ids = [await desk.approved("SO-1"), await desk.approved("SO-2")]
    await desk.send()
    desk.work()
    for path in desk.outbox.glob("ACK*"):
        path.unlink()
    desk.reply("ACK000001.DAT", [(1, 1, "00")])
    await desk.answered()
    assert desk.states(ids) == ["done", "sent"]
    with pytest.raises(Problem, match="not every record"):
        await desk.assembly.sending.resend(desk.operator, "orders", "entry", 1, "one of them")
    assert len(desk.taken()) == 2


async def test_what_was_ruled_out_does_not_go_in_the_first_file_again(desk):
    """R77: it may have been proposed again since, and be in another file."""
    ids = [await desk.approved("SO-1"), await desk.approved("SO-2")]
    await desk.send()
    for path in desk.inbox.glob("ORD*"):
        path.unlink()
    desk.clock.move(timedelta(hours=25))
    await desk.settle()
    desk.assembly.proposing.resolve(desk.operator, ids[0], "failed", "it is not there")
    await desk.approved("SO-1")
    assert (await desk.send())["file"]["name"] == "ORD000002.DAT"
    with pytest.raises(Problem, match="of record 1 it is said"):
        await desk.assembly.sending.resend(desk.operator, "orders", "entry", 1, "lost")
    desk.work()
    assert [line for line in desk.taken() if "SO-1" in line] == ["2 1 D SO-1 00"]


async def test_what_is_about_to_go_again_is_not_ruled_out(desk):
    """R77: the other order of the same two."""
    id_ = await desk.approved("SO-1")
    await desk.send()
    for path in desk.inbox.glob("ORD*"):
        path.unlink()
    desk.clock.move(timedelta(hours=25))
    await desk.settle()
    (desk.inbox / "ORD000001.DAT").write_bytes(b"another's")
    again = await desk.assembly.sending.resend(desk.operator, "orders", "entry", 1, "lost")
    assert again["state"] == "resending"
    with pytest.raises(Problem, match="is about to be sent again"):
        desk.assembly.proposing.resolve(desk.operator, id_, "failed", "it is not there")
    assert desk.states([id_]) == ["unknown"]


async def kept_back(desk, *orders):
    """Writes in a file that cannot leave yet: something else has its name."""
    (desk.inbox / "ORD000001.DAT").write_bytes(b"another's")
    ids = [await desk.approved(order) for order in orders]
    assert (await desk.send())["file"]["state"] == "prepared"
    (desk.inbox / "ORD000001.DAT").unlink()
    return ids


def forge(desk):
    """Change a file's bytes in the ledger, together with their hash."""
    with desk.assembly.kernel.ledger.write() as connection:
        (data,) = connection.exec_driver_sql("SELECT data FROM bf_input").one()
        other = bytes(data).replace(b"A-100", b"B-666")
        values = (other, hashlib.sha256(other).hexdigest())
        connection.exec_driver_sql("UPDATE bf_input SET data = ?, sha256 = ?", values)


def failing(*_):
    raise OSError(5, "the share is down")


async def test_a_resend_that_waits_does_not_go_once_it_is_answered(desk):
    """R77: the job had the file all the time, and would do it twice."""
    await desk.approved("SO-1")
    await desk.send()
    desk.work()
    (desk.inbox / "ORD000001.DAT").write_bytes(b"another's")
    again = await desk.assembly.sending.resend(desk.operator, "orders", "entry", 1, "no answer")
    assert again["state"] == "resending"
    await desk.answered()
    (desk.inbox / "ORD000001.DAT").unlink()
    await desk.settle()
    assert desk.seen() == {}
    assert desk.taken() == ["1 1 D SO-1 00"]
    [told] = desk.entries("input.withdrawn")
    assert told.body["cause"] == "what became of record 1 of ORD000001.DAT was said meanwhile"
    assert desk.assembly.sending.show(desk.operator, "orders", "entry", 1)["file"]["state"] == "sent"


async def test_a_resend_that_cannot_go_is_withdrawn(desk):
    """It is as it was before, and the next file leaves."""
    id_ = await desk.approved("SO-1")
    await desk.send()
    desk.work()
    (desk.inbox / "ORD000001.DAT").write_bytes(b"another's")
    await desk.assembly.sending.resend(desk.operator, "orders", "entry", 1, "no answer")
    back = await desk.assembly.sending.withdraw(desk.operator, "orders", "entry", 1, "it was the wrong one")
    assert (back["state"], back.get("resent"), desk.states([id_])) == ("sent", None, ["sent"])
    await desk.approved("SO-2")
    assert (await desk.send())["file"]["state"] == "sent"


async def test_what_was_leaving_and_is_staged_still_is_held_by_a_halt(desk, monkeypatch):
    """R77: its rename failed. It may be withdrawn, too: it has surely not left."""
    id_ = await desk.approved("SO-1")
    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "_release", failing)
        assert (await desk.send())["file"]["state"] == "leaving"
        await desk.settle()
    assert len(desk.entries("input.blocked")) == 1
    desk.assembly.control.halt(desk.operator, "everything", "stop")
    await desk.settle()
    assert desk.seen() == {}
    [unsent] = desk.assembly.control.status(desk.operator)["unsent"]
    assert (unsent["state"], unsent["reason"]) == ("prepared", "operator@example.com has halted everything")
    await desk.assembly.sending.withdraw(desk.operator, "orders", "entry", 1, "stop")
    assert desk.states([id_]) == ["approved"]
    assert [path.name for path in desk.inbox.iterdir() if "staged" in path.name] == []


async def test_what_expired_meanwhile_does_not_leave(desk):
    [id_] = await kept_back(desk, "SO-1")
    desk.clock.move(timedelta(days=60))
    await desk.settle()
    assert desk.seen() == {}
    await desk.assembly.worker.sweep()
    assert desk.states([id_]) == ["expired"]


@pytest.mark.parametrize("change", [
    "UPDATE bf_proposal SET arguments = replace(arguments, 'A-100', 'B-666') WHERE id = '{id}'",
    "DELETE FROM bf_approval WHERE proposal = '{id}'",
])  # fmt: skip
async def test_what_is_not_what_was_approved_any_more_does_not_leave(desk, change):
    """It is denied alone; the others are approved again, and leave in the next file, which has the number."""
    ids = await kept_back(desk, "SO-1", "SO-2")
    with desk.assembly.kernel.ledger.write() as connection:
        connection.exec_driver_sql(change.format(id=ids[0]))
    await desk.settle()
    assert desk.seen() == {}
    assert desk.states(ids) == ["denied", "approved"]
    made = await desk.send()
    assert (made["file"]["sequence"], made["file"]["records"]) == (1, 1)
    assert desk.states(ids) == ["denied", "sent"]


async def test_bytes_that_the_audit_does_not_know_do_not_leave(desk):
    """The audit's chain has the hash of those that were prepared."""
    [id_] = await kept_back(desk, "SO-1")
    forge(desk)
    await desk.settle()
    assert (desk.seen(), desk.states([id_])) == ({}, ["approved"])
    assert "are not those that were prepared" in desk.entries("input.withdrawn")[0].body["cause"]


async def test_nothing_leaves_into_the_empty_folder_of_a_share(desk):
    """R77: only a connection's first file may find a folder that does not know it."""
    await desk.whole("SO-1")
    desk.inbox.rename(desk.inbox.with_name("share"))
    desk.inbox.mkdir()
    id_ = await desk.approved("SO-2")
    assert "is it mounted?" in (await desk.send())["file"]["reason"]
    assert list(desk.inbox.iterdir()) == []
    desk.inbox.rmdir()
    desk.inbox.with_name("share").rename(desk.inbox)
    await desk.settle()
    assert desk.states([id_]) == ["sent"]


async def test_what_vanished_while_it_was_leaving_is_not_said_to_be_sent(desk, monkeypatch):
    """R77: a cleaner, or a job: nobody knows. It is never put again by itself; an answer settles it, or a person."""
    id_ = await desk.approved("SO-1")
    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "_release", failing)
        await desk.send()
    for path in desk.inbox.glob(".*.staged"):
        path.unlink()
    for _ in range(2):
        await desk.settle()
    assert (desk.seen(), desk.states([id_])) == ({}, ["unknown"])
    assert desk.assembly.sending.show(desk.operator, "orders", "entry", 1)["file"]["state"] == "unknown"
    [told] = desk.entries("input.unknown")
    assert told.event in PAGED
    again = await desk.assembly.sending.resend(desk.operator, "orders", "entry", 1, "a cleaner took it")
    assert again["state"] == "sent"
    desk.work()
    await desk.answered()
    assert (desk.states([id_]), desk.taken()) == (["done"], ["1 1 D SO-1 00"])


async def test_what_lies_there_still_is_not_ruled_out(desk):
    """R77: the job may take it tomorrow."""
    id_ = await desk.approved("SO-1")
    await desk.send()
    desk.clock.move(timedelta(hours=25))
    await desk.settle()
    with pytest.raises(Problem, match="lies in its place still"):
        desk.assembly.proposing.resolve(desk.operator, id_, "failed", "it is not there")
    assert desk.states([id_]) == ["unknown"]


async def test_a_pipe_of_the_name_holds_nobody(desk):
    """What is no file is not read."""
    os.mkfifo(desk.inbox / "ORD000001.DAT")
    await desk.approved("SO-1")
    made = await asyncio.wait_for(desk.send(), 20)
    assert "it is no file" in made["file"]["reason"]


async def test_a_place_that_hangs_holds_no_deadline(desk, monkeypatch):
    """Nor any other place: it is waited for so long, and goes on by itself."""
    id_ = await desk.approved("SO-1")
    await desk.send()
    desk.clock.move(timedelta(hours=25))
    answering = threading.Event()
    monkeypatch.setattr("brownfield.runtime.sending.PATIENCE", 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "_stage", lambda *_: answering.wait(60))
        await desk.approved("SO-2")
        made = await desk.send()
        assert made["file"]["state"] == "prepared"
        await desk.settle()
        assert desk.states([id_]) == ["unknown"]
        with pytest.raises(Problem, match="is being put now"):
            await desk.assembly.sending.withdraw(desk.operator, "orders", "entry", 2, "it hangs")
    answering.set()


async def test_a_place_that_hangs_holds_nobody_who_asks(desk, monkeypatch):
    """R97: nothing is ruled out that cannot be seen; and it keeps one thread, however often somebody asks."""
    id_ = await desk.approved("SO-1")
    await desk.send()
    desk.clock.move(timedelta(hours=25))
    await desk.settle()
    answering, threads = threading.Event(), []
    monkeypatch.setattr("brownfield.runtime.connection.PATIENCE", 0.1)
    resolve = desk.assembly.proposing.resolve
    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "_where", lambda *_: answering.wait(60))
        for _ in range(3):
            with pytest.raises(Problem, match=r"does not answer within 0.1 s.*nothing was changed") as refused:
                resolve(desk.operator, id_, "failed", "it is not there")
            assert refused.value.code == "unavailable"
            threads.append([one.name for one in threading.enumerate()].count("entry-look"))
    assert threads == [1, 1, 1]
    assert desk.states([id_]) == ["unknown"]
    answering.set()
    for path in desk.inbox.glob("ORD*"):
        path.unlink()
    assert resolve(desk.operator, id_, "failed", "it is not there").proposal.state == "failed"


async def test_a_place_that_hangs_holds_no_withdrawal(desk, monkeypatch):
    """What is staged and cannot be taken away stays, hidden, for nobody."""
    await desk.approved("SO-1")
    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "_stage", failing)
        await desk.send()
    answering = threading.Event()
    monkeypatch.setattr("brownfield.runtime.connection.PATIENCE", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "_discard", lambda *_: answering.wait(60))
        gone = await asyncio.wait_for(
            desk.assembly.sending.withdraw(desk.operator, "orders", "entry", 1, "it hangs"), 20
        )
    assert gone["state"] == "withdrawn"
    answering.set()


async def test_what_is_taken_away_late_is_not_of_the_next_file(desk, monkeypatch):
    """R77: it has the name of the file that was withdrawn; nothing is put while that one may still be taken away."""
    ids = await kept_back(desk, "SO-1")
    come, ended = threading.Event(), threading.Event()
    discard, release = Outgoing._discard, Outgoing._release

    def late(*args):
        come.wait(60)
        discard(*args)
        ended.set()

    def overtaken(*args):
        come.set()
        ended.wait(60)
        return release(*args)

    monkeypatch.setattr("brownfield.runtime.connection.PATIENCE", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "_discard", late)
        await desk.assembly.sending.withdraw(desk.operator, "orders", "entry", 1, "it hangs")
        patch.setattr(Outgoing, "_release", overtaken)
        for _ in range(2):
            await desk.settle()
            await busy(desk)
    assert (desk.seen(), desk.states(ids), desk.entries("input.sent")) == ({}, ["executing"], [])
    assert len(desk.entries("input.blocked")) == 2  # of the one that was withdrawn, and of this one, once
    come.set()
    await until(lambda: "entry-look" not in [one.name for one in threading.enumerate()])
    await left_once(desk, ids)


async def busy(desk):
    """Have sent what is approved, if it is not a file yet; it stays, and says why."""
    if desk.assembly.sending.listing(desk.operator)[0]["state"] == "withdrawn":
        await desk.send()
    file = desk.assembly.sending.show(desk.operator, "orders", "entry", 1)["file"]
    assert file["state"] == "prepared"
    assert "is at work still" in file["reason"]


async def left_once(desk, ids):
    """The file leaves, and the job takes it; nothing more comes."""
    for _ in range(2):
        await desk.settle()
        desk.work()
    assert desk.states(ids) == ["sent"] * len(ids)
    assert desk.taken() == [f"1 {number} D SO-{number} 00" for number in range(1, len(ids) + 1)]
    [told] = desk.entries("input.sent")
    assert "note" not in told.body
    assert desk.entries("input.unknown") == []


async def test_what_is_unfit_is_taken_away_before_the_next_file_is_put(desk, monkeypatch):
    """R77: however long its place takes."""
    ids = await kept_back(desk, "SO-1")
    forge(desk)
    come, discard = threading.Event(), Outgoing._discard

    def late(*args):
        come.wait(60)
        discard(*args)

    monkeypatch.setattr("brownfield.runtime.connection.PATIENCE", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr("brownfield.runtime.sending.PATIENCE", 0.3)
        patch.setattr(Outgoing, "_discard", late)
        await desk.settle()
        await until(lambda: desk.states(ids) == ["approved"])
        assert (await desk.send())["file"]["state"] == "prepared"
        assert desk.seen() == {}
    come.set()
    await left_once(desk, ids)


async def test_what_vanishes_at_the_last_moment_is_not_said_to_be_sent(desk, monkeypatch):
    """R77: that nothing is staged any more does not say that it left."""
    id_ = await desk.approved("SO-1")
    release = Outgoing._release

    def robbed(*args):
        for path in desk.inbox.glob(".*.staged"):
            path.unlink()
        return release(*args)

    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "_release", robbed)
        made = await desk.send()
    assert (made["file"]["state"], desk.states([id_])) == ("leaving", ["executing"])
    assert "was not found when it was to leave" in made["file"]["reason"]
    await desk.settle()
    assert (desk.seen(), desk.states([id_]), desk.entries("input.sent")) == ({}, ["unknown"], [])
    assert len(desk.entries("input.unknown")) == 1


async def test_what_is_not_seen_for_a_moment_leaves_later(desk, monkeypatch):
    """R77: a share may show late what was written to it."""
    ids = [await desk.approved("SO-1")]
    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "_release", lambda *_: False)
        assert (await desk.send())["file"]["state"] == "leaving"
    assert (desk.seen(), desk.states(ids), desk.entries("input.sent")) == ({}, ["executing"], [])
    await left_once(desk, ids)
