"""The description: what this caller may do, in OpenAPI 3.1, and nothing else."""

import json
import re

import pytest
from stage import EVERYTHING, HOLD

from brownfield.edges.http.exchange import caller
from brownfield.rules.access import Role

pytestmark = pytest.mark.anyio
BOUND = """
from enum import StrEnum
from pydantic import BaseModel
from brownfield import Call, Wrapper
canned = Wrapper("canned")
class Site(StrEnum):
    LYON = "LYON"
class Stock(BaseModel):
    sku: str
    site: Site
@canned.operation("get_stock")
def get_stock(far: Call, /, sku: str, site: Site) -> Stock:
    "Units on hand."
    return Stock(sku=sku, site=site)
"""
EDITS = {'[operations.get_stock]\nvia = "far"\ncall = "GetStock"\n': '[operations.get_stock]\nvia = "far"\n',
         'before = "get_stock"\n': ""}  # fmt: skip


async def described(client, headers):
    answer = await client.get("/openapi.json", headers=headers)
    assert answer.status_code == 200
    return answer.json()


async def test_it_shows_what_the_caller_may_do(put_up, bearer):
    """R25, R31: in the same order each time; POST for each operation, with its schema and an example."""
    async with put_up() as (stage, client):
        agent = await described(client, bearer(stage.key("agent", Role.AGENT, *EVERYTHING)))
        few = await described(client, bearer(stage.key("few", Role.AGENT, "get_stock")))
        operations = [path for path in agent["paths"] if path.startswith("/v1/canned/")]
        assert operations == ["/v1/canned/get_stock", "/v1/canned/list_stock", "/v1/canned/place_hold"]
        assert [path for path in few["paths"] if path.startswith("/v1/canned/")] == ["/v1/canned/get_stock"]
        assert agent["openapi"].startswith("3.1")
        post = agent["paths"]["/v1/canned/place_hold"]["post"]
        content = post["requestBody"]["content"]["application/json"]
        assert content["schema"]["required"] == ["Sku", "Units", "Order"]
        assert content["example"].keys() == HOLD.keys()
        assert set(post["responses"]) == {"202", "default"}


async def test_every_reference_resolves(put_up, bearer):
    """R25: within this document, on both sides of an operation."""
    async with put_up(EDITS, BOUND) as (stage, client):
        document = await described(client, bearer(stage.key("agent", Role.AGENT, *EVERYTHING)))
    references = set(re.findall(r'"\$ref":\s*"([^"]+)"', json.dumps(document)))
    assert any("Site" in reference for reference in references)
    for reference in references:
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert isinstance(found, dict)
    assert "$defs" not in json.dumps(document)
    names = document["components"]["schemas"]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in names)


async def test_its_operation_ids_are_each_once(put_up, bearer):
    """R25, R29: a generated client needs them so."""
    async with put_up() as (stage, client):
        document = await described(client, bearer(stage.key("operator", Role.OPERATOR, *EVERYTHING)))
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))


async def test_a_hidden_field_is_not_in_it(put_up, bearer):
    """R4."""
    edits = {'call = "GetStock"\neffect = "read"': 'call = "GetStock"\neffect = "read"\nhide = ["Price"]'}
    async with put_up(edits) as (stage, client):
        document = await described(client, bearer(stage.key("agent", Role.AGENT, "get_stock")))
    assert "Price" not in json.dumps(document)


def dependencies(dependant):
    return {dependant.call} | {call for inner in dependant.dependencies for call in dependencies(inner)}


async def test_every_route_asks_who_calls(put_up):
    """R49: a route without a caller is one that nobody answers for. The console and MCP have doors of their own."""
    async with put_up() as (stage, _):
        routes = flat(stage.app.routes)
    doors = {route.endpoint.__module__.split(".")[2] for route in routes}
    assert doors == {"http", "console", "mcp"}
    ours = [route for route in routes if route.endpoint.__module__.startswith("brownfield.edges.http")]
    assert len(ours) > 20
    plain = {(route.path, method) for route in ours if not hasattr(route, "dependant") for method in route.methods}
    assert plain == {("/v1/{wrapper}/{operation}", method) for method in ("POST", "GET", "HEAD")}
    made = [route for route in ours if hasattr(route, "dependant")]
    assert [route.path for route in made if caller not in dependencies(route.dependant)] == []


def flat(routes):
    """Every route, those of included routers too."""
    found = []
    for route in routes:
        router = getattr(route, "original_router", None)
        found += flat(router.routes) if router else [route]
    return found


@pytest.mark.parametrize("path", ["/v1/status", "/v1/proposals", "/v1/events", "/v1/audit", "/v1/batches",
                                  "/openapi.json", "/v1/events/stream", "/v1/canned/get_stock"])  # fmt: skip
async def test_nobody_is_anonymous(put_up, path):
    """R49: asked, not only looked at."""
    async with put_up() as (_, client):
        assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("path", ["/v1/canned/get_stock", "/v1/canned/get_horse", "/v1/horse/get_stock"])
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
async def test_no_operation_is_anonymous(put_up, path, method):
    """R49: whether it is there or not."""
    async with put_up() as (stage, client):
        assert (await client.request(method, path)).status_code == 401
        assert stage.system.calls == []
