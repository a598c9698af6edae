"""Operations over the web: POST for all, GET for reads of scalars."""

import asyncio
import threading

import pytest
from stage import EVERYTHING, HOLD

from brownfield.edges.http.operation import scalar
from brownfield.rules.access import Role

pytestmark = pytest.mark.anyio
STOCK = {"Sku": "A-100", "OnHand": 140, "Price": "49.90"}


@pytest.fixture
async def door(put_up, bearer):
    async with put_up(settings='poll = "100ms"\n') as (stage, client):
        client.headers |= bearer(stage.key("agent", Role.AGENT, *EVERYTHING))
        yield stage, client


async def test_a_read_is_answered(door):
    """R16, R22, R24: the system's words under `data`, when and from where beside them."""
    _, client = door
    posted = await client.post("/v1/canned/get_stock", json={"Sku": "A-100"})
    got = await client.get("/v1/canned/get_stock", params={"Sku": "A-100"})
    assert posted.status_code == got.status_code == 200
    assert posted.json()["data"] == got.json()["data"] == STOCK
    assert posted.json().keys() == {"data", "as_of", "source"}
    assert posted.headers["cache-control"] == got.headers["cache-control"] == "no-store"


async def test_a_write_is_a_proposal(door):
    """R61: 202, and where to follow it; what was said about why is kept, in any alphabet."""
    stage, client = door
    answer = await client.post("/v1/canned/place_hold", json=HOLD, headers={"brownfield-reason": "café".encode()})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["state"], body["reason"], len(body["hash"])) == ("proposed", "café", 64)
    assert (await client.get(body["url"])).json()["proposal"] == body["proposal"]
    assert stage.system.writes == []


async def test_a_write_is_not_a_get(door):
    """R52: a link that is followed writes nothing and proposes nothing."""
    stage, client = door
    answer = await client.get("/v1/canned/place_hold", params=HOLD)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert (await client.get("/v1/proposals")).json()["proposals"] == []
    assert stage.system.calls == []


@pytest.mark.parametrize("query", ["", "?Sku=", "?sku=A-100", "?Sku=A-100&Sku=B-200", "?Sku=A-100&x=1"])
async def test_a_query_is_held_to_the_same_schema(door, query):
    """R34: a name that comes twice as well; nobody guesses which was meant."""
    stage, client = door
    answer = await client.get(f"/v1/canned/get_stock{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert stage.system.calls == []


@pytest.mark.parametrize("body", [b"{", b"\xff", b"NaN", b'{"Sku": "\\ud800"}', b"[" * 100_000, b'{"Sku": 1e999}'])
async def test_what_is_no_json_is_told_so(door, body):
    """R34, R97."""
    stage, client = door
    answer = await client.post("/v1/canned/get_stock", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert stage.system.calls == []


@pytest.mark.parametrize("path", ["/v1/canned/get_stock", "/v1/ask", "/v1/halt", "/mcp"])
@pytest.mark.parametrize("known", [True, False], ids=["with a key", "without"])
async def test_who_hangs_up_before_the_body_is_whole_called_nothing(door, caplog, path, known):
    """R98: nothing was begun, so no entry; and it is no defect of ours."""
    stage, client = door
    headers = {"host": "127.0.0.1", "content-length": "20", "content-type": "application/json",
               "accept": "application/json, text/event-stream"}  # fmt: skip
    headers |= {"authorization": client.headers["authorization"]} if known else {}
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "http_version": "1.1",
             "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": "",
             "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}  # fmt: skip
    coming = [{"type": "http.request", "body": b'{"Sku"', "more_body": True}]

    async def receive():
        return coming.pop() if coming else {"type": "http.disconnect"}

    async def send(_):
        pass

    before = stage.entries()
    await stage.app(scope, receive, send)
    assert stage.entries() == before
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


@pytest.mark.parametrize("path", ["/v1/canned/get_stock", "/v1/ask", "/v1/halt"])
async def test_a_body_has_its_limit_on_every_route(door, path):
    """R34, R92: it is not all taken into memory first."""
    _, client = door
    taken = 0

    async def endless():
        nonlocal taken
        while taken < 64 * 1024 * 1024:
            taken += 65536
            yield b" " * 65536

    answer = await client.post(path, content=endless(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize(("text", "schema", "value"), [
    ("7", {"type": "integer"}, 7), ("-7", {"type": "integer"}, -7), ("7.0", {"type": "integer"}, "7.0"),
    ("\u0667", {"type": "integer"}, "\u0667"), ("9" * 5000, {"type": "integer"}, "9" * 5000),
    ("7", {"type": "string"}, "7"),
    ("7", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, 7), ("true", {"type": "boolean"}, True),
    ("True", {"type": "boolean"}, "True"), ("1", {"type": ["boolean"]}, "1"), ("x", {}, "x"),
    ("--1", {"type": "integer"}, "--1"),
])  # fmt: skip
def test_a_scalar_is_read_as_its_schema_says(text, schema, value):
    """R34: and what does not fit stays text, which the guard refuses."""
    found = scalar(text, schema)
    assert (found, type(found)) == (value, type(value))


async def test_what_is_hidden_sounds_like_what_is_not_there(door):
    """R53: status, words and all, whatever the method."""
    _, client = door
    told = set()
    for wrapper, name in (("canned", "get_hold"), ("canned", "get_horse"), ("horse", "get_hold")):
        for answer in (await client.post(f"/v1/{wrapper}/{name}", json={}), await client.get(f"/v1/{wrapper}/{name}")):
            body = answer.json()
            told.add((answer.status_code, body["code"], body["detail"].replace(f"{wrapper}.{name}", "…"), body["next"]))
    assert len(told) == 1


@pytest.mark.parametrize("operation", ["get_stock", "place_hold", "get_horse"])
async def test_what_is_nested_too_deep_is_refused_before_anything(door, operation):
    """R33: no door gives a defect for it."""
    _, client = door
    for depth in (65, 300, 900):
        body = b'{"a":' * depth + b"1" + b"}" * depth
        answer = await client.post(f"/v1/canned/{operation}", content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("number", [b"100000000000000000001", b"9007199254740993.0", b"-1e30"])
async def test_a_number_that_was_not_carried_exactly_is_refused(door, number):
    """R34: it has become another one by now."""
    stage, client = door
    answer = await client.post("/v1/canned/place_hold", content=b'{"Sku":"A-100","Units":%s,"Order":"1"}' % number)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert stage.entries("write.proposed", "call.denied") == []


async def test_a_body_that_does_not_come_is_not_waited_for(door, monkeypatch):
    """R67: the door is not held open by a caller who was let in once."""
    _, client = door
    monkeypatch.setattr("brownfield.edges.http.exchange.PATIENCE", 0.05)

    async def slowly():
        yield b"{"
        await asyncio.sleep(5)

    answer = await asyncio.wait_for(client.post("/v1/canned/get_stock", content=slowly()), 4)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_flood_of_pages_keeps_no_halt_waiting(put_up, bearer, monkeypatch):
    """R67: a person's decision has threads of its own."""
    async with put_up() as (stage, client):
        let = threading.Event()
        monkeypatch.setattr(type(stage.assembly.events), "page", lambda *_: let.wait(10) and {})
        headers = bearer(stage.key("op", Role.OPERATOR, *EVERYTHING))
        flood = [asyncio.create_task(client.get("/v1/events", headers=headers)) for _ in range(60)]
        await asyncio.sleep(0.2)
        answer = await asyncio.wait_for(client.post("/v1/halt", json={}, headers=headers), 5)
        let.set()
        await asyncio.gather(*flood)
        assert answer.status_code == 200


@pytest.mark.parametrize("length", [{}, {"content-length": "200000"}])
async def test_a_key_that_is_revoked_while_a_body_comes_is_none(put_up, bearer, length):
    """R49, R58: a body that takes its time is taken from somebody known only, who is asked for again behind it."""
    async with put_up() as (stage, client):
        key = stage.key("agent", Role.AGENT, *EVERYTHING)

        async def slowly():
            yield b'{"Sku":'
            stage.revoke(key)
            yield b'"A-100"}' + b" " * (200000 - 15 if length else 0)

        answer = await client.post("/v1/canned/get_stock", content=slowly(), headers=bearer(key) | length)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert stage.system.calls == []


@pytest.mark.parametrize("headers", [{}, {"content-length": "200000"}])
async def test_a_large_body_is_not_taken_from_a_stranger(put_up, headers):
    """R49, R67: refused before it is read."""
    async with put_up() as (_, client):
        taken = []

        async def sent():
            taken.append(1)
            yield b" " * 200000

        answer = await client.post("/v1/canned/get_stock", content=sent(), headers=headers)
        assert answer.status_code == 401
        assert taken == []
