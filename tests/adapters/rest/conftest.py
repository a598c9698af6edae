"""The warehouse behind its REST API, and a far side that says exactly what a test tells it to."""

import json
from pathlib import Path

import pytest

import canned
from brownfield.contract import Limits, Opening
from brownfield_rest import adapter
from warehouse.process import Warehouse

DOCUMENT = Path(__file__).parents[3] / "fixtures" / "warehouse" / "wms.openapi.json"
SECRETS = {"user": "wms-read", "password": "read-secret", "token": "t0ken-s3cret", "key": "k3y-s3cret"}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("wms"), speaks="rest") as running:
        yield running


class Canned(canned.Canned):
    """A server that speaks JSON."""

    kind = "application/json"

    def says(self, body, status: int = 200, kind: str = "", **headers: str) -> None:
        super().says(body if isinstance(body, bytes | str) else json.dumps(body), status, kind, **headers)


@pytest.fixture(name="canned")
def canned_server():
    server = Canned("/api")
    yield server
    server.close()


@pytest.fixture
def connect(canned, tmp_path):
    """Opens a document (the warehouse's unless given) on the canned server; settings and limits by name."""
    opened = []

    def opening(document=None, *, limits: Limits | None = None, secret=SECRETS.__getitem__, **settings):
        path = DOCUMENT
        if document is not None:
            path = tmp_path / "api.json"
            path.write_text(json.dumps(document))
        given = {"openapi": path, "endpoint": canned.url, "code": "Code", **settings}
        made = adapter.open(Opening("api", tmp_path, adapter.settings(**given), secret, limits or Limits(deadline=5.0)))
        opened.append(made)
        return made

    yield opening
    for one in opened:
        one.close()


@pytest.fixture
def api():
    """A document of one operation: `api(operation, path=…, method=…, components=…, version=…)`."""

    def made(operation=None, *, path="/things/{id}", method="get", components=None, version="3.0.3", **more):
        operation = {"operationId": "act", "responses": {"200": {"description": "ok"}}, **(operation or {})}
        if "{id}" in path:
            own = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            operation["parameters"] = [own, *operation.get("parameters", [])]
        return {"openapi": version, "info": {"title": "Things", "version": "1"}, "paths": {path: {method: operation}},
                "components": components or {}, **more}  # fmt: skip

    return made


def replied(schema, status="200"):
    """The responses of an operation that answers with a schema."""
    return {"responses": {status: {"description": "ok", "content": {"application/json": {"schema": schema}}}}}


@pytest.fixture
def answering():
    return replied
