"""The audit for people, and the proof that nobody changed it."""

import sqlite3
from contextlib import closing, suppress
from datetime import timedelta

import pytest
from stage import EVERYTHING

from brownfield.ledger.audit import verify_export
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem
from brownfield.runtime import asking
from brownfield.runtime.key import audit_key

pytestmark = pytest.mark.anyio


async def a_day(stage):
    agent = stage.agent
    await stage.call(agent, "get_stock", {"Sku": "A-100"})
    id_ = await stage.approved(agent)
    await stage.work()
    return id_


async def test_what_did_the_agent_do_today(stage):
    """R99, R100: in sentences, from the audit alone."""
    await a_day(stage)
    told = stage.assembly.asking.ask(stage.operator, "what did the agent do with SKU A-100 today")
    story = "\n".join(told["story"])
    assert "A-100" in told["reading"]
    assert "1 read" in told["summary"]
    assert "1 write" in told["summary"]
    for part in ("agent asked to get stock", "agent asked to place hold", "marie@example.com approved it",
                 "written to Canned warehouse (sandbox)", "read back", "on hand from 140 to 138"):  # fmt: skip
        assert part in story.replace("OnHand", "on hand"), part


async def test_another_thing_and_another_day_are_not_told(stage):
    """R100: what was not asked for is left out."""
    await a_day(stage)
    operator, ask = stage.operator, stage.assembly.asking.ask
    assert ask(operator, "what did the agent do with SKU B-200 today")["story"] == []
    stage.clock.move(timedelta(days=1))
    assert ask(operator, "what did the agent do with SKU A-100 today")["story"] == []
    assert ask(operator, "what did the agent do with SKU A-100 yesterday")["story"]


async def test_a_question_is_an_entry_itself(stage):
    """R98: who looks is seen looking."""
    stage.assembly.asking.ask(stage.operator, "what happened today")
    (entry,) = stage.entries("audit.asked")
    assert entry.body["question"] == "what happened today"


@pytest.mark.parametrize("change", [
    "UPDATE bf_entry SET body = replace(body, 'A-100', 'A-101') WHERE seq = 1",
    "UPDATE bf_entry SET identity = 'nobody' WHERE seq = 1",
    "DELETE FROM bf_entry WHERE seq = 2",
    "DELETE FROM bf_entry WHERE seq = (SELECT max(seq) FROM bf_entry)",
    "DELETE FROM bf_subject",
])  # fmt: skip
async def test_what_was_changed_shows(stage, change):
    """R101: a row edited, relabelled, taken out, cut off, or made unfindable."""
    await a_day(stage)
    stage.assembly.seal()
    auditor, asking = stage.caller("auditor", Role.AUDITOR), stage.assembly.asking
    assert asking.verify(auditor)["ok"] is True
    with closing(sqlite3.connect(stage.folder / "home" / "ledger.db")) as other, other:
        triggers = other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            other.execute(f"DROP TRIGGER {name}")
        other.execute(change)
    told = asking.verify(auditor)
    assert told["ok"] is False


async def test_who_may_not_read_the_audit_is_in_it(stage):
    """R49, R98: entries, verification and export alike."""
    agent, asking, now = stage.agent, stage.assembly.asking, stage.clock.now()
    for refused in (lambda: asking.entries(agent), lambda: asking.verify(agent),
                    lambda: list(asking.export(agent, now, now))):  # fmt: skip
        with pytest.raises(Problem):
            refused()
    assert [entry.operation for entry in stage.entries("call.denied")] == ["audit"] * 3


async def test_an_export_is_verified_offline(stage):
    """R101: with the key and the lines, and nothing else; an edited line shows."""
    await a_day(stage)
    auditor, now = stage.caller("auditor", Role.AUDITOR), stage.clock.now()
    hour = timedelta(hours=1)
    lines = list(stage.assembly.asking.export(auditor, now - hour, now + hour))
    key = audit_key(stage.folder / "home" / "keys")
    assert verify_export(lines, {key.id: key}).ok
    assert not verify_export([lines[0], lines[1].replace(b"A-100", b"A-101"), *lines[2:]], {key.id: key}).ok
    assert not verify_export([*lines[:1], *lines[2:]], {key.id: key}).ok


@pytest.mark.parametrize(("ability", "roles"), [
    ("ask", {Role.OPERATOR, Role.APPROVER, Role.AUDITOR}), ("verify", {Role.AUDITOR}), ("entries", {Role.AUDITOR}),
])  # fmt: skip
def test_who_may_ask(stage, ability, roles):
    """R51: an agent cannot read what it is watched by; who operates cannot audit himself."""
    asking = stage.assembly.asking
    able = set()
    for role in Role:
        caller = stage.caller(f"a-{role}", role, *EVERYTHING)
        work = {"ask": lambda c=caller: asking.ask(c, "what happened today"),
                "verify": lambda c=caller: asking.verify(c), "entries": lambda c=caller: asking.entries(c)}  # fmt: skip
        with suppress(Problem):
            work[ability]()
            able.add(role)
    assert able == roles


def test_status_shows_a_caller_what_is_not_hidden(stage):
    """R31, R93: an agent without a grant learns of no system; with one, of that operation."""
    control = stage.assembly.control
    assert control.status(stage.caller("bare", Role.AGENT))["systems"] == []
    (system,) = control.status(stage.caller("some", Role.AGENT, "get_stock", "get_hold"))["systems"]
    assert (system["operations"], system["feeds"]) == ({"get_stock": "read"}, [])
    (system,) = control.status(stage.approver())["systems"]
    assert len(system["operations"]) == 5
    assert system["feeds"] == ["stock_count"]


@pytest.mark.parametrize("scope", ["", "nothing", "wrapper:", "operation:canned", "identity"])
def test_a_scope_that_halts_nothing_is_refused(stage, scope):
    """R102: nobody believes that something was stopped."""
    with pytest.raises(Problem) as problem:
        stage.assembly.control.halt(stage.operator, scope)
    assert problem.value.code == "invalid"


def test_only_an_operator_halts(stage):
    """R51, R102."""
    for role in (Role.AGENT, Role.APPROVER, Role.AUDITOR):
        with pytest.raises(Problem) as problem:
            stage.assembly.control.halt(stage.caller(f"a-{role}", role, *EVERYTHING), "everything")
        assert problem.value.code == "denied"


async def test_a_busy_day_is_counted_whole_and_told_in_part(stage, monkeypatch):
    """R99, R100: the sentence on top is of the day, not of the entries that fit; what is not told is said."""
    monkeypatch.setattr(asking, "MOST", 10)
    operator, agent = stage.operator, stage.agent
    for _ in range(25):
        await stage.call(operator, "get_stock", {"Sku": "A-100"})
    await stage.call(agent, "get_stock", {"Sku": "A-100"})
    told = stage.assembly.asking.ask(operator, "what happened today")
    assert "made 26 reads" in told["summary"]
    assert "of 26 the first 10 are told" in told["complete"]
    assert "10 times" in "".join(told["story"])
    told = stage.assembly.asking.ask(operator, "what did the agent do today")
    assert told["summary"] == "In that time agent made 1 read."
    assert (len(told["story"]), told["complete"][-11:]) == (1, "is counted.")
    monkeypatch.setattr(asking, "COUNTED", 20)
    told = stage.assembly.asking.ask(operator, "what happened today")
    assert told["summary"].startswith("Up to Sat 21 Nov 2026")
    assert "20 reads" in told["summary"]
    assert "Only the first 20 entries are counted" in told["complete"]
