"""What a call gives: answers, proposals, and refusals that teach."""

import json
import logging

import jsonschema
import pytest

from brownfield.contract import Unavailable
from brownfield.edges.mcp.wording import answered
from brownfield.ledger.audit import search
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem

pytestmark = pytest.mark.anyio
HOLD = {"Sku": "A-100", "Units": 2, "Order": "O-1"}


async def call(house, key, tool, arguments, mode="auto"):
    async with house.client(key, mode=mode) as client:
        return await client.call_tool(tool, arguments)


def text(result):
    (content,) = result.content
    return content.text


@pytest.fixture
def agent(house):
    return house.key(Role.AGENT, "inventory.get_stock", "inventory.list_stock", "inventory.place_hold")


async def test_a_read_answers_data_as_of_and_source(house, agent, mode):
    """R2, R24, R25: the answer says what, when and how far to trust it, as data and as the same JSON in text."""
    result = await call(house, agent, "inventory_get_stock", {"Sku": "A-100"}, mode)
    body = result.structured_content
    assert json.loads(text(result)) == body
    assert body["source"] == {"system": "The inventory system", "class": "record", "connection": "wms"}
    assert body["as_of"].endswith("+00:00")
    assert house.systems["inventory"].calls == [("GetStock", {"Sku": "A-100"})]


@pytest.mark.parametrize(("tool", "arguments"), [
    ("inventory_get_stock", {"Sku": "N-000"}),
    ("inventory_list_stock", {}),
    ("inventory_place_hold", HOLD),
])  # fmt: skip
async def test_structured_content_fits_the_output_schema(house, agent, mode, tool, arguments):
    """R25: whatever is declared is what comes, nulls and all."""
    if arguments is HOLD:  # each agent's own: a key stands for one agent's proposal
        arguments = HOLD | {"Order": f"SO-{mode.upper()[:4]}"}
    async with house.client(agent, mode=mode) as client:
        schema = {t.name: t.output_schema for t in (await client.list_tools()).tools}[tool]
        result = await client.call_tool(tool, arguments)
    assert not result.is_error, text(result)
    jsonschema.validate(result.structured_content, schema, cls=jsonschema.Draft202012Validator)
    if tool == "inventory_get_stock":
        assert result.structured_content["data"]["Stock"]["OnHand"] is None


async def test_a_write_makes_a_proposal_and_no_call(house, agent, mode):
    """R61, R69: the system is read for the state before, and not written to."""
    result = await call(house, agent, "inventory_place_hold", HOLD | {"Order": f"O-{mode}"}, mode)
    body = result.structured_content
    assert body["state"] == "proposed"
    assert len(body["hash"]) == 64
    assert body["url"] == f"/v1/proposals/{body['proposal']}"
    assert "result" not in body
    assert [name for name, _ in house.systems["inventory"].calls] == ["GetStock"]
    assert "Nothing has been written. It waits for people" in text(result)
    assert f'inventory_get_proposal {{"id": "{body["proposal"]}"}}' in text(result)


async def test_the_same_write_again_is_the_same_proposal(house, agent):
    """R61: the idempotency key makes a repeated call one proposal, as the hint says."""
    first = await call(house, agent, "inventory_place_hold", HOLD | {"Order": "twice"})
    second = await call(house, agent, "inventory_place_hold", HOLD | {"Order": "twice"})
    assert first.structured_content == second.structured_content


async def test_a_proposer_follows_its_own_proposal_only(house, agent):
    """R53: another's proposal is as unknown as one that is not there, for one who oversees too."""
    mine = (await call(house, agent, "inventory_place_hold", HOLD | {"Order": "mine"})).structured_content
    followed = await call(house, agent, "inventory_get_proposal", {"id": mine["proposal"]})
    assert followed.structured_content == mine
    for role in (Role.AGENT, Role.OPERATOR):
        other = house.key(role, "inventory.place_hold")
        theirs = await call(house, other, "inventory_get_proposal", {"id": mine["proposal"]})
        nobodys = await call(house, other, "inventory_get_proposal", {"id": "p-none"})
        assert theirs.is_error
        assert _words(theirs, mine["proposal"]) == _words(nobodys, "p-none")
    with house.assembly.kernel.ledger.read() as connection:
        entries = search(connection, events=["proposal.read", "call.denied"], limit=100)
    assert [entry.event for entry in entries] == ["proposal.read", *["call.denied"] * 4]
    assert entries[0].proposal == mine["proposal"]


async def test_a_proposal_to_another_wrapper_is_not_shown(house):
    """R39: a server shows proposals to its own system."""
    key = house.key(Role.AGENT, "inventory.place_hold", "billing.place_hold")
    made = (await call(house, key, "inventory_place_hold", HOLD | {"Order": "elsewhere"})).structured_content
    async with house.client(key, "billing") as client:
        assert (await client.call_tool("billing_get_proposal", {"id": made["proposal"]})).is_error


async def test_hidden_and_unknown_tools_get_the_same_words(house, mode):
    """R53: what is hidden is not told by its refusal, and neither reaches the system."""
    key = house.key(Role.AGENT, "inventory.get_stock")
    answers = {}
    for tool in ("inventory_place_hold", "inventory_get_proposal", "inventory_nothing", "get_stock", "inventory_audit"):
        answers[tool] = await call(house, key, tool, {"Sku": "A-100"}, mode)
    assert all(result.is_error and result.structured_content is None for result in answers.values())
    assert len({_words(result, tool) for tool, result in answers.items()}) == 1
    assert "The tools are: inventory_get_stock." in text(answers["inventory_nothing"])
    assert house.systems["inventory"].calls == []


async def test_a_refusal_is_in_the_audit(house):
    """R49, R98: a call of a tool that is not there is written down too."""
    key = house.key(Role.AGENT, "inventory.get_stock")
    refused = await call(house, key, "inventory_nothing", {})
    trace = text(refused).rsplit("Trace: ", 1)[1]
    auditor = house.assembly.guard.admit(house.key(Role.AUDITOR))
    entries = house.assembly.asking.entries(auditor, limit=1000)
    (entry,) = [entry for entry in entries if trace in str(entry)]
    assert 'tool:"inventory_nothing"' in str(entry)


async def test_every_wrong_argument_is_explained_at_once(house, agent, mode):
    """R33, R34, R97: unknown and wrong arguments together, each with what is allowed; nothing is called."""
    refused = await call(house, agent, "inventory_get_stock", {"Sku": "a", "Site": "PARIS", "Colour": "red"}, mode)
    said = text(refused)
    assert refused.is_error
    assert refused.structured_content is None
    for expected in ("- Sku:", "- Site:", 'Allowed: ["LYON", "NICE"]', "- Colour:", "nothing was changed",
                     "Same call again: no", "Next: Correct every listed argument", "Trace: "):  # fmt: skip
        assert expected in said
    assert "PARIS" not in said
    assert house.systems["inventory"].calls == []


async def test_the_system_s_own_no_is_passed_on(house, agent, mode):
    """R16, R97: code and detail of the system, as data."""
    said = text(await call(house, agent, "inventory_get_stock", {"Sku": "X-404"}, mode))
    assert '"code": "WMS-1404"' in said
    assert "nothing was changed; this tool only reads." in said


async def test_a_retry_is_offered_where_it_is_safe(house, agent):
    """R79, R97: unavailable means nothing happened."""
    house.systems["inventory"].fail = Unavailable("closed for the night")
    said = text(await call(house, agent, "inventory_get_stock", {"Sku": "A-100"}))
    assert "(unavailable)" in said
    assert "Same call again: yes" in said


async def test_a_defect_is_told_with_its_trace_and_logged_without_values(house, agent, mode, caplog):
    """R60, R97: never a bare internal error, and no value in the log."""
    house.systems["inventory"].fail = RuntimeError("secret-value")
    with caplog.at_level(logging.INFO):
        refused = await call(house, agent, "inventory_get_stock", {"Sku": "A-100"}, mode)
    said = text(refused)
    assert refused.is_error
    assert "(internal)" in said
    trace = said.rsplit("Trace: ", 1)[1]
    (record,) = [record for record in caplog.records if trace in record.getMessage()]
    assert "RuntimeError" in record.getMessage()
    assert "secret-value" not in caplog.text + said


async def test_an_answer_too_large_is_not_cut(house, agent):
    """R89: it is refused whole, with the arguments that make it smaller."""
    house.systems["inventory"].rows = 10_000
    refused = await call(house, agent, "inventory_list_stock", {})
    assert refused.is_error
    assert "Ask for less (MaxRows)" in text(refused)
    assert "/v1/inventory/list_stock" in text(refused)


async def test_a_halt_is_told(house, agent):
    """R102: a halted call is refused with who and why."""
    operator = house.assembly.guard.admit(house.key(Role.OPERATOR))
    house.assembly.control.halt(operator, "operation:inventory.get_stock", "counting")
    try:
        said = text(await call(house, agent, "inventory_get_stock", {"Sku": "A-100"}))
    finally:
        house.assembly.control.resume(operator, "operation:inventory.get_stock")
    assert "(halted)" in said
    assert "counting" in said


def _words(result, name):
    """A refusal without what was asked for and its trace."""
    return text(result).replace(name, "NAME", 1).rsplit("Trace: ", 1)[0]


async def test_the_read_path_is_short(house, agent):
    """House: six frames of ours at most from the handler to the system; those on the connection's thread are here."""
    await call(house, agent, "inventory_get_stock", {"Sku": "A-100"})
    assert house.systems["inventory"].frames <= 3


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
async def test_an_answer_that_json_cannot_carry_is_drift_and_not_null(house, value):
    """R25: a NaN would reach the client as null, silently, and be believed."""
    operation = house.assembly.kernel.wrappers["inventory"].bundle.operations["get_stock"]
    with pytest.raises(Problem, match="JSON cannot carry") as error:
        answered({"data": {"Stock": value}}, operation)
    assert error.value.code == "drifted"
