"""The one way in: what reaches a system, and what comes back."""

import asyncio
import inspect
import json
import threading
import time

import pytest
from sqlalchemy import text
from stage import EVERYTHING, HOLD, staged, until

from brownfield.contract import Adapter, Drifted, Rejected, Reply, Unavailable, Uncertain
from brownfield.ledger.audit import search
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem
from brownfield.testing.canned import CannedCalls, CannedSystem
from brownfield.testing.canned.system import CannedSettings
from brownfield.wrapper.lock import read_contract, write_contract

pytestmark = pytest.mark.anyio
GET_STOCK = '[operations.get_stock]\nvia = "far"\ncall = "GetStock"\neffect = "read"'
BOUND = '[operations.get_stock]\nvia = "far"\neffect = "read"'


def bound(body, annotations="sku: str"):
    """A wrapper.py that binds get_stock to a function with this body."""
    return f"""
from datetime import date
from typing import Any
from pydantic import BaseModel
from brownfield import Call, Wrapper
canned = Wrapper("canned")
class Stock(BaseModel):
    sku: str
    on_hand: int
@canned.operation("get_stock")
def get_stock(far: Call, /, {annotations}) -> Stock:
    "Units on hand."
    {body}
"""


def on_function(put_up, body, annotations="sku: str", **more):
    edits = {GET_STOCK: BOUND, 'before = "get_stock"\n': ""}
    return put_up(edits, bound(body, annotations), **more)


MALFORMED = [
    None, [], "A-100", 7, {}, {"Sku": None}, {"Sku": 100}, {"Sku": True}, {"Sku": ["A-100"]}, {"Sku": "a-100"},
    {"Sku": "A-100\n"}, {"Sku": "A-100", "Whse": "LYON"}, {"sku": "A-100"}, {"Sku": {"$ne": ""}},
]  # fmt: skip


@pytest.mark.parametrize("arguments", MALFORMED, ids=repr)
async def test_nothing_malformed_reaches_the_system(stage, arguments):
    """R33, R34: strict types, no unknown field, no coercion."""
    with pytest.raises(Problem) as problem:
        await stage.call(stage.agent, "get_stock", arguments)
    assert problem.value.code == "invalid"
    assert problem.value.errors
    assert stage.system.calls == []


@pytest.mark.parametrize("units", [True, "2", 2.5, 0, -1, None, [2]], ids=repr)
async def test_a_write_is_validated_before_it_is_a_proposal(stage, units):
    """R33, R34: a bool is no number, and a number in quotes is none either."""
    agent = stage.agent
    with pytest.raises(Problem) as problem:
        await stage.call(agent, "place_hold", HOLD | {"Units": units})
    assert problem.value.code == "invalid"
    assert stage.system.calls == []
    assert stage.assembly.proposing.list(agent) == []


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "2026-11-21T00:00:00"])
async def test_what_a_schema_cannot_say_is_refused_at_the_door_too(put_up, day):
    """R34: `format` is a remark in JSON Schema; the function's own types decide, before the function is called."""
    stage = on_function(put_up, "return Stock(sku=sku, on_hand=1)", "sku: str, day: date")
    with pytest.raises(Problem) as problem:
        await stage.call(stage.agent, "get_stock", {"sku": "A-100", "day": day})
    assert problem.value.code == "invalid"
    assert [error["path"] for error in problem.value.errors] == ["day"]


async def test_a_far_side_call_that_nobody_declared_is_refused_in_a_handler(put_up):
    """R33, R52: a read handler cannot write, nor call what stands in neither list."""
    calls = {'calls.read = ["GetStock", "ListStock", "GetHold"]': 'calls.read = ["GetStock", "GetHold"]',
             '\n[operations.list_stock]\nvia = "far"\ncall = "ListStock"\neffect = "read"\nagents = true\n': "",
             '"list_stock", ': ""}  # fmt: skip
    body = 'return Stock(sku=far(sku, Id="H-1")["Id"], on_hand=0)'
    stage = put_up(calls | {GET_STOCK: BOUND, 'before = "get_stock"\n': ""}, bound(body))
    agent = stage.agent
    for name in ("PlaceHold", "ReleaseHold", "ListStock", "GetHorse", "__class__"):
        with pytest.raises(Problem) as problem:
            await stage.call(agent, "get_stock", {"sku": name})
        assert problem.value.detail["code"] == "undeclared"
    assert stage.system.calls == []


async def test_an_answer_says_as_of_when_and_from_where(stage):
    """R2, R24."""
    answer = await stage.call(stage.agent, "get_stock", {"Sku": "A-100"})
    assert answer.body() == {
        "data": {"Sku": "A-100", "OnHand": 140, "Price": "49.90"},
        "as_of": "2026-11-21T09:00:00.000+00:00",
        "source": {"system": "Canned warehouse", "class": "record", "connection": "far"},
    }


async def test_rows_come_back_under_their_name(stage):
    """An answer that the adapter streams is whole for the caller."""
    answer = await stage.call(stage.agent, "list_stock", {})
    assert [row["Sku"] for row in answer.data["Rows"]] == ["A-100", "B-200"]


async def test_an_answer_outside_the_contract_is_drift_and_shows_no_value(stage):
    """R21, R23: the path is named, the value is not."""
    stage.system.stock["A-100"]["OnHand"] = "SECRET-VALUE"
    with pytest.raises(Problem) as problem:
        await stage.call(stage.agent, "get_stock", {"Sku": "A-100"})
    assert problem.value.code == "drifted"
    assert "OnHand" in problem.value.cause
    assert "SECRET-VALUE" not in json.dumps(problem.value.body("t"))


@pytest.mark.parametrize("body", ['return {"sku": "SECRET-VALUE", "on_hand": "SECRET-VALUE"}',
                                  'return Stock(sku=sku, on_hand="SECRET-VALUE")'])  # fmt: skip
async def test_a_function_s_result_outside_its_model_is_drift_and_shows_no_value(put_up, body):
    """R23, R60."""
    stage = on_function(put_up, body)
    with pytest.raises(Problem) as problem:
        await stage.call(stage.agent, "get_stock", {"sku": "A-100"})
    assert problem.value.code == "drifted"
    assert "on_hand" in problem.value.cause
    assert "SECRET-VALUE" not in problem.value.cause + json.dumps([entry.body for entry in stage.entries()])


async def test_a_drifted_shape_stops_what_it_touches_and_nothing_else(tmp_path):
    """R21, R35: the other operations go on."""
    with staged(tmp_path) as stage:
        bundle = tmp_path / "wrappers" / "canned"
    contract = read_contract(bundle, "far")
    shape = contract.operations["GetStock"]
    changed = shape.model_copy(update={"faults": ()})
    write_contract(
        bundle, "far", contract.model_copy(update={"operations": contract.operations | {"GetStock": changed}})
    )
    with staged(tmp_path) as stage:
        agent = stage.agent
        with pytest.raises(Problem) as problem:
            await stage.call(agent, "get_stock", {"Sku": "A-100"})
        assert problem.value.code == "drifted"
        assert stage.system.calls == []
        assert (await stage.call(agent, "list_stock", {})).data["Rows"]


async def test_a_hidden_field_leaves_no_trace(put_up):
    """R4, R60: not in the answer, not in the schema."""
    stage = put_up({GET_STOCK: GET_STOCK + '\nhide = ["Price"]'})
    agent = stage.agent
    assert (await stage.call(agent, "get_stock", {"Sku": "A-100"})).data == {"Sku": "A-100", "OnHand": 140}
    shown = {operation.name: operation for operation in stage.assembly.guard.visible(agent, "canned")}
    assert "Price" not in json.dumps([shown["get_stock"].input, shown["get_stock"].output])


async def test_a_hidden_field_is_not_in_a_fault_either(put_up):
    """R4, R60: the system's words may repeat what is hidden; its code and the rest of its detail are told."""
    stage = put_up({GET_STOCK: GET_STOCK + '\nhide = ["Price"]'})
    stage.system.fails["GetStock"] = Rejected("49.90 is wrong", code="CAN-7", detail={"Price": "49.90", "Field": "Sku"})
    with pytest.raises(Problem) as problem:
        await stage.call(stage.agent, "get_stock", {"Sku": "A-100"})
    assert (problem.value.code, problem.value.detail) == ("rejected", {"code": "CAN-7", "detail": {"Field": "Sku"}})
    assert "49.90" not in json.dumps([problem.value.body(""), [entry.body for entry in stage.entries()]])


async def test_an_uncertain_read_may_be_repeated(stage):
    """R97: what the table says of a write is no advice for a read."""
    stage.system.fails["GetStock"] = Uncertain("lost")
    with pytest.raises(Problem) as problem:
        await stage.call(stage.agent, "get_stock", {"Sku": "A-100"})
    assert problem.value.next == "Make the same call again: a read changes nothing."


async def test_an_operation_without_an_effect_is_nowhere(put_up):
    """R52, R53: what nobody declared cannot be reached."""
    stage = put_up({'call = "GetHold"\neffect = "read"': 'call = "GetHold"', '"get_hold"]': "]",
                    'confirm = { operation = "get_hold", args = { Id = "result.Id" } }\n': ""})  # fmt: skip
    operator = stage.operator
    with pytest.raises(Problem, match="there is no operation"):
        await stage.call(operator, "get_hold", {"Id": "H-1"})
    assert "get_hold" not in {one.name for one in stage.assembly.guard.visible(operator, "canned")}


ENDINGS = {
    "read.done": ("get_stock", {"Sku": "A-100"}, None),
    "read.failed": ("get_stock", {"Sku": "A-100"}, Unavailable("closed")),
    "call.denied": ("get_stock", {"Sku": 7}, None),
    "write.proposed": ("place_hold", HOLD, None),
}


@pytest.mark.parametrize("event", ENDINGS)
async def test_every_call_leaves_one_entry(stage, event):
    """R49, R98: whatever becomes of it."""
    operation, arguments, failure = ENDINGS[event]
    if failure:
        stage.system.fails["GetStock"] = failure
    agent = stage.agent
    await asyncio.gather(stage.call(agent, operation, arguments, "because"), return_exceptions=True)
    (entry,) = stage.entries()
    assert (entry.event, entry.identity, entry.operation) == (event, "agent", operation)
    assert entry.body["trace"] == agent.trace


@pytest.mark.parametrize("kept", [True, False], ids=["it is", "it cannot be"])
async def test_a_refusal_waits_for_the_entry_that_is_being_made(put_up, monkeypatch, kept):
    """R49, R98: the answer came, and the deadline passed while its entry was committed: told when it is durable."""
    stage = put_up({'deadline = "5s"': 'deadline = "2s"'})
    agent, journal = stage.agent, stage.assembly.kernel.journal
    commit, begun, end = journal.commit, threading.Event(), threading.Event()

    def slow(entry):
        begun.set()
        assert end.wait(30)
        if not kept:
            raise Problem("ledger", "the disk is full")
        commit(entry)

    monkeypatch.setattr(journal, "commit", slow)
    call = asyncio.create_task(stage.call(agent, "get_stock", {"Sku": "A-100"}))
    assert await asyncio.to_thread(begun.wait, 30)
    done, _ = await asyncio.wait([call], timeout=3)
    assert not done
    end.set()
    with pytest.raises(Problem) as problem:
        await call
    assert problem.value.code == ("deadline" if kept else "ledger")
    assert [entry.event for entry in stage.entries()] == ["read.done"] * kept


async def test_a_call_of_nothing_is_an_entry_too(stage):
    """R33, R98: and keeps no argument, for nobody said which of them are personal."""
    with pytest.raises(Problem):
        await stage.call(stage.agent, "get_horse", {"name": "Bucephalus"})
    (entry,) = stage.entries()
    assert (entry.event, entry.body["arguments"]) == ("call.denied", {})


@pytest.mark.parametrize("body", ["raise KeyError(sku)", "raise RuntimeError(sku)", "raise TimeoutError(sku)"])
async def test_a_defect_of_a_function_is_told_and_audited_without_its_words(put_up, caplog, body):
    """R60, R97, R98: its own message may hold anything."""
    stage = on_function(put_up, body)
    with pytest.raises(Problem) as problem:
        await stage.call(stage.agent, "get_stock", {"sku": "SECRET-VALUE"})
    assert problem.value.code in {"internal", "deadline"}
    (entry,) = stage.entries()
    assert entry.event == "read.failed"
    assert "SECRET-VALUE" not in problem.value.cause + entry.body["cause"] + caplog.text


async def test_the_entry_is_there_when_the_answer_is(stage):
    """R49, R98: committed, not only written: another connection sees it."""
    agent = stage.agent
    for number in range(1, 6):
        await stage.call(agent, "get_stock", {"Sku": "A-100"})
        with stage.assembly.kernel.ledger.read() as connection:
            assert len(search(connection, events=["read.done"])) == number


async def test_as_many_entries_as_calls_under_load(stage):
    """R98: answers, refusals, failures and callers who hang up, all at once."""
    agent, total = stage.agent, 120
    stage.system.fails["ListStock"] = Drifted("other")
    kinds = [("get_stock", {"Sku": "A-100"}), ("get_stock", {"Sku": 1}), ("list_stock", {}), ("nothing", {}),
             ("place_hold", HOLD)]  # fmt: skip
    calls = [asyncio.create_task(stage.call(agent, *kinds[number % 5][:1], dict(kinds[number % 5][1])
             | ({"Order": f"SO-{number}"} if number % 5 == 4 else {}))) for number in range(total)]  # fmt: skip
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert not [one for one in results if isinstance(one, BaseException) and not isinstance(one, Problem)]
    busy = [one for one in results if isinstance(one, Problem) and one.code == "busy"]
    assert len(stage.entries()) == total
    assert len(busy) < total / 2


async def test_a_caller_who_hangs_up_is_in_the_audit_and_harms_nobody(stage):
    """R98: the audit's writer goes on for the others."""
    stage.system.delays["GetStock"] = 0.5
    agent = stage.agent
    calls = [asyncio.create_task(stage.call(agent, "get_stock", {"Sku": "A-100"})) for _ in range(8)]
    await until(lambda: stage.under_way)
    for call in calls[:4]:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    stage.system.delays.clear()
    await asyncio.wait_for(stage.call(agent, "get_stock", {"Sku": "A-100"}), 5)
    told = [entry.body.get("code") for entry in stage.entries()]
    assert len(told) == 9
    assert told.count("cancelled") == 4


async def test_the_way_to_the_system_is_short(put_up):
    """R92: at most six frames of ours between a door and the adapter, threads included."""
    seen = {}

    class Watching(CannedCalls):
        def invoke(self, operation, fields):
            time.sleep(0.1)  # until the loop waits, for its side of the way is read from here
            stack = [frame.filename for frame in inspect.stack(context=0)[1:]]
            seen["thread"] = [name for name in stack if "/src/brownfield/" in name]
            awaited, chain = seen["task"].get_coro(), []
            while awaited is not None and hasattr(awaited, "cr_frame"):
                chain.append(awaited.cr_code.co_filename)
                awaited = awaited.cr_await
            seen["chain"] = [name for name in chain if "/src/brownfield/" in name]
            return Reply(self._system.answer(operation, fields))

    adapter = Adapter("canned", "call", CannedSettings, lambda opening: Watching(CannedSystem(), opening))
    stage = put_up(adapters={"canned": adapter})
    agent = stage.agent

    async def door():
        return await stage.call(agent, "get_stock", {"Sku": "A-100"})

    seen["task"] = asyncio.create_task(door())
    await seen["task"]
    assert seen["chain"]
    assert len(seen["chain"]) + len(seen["thread"]) <= 6


async def test_a_refused_call_is_found_by_nothing_that_was_sent(stage):
    """R33, R98: whoever may call nothing does not choose what the index of the audit has to hold."""
    agent = stage.agent
    with pytest.raises(Problem):
        await stage.call(agent, "get_horse", {"a": list(range(5000))})
    with pytest.raises(Problem):
        await stage.call(agent, "get_stock", {"Sku": "A-100", "a": list(range(5000))})
    with stage.assembly.kernel.ledger.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM bf_subject")).scalar() == 0
    *_, last = stage.entries()
    assert last.body["arguments"] == {"too_large": 23911}


async def test_an_answered_call_is_found_by_so_many_values_at_most(put_up):
    """R33, R98: by its first ones."""
    stage = on_function(put_up, 'return Stock(sku="A-100", on_hand=1)', "many: list[int]")
    await stage.call(stage.agent, "get_stock", {"many": list(range(1000))})
    with stage.assembly.kernel.ledger.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM bf_subject")).scalar() == 64


async def test_who_is_let_in_is_judged_when_the_call_is_made(stage):
    """R51, R67: a body may come long after its headers; what was revoked or halted meanwhile is not done."""
    key = stage.key("slow", Role.AGENT, *EVERYTHING)
    caller, operator = stage.assembly.guard.admit(key), stage.operator
    stage.assembly.control.halt(operator, "identity:slow")
    for operation, arguments in (("get_stock", {"Sku": "A-100"}), ("place_hold", HOLD)):
        with pytest.raises(Problem) as problem:
            await stage.call(caller, operation, arguments)
        assert problem.value.code == "halted"
    stage.revoke(key)
    with pytest.raises(Problem) as problem:
        await stage.call(caller, "get_stock", {"Sku": "A-100"})
    assert problem.value.code == "unauthenticated"
    assert stage.system.calls == []
