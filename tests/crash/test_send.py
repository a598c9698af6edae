"""Killed at every step of sending a file, and of settling what was answered: nothing lost, nothing twice."""

import asyncio
import shutil
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runtime"))

import process
import sender
from ordering import ordering

pytestmark = pytest.mark.slow
ORDERS = ("SO-1", "SO-2", "SO-3")
MOST = 80
"""Steps that there are not: a run that is not killed ends the test before."""


def killed(folder, what, step):
    """Whether the run was killed at this step; it ended by itself when there is no such step."""
    ended = process.run(sender.run, folder, what, step)
    assert ended.code in {0, -signal.SIGKILL}, ended.err
    return ended.code != 0


async def approved(desk):
    return [await desk.approved(order) for order in ORDERS]


async def finished(desk, ids):
    """Started again: what was left is finished, the job runs, its answers are settled."""
    await desk.assembly.sending.tick()
    if "approved" in desk.states(ids):
        await desk.send()
    desk.work()
    await desk.answered()


def holds(desk, ids):
    """Every order was taken once, in one file, under the first number; each was told once."""
    assert desk.taken() == [f"1 {at} D {order} 00" for at, order in enumerate(ORDERS, start=1)]
    assert desk.states(ids) == ["done"] * 3
    for event, count in {"write.executing": 3, "write.done": 3, "input.prepared": 1}.items():
        assert len(desk.entries(event)) == count, event
    assert len(desk.entries("write.sent", "write.unanswered")) == 3
    assert sum(entry.body["accepted"] for entry in desk.entries("input.acknowledged")) == 3
    assert not desk.entries("input.unmatched", "input.repeated", "input.contradicted", "input.blocked")


@pytest.mark.timeout(400)
@pytest.mark.parametrize("job_runs_first", [False, True], ids=["job later", "job at once"])
def test_killed_at_every_step_of_sending(tmp_path, job_runs_first):
    """R77, R98: claimed, kept, staged, noted as leaving, renamed, marked, said to be sent.

    Whoever comes back and finds the file says `sent`. Only of one that the job took between the rename and the note of
    it nobody knows that it left, before it is answered: these steps follow each other, and no others are among them.
    """
    with ordering(tmp_path / "base") as desk:
        ids = asyncio.run(approved(desk))
    unseen = []
    for step in range(1, MOST):
        folder = tmp_path / str(step)
        shutil.copytree(tmp_path / "base", folder)
        dead = killed(folder, "send", step)
        with ordering(folder) as desk:
            if job_runs_first:
                desk.work()
            asyncio.run(finished(desk, ids))
            holds(desk, ids)
            unseen += [step] if desk.entries("write.unanswered") else []
        shutil.rmtree(folder)
        if not dead:
            assert step > 20
            assert step not in unseen
            assert unseen == (list(range(unseen[0], unseen[-1] + 1)) if job_runs_first else [])
            return
    raise AssertionError("it never came to its end")


@pytest.mark.timeout(400)
def test_killed_at_every_step_of_settling(tmp_path):
    """R77, R98: looked at, settled, noted how far: each answer counts once."""
    with ordering(tmp_path / "base") as desk:
        ids = asyncio.run(approved(desk))
        asyncio.run(desk.send())
        desk.work()
        asyncio.run(desk.collected())
    for step in range(1, MOST):
        folder = tmp_path / str(step)
        shutil.copytree(tmp_path / "base", folder)
        dead = killed(folder, "settle", step)
        with ordering(folder) as desk:
            asyncio.run(desk.answered())
            holds(desk, ids)
        shutil.rmtree(folder)
        if not dead:
            assert step > 6
            return
    raise AssertionError("it never came to its end")
