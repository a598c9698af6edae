"""The warehouse behind its REST API, and a far side that says exactly what a test tells it to."""

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from brownfield.contract import Limits, Opening
from brownfield_rest import adapter
from warehouse.process import Warehouse

DOCUMENT = Path(__file__).parents[3] / "fixtures" / "warehouse" / "wms.openapi.json"
SECRETS = {"user": "wms-read", "password": "read-secret", "token": "t0ken-s3cret", "key": "k3y-s3cret"}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("wms"), speaks="rest") as running:
        yield running


class Canned:
    """Answers each request with the next thing it was told to say; the last one again when there is no more."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/api"
        self.requests: list[bytes] = []
        self.script: list[Callable[[socket.socket], None]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def says(self, body, status: int = 200, kind: str = "application/json", **headers: str) -> None:
        content = (
            body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        )
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{more}\r\n"
        self.script.append(lambda peer: peer.sendall(head.encode() + content))

    def does(self, action: Callable[[socket.socket], None]) -> None:
        self.script.append(action)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            while (request := _request(peer)) is not None:
                self.requests.append(request)
                try:
                    self.script[min(len(self.requests), len(self.script)) - 1](peer)
                except OSError:
                    return


def _request(peer: socket.socket) -> bytes | None:
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            chunk = peer.recv(65536)
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        while lengths and len(body) < int(lengths[0]):
            body += peer.recv(65536)
    except OSError:
        return None
    return head + b"\r\n\r\n" + body


@pytest.fixture
def canned():
    server = Canned()
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
