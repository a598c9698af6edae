"""The stub on a real wire: our own connection calls it, and hears what it would hear from the system."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from brownfield.contract import Drifted, Failure, Opening, Rejected, Reply, Unavailable, Uncertain
from brownfield.rules.sample import sample
from brownfield.runtime.stub import serving
from brownfield_rest import adapter

from .conftest import DOCUMENT, replied


class Far:
    """A stub for one document, and a connection to it. What it answers is set by `says`."""

    def __init__(self, path):
        self.heard = []
        self.says = Reply({})
        self._path = path
        self.application = adapter.stub.application(self._opening(""), self._invoke)

    def _invoke(self, call, fields):
        self.heard.append((call, dict(fields)))
        if isinstance(self.says, Failure):
            raise self.says
        return self.says

    def _opening(self, address):
        settings = adapter.settings(openapi=self._path, endpoint=address or None, code="Code")
        return Opening("far", self._path.parent, settings, lambda name: "any")

    def connect(self, address):
        return adapter.open(self._opening(f"{address}/far"))


@pytest.fixture
def served(tmp_path):
    """Serves a document: `far, connection = served(document)`."""
    opened = []

    def serve(document=None):
        path = DOCUMENT
        if document is not None:
            path = tmp_path / "api.json"
            path.write_text(json.dumps(document))
        far = Far(path)
        server = serving({"far": far.application})
        connection = far.connect(server.__enter__())
        opened.append((server, connection))
        return far, connection

    yield serve
    for server, connection in opened:
        connection.close()
        server.__exit__(None, None, None)


def whole(reply):
    return dict(reply.fields) if reply.rows is None else {**reply.fields, "items": list(reply.rows)}


def test_every_call_of_a_document_is_heard_as_it_was_made_and_answered_with_a_sample(served):
    far, connection = served()
    for name, shape in connection.describe().operations.items():
        fields, answer = sample(shape.input), sample(shape.output)
        far.says = Reply(answer)
        assert whole(connection.invoke(name, fields)) == answer, name
        assert far.heard[-1] == (name, fields)


PARAMETERS = [
    {"name": "n", "in": "query", "schema": {"type": "integer"}},
    {"name": "yes", "in": "query", "schema": {"type": "boolean"}},
    {"name": "sum", "in": "query", "schema": {"type": "number"}},
    {"name": "each", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
    {"name": "few", "in": "query", "explode": False, "schema": {"type": "array", "items": {"type": "string"}}},
    {"name": "whole", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
    {"name": "X-Site", "in": "header", "schema": {"type": "string"}},
]
GIVEN = {"id": "a b+ü", "n": 7, "yes": False, "sum": "1.50", "each": [1, 2], "few": ["x", "7"], "X-Site": "LYON"}


def test_parameters_come_back_from_where_they_stand(served, api):
    far, connection = served(api({"parameters": PARAMETERS, **replied({"type": "object"})}))
    connection.invoke("act", GIVEN)
    assert far.heard == [("act", GIVEN)]


@pytest.mark.parametrize("media", ["application/json", "application/x-www-form-urlencoded"])
def test_a_body_comes_back_with_the_digits_of_its_numbers(served, api, media):
    members = {"price": {"type": "number"}, "units": {"type": "integer"}, "name": {"type": "string"}}
    body = {"type": "object", "properties": members, "additionalProperties": False, "required": ["price"]}
    asked = {"requestBody": {"required": True, "content": {media: {"schema": body}}}, **replied({"type": "object"})}
    far, connection = served(api(asked, path="/things", method="post"))
    given = {"price": "10.50", "units": 3, "name": "7"}
    connection.invoke("act", given)
    assert far.heard == [("act", given)]


@pytest.mark.parametrize(
    "failure",
    [
        Unavailable("gone"),
        Uncertain("broken"),
        Rejected("No such hold.", code="WMS-1405", detail={"Code": "WMS-1405"}),
        Rejected("No.", code="http-404"),
    ],
)
def test_a_failure_is_the_same_on_the_other_side(served, failure):
    far, connection = served()
    far.says = failure
    name, shape = next(iter(connection.describe().operations.items()))
    with pytest.raises(type(failure)) as caught:
        connection.invoke(name, sample(shape.input))
    if isinstance(failure, Rejected):
        assert (caught.value.message, caught.value.code) == (failure.message, failure.code)


def test_an_answer_that_the_document_does_not_declare_is_drift(served, api):
    far, connection = served(api(replied({"type": "object", "properties": {"n": {"type": "integer"}}})))
    far.says = Reply({"n": "seven"})
    with pytest.raises(Drifted):
        connection.invoke("act", {"id": "1"})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", b"", 404),
        ("DELETE", "/things/1", b"", 404),
        ("POST", "/things/1", b"{", 400),
        ("POST", "/things/1", b'{"n": "x"}', 400),
    ],
)
def test_a_request_outside_the_contract_is_refused_and_not_heard(served, api, method, path, body, status):
    members = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}
    content = {"content": {"application/json": {"schema": members}}, "required": True}
    far, connection = served(api({"requestBody": content, **replied({"type": "object"})}, method="post"))
    address = urlsplit(connection._settings.endpoint)
    line = http.client.HTTPConnection(address.netloc, timeout=5)
    line.request(method, f"{address.path}{path}", body, {"Content-Type": "application/json"})
    assert (line.getresponse().status, far.heard) == (status, [])
    line.close()
