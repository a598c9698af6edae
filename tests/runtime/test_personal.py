"""What is personal stays out of the audit, the log and every answer that it should not be in."""

import asyncio
import json
import logging

import pytest

from brownfield.contract import Rejected
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem
from brownfield.runtime.personal import committed

pytestmark = pytest.mark.anyio
CANARY = "canary@example.com"
ECHO = f"Customer {CANARY} is not known"
PERSONAL = {'[operations.get_hold]\nvia = "far"\ncall = "GetHold"\neffect = "read"':
            '[operations.get_hold]\nvia = "far"\ncall = "GetHold"\neffect = "read"\npersonal = ["Id"]',
            'key = "Order"\n': 'key = "Order"\npersonal = ["Order"]\n'}  # fmt: skip


def kept(stage):
    """Every byte that the home holds."""
    return b"".join(path.read_bytes() for path in (stage.folder / "home").rglob("*") if path.is_file())


async def test_a_read_keeps_a_commitment_and_no_value(put_up, caplog):
    """R60: not when it is answered, not when the system repeats it, not in a file, not in a log."""
    stage = put_up(PERSONAL)
    operator = stage.operator
    stage.system.holds[CANARY] = {"Id": CANARY, "Sku": "A-100", "Units": 1, "Order": "SO-1"}
    with caplog.at_level(logging.DEBUG):
        await stage.call(operator, "get_hold", {"Id": CANARY})
        stage.system.fails["GetHold"] = Rejected(ECHO, code="CAN-404")
        with pytest.raises(Problem) as problem:
            await stage.call(operator, "get_hold", {"Id": CANARY})
    assert CANARY in problem.value.cause  # the caller has sent it himself
    done, failed = stage.entries("read.done", "read.failed")
    assert done.body["arguments"]["Id"].keys() == {"commitment"}
    assert "is not known" in failed.body["cause"]
    assert CANARY.encode() not in kept(stage)
    assert CANARY not in caplog.text


async def test_the_question_about_a_personal_value_finds_it_and_keeps_none(put_up):
    """R60, R100: by its commitment; the question itself is in the audit without it."""
    stage = put_up(PERSONAL)
    stage.system.holds[CANARY] = {"Id": CANARY, "Sku": "A-100", "Units": 1, "Order": "SO-1"}
    operator = stage.operator
    await stage.call(operator, "get_hold", {"Id": CANARY})
    told = stage.assembly.asking.ask(operator, f'what happened with "{CANARY}" today')
    assert len(told["story"]) == 1
    (asked,) = stage.entries("audit.asked")
    assert "(personal)" in asked.body["question"]
    assert CANARY.encode() not in kept(stage)


async def test_a_write_s_entries_keep_commitments(put_up):
    """R60, R99: from the proposal to the result that was read back; the proposal itself must hold what will be sent."""
    stage = put_up(PERSONAL)
    id_ = await stage.approved(arguments={"Sku": "A-100", "Units": 2, "Order": CANARY})
    await stage.work()
    assert stage.state(id_) == "done"
    entries = stage.entries()
    assert {entry.event for entry in entries} >= {"write.proposed", "write.approved", "write.executing", "write.done"}
    assert CANARY not in json.dumps([entry.body for entry in entries])
    assert stage.proposal(id_).arguments["Order"] == CANARY


async def test_a_conflict_of_keys_does_not_tell_the_key_to_the_audit(put_up):
    """R60: the key that makes a write one write may be a person's number."""
    stage = put_up(PERSONAL)
    agent = stage.agent
    for units in (1, 2):
        await asyncio.gather(stage.proposed(agent, {"Sku": "A-100", "Units": units, "Order": CANARY}),
                             return_exceptions=True)  # fmt: skip
    (denied,) = stage.entries("call.denied")
    assert denied.body["code"] == "conflict"
    assert CANARY not in json.dumps(denied.body)


async def test_an_undeclared_operation_s_arguments_are_not_kept(stage):
    """R60: nobody said which of them are personal."""
    caller = stage.caller("agent", Role.AGENT)
    with pytest.raises(Problem):
        await stage.call(caller, "get_hold", {"Id": CANARY})
    with pytest.raises(Problem):
        await stage.call(caller, "nothing", {"Id": CANARY})
    assert not [entry for entry in stage.entries() if CANARY in json.dumps(entry.body) and entry.operation == "nothing"]


@pytest.mark.parametrize(("body", "told"), [
    ({"cause": "no JANE@example.com here"}, {"cause": "no (personal) here"}),
    ({"reading": {"mail": "jane@example.com", "n": 4471, "deep": [{"x": 4471}]}},
     {"reading": {"mail": "(personal)", "n": "(personal)", "deep": [{"x": "(personal)"}]}}),
    ({"note": "44710 is another", "ok": True}, {"note": "(personal)0 is another", "ok": True}),
    ({"arguments": {"who": "jane@example.com", "sku": "A"}}, {"arguments": {"who": {"commitment": "#"}, "sku": "A"}}),
])  # fmt: skip
def test_what_is_masked(body, told):
    """R60: wherever it is repeated, in whatever case."""
    given = {"who": "jane@example.com", "account": 4471, "sku": "A"}
    assert committed(body, given, ["who", "account"], lambda _: "#") == told
