"""The worker: one call for one approval, and the truth about how it ended."""

import asyncio
import threading
from datetime import timedelta

import pytest
from stage import HOLD, staged, until

from brownfield.contract import Adapter, Drifted, Rejected, Unavailable, Uncertain
from brownfield.ledger.identity import find_identity, remove_grant
from brownfield.ledger.proposal import claim
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import ATTEMPTS
from brownfield.testing.canned import CannedCalls, CannedSystem
from brownfield.testing.canned.system import CannedSettings

pytestmark = pytest.mark.anyio
PLACE = '[operations.place_hold]\nvia = "far"\ncall = "PlaceHold"\neffect = "write"'
BOUND = PLACE.replace('call = "PlaceHold"\n', "")
RECONCILE = {'key = "Order"\n': 'key = "Order"\nreconcile = { operation = "list_stock" }\n'}


def bound(body):
    """A wrapper.py that binds place_hold to a function with this body."""
    return f"""
import time
from pydantic import BaseModel
from brownfield import Call, Wrapper
canned = Wrapper("canned")
class Hold(BaseModel):
    Id: str
    Sku: str
    Units: int
    Order: str
@canned.operation("place_hold")
def place_hold(far: Call, /, Sku: str, Units: int, Order: str) -> Hold:
    "Set units aside."
    fields = dict(Sku=Sku, Units=Units, Order=Order)
    {body}
"""


def on_function(put_up, body, edits=None, **more):
    return put_up({PLACE: BOUND} | (edits or {}), bound(body), **more)


def placed(stage):
    return [name for name, _ in stage.system.calls].count("PlaceHold")


async def ended(stage, **more):
    id_ = await stage.approved(**more)
    await stage.work()
    return stage.proposal(id_)


async def test_an_approved_write_is_made_once_and_read_back(stage):
    """R23, R61, R99: who, what, and what changed."""
    proposal = await ended(stage)
    assert proposal.state == "done"
    assert proposal.result == proposal.reading == {"Id": "H-1", **HOLD}
    assert stage.system.writes == [("PlaceHold", HOLD)]
    (entry,) = stage.entries("write.done")
    assert entry.body["changed"] == {"OnHand": [140, 138]}
    assert entry.body["proposer"] == "agent"
    await stage.work()
    assert placed(stage) == 1


async def test_the_claim_is_in_the_ledger_before_the_call(stage):
    """R49, R61: whoever is killed in the call has left its trace."""
    seen = []
    stage.system.stock["A-100"] = Watched(stage.system.stock["A-100"], lambda: seen.append(
        [entry.event for entry in stage.entries("write.executing")]))  # fmt: skip
    await ended(stage)
    assert seen
    assert seen[-1] == ["write.executing"]


class Watched(dict):
    """An item that says when it is changed."""

    def __init__(self, fields, tell):
        super().__init__(fields)
        self._tell = tell

    def __setitem__(self, name, value):
        self._tell()
        super().__setitem__(name, value)


async def test_nothing_is_written_without_an_approval(stage):
    """R61."""
    proposal = await stage.proposed(stage.agent)
    await stage.work()
    assert stage.state(proposal.id) == "proposed"
    assert stage.system.writes == []


async def test_state_that_changed_since_is_denied(stage):
    """R35: what the approver saw is not what is."""
    id_ = await stage.approved()
    stage.system.stock["A-100"]["OnHand"] = 139
    await stage.work()
    assert stage.state(id_) == "denied"
    assert placed(stage) == 0
    assert "changed since" in stage.proposal(id_).outcome


async def test_a_surface_that_changed_since_is_denied(tmp_path):
    """R35: an approval is of this operation, not of its successor."""
    with staged(tmp_path) as stage:
        id_ = await stage.approved()
    manifest = tmp_path / "wrappers" / "canned" / "wrapper.toml"
    manifest.write_text(manifest.read_text().replace(PLACE, PLACE + '\ndescription = "Something else."'))
    from brownfield.wrapper.bundle import make_lock, open_bundle
    from brownfield.wrapper.lock import write_lock

    write_lock(manifest.parent, make_lock(open_bundle(manifest.parent)))
    with staged(tmp_path) as stage:
        await stage.work()
        assert stage.state(id_) == "denied"
        assert placed(stage) == 0


async def test_code_that_changed_since_is_denied(tmp_path):
    """R35: callers see the same; what would run is not what was approved."""
    from brownfield.wrapper.bundle import make_lock, open_bundle
    from brownfield.wrapper.lock import write_lock

    write = 'return Hold(**far("PlaceHold", **fields).fields)'
    with staged(tmp_path, {PLACE: BOUND}, bound(write)) as stage:
        id_ = await stage.approved()
        surface = stage.assembly.kernel.wrappers["canned"].bundle.operations["place_hold"].surface
    folder = tmp_path / "wrappers" / "canned"
    (folder / "wrapper.py").write_text(bound('fields["Units"] = 99; ' + write))
    write_lock(folder, make_lock(open_bundle(folder)))
    with staged(tmp_path) as stage:
        assert stage.assembly.kernel.wrappers["canned"].bundle.operations["place_hold"].surface == surface
        await stage.work()
        assert (stage.state(id_), stage.system.writes) == ("denied", [])


TAMPERED = {
    "arguments": ("arguments", '{"Order":"SO-1","Sku":"A-100","Units":99}'),
    "hash": ("hash", "0" * 64),
    "needed": ("needed", 0),
    "impact": ("impact", '{"currency":"EUR","minor":1}'),
    "person": ("person", "somebody-else@example.com"),
}


@pytest.mark.parametrize("column", TAMPERED)
async def test_what_is_not_what_was_approved_is_denied(stage, column):
    """R35, R69: whoever edits the ledger has approved nothing."""
    id_ = await stage.approved()
    name, value = TAMPERED[column]
    _edit(stage, id_, name, value)
    await stage.work()
    assert (stage.state(id_), stage.system.writes) == ("denied", [])
    assert "does not have its hash" in stage.entries("write.denied")[0].body["cause"]


async def test_the_mark_of_an_approval_is_none(stage):
    """R61, R67: the decisions themselves are counted, by other people than the proposer; and the next one goes on."""
    agent = stage.agent
    proposal = await stage.proposed(agent)
    _edit(stage, proposal.id, "state", "approved")
    other = await stage.approved(agent, arguments=HOLD | {"Order": "SO-2"})
    await stage.work()
    assert (stage.state(proposal.id), stage.state(other), placed(stage)) == ("denied", "done", 1)
    assert "approvals" in stage.proposal(proposal.id).outcome


async def test_a_grant_that_was_taken_back_ends_what_was_asked_under_it(stage):
    """R31: what its holder may no longer ask for is no longer done."""
    id_ = await stage.approved()
    with stage.assembly.kernel.ledger.write() as connection:
        remove_grant(connection, find_identity(connection, "agent").id, "canned", "place_hold")
    await stage.work()
    assert (stage.state(id_), stage.system.writes) == ("denied", [])
    assert "no longer holds the grant" in stage.proposal(id_).outcome


def _edit(stage, id_, column, value):
    with stage.assembly.kernel.ledger.write() as connection:
        connection.exec_driver_sql(f"UPDATE bf_proposal SET {column} = ? WHERE id = ?", (value, id_))


async def test_a_read_back_that_is_not_what_is_expected_is_unknown(put_up):
    """R23: a value that the manifest names must be there."""
    expect = 'confirm = { operation = "get_hold", args = { Id = "result.Id" }'
    stage = put_up({expect: expect + ', expect = { Sku = "A-100", Units = 99 }'})
    proposal = await ended(stage)
    assert (proposal.state, len(stage.system.writes)) == ("unknown", 1)
    assert "different: Units" in proposal.outcome


@pytest.mark.parametrize(("price", "state"), [("49.9", "done"), ("49.91", "unknown")])
async def test_a_read_back_that_means_the_same_is_what_is_expected(put_up, price, state):
    """R23: 49.9 is 49.90, where the schema says that it is a decimal."""
    confirm = 'confirm = { operation = "get_hold", args = { Id = "result.Id" } }'
    told = (
        f'confirm = {{ operation = "get_stock", args = {{ Sku = "arguments.Sku" }}, expect = {{ Price = "{price}" }} }}'
    )
    assert (await ended(put_up({confirm: told}))).state == state


async def test_an_operation_that_has_gone_is_denied(tmp_path):
    """And the worker goes on."""
    with staged(tmp_path) as stage:
        id_ = await stage.approved()
        stage.assembly.kernel.wrappers["canned"].bundle.operations.pop("place_hold")
        await stage.work()
        assert stage.state(id_) == "denied"


async def test_nobody_there_is_tried_again_later_and_given_up_at_last(stage):
    """R79: each time longer, and never more often than said."""
    stage.system.fails["PlaceHold"] = Unavailable("closed for the night")
    id_ = await stage.approved()
    waits = []
    for attempt in range(1, ATTEMPTS + 1):
        await stage.work()
        assert placed(stage) == attempt
        until = stage.proposal(id_).not_before
        if attempt < ATTEMPTS:
            assert stage.state(id_) == "approved"
            waits.append(until - stage.clock.now())
            stage.clock.move(waits[-1] - timedelta(microseconds=1))
            await stage.work()
            assert placed(stage) == attempt
            stage.clock.move(timedelta(microseconds=1))
    assert waits == sorted(waits)
    assert stage.state(id_) == "failed"
    assert len(stage.entries("write.released")) == ATTEMPTS - 1


async def test_a_system_that_says_no_has_said_it(stage):
    """R79: rejected, and not asked again; its key is free."""
    stage.system.fails["PlaceHold"] = Rejected("Not enough.", code="WMS-2001")
    proposal = await ended(stage)
    assert (proposal.state, proposal.key, placed(stage)) == ("rejected", None, 1)
    assert stage.entries("write.rejected")[0].body["code"] == "WMS-2001"


@pytest.mark.parametrize("failure", [Uncertain("no answer"), Drifted("another answer")], ids=["lost", "odd"])
async def test_what_may_have_happened_is_unknown_and_never_repeated(put_up, failure):
    """R79: the effect is there; what was found out is kept for the person who decides."""
    stage = put_up(RECONCILE)
    stage.system.fails_after["PlaceHold"] = failure
    proposal = await ended(stage)
    stage.clock.move(timedelta(days=1))
    await stage.work()
    assert (stage.state(proposal.id), placed(stage)) == ("unknown", 1)
    assert proposal.reading["Rows"][0]["OnHand"] == 138
    assert len(stage.system.writes) == 1


async def test_a_write_past_its_deadline_is_unknown(put_up):
    """It may end any time after."""
    system, let = CannedSystem(), threading.Event()

    class Stuck(CannedCalls):
        def invoke(self, operation, fields):
            if operation == "PlaceHold":
                let.wait(5)
            return super().invoke(operation, fields)

    adapter = Adapter("canned", "call", CannedSettings, lambda opening: Stuck(system, opening))
    stage = put_up({'deadline = "5s"': 'deadline = "200ms"'}, adapters={"canned": adapter}, system=system)
    proposal = await ended(stage)
    assert proposal.state == "unknown"
    resolve, operator = stage.assembly.proposing.resolve, stage.operator
    with pytest.raises(Problem, match="still under way"):
        resolve(operator, proposal.id, "failed", "it is not there")
    let.set()
    stage.clock.move(timedelta(hours=1))
    await stage.work()
    await asyncio.sleep(0.1)
    assert len(system.writes) == 1
    assert resolve(operator, proposal.id, "failed", "it was taken back").proposal.state == "failed"


async def test_a_write_given_up_before_it_began_is_never_begun(put_up):
    """R79: its thread comes to the call after the deadline, when the next attempt is already allowed."""
    edits = {'deadline = "5s"': 'deadline = "200ms"'}
    stage = on_function(put_up, 'time.sleep(0.5); return Hold(**far("PlaceHold", **fields).fields)', edits)
    proposal = await ended(stage)
    assert proposal.state == "approved"
    await asyncio.sleep(0.6)
    assert stage.system.writes == []


AFTERWARDS = {
    "unavailable": 'reply = far("PlaceHold", **fields); far("GetStock", Sku=Sku); return reply',
    "second": 'far("PlaceHold", **fields); far("PlaceHold", **fields)',
    "defect": 'far("PlaceHold", **fields); raise KeyError("x")',
    "drift": 'far("PlaceHold", **fields); return {"Id": 7}',
    "another": 'far("PlaceHold", **fields); far("ReleaseHold", Id="H-1")',
}


@pytest.mark.parametrize("case", AFTERWARDS)
async def test_what_fails_after_the_answer_does_not_undo_the_write(put_up, case):
    """R23, R79: it is written, so it is neither tried again nor called rejected."""
    stage = on_function(put_up, AFTERWARDS[case], {'before = "get_stock"\n': ""})
    if case == "unavailable":
        stage.system.fails["GetStock"] = Unavailable("closed")
    proposal = await ended(stage)
    stage.clock.move(timedelta(days=1))
    await stage.work()
    assert (stage.state(proposal.id), len(stage.system.writes)) == ("unknown", 1)
    assert proposal.key == "SO-1"


SWALLOWED = {
    "look fails": ('try: far("PlaceHold", **fields)\n    except Uncertain: far("GetHold", Id="H-1")', "unknown"),
    "look says no": ('try: far("PlaceHold", **fields)\n    except Uncertain: far("GetHold", Id="H-9")', "unknown"),
    "retry": ('try: far("PlaceHold", **fields)\n    except Uncertain: far("PlaceHold", **fields)', "unknown"),
    "silence": ('try: far("PlaceHold", **fields)\n    except Uncertain: return Hold(Id="H-1", **fields)', "unknown"),
    "crash": ('try: far("PlaceHold", **fields)\n    except Uncertain: raise KeyError("x")', "unknown"),
}


@pytest.mark.parametrize("case", SWALLOWED)
async def test_only_the_write_call_says_how_the_write_ended(put_up, case):
    """R79: a handler that catches what the write said and goes on changes nothing about it."""
    body, state = SWALLOWED[case]
    body = "from brownfield.contract import Uncertain\n    " + body
    stage = on_function(put_up, body, {'before = "get_stock"\n': ""})
    stage.system.fails_after["PlaceHold"] = Uncertain("no answer")
    if case == "look fails":
        stage.system.fails["GetHold"] = Unavailable("closed")
    proposal = await ended(stage)
    stage.clock.move(timedelta(days=1))
    await stage.work()
    assert (stage.state(proposal.id), len(stage.system.writes), proposal.key) == (state, 1, "SO-1")


async def test_a_no_that_the_function_swallows_is_still_a_no(put_up):
    """R79: `done` is never said of a write that the system refused."""
    body = 'from brownfield.contract import Rejected\n    try: far("PlaceHold", **fields)\n    except Rejected: pass\n'
    stage = on_function(put_up, body + '    return Hold(Id="H-1", **fields)')
    stage.system.fails["PlaceHold"] = Rejected("Not enough.", code="WMS-2001")
    assert (await ended(stage)).state == "rejected"


async def test_a_function_that_makes_no_write_call_has_done_nothing(put_up):
    """R23: and what it kept of the far side writes nothing later."""
    stage = on_function(put_up, 'kept.append(far); return Hold(Id="H-1", **fields)\nkept = []')
    proposal = await ended(stage)
    assert (proposal.state, stage.system.writes) == ("denied", [])
    assert "made no write call" in proposal.outcome
    handler = stage.assembly.kernel.wrappers["canned"].bundle.operations["place_hold"].handler
    (far,) = handler.function.__globals__["kept"]
    for call, fields in (("PlaceHold", HOLD), ("GetStock", {"Sku": "A-100"})):
        before = len(stage.system.calls)
        with pytest.raises(Unavailable):
            await asyncio.to_thread(far, call, **fields)
        assert len(stage.system.calls) == before


async def test_what_is_hidden_is_hidden_of_a_write_too(put_up):
    """R31: from its result, and so from whoever sees the proposal."""
    stage = put_up({PLACE: PLACE + '\nhide = ["Order"]'})
    proposal = await ended(stage)
    assert proposal.state == "done"
    assert proposal.result == {"Id": "H-1", "Sku": "A-100", "Units": 2}


BEFOREHAND = {
    "defect": ('raise KeyError("x")', "denied"),
    "drift": ('far("GetStock", Sku=Sku); far("PlaceHold", **fields)', "denied"),
    "uncertain": ('far("GetStock", Sku=Sku); far("PlaceHold", **fields)', "approved"),
    "undeclared": ('far("Nothing")', "rejected"),
    "said no": ('far("GetHold", Id="H-9")', "rejected"),
}


@pytest.mark.parametrize("case", BEFOREHAND)
async def test_what_fails_before_the_call_has_written_nothing_and_says_so(put_up, case):
    """R79: it is not unknown, for it is known."""
    body, state = BEFOREHAND[case]
    stage = on_function(put_up, body, {'before = "get_stock"\n': ""})
    failures = {"drift": Drifted("odd"), "uncertain": Uncertain("lost")}
    if case in failures:
        stage.system.fails["GetStock"] = failures[case]
    assert (await ended(stage)).state == state
    assert stage.system.writes == []


async def test_a_read_back_that_differs_is_unknown(put_up):
    """R23: the system of record has the last word."""
    stage = on_function(put_up, 'return Hold(**far("PlaceHold", **(fields | {"Units": 1})).fields)')
    proposal = await ended(stage)
    assert proposal.state == "unknown"
    assert "different: Units" in proposal.outcome
    assert proposal.reading["Units"] == 1


async def test_a_read_back_that_fails_is_unknown(stage):
    """R23: written is not enough."""
    stage.system.fails["GetHold"] = Unavailable("closed")
    proposal = await ended(stage)
    assert (proposal.state, placed(stage)) == ("unknown", 1)
    resolved = stage.assembly.proposing.resolve(stage.operator, proposal.id, "done", "seen on the screen")
    assert resolved.proposal.state == "done"


async def test_what_a_dead_worker_left_is_unknown(put_up):
    """R77: with what the reconciling read found; never a second call."""
    stage = put_up(RECONCILE)
    id_ = await stage.approved()
    with stage.assembly.kernel.ledger.write() as connection:
        claim(connection, "somebody who is dead", stage.clock.now(), timedelta(minutes=1))
    await stage.work()
    proposal = stage.proposal(id_)
    assert (proposal.state, placed(stage)) == ("unknown", 0)
    assert proposal.reading["Rows"]


async def test_what_was_left_of_a_wrapper_that_is_gone_holds_nothing_up(put_up):
    """R77: a person looks; the others go on."""
    stage = put_up()
    id_ = await stage.approved()
    with stage.assembly.kernel.ledger.write() as connection:
        claim(connection, "somebody who is dead", stage.clock.now(), timedelta(minutes=1))
    other = await stage.approved(stage.caller("b", Role.AGENT, "place_hold"), stage.approver("p"),
                                 {"Sku": "A-100", "Units": 1, "Order": "SO-2"})  # fmt: skip
    removed = stage.assembly.kernel.wrappers["canned"].bundle.operations
    kept = removed.pop("place_hold")
    await stage.assembly.worker.sweep()
    assert stage.state(id_) == "unknown"
    removed["place_hold"] = kept
    await stage.work()
    assert stage.state(other) == "done"


async def test_how_it_ended_is_told_when_the_ledger_can_be_written_again(stage, monkeypatch):
    """R23, R99: what is known is not lost, and nothing new is begun meanwhile."""
    id_ = await stage.approved()
    worker, settle, failures = stage.assembly.worker, stage.assembly.worker._settle, [OSError("full"), OSError("full")]

    def failing(*arguments):
        if failures:
            raise failures.pop()
        settle(*arguments)

    monkeypatch.setattr(worker, "_settle", failing)
    with pytest.raises(OSError, match="full"):
        await worker.step()
    with pytest.raises(OSError, match="full"):
        await worker.sweep()
    assert stage.state(id_) == "executing"
    await worker.sweep()
    assert (stage.state(id_), placed(stage)) == ("done", 1)


async def test_a_defect_of_ours_is_unknown_and_does_not_stop_the_worker(stage, monkeypatch):
    """R75, R77: no proposal stays `executing` while its worker lives."""

    async def broken(*_):
        raise RuntimeError("a defect")

    id_ = await stage.approved()
    monkeypatch.setattr("brownfield.runtime.worker.read_back", broken)
    await stage.work()
    assert stage.state(id_) == "unknown"


async def test_stopping_finishes_the_write_under_way(put_up):
    """R77, R102: the ledger knows how it ended before the process does."""
    stage = put_up()
    stage.system.delays["PlaceHold"] = 0.4
    async with stage.assembly.running():
        id_ = await stage.approved()
        await until(lambda: stage.state(id_) == "executing")
    assert stage.state(id_) == "done"
    assert [entry.event for entry in stage.entries()][-1] == "server.stopped"


async def test_it_is_woken_from_any_thread(put_up):
    """R61: an approval in a door's thread is not left to the next look."""
    stage = put_up(settings='poll = "30s"\n')
    async with stage.assembly.running():
        await asyncio.sleep(0.1)
        agent, marie = stage.agent, stage.approver()
        proposal = await stage.proposed(agent)
        await asyncio.to_thread(stage.assembly.proposing.decide, marie, proposal.id, "approved", proposal.hash)
        await until(lambda: stage.state(proposal.id) == "done")  # long before the next look


async def test_halt_holds_before_it_returns(stage):
    """R102: nothing of its scope is begun after; resume lets it go on."""
    agent, operator, control = stage.agent, stage.operator, stage.assembly.control
    for number, scope in enumerate(("everything", "wrapper:canned", "operation:canned.place_hold", "identity:agent")):
        arguments = {"Sku": "A-100", "Units": 1, "Order": f"SO-1{number}"}
        id_ = await stage.approved(agent, stage.approver(f"marie-{number}"), arguments)
        control.halt(operator, scope, "a drill")
        await stage.work()
        assert stage.state(id_) == "approved", scope
        control.resume(operator, scope)
        await stage.work()
        assert stage.state(id_) == "done", scope
    assert len(stage.entries("halt.set", "halt.lifted")) == 8


async def test_a_halt_after_the_claim_holds_the_write_back(stage):
    """R102: once halt has returned no write begins; what was held back is no attempt."""
    id_ = await stage.approved()
    operator = stage.operator
    stage.system.delays["GetStock"] = 0.4
    working = asyncio.create_task(stage.assembly.worker.step())
    await until(lambda: stage.state(id_) == "executing")
    stage.assembly.control.halt(operator, "everything", "a drill")
    await working
    proposal = stage.proposal(id_)
    assert (proposal.state, proposal.attempts, proposal.not_before, stage.system.writes) == ("approved", 0, None, [])
    assert "has halted everything" in proposal.outcome
    await stage.work()
    assert stage.state(id_) == "approved"
    stage.assembly.control.resume(operator, "everything")
    await stage.work()
    assert (stage.state(id_), placed(stage)) == ("done", 1)


async def test_nothing_is_looked_up_for_an_orphan_while_it_is_halted(put_up):
    """R102: reconciling is a call as any other."""
    stage = put_up(RECONCILE)
    id_ = await stage.approved()
    with stage.assembly.kernel.ledger.write() as connection:
        claim(connection, "somebody who is dead", stage.clock.now(), timedelta(minutes=1))
    stage.assembly.control.halt(stage.operator, "wrapper:canned", "a drill")
    stage.system.calls.clear()
    await stage.work()
    assert (stage.state(id_), stage.system.calls) == ("unknown", [])


async def test_a_halted_caller_is_told_by_whom_and_why(stage):
    """R97, R102."""
    key = stage.key("agent", Role.AGENT, "get_stock")
    stage.assembly.control.halt(stage.operator, "identity:agent", "it asks too much")
    with pytest.raises(Problem) as problem:
        await stage.call(stage.assembly.guard.admit(key), "get_stock", {"Sku": "A-100"})
    assert problem.value.code == "halted"
    assert "operator@example.com has halted identity:agent: it asks too much" in problem.value.cause
    assert stage.system.calls == []
