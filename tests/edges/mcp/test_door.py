"""The door itself: keys, names, methods, clients that hang up, definitions that are refused at start."""

import contextlib
import json
import threading
from dataclasses import replace
from types import SimpleNamespace

import anyio
import httpx2
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolRequestParams
from starlette.applications import Starlette

from brownfield.edges.mcp.catalog import check_names, make_catalog
from brownfield.edges.mcp.desk import CALLER, Desk
from brownfield.edges.mcp.embedding import embed
from brownfield.edges.mcp.route import create_mcp_routes, transport_security
from brownfield.rules.access import Role
from brownfield.runtime.home import Settings
from brownfield.wrapper.finding import BundleError

pytestmark = pytest.mark.anyio
HOLD = {"Sku": "A-100", "Units": 1, "Order": "O-1"}
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
MODERN = {"MCP-Protocol-Version": "2026-07-28", "Accept": "application/json", "Content-Type": "application/json"}


def post(house, key, method, params=None, path="/inventory/mcp", raw=None, **headers):
    sent = MODERN | {"Mcp-Method": method} | ({"Authorization": f"Bearer {key}"} if key else {})
    if params and "name" in params:
        sent["Mcp-Name"] = params["name"]
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**(params or {}), "_meta": META}}
    return httpx2.post(house.address + path, content=raw or json.dumps(body), headers=sent | headers, timeout=30)


async def at_the_desk(house, key, name, arguments):
    """A call without HTTP before it."""
    desk = Desk(house.assembly, make_catalog(house.assembly.kernel.wrappers["inventory"]))
    context = SimpleNamespace(request=SimpleNamespace(scope={CALLER: house.assembly.guard.admit(key)}))
    return await desk.call_tool(context, CallToolRequestParams(name=name, arguments=arguments))


@pytest.fixture
def agent(house):
    return house.key(Role.AGENT, "inventory.get_stock", "inventory.place_hold")


async def test_no_key_no_entry(house):
    """R49, R58: 401 with the challenge of RFC 6750 and a problem that says what to send."""
    answer = post(house, None, "tools/list")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="brownfield"'
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"
    assert "Authorization: Bearer" in answer.json()["next"]


@pytest.mark.parametrize("key", ["nonsense", "bf_12345678_nonsense"])
async def test_a_wrong_key_is_an_invalid_token(house, key):
    """R50: it is not told what is wrong with it."""
    answer = post(house, key, "tools/list")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="brownfield", error="invalid_token"'


async def test_every_request_needs_its_key(house, mode):
    """R53, R56: there is no session to ride on; a key revoked is refused at the next request."""
    key = house.key(Role.AGENT, "inventory.get_stock")
    async with house.client(key, mode=mode) as client:
        assert not (await client.call_tool("inventory_get_stock", {"Sku": "A-100"})).is_error
        house.revoke(key)
        with pytest.raises(MCPError):
            await client.call_tool("inventory_get_stock", {"Sku": "A-100"})


async def test_a_session_id_opens_nothing(house, agent):
    """R50: no session is made, and one that is claimed changes nothing about whose request it is."""
    other = house.key(Role.AGENT)
    first = post(house, agent, "tools/list")
    assert "mcp-session-id" not in first.headers
    second = post(house, other, "tools/list", **{"Mcp-Session-Id": "0" * 32})
    assert second.json()["result"]["tools"] == []


@pytest.mark.parametrize(("header", "value", "status"), [
    ("Host", "evil.example", 421),
    ("Host", "evil.example:7311", 421),
    ("Origin", "http://evil.example", 403),
    ("Host", "wms.example.com", 200),
    ("Host", "wms.example.com:8443", 200),
    ("Origin", "https://wms.example.com", 200),
    ("Origin", "http://localhost:3000", 200),
])  # fmt: skip
async def test_only_known_names_are_served(house, agent, header, value, status):
    """R55: a page that rebinds DNS is turned away, before any call."""
    assert post(house, agent, "tools/list", **{header: value}).status_code == status


async def test_a_wildcard_address_is_no_name():
    """R55: listening everywhere does not let every name in; IPv6 is bracketed, as a client sends it."""
    everywhere = transport_security(Settings(environment="sandbox", host="0.0.0.0"))
    assert {name.removesuffix(":*") for name in everywhere.allowed_hosts} == {"127.0.0.1", "localhost", "[::1]"}
    assert "[fd00::1]:*" in transport_security(Settings(environment="sandbox", host="fd00::1")).allowed_hosts


async def test_there_is_no_stream_to_hold_open(house, agent):
    """GET and DELETE are for sessions: 405, which clients know."""
    assert httpx2.delete(house.address + "/inventory/mcp").status_code == 405
    answer = httpx2.get(house.address + "/inventory/mcp", headers={"Authorization": f"Bearer {agent}"})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


async def test_blanks_around_a_header_do_not_matter(house, agent):
    """httptools leaves them there, and the name is compared to the letter."""
    call = {"name": "inventory_get_stock", "arguments": {"Sku": "A-100"}, "_meta": META}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    headers = MODERN | {"Mcp-Method": "tools/call ", "Mcp-Name": " inventory_get_stock  "}
    routes, lifespan = create_mcp_routes(house.assembly)
    transport = httpx2.ASGITransport(app=Starlette(routes=routes))
    async with lifespan(), httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        sent = headers | {"Authorization": f"Bearer {agent}"}
        answer = await client.post("/inventory/mcp", json=body, headers=sent)
    assert answer.status_code == 200
    assert not answer.json()["result"]["isError"]


@pytest.mark.parametrize("units", ["NaN", "Infinity", "1" + "0" * 30, '"\\ud800"'])
async def test_what_json_cannot_carry_is_refused(house, agent, units):
    """R34: Python's reader takes NaN, endless integers and half characters; nothing of it goes on."""
    call = {"name": "inventory_place_hold", "arguments": {"Sku": "A-100", "Units": 0, "Order": "x"}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {**call, "_meta": META}}
    raw = json.dumps(body).replace('"Units": 0', f'"Units": {units}')
    result = post(house, agent, "tools/call", call, raw=raw).json()["result"]
    assert result["isError"]
    assert "(malformed)" in result["content"][0]["text"]
    assert house.systems["inventory"].calls == []


async def test_a_malformed_call_of_a_hidden_tool_does_not_tell_that_it_writes(house):
    """R53: the words are those for a read."""
    key, said = house.key(Role.AGENT), set()
    for tool in ("inventory_place_hold", "inventory_get_stock", "inventory_nothing"):
        raw = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                          "params": {"name": tool, "arguments": {"Units": float("nan")}, "_meta": META}})  # fmt: skip
        answer = post(house, key, "tools/call", {"name": tool}, raw=raw).json()
        said.add(answer["result"]["content"][0]["text"].rsplit("Trace: ", 1)[0])
    assert len(said) == 1


@pytest.mark.parametrize("arguments", [[], ["A-100"], "A-100", 1])
async def test_arguments_that_are_no_object_are_refused(house, agent, arguments):
    """R34: the protocol knows objects only."""
    answer = post(house, agent, "tools/call", {"name": "inventory_get_stock", "arguments": arguments}).json()
    assert "result" not in answer or answer["result"]["isError"]
    assert house.systems["inventory"].calls == []


async def test_a_client_that_hangs_up_does_not_stop_a_proposal(house, mode):
    """R61: what was asked for is stored whole, or not at all."""
    key = house.key(Role.AGENT, "inventory.place_hold", name=f"hasty-{mode}")
    system = house.systems["inventory"]
    system.wait = threading.Event()
    with anyio.move_on_after(0.5), contextlib.suppress(MCPError):
        async with house.client(key, mode=mode) as client:
            await client.call_tool("inventory_place_hold", HOLD | {"Order": f"hasty-{mode}"})
    system.wait.set()
    caller = house.assembly.guard.admit(key)
    for _ in range(100):
        if proposals := house.assembly.proposing.list(caller):
            break
        await anyio.sleep(0.05)
    assert [seen.proposal.state.value for seen in proposals] == ["proposed"]


async def test_a_write_that_is_cancelled_is_finished_first(house):
    """R61: where the transport does cancel a handler, the proposal is stored before the handler ends."""
    key = house.key(Role.AGENT, "inventory.place_hold", name="cancelled")
    with anyio.CancelScope() as scope:
        scope.cancel()
        await at_the_desk(house, key, "inventory_place_hold", HOLD | {"Order": "cancelled"})
    assert len(house.assembly.proposing.list(house.assembly.guard.admit(key))) == 1


@pytest.mark.parametrize("name", ["\ud800", "\u202e", "inventory_get_stock\x00", "x" * 5_000, ""])
async def test_a_name_that_is_no_name_is_an_unknown_tool(house, agent, name):
    """R33, R98: nothing that a caller can send in place of a name breaks the refusal, or its audit."""
    refused = await at_the_desk(house, agent, name, {})
    assert "(not-found)" in refused.content[0].text
    assert len(refused.content[0].text) < 500
    assert refused.content[0].text.replace("\n", "").isprintable()


async def test_an_unexpected_failure_at_the_door_is_a_problem(house, agent, monkeypatch):
    """R97: a ledger that cannot be read gives a problem with a trace, and no stack."""
    monkeypatch.setattr(house.assembly.guard, "_kernel", None)
    answer = post(house, agent, "tools/list")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert len(answer.json()["trace"]) == 16


async def test_the_routes_can_be_opened_again(house):
    """An app whose lifespan ends may be started again: a test client does it."""
    _, lifespan = create_mcp_routes(house.assembly)
    for _ in range(2):
        async with lifespan():
            pass


def _opened(house, **operations):
    """The inventory, as if it had other operations."""
    opened = house.assembly.kernel.wrappers["inventory"]
    return replace(opened, bundle=replace(opened.bundle, operations=operations))


async def test_definitions_that_some_client_could_not_use_are_refused_at_start(house):
    """R25, R29: an array root, an endless name, a name that is taken: refused before anybody lists."""
    read = house.assembly.kernel.wrappers["inventory"].bundle.operations["get_stock"]
    array = replace(read, input={"type": "array"})
    endless = replace(read, name="x" * 60)
    taken = replace(read, name="get_proposal")
    with pytest.raises(BundleError) as error:
        make_catalog(_opened(house, a=array, b=endless, c=taken))
    assert len(error.value.findings) == 3
    with pytest.raises(BundleError, match="two wrappers have it"):
        check_names([SimpleNamespace(tools={"a_b_c": 1}), SimpleNamespace(tools={"a_b_c": 1})])


async def test_references_still_lead_to_the_same_place():
    """R25: an answer's schema is put inside the body's; definitions move to the root, the old root to the property."""
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}, "item": {"$ref": "#/$defs/Item"}},
              "$defs": {"Item": {"properties": {"of": {"$ref": "#/properties/next"}}}}}  # fmt: skip
    inner, definitions = embed(schema, "data")
    assert inner["properties"] == {"next": {"$ref": "#/properties/data"}, "item": {"$ref": "#/$defs/Item"}}
    assert definitions["Item"]["properties"]["of"] == {"$ref": "#/properties/data/properties/next"}
