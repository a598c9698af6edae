"""What a caller finds: tools by grant, with schemas, descriptions and hints."""

import json

import jsonschema
import pytest

from brownfield.rules.access import Role

pytestmark = pytest.mark.anyio
EVERY = ("inventory.get_stock", "inventory.list_stock", "inventory.place_hold", "inventory.audit")


async def names(house, key, mode="auto", wrapper="inventory"):
    async with house.client(key, wrapper, mode) as client:
        return [tool.name for tool in (await client.list_tools()).tools]


async def test_the_list_has_what_is_granted_and_no_more(house, mode):
    """R31, R53: an agent sees its grants, in a fixed order, whatever the era."""
    key = house.key(Role.AGENT, "inventory.list_stock", "inventory.get_stock")
    assert await names(house, key, mode) == ["inventory_get_stock", "inventory_list_stock"]


async def test_a_grant_of_nothing_lists_nothing(house, mode):
    """R53: a key without grants finds no tool."""
    assert await names(house, house.key(Role.AGENT), mode) == []


async def test_what_the_manifest_keeps_from_agents_is_not_listed(house):
    """R5, R31: `agents = true` is needed as well as a grant."""
    key = house.key(Role.AGENT, *EVERY)
    assert "inventory_audit" not in await names(house, key)
    assert "inventory_audit" in await names(house, house.key(Role.OPERATOR, *EVERY))


async def test_who_may_propose_may_follow(house):
    """A write comes with the tool that shows what became of it; without one it is not there."""
    assert await names(house, house.key(Role.AGENT, "inventory.place_hold")) == [
        "inventory_get_proposal",
        "inventory_place_hold",
    ]
    assert "inventory_get_proposal" not in await names(house, house.key(Role.AGENT, "inventory.get_stock"))


@pytest.mark.parametrize("role", list(Role))
async def test_no_tool_decides(house, role, mode):
    """R61: no tool approves, declines, undoes or resumes, whatever the role."""
    found = await names(house, house.key(role, *EVERY), mode)
    allowed = {"get_stock", "list_stock", "audit", "place_hold", "get_proposal"}
    assert {name.removeprefix("inventory_") for name in found} <= allowed


async def test_another_wrapper_is_another_server(house, mode):
    """R39: one server per wrapper; what is granted in one is not in the other, nor can it be called there."""
    key = house.key(Role.AGENT, "billing.get_stock")
    assert await names(house, key, mode, "inventory") == []
    assert await names(house, key, mode, "billing") == ["billing_get_stock"]
    async with house.client(key, "inventory", mode) as client:
        refused = await client.call_tool("billing_get_stock", {"Sku": "A-100"})
    assert refused.is_error
    assert house.systems["billing"].calls == []


async def test_schemas_are_the_contract_s(house):
    """R25, R27: the input schema is the contract's own; the output schema is that of the answer's body."""
    async with house.client(house.key(Role.AGENT, "inventory.get_stock")) as client:
        (tool,) = (await client.list_tools()).tools
    operation = house.assembly.kernel.wrappers["inventory"].bundle.operations["get_stock"]
    assert tool.input_schema == operation.input
    assert tool.output_schema["properties"]["data"]["properties"]["Stock"] == {"$ref": "#/$defs/Stock"}
    assert tool.output_schema["required"] == ["data", "as_of", "source"]
    jsonschema.Draft202012Validator.check_schema(tool.output_schema)


async def test_all_four_hints_are_given(house):
    """R27: every hint is explicit; what is left out would count as destructive and open."""
    async with house.client(house.key(Role.AGENT, *EVERY)) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    hints = {name: tool.annotations.model_dump(exclude={"title"}) for name, tool in tools.items()}
    read = {"read_only_hint": True, "destructive_hint": False, "idempotent_hint": True, "open_world_hint": False}
    assert hints["inventory_get_stock"] == hints["inventory_get_proposal"] == read
    assert hints["inventory_place_hold"] == read | {"read_only_hint": False, "destructive_hint": True}


async def test_a_write_says_that_it_only_proposes(house):
    """R61, R104: the description says so, how to follow it, and what cannot be undone."""
    async with house.client(house.key(Role.AGENT, "inventory.place_hold")) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    description = tools["inventory_place_hold"].description
    assert "A call writes nothing: it makes a proposal, which people decide on outside MCP." in description
    assert "Follow it with inventory_get_proposal." in description
    assert "cannot be undone: goods may have left" in description


async def test_the_list_is_private(house):
    """A list that depends on the key is nobody else's to cache."""
    async with house.client(house.key(Role.AGENT, "inventory.get_stock")) as client:
        listed = await client.list_tools()
    assert listed.cache_scope == "private"
    assert listed.ttl_ms == 60_000


async def test_both_eras_at_one_address(house, mode):
    """R40: 2025-11-25 and 2026-07-28 on one endpoint, the same tools and instructions."""
    key = house.key(Role.AGENT, "inventory.get_stock")
    async with house.client(key, mode=mode) as client:
        assert client.protocol_version == {"legacy": "2025-11-25", "auto": "2026-07-28"}[mode]
        assert client.instructions.startswith("These tools reach The inventory system, the system of record for stock")
        answer = await client.call_tool("inventory_get_stock", {"Sku": "A-100"})
    assert answer.structured_content["data"] == {"Stock": {"Sku": "A-100", "OnHand": 140}}


async def test_names_are_what_every_model_accepts(house):
    """R29: letters, digits, `_` and `-`, at most 64."""
    tools = await names(house, house.key(Role.OPERATOR, *EVERY))
    assert all(len(name) <= 64 and name.replace("_", "").isalnum() for name in tools)


async def test_listing_needs_few_tokens(house):
    """R89: the list of a wrapper is small."""
    async with house.client(house.key(Role.OPERATOR, *EVERY)) as client:
        listed = await client.list_tools()
    assert len(json.dumps(listed.model_dump(mode="json", exclude_none=True))) < 2_500 * len(listed.tools)
