"""The fields of a call → the bytes that are sent. What a caller gives never leaves its place."""

import base64

import pytest

from brownfield.contract import Rejected, Unavailable


def sent(canned) -> tuple[str, dict[str, str], bytes]:
    """The request line, the headers by name in lower case, the body."""
    head, _, body = canned.requests[-1].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}, body


def query(name, schema, **more):
    return {"parameters": [{"name": name, "in": "query", "schema": schema, **more}]}


STRINGS = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("operation", "fields", "target"),
    [
        ({}, {"id": "a/b?c#d é"}, "/api/things/a%2Fb%3Fc%23d%20%C3%A9"),
        (query("q", {"type": "string"}), {"id": "1", "q": "a&b=c d"}, "/api/things/1?q=a%26b%3Dc%20d"),
        (query("q", STRINGS), {"id": "1", "q": ["a", "b"]}, "/api/things/1?q=a&q=b"),
        (query("q", STRINGS, explode=False), {"id": "1", "q": ["a", "b"]}, "/api/things/1?q=a%2Cb"),
        (query("q", STRINGS, style="pipeDelimited", explode=False), {"id": "1", "q": ["a", "b"]},
         "/api/things/1?q=a%7Cb"),
        (query("q", {"type": "object", "properties": {"a": {"type": "integer"}}}, style="deepObject"),
         {"id": "1", "q": {"a": 1}}, "/api/things/1?q%5Ba%5D=1"),
        (query("q", {"type": "boolean"}), {"id": "1", "q": True}, "/api/things/1?q=true"),
        (query("q", {"type": "number"}), {"id": "1", "q": "1.50"}, "/api/things/1?q=1.50"),
        ({}, {"id": "1"}, "/api/things/1"),
    ],
)  # fmt: skip
def test_where_a_value_goes(connect, canned, api, operation, fields, target):
    canned.says({})
    connect(api(operation)).invoke("act", fields)
    assert sent(canned)[0] == f"GET {target} HTTP/1.1"


@pytest.mark.parametrize("given", ["", ".", ".."])
def test_a_value_cannot_change_the_path(connect, canned, api, given):
    with pytest.raises(Rejected, match="Nothing was sent"):
        connect(api()).invoke("act", {"id": given})
    assert canned.requests == []


def test_two_values_cannot_change_the_path_together(connect, canned, api):
    other = {"name": "rest", "in": "path", "required": True, "schema": {"type": "string"}}
    opened = connect(api({"parameters": [other]}, path="/things/{id}{rest}"))
    with pytest.raises(Rejected, match="Nothing was sent"):
        opened.invoke("act", {"id": ".", "rest": "."})
    assert canned.requests == []


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "é", "a\x00"])
def test_a_value_cannot_make_a_header(connect, canned, api, value):
    document = api({"parameters": [{"name": "X-Trace", "in": "header", "schema": {"type": "string"}}]})
    with pytest.raises(Rejected, match="Nothing was sent"):
        connect(document).invoke("act", {"id": "1", "X-Trace": value})
    assert canned.requests == []


def body_of(schema, media="application/json", **more):
    return {"requestBody": {"content": {media: {"schema": schema}}, **more}}


ORDER = {"type": "object", "required": ["amount"],
         "properties": {"amount": {"type": "number"}, "note": {"type": "string"}}}  # fmt: skip


def test_the_bodys_fields_stand_beside_the_parameters(connect, canned, api):
    canned.says({})
    document = api(body_of(ORDER, required=True), method="post")
    connect(document).invoke("act", {"id": "7", "amount": "49.9000", "note": 'a "b"'})
    first, headers, body = sent(canned)
    assert first == "POST /api/things/7 HTTP/1.1"
    assert headers["content-type"] == "application/json"
    assert body == b'{"amount":49.9000,"note":"a \\"b\\""}'


def test_an_exact_number_is_a_number_or_it_is_not_sent(connect, canned, api):
    with pytest.raises(Rejected):
        connect(api(body_of(ORDER, required=True), method="post")).invoke("act", {"id": "7", "amount": '1,"x":2'})
    assert canned.requests == []


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    ("given", "body"),
    [
        ("49.90", b"49.90"),
        ('1,"to":"EVE"', b'"1,\\"to\\":\\"EVE\\""'),
        ("abc", b'"abc"'),
        ("007", b'"007"'),
        ("1\n", b'"1\\n"'),
    ],
)
def test_a_text_that_may_be_a_number_adds_nothing_to_the_body(connect, canned, api, word, given, body):
    """R79: a member that nobody proposed and nobody approved would have been sent."""
    canned.says({})
    schema = {"type": "object", "properties": {"amount": {word: [{"type": "number"}, {"type": "string"}]}}}
    connect(api(body_of(schema), method="post")).invoke("act", {"id": "1", "amount": given})
    assert sent(canned)[2] == b'{"amount":' + body + b"}"


@pytest.mark.parametrize(
    ("operation", "fields", "body"),
    [
        (body_of({"type": "array", "items": {"type": "integer"}}), {"body": [1, 2]}, b"[1,2]"),
        (body_of({"type": "object", "properties": {"id": {"type": "string"}}}), {"body": {"id": "2"}}, b'{"id":"2"}'),
        (body_of({"type": "object", "additionalProperties": {"type": "string"}}), {"body": {"x": "y"}}, b'{"x":"y"}'),
        (body_of({"type": "object"}), {"body": {"x": [1]}}, b'{"x":[1]}'),
        (body_of({"type": "object", "properties": {"a": {"type": "string"}}}, "application/x-www-form-urlencoded"),
         {"a": "x y&z"}, b"a=x+y%26z"),
        (body_of(ORDER), {}, b""),
    ],
)  # fmt: skip
def test_bodies(connect, canned, api, operation, fields, body):
    canned.says({})
    connect(api(operation, method="post")).invoke("act", {"id": "1", **fields})
    assert sent(canned)[2] == body


@pytest.mark.parametrize(
    ("content", "accept"),
    [({"application/vnd.api+json": {}}, "application/vnd.api+json, application/json, application/problem+json"),
     ({"text/plain": {}}, "text/plain, application/json, application/problem+json")],
)  # fmt: skip
def test_what_is_asked_for_is_what_the_document_declares(connect, canned, api, content, accept):
    canned.says("1", 200, next(iter(content)))
    connect(api({"responses": {"200": {"description": "ok", "content": content}}})).invoke("act", {"id": "1"})
    assert sent(canned)[1]["accept"] == accept


def test_who_calls(connect, canned):
    canned.says({"version": "5"})
    for settings, header, value in (
        ({"auth": "bearer"}, "authorization", "Bearer t0ken-s3cret"),
        ({"auth": "basic"}, "authorization", f"Basic {base64.b64encode(b'wms-read:read-secret').decode()}"),
        ({"auth": "basic", "user": "me"}, "authorization", f"Basic {base64.b64encode(b'me:read-secret').decode()}"),
        ({"auth": "api-key", "key_header": "X-Key"}, "x-key", "k3y-s3cret"),
    ):
        connect(**settings).invoke("version", {})
        assert sent(canned)[1][header] == value
    connect().invoke("version", {})
    assert "authorization" not in sent(canned)[1]


def test_without_an_endpoint_nothing_is_called(connect):
    with pytest.raises(Unavailable, match="endpoint"):
        connect(endpoint=None).invoke("version", {})
