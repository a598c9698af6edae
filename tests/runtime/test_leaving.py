"""What stands between a file that was prepared and the job: asked each time anew, until it has left."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from ordering import ordering

from brownfield.rules.problem import Problem

pytestmark = pytest.mark.anyio


@pytest.fixture
def put_up(tmp_path):
    with ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(ordering(tmp_path, *args, **more))


@pytest.fixture
def desk(put_up):
    return put_up()


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
