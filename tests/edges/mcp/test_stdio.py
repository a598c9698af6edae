"""The same door over standard input and output: `brownfield mcp inventory` as a process of its own."""

import sys

import anyio
import httpx2
import pytest
from anyio.abc import SocketAttribute
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolRequestParams

from brownfield.edges.mcp import serve_stdio
from brownfield.edges.mcp.stdio import Forward
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem

pytestmark = pytest.mark.anyio
PROGRAM = """
import sys, anyio
from brownfield.edges.mcp import serve_stdio
anyio.run(serve_stdio, *sys.argv[1:])
"""


def stdio(address, key, mode="auto", wrapper="inventory"):
    command = StdioServerParameters(command=sys.executable, args=["-c", PROGRAM, address, key, wrapper])
    return Client(command, mode=mode, cache=None)


@pytest.fixture
def agent(house):
    return house.key(Role.AGENT, "inventory.get_stock", "inventory.place_hold")


async def test_the_same_tools_and_answers(house, agent, mode):
    """R29, R40: in both eras, what HTTP gives comes over stdio too."""
    async with stdio(house.address, agent, mode) as client:
        tools = (await client.list_tools()).tools
        answer = await client.call_tool("inventory_get_stock", {"Sku": "A-100"})
        refused = await client.call_tool("inventory_get_stock", {"Sku": "a"})
        unknown = await client.call_tool("inventory_nöthing", {})
        assert client.instructions.startswith("These tools reach The inventory system")
    async with house.client(agent, mode=mode) as client:
        assert (await client.list_tools()).tools == tools
    assert answer.structured_content["data"]["Stock"]["OnHand"] == 140
    assert refused.is_error
    assert "- Sku:" in refused.content[0].text
    assert "The tools are:" in unknown.content[0].text


async def test_a_write_is_a_proposal_here_too(house, agent):
    """R61: forwarding adds no right."""
    async with stdio(house.address, agent) as client:
        made = await client.call_tool("inventory_place_hold", {"Sku": "A-100", "Units": 1, "Order": "stdio"})
    assert made.structured_content["state"] == "proposed"


async def test_when_the_server_is_down_it_says_what_to_start(mode):
    """R97: the client starts us before the server is up, and learns why nothing is there."""
    async with stdio("http://127.0.0.1:9", "bf_12345678_key", mode) as client:
        refused = await client.call_tool("inventory_get_stock", {})
        with pytest.raises(MCPError, match="Start it with `brownfield up`"):
            await client.list_tools()
        assert "no brownfield answers" in client.instructions
    assert refused.is_error
    for expected in ("no brownfield answers at http://127.0.0.1:9", "`brownfield up`", "no proposal was made",
                     "Same call again: yes"):  # fmt: skip
        assert expected in refused.content[0].text


async def test_a_connection_that_breaks_is_no_reason_for_a_second_proposal():
    """R79: what became of the call is not known; the same call again is safe, and it says so."""
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, lambda stream: stream.aclose())
        port = listener.extra(SocketAttribute.local_port)
        async with stdio(f"http://127.0.0.1:{port}", "bf_12345678_key") as client:
            said = (await client.call_tool("inventory_place_hold", {})).content[0].text
        group.cancel_scope.cancel()
    assert "nothing was written; a proposal may have been made" in said
    assert "Same call again: harmless" in said


async def test_what_json_cannot_carry_is_refused_before_it_is_sent():
    """R34: half a character in a name or an argument."""
    async with httpx2.AsyncClient() as client:
        forward = Forward(client, "http://127.0.0.1:9", "inventory")
        for name, arguments in (("\ud800", {}), ("inventory_get_stock", {"Sku": float("nan")})):
            refused = await forward.call_tool(None, CallToolRequestParams(name=name, arguments=arguments))
            assert "(malformed)" in refused.content[0].text


async def test_a_wrong_key_is_told(house):
    """R49: the server's own refusal comes through."""
    async with stdio(house.address, "bf_12345678_wrong") as client:
        refused = await client.call_tool("inventory_get_stock", {})
    assert "(unauthenticated)" in refused.content[0].text


async def test_an_unknown_wrapper_is_told(house, agent):
    """R39: a name that is not served."""
    async with stdio(house.address, agent, wrapper="payroll") as client:
        refused = await client.call_tool("payroll_get", {})
    assert "has no wrapper `payroll`" in refused.content[0].text


async def test_nobody_is_anonymous():
    """R50: without a key it does not start."""
    with pytest.raises(Problem, match="no key"):
        await serve_stdio("http://127.0.0.1:9", "", "inventory")
