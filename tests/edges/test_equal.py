"""Every door tells the same: an agent over MCP and a program over REST stand before one guard."""

import asyncio
import threading

import httpx2
import pytest

from brownfield.edges.http import create_app
from brownfield.ledger.identity import add_grant, add_identity, add_key
from brownfield.rules.access import Role
from brownfield.runtime.assembly import first_operator, open_assembly
from brownfield.testing import canned_registry
from brownfield.testing.canned import CannedSystem, write_canned_bundle

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def system():
    return CannedSystem()


@pytest.fixture
def assembly(tmp_path, system):
    folder = write_canned_bundle(tmp_path / "wrappers")
    (tmp_path / "brownfield.toml").write_text('environment = "sandbox"\n')
    environ = {"BROWNFIELD_HOME": str(tmp_path / "home")}
    with open_assembly(folder, environ, registry=canned_registry(system)) as assembly:
        yield assembly


@pytest.fixture
def agent(assembly):
    kernel, now = assembly.kernel, assembly.kernel.clock.now()
    with kernel.ledger.write() as connection:
        who = add_identity(connection, "agent", Role.AGENT, person="p", environment="sandbox", now=now)
        for name in assembly.kernel.wrappers["canned"].bundle.operations:
            add_grant(connection, who.id, "canned", name, granted_by="test", now=now)
        key, prefix, mac = kernel.keys.make()
        add_key(connection, who.id, prefix, mac, environment="sandbox", now=now)
    return key


def http(app, key):
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {key}"}
    )


CALLS = [
    ("get_stock", {"Sku": "A-100"}),
    ("get_stock", {"Sku": "nothing like it"}),
    ("get_stock", {"Sku": 7, "more": 1}),
    ("get_stock", {}),
    ("place_hold", {"Sku": "A-100", "Units": 2, "Order": "SO-1"}),
    ("place_hold", {"Sku": "A-100", "Units": -2, "Order": "SO-1"}),
    ("not_there", {}),
]


async def both(app, key, operation, arguments):
    """What REST and what MCP answer to one call."""
    name = f"canned_{operation}"
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments, "_meta": meta},
    }
    headers = {
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": name,
        "accept": "application/json, text/event-stream",
    }
    async with http(app, key) as client:
        rest = await client.post(f"/v1/canned/{operation}", json=arguments)
        tool = await client.post("/canned/mcp", json=call, headers=headers)
    return rest, tool.json()["result"]


@pytest.mark.parametrize(("operation", "arguments"), CALLS)
async def test_rest_and_mcp_answer_alike(assembly, agent, operation, arguments):
    """R22: one contract, one guard: the same data, the same refusal, whichever door."""
    app = create_app(assembly)
    async with app.router.lifespan_context(app):
        rest, tool = await both(app, agent, operation, arguments)
    said = rest.json()
    if rest.status_code < 300:
        given = tool["structuredContent"]
        assert not tool.get("isError")
        assert {name: said[name] for name in given if name != "as_of"} == {
            name: value for name, value in given.items() if name != "as_of"
        }
    else:
        text = tool["content"][0]["text"]
        assert tool["isError"]
        assert "structuredContent" not in tool
        assert all(error["message"] in text for error in said.get("errors", []))


async def test_status_shows_a_call_that_is_under_way(assembly, agent, system):
    """R93: what agents do now can be seen while they do it."""
    began, go_on = threading.Event(), threading.Event()

    def slow(*_):
        began.set()
        go_on.wait(5)

    far = assembly.kernel.wrappers["canned"].calls["far"]
    work = asyncio.create_task(far.run(slow))
    await asyncio.to_thread(began.wait, 5)
    try:
        operator = assembly.guard.admit(first_operator(assembly.kernel))
        (seen,) = assembly.control.status(operator)["systems"]
        assert seen["under_way"] == {"far": 1}
    finally:
        go_on.set()
        await work
    (seen,) = assembly.control.status(operator)["systems"]
    assert seen["under_way"] == {}
