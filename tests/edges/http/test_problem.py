"""Problems: one shape for every code, and what to do next in each."""

import json

import pytest
from stage import EVERYTHING, HOLD

from brownfield.contract import Drifted, Rejected, Unavailable, Uncertain
from brownfield.edges.http.exchange import told
from brownfield.rules.access import Role
from brownfield.rules.problem import KINDS, Problem

pytestmark = pytest.mark.anyio
MEMBERS = {"type", "title", "status", "code", "detail", "next", "retry", "trace"}


@pytest.mark.parametrize("code", KINDS)
def test_every_code_has_the_same_shape(code):
    """R16, R97: RFC 9457 with code, cause, next step and trace."""
    answer = told(Problem(code, "because"), "abc")
    assert answer.status_code == KINDS[code].status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = json.loads(bytes(answer.body))
    assert body.keys() >= MEMBERS
    assert (body["code"], body["status"], body["trace"]) == (code, answer.status_code, "abc")
    assert body["next"]


@pytest.fixture
async def door(put_up, bearer):
    async with put_up() as (stage, client):
        client.headers |= bearer(stage.key("agent", Role.AGENT, *EVERYTHING))
        yield stage, client


@pytest.mark.parametrize(("failure", "status", "code"), [
    (Rejected("No such item.", code="WMS-1404", detail={"Field": "ItemNo"}), 422, "rejected"),
    (Unavailable("closed"), 503, "unavailable"), (Uncertain("lost"), 504, "uncertain"),
    (Drifted("odd"), 502, "drifted"),
])  # fmt: skip
async def test_a_system_s_failure_is_a_problem(door, failure, status, code):
    """R16, R97: its own code and detail as data."""
    stage, client = door
    stage.system.fails["GetStock"] = failure
    answer = await client.post("/v1/canned/get_stock", json={"Sku": "A-100"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if code == "rejected":
        assert answer.json()["system"] == {"code": "WMS-1404", "detail": {"Field": "ItemNo"}}


async def test_the_trace_that_is_told_is_in_the_audit(door):
    """R97: what a caller reports can be found."""
    stage, client = door
    for path, body in (("get_stock", {"Sku": 7}), ("nothing", {}), ("place_hold", {**HOLD, "Sku": "Z-999"})):
        trace = (await client.post(f"/v1/canned/{path}", json=body)).json()["trace"]
        assert stage.entries()[-1].body["trace"] == trace


@pytest.mark.parametrize("headers", [
    {}, {"authorization": ""}, {"authorization": "Bearer"}, {"authorization": "Bearer x"},
    {"authorization": "Basic eDp5"}, {"x-api-key": "bf_0_0"}, {"cookie": "key=bf_0_0"},
    {"authorization": "Bearer bf_00000000_\xe9".encode("latin-1")},
])  # fmt: skip
async def test_no_key_no_answer(door, headers):
    """R49, R58: 401 says how to send one."""
    _, client = door
    del client.headers["authorization"]
    answer = await client.post("/v1/canned/get_stock", json={"Sku": "A-100"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("scheme", "status"), [("Bearer", 200), ("bearer", 200), ("Basic", 401), ("Token", 401)])
async def test_a_key_is_shown_as_a_bearer_s(door, scheme, status):
    """R58."""
    _, client = door
    shown = {"authorization": client.headers["authorization"].replace("Bearer", scheme)}
    assert (await client.get("/v1/status", headers=shown)).status_code == status


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/"), ("DELETE", "/v1/status"), ("PUT", "/v1/canned/get_stock"), ("GET", "/v1/canned"), ("GET", "/docs"),
    ("GET", "/v2/status"),
])  # fmt: skip
async def test_what_is_not_there_is_a_problem_too(door, method, path):
    """R97: never a page of the library's own."""
    _, client = door
    answer = await client.request(method, path)
    if answer.headers.get("content-type") == "application/problem+json":
        assert answer.json().keys() >= MEMBERS
        assert answer.status_code in {400, 404}
    else:
        assert (path, answer.status_code) in {("/", 303), ("/", 307), ("/", 302), ("/", 200)}  # the console's


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.evil.example.com", "", "0.0.0.0"])
async def test_another_host_s_name_is_not_answered(door, host):
    """R55: a rebound name cannot use a browser's way in."""
    stage, client = door
    answer = await client.post("/v1/canned/get_stock", json={"Sku": "A-100"}, headers={"host": host})
    assert answer.status_code == 400
    assert stage.system.calls == []


@pytest.mark.parametrize("path", [
    "/v1/events?after=99999999999999999999", "/v1/events?after=-1", "/v1/audit?after=99999999999999999999",
    "/v1/batches/99999999999999999999/quarantine", "/v1/proposals?state=horse", "/v1/proposals?limit=0",
    "/v1/audit/export?since=2026-01-01&until=x",
])  # fmt: skip
async def test_a_number_that_is_none_is_invalid(door, path):
    """R34: and no defect."""
    _, client = door
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_defect_says_nothing_of_itself(door, monkeypatch):
    """R60, R97: but its name and where to find it."""
    stage, client = door

    def broken(*_):
        raise ValueError("SECRET-VALUE")

    monkeypatch.setattr(type(stage.assembly.control), "status", broken)
    answer = await client.get("/v1/status")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "SECRET-VALUE" not in answer.text
