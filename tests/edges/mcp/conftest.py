"""Two small systems behind the real assembly, served over HTTP on a loopback port."""

import inspect
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pydantic import BaseModel

from brownfield.contract import Adapter, Contract, OperationShape, Rejected, Reply
from brownfield.edges.mcp import create_mcp_routes
from brownfield.ledger.identity import add_grant, add_identity, add_key, revoke_key
from brownfield.rules.access import Role
from brownfield.runtime.assembly import Assembly, open_assembly
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_contract, write_lock

SKU = {"type": "string", "pattern": "^[A-Z]-[0-9]{3}$", "examples": ["A-100"], "description": "Item number."}
SITE = {"enum": ["LYON", "NICE"]}


def closed(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required),
            "additionalProperties": False, **more}  # fmt: skip


STOCK = {"Stock": closed({"Sku": SKU, "OnHand": {"type": ["integer", "null"]}}, "Sku", "OnHand")}
CONTRACT = Contract(
    operations={
        "GetStock": OperationShape(
            input=closed({"Sku": SKU, "Site": SITE}, "Sku"),
            output=closed({"Stock": {"$ref": "#/$defs/Stock"}}, "Stock", **{"$defs": STOCK}),
            documentation="Units on hand of one item.",
        ),
        "ListStock": OperationShape(
            input=closed({"MaxRows": {"type": "integer", "minimum": 1}, "Site": SITE}),
            output=closed({"Rows": {"type": "array", "items": {"$ref": "#/$defs/Stock"}}}, "Rows", **{"$defs": STOCK}),
            documentation="Units on hand of every item.",
        ),
        "Audit": OperationShape(input=closed({}), output=closed({}), documentation="For people."),
        "PlaceHold": OperationShape(
            input=closed(
                {"Sku": SKU, "Units": {"type": "integer", "minimum": 1}, "Order": {"type": "string"}},
                "Sku",
                "Units",
                "Order",
            ),
            output=closed({"Hold": {"type": "string"}}, "Hold"),
            documentation="Set units aside for an order.",
        ),
    }
)
MANIFEST = """
id = "{id}"
title = "{title}"
mode = "live"

[scope]
system_of_record = "stock levels"
class = "record"
read = ["get_stock", "list_stock", "audit"]
write = ["place_hold"]
owner = "owner@example.com"
page = "page@example.com"

[connections.wms]
adapter = "memory"
name = "{id}"
calls.read = ["GetStock", "ListStock", "Audit"]
calls.write = ["PlaceHold"]
limits = {{ per_second = 10000 }}

[operations.get_stock]
via = "wms"
call = "GetStock"
effect = "read"
agents = true

[operations.list_stock]
via = "wms"
call = "ListStock"
effect = "read"
agents = true

[operations.audit]
via = "wms"
call = "Audit"
effect = "read"

[operations.place_hold]
via = "wms"
call = "PlaceHold"
effect = "write"
agents = true
key = "Order"
before = "get_stock"
irreversible = "goods may have left"
"""


@dataclass
class System:
    """The far side: what it was asked, and what it answers next."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    fail: Exception | None = None
    rows: int = 3
    wait: threading.Event | None = None
    frames: int = 0


class Memory(BaseModel):
    name: str


@dataclass
class MemoryAdapter:
    system: System

    def probe(self) -> None: ...

    def describe(self) -> Contract:
        return CONTRACT

    def close(self) -> None: ...

    def invoke(self, operation: str, fields: Any) -> Reply:
        self.system.calls.append((operation, dict(fields)))
        self.system.frames = sum("/src/brownfield/" in frame.filename for frame in inspect.stack(context=0))
        if self.system.wait:
            self.system.wait.wait(5)
        if self.system.fail:
            raise self.system.fail
        if operation == "GetStock":
            if fields["Sku"] == "X-404":
                raise Rejected("no such item", code="WMS-1404", detail={"Field": "Sku"})
            return Reply({"Stock": {"Sku": fields["Sku"], "OnHand": None if fields["Sku"] == "N-000" else 140}})
        if operation == "ListStock":
            return Reply({"Rows": [{"Sku": f"A-{n % 1000:03}", "OnHand": n} for n in range(self.system.rows)]})
        return Reply({"Hold": "H-1"} if operation == "PlaceHold" else {})


class OneAdapter:
    """A registry with the adapter of these tests."""

    def __init__(self, systems: dict[str, System]) -> None:
        self._adapter = Adapter("memory", "call", Memory, lambda o: MemoryAdapter(systems[o.settings.name]))

    def get(self, name: str) -> Adapter[Any]:
        assert name == "memory"
        return self._adapter


@dataclass
class House:
    """A brownfield that is up."""

    assembly: Assembly
    systems: dict[str, System]
    port: int
    _number: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def key(self, role: Role, *grants: str, name: str = "") -> str:
        """A new identity's key; grants are `wrapper.operation`."""
        self._number += 1
        kernel, now = self.assembly.kernel, datetime.now(UTC)
        name = name or f"{role}-{self._number}"
        with kernel.ledger.write() as connection:
            who = add_identity(connection, name, role, person=f"person-of-{name}", environment="sandbox", now=now)
            for grant in grants:
                wrapper, operation = grant.split(".")
                add_grant(connection, who.id, wrapper, operation, granted_by="test", now=now)
            key, prefix, mac = kernel.keys.make()
            add_key(connection, who.id, prefix, mac, environment="sandbox", now=now)
        return key

    def revoke(self, key: str) -> None:
        with self.assembly.kernel.ledger.write() as connection:
            revoke_key(connection, key.split("_")[1], datetime.now(UTC))

    @asynccontextmanager
    async def client(self, key: str, wrapper: str = "inventory", mode: str = "auto"):
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=30) as http:
            transport = streamable_http_client(f"{self.address}/{wrapper}/mcp", http_client=http)
            async with Client(transport, mode=mode, cache=None) as client:
                yield client


def write_bundle(folder, manifest: str):
    folder.mkdir(parents=True)
    (folder / "wrapper.toml").write_text(manifest)
    write_contract(folder, "wms", CONTRACT)
    write_lock(folder, make_lock(open_bundle(folder)))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "brownfield.toml").write_text('environment = "sandbox"\nallowed_hosts = ["wms.example.com"]\n')
    systems = {"inventory": System(), "billing": System()}
    for name in systems:
        write_bundle(folder / "wrappers" / name, MANIFEST.format(id=name, title=f"The {name} system"))
    environ = {"BROWNFIELD_HOME": str(folder / "home")}
    with open_assembly(folder / "wrappers", environ, registry=OneAdapter(systems)) as assembly:  # type: ignore[arg-type]
        routes, lifespan = create_mcp_routes(assembly)

        @asynccontextmanager
        async def running(_app: FastAPI):
            async with lifespan():
                yield

        app = FastAPI(lifespan=running)
        app.router.routes.extend(routes)
        with serving(app) as port:
            yield House(assembly, systems, port)


@pytest.fixture(autouse=True)
def quiet_systems(house: House) -> None:
    for system in house.systems.values():
        system.calls, system.fail, system.rows, system.wait = [], None, 3, None


class serving:  # noqa: N801
    """An app on a free port, in a thread of its own."""

    def __init__(self, app: Any) -> None:
        # The protocol is named because asyncio turns Nagle off only where it is: 40 ms an answer.
        self._socket = socket.socket(proto=socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.01)
        assert self._server.started
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["legacy", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    """Both eras of the protocol: the 2025 handshake, and 2026 without sessions."""
    return str(request.param)
