"""Halting and resuming by name, and what an operator is told at start."""

import pytest

from brownfield.contract import Uncertain
from brownfield.rules.problem import Problem
from brownfield.runtime import assembly
from brownfield.runtime.assembly import warnings


@pytest.mark.parametrize(
    ("scope", "near"),
    [("wrapper:caned", "wrapper:canned"), ("operation:canned.place_hol", "operation:canned.place_hold"),
     ("identity:agnt", "identity:agent"), ("operation:canned.xyzzy", "operation:canned"),
     ("identity:zzz", "brownfield status")],
)  # fmt: skip
def test_a_halt_of_a_name_that_is_not_there_is_refused(stage, scope, near):
    """R102: nobody believes that something was stopped; the nearest name is told."""
    _, operator = stage.agent, stage.operator
    with pytest.raises(Problem) as refusal:
        stage.assembly.control.halt(operator, scope)
    assert refusal.value.code == "not-found"
    assert near in refusal.value.next
    assert stage.assembly.control.status(operator)["halts"] == []


@pytest.mark.parametrize("scope", ["wrapper:canned", "operation:canned.stock_count", "identity:agent", "everything"])
def test_what_is_there_is_halted(stage, scope):
    _, operator = stage.agent, stage.operator
    assert stage.assembly.control.halt(operator, scope)["halted"]


@pytest.mark.anyio
async def test_resume_says_which_approved_writes_go_on(stage):
    """R102: whoever lifts a halt knows what that sets free; another halt still holds."""
    made, operator, control = await stage.approved(), stage.operator, stage.assembly.control
    for scope in ("operation:canned.place_hold", "identity:agent"):
        control.halt(operator, scope, "a drill")
    assert control.resume(operator, "identity:agent")["goes_on"] == []
    [going] = control.resume(operator, "operation:canned.place_hold")["goes_on"]
    assert going == {"proposal": made, "operation": "canned.place_hold", "proposer": "agent"}


@pytest.mark.anyio
async def test_up_tells_unknown_writes(stage):
    """R79: somebody has to find out, and the start is when somebody looks."""
    assert not [line for line in warnings(stage.assembly.kernel) if "unknown" in line]
    stage.system.fails_after["PlaceHold"] = Uncertain("no answer")
    await stage.approved()
    await stage.work()
    [told] = [line for line in warnings(stage.assembly.kernel) if "unknown" in line]
    assert told.startswith("1 write is unknown: find out")


def test_up_tells_what_to_do_about_an_old_sqlite(stage, monkeypatch):
    """R97: what happened, what it means here, and the next step."""
    monkeypatch.setattr(assembly, "SAFE_SQLITE", (99, 0, 0))
    [told] = [line for line in warnings(stage.assembly.kernel) if "SQLite" in line]
    for part in (
        "WAL-reset defect",
        "Nothing has to be done at once",
        "no other program",
        "keep copies",
        "newer SQLite",
    ):
        assert part in told
    monkeypatch.setattr(assembly, "SAFE_SQLITE", (3, 0, 0))
    assert not [line for line in warnings(stage.assembly.kernel) if "SQLite" in line]


def test_up_tells_secrets_that_are_not_there(stage):
    """R11: which, and where they belong; before the first call fails for want of them."""
    told = [line for line in warnings(stage.assembly.kernel) if "secret" in line]
    assert [line.split(" is not here")[0] for line in told] == [
        "canned: the secret canned/read", "canned: the secret canned/write",
    ]  # fmt: skip
    assert all("put it into" in line for line in told)
