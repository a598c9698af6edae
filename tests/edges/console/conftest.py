"""A small warehouse behind the real assembly, and browsers without JavaScript in front of the console."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from brownfield.contract import (
    Adapter,
    Arrival,
    Checkpoint,
    Chunk,
    Contract,
    Damage,
    OperationShape,
    RecordShape,
    Reply,
    Row,
    Uncertain,
)
from brownfield.edges.console import create_console
from brownfield.ledger.identity import add_grant, add_identity, add_key, revoke_key
from brownfield.rules.access import Role
from brownfield.runtime.assembly import Assembly, open_assembly
from brownfield.runtime.clock import Clock
from brownfield.runtime.proposing import Seen
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_contract, write_lock


def closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


TEXT, UNITS = {"type": "string"}, {"type": "integer"}
CALLS = Contract(
    operations={
        "GetStock": OperationShape(input=closed({"sku": TEXT}, "sku"), output=closed({"sku": TEXT, "on_hand": UNITS}),
                                   documentation="Units on hand of one item."),
        "PlaceHold": OperationShape(input=closed({"sku": TEXT, "units": UNITS, "order": TEXT}, "sku", "units", "order"),
                                    output=closed({"id": TEXT}), documentation="Set units aside for an order."),
        "ReleaseHold": OperationShape(input=closed({"id": TEXT}, "id"), output=closed({"id": TEXT}),
                                      documentation="Give the units free again."),
    }
)  # fmt: skip
RECORDS = Contract(records={"detail": RecordShape(fields=closed({"sku": TEXT}, "sku"), documentation="One count.")})
MANIFEST = """
id = "inventory"
title = "Warehouse inventory (WMS 4.2)"
mode = "{mode}"

[scope]
system_of_record = "stock levels"
class = "record"
read = ["get_stock"]
write = ["place_hold", "release_hold"]
owner = "supply-integration@example.com"
page = "warehouse-oncall@example.com"

[connections.wms]
adapter = "memory"
calls.read = ["GetStock"]
calls.write = ["PlaceHold", "ReleaseHold"]
limits = {{ per_second = 10000 }}

[connections.nightly]
adapter = "drop"

[operations.get_stock]
via = "wms"
call = "GetStock"
effect = "read"
agents = true

[operations.place_hold]
via = "wms"
call = "PlaceHold"
effect = "write"
agents = true
key = "order"
before = "get_stock"
confirm = {{ operation = "get_stock", args = {{ sku = "arguments.sku" }} }}
undo = {{ operation = "release_hold", args = {{ id = "result.id" }} }}

[operations.release_hold]
via = "wms"
call = "ReleaseHold"
effect = "write"
key = "id"
irreversible = "the units may be gone"

[feeds.stock_count]
via = "nightly"
emits = "inventory.stock-counted.v1"
key = "sku"
"""
FUNCTIONS = """
from brownfield import Money, Wrapper

inventory = Wrapper("inventory")


@inventory.impact("place_hold")
def worth(fields, before):
    return Money(minor=fields["units"] * 1000, currency="EUR") if fields["units"] < 1000 else None
"""
SETTINGS = """
environment = "sandbox"
timezone = "Europe/Paris"

[policy]
currency = "EUR"
two_above = 5000
"""


@dataclass
class System:
    """The far side."""

    on_hand: int = 140
    lose: bool = False
    writes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def probe(self) -> None: ...

    def describe(self) -> Contract:
        return CALLS

    def close(self) -> None: ...

    def invoke(self, operation: str, fields: Any) -> Reply:
        if operation == "GetStock":
            return Reply({"sku": fields["sku"], "on_hand": self.on_hand})
        self.writes.append((operation, dict(fields)))
        if self.lose:
            raise Uncertain("the line went dead")
        self.on_hand -= fields.get("units", 0)
        return Reply({"id": fields.get("id", "H-1")})


class Drop:
    """A drop with one file, whose second record cannot be read."""

    name = "STK\u202e20261121.DAT"

    def probe(self) -> None: ...

    def describe(self) -> Contract:
        return RECORDS

    def close(self) -> None: ...

    def arrivals(self) -> list[Arrival]:
        return [Arrival(self.name, 40, "ab" * 32)]

    def collect(self, arrival: Arrival, checkpoint: Checkpoint) -> Iterator[Chunk]:
        damage = Damage(1, 20, b"A-100\x1b\x00\xff<script>", "units", "packed-nibble", "the last half byte is no sign")
        yield Chunk((Row(0, "detail", {"sku": "A-100"}),), (damage,), Checkpoint(record=2, offset=40, prefix="cd"))

    def settle(self, arrival: Arrival, verdict: Any) -> None: ...


class Empty(BaseModel):
    pass


class TwoAdapters:
    """A registry with the adapters of these tests."""

    def __init__(self, system: System) -> None:
        self._known = {
            "memory": Adapter("memory", "call", Empty, lambda _: system),
            "drop": Adapter("drop", "feed", Empty, lambda _: Drop()),
        }

    def get(self, name: str) -> Adapter[Any]:
        return self._known[name]


class HeldClock(Clock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def now(self) -> datetime:
        return super().now() + self.moved

    def ticks(self) -> float:
        return super().ticks() + self.moved.total_seconds()


@dataclass
class Office:
    """A brownfield with a console in front of it."""

    assembly: Assembly
    system: System
    clock: HeldClock
    app: FastAPI

    def key(self, name: str, role: Role, *grants: str, person: str = "") -> str:
        kernel, now = self.assembly.kernel, datetime.now(UTC)
        with kernel.ledger.write() as connection:
            who = add_identity(connection, name, role, person=person or f"{name}@example.com", environment="sandbox",
                               now=now)  # fmt: skip
            for grant in grants:
                add_grant(connection, who.id, "inventory", grant, granted_by="test", now=now)
            key, prefix, mac = kernel.keys.make()
            add_key(connection, who.id, prefix, mac, environment="sandbox", now=now)
        return key

    def revoke(self, key: str) -> None:
        with self.assembly.kernel.ledger.write() as connection:
            revoke_key(connection, key.split("_")[1], datetime.now(UTC))

    async def propose(self, key: str, reason: str = "", **arguments: Any) -> Seen:
        caller = self.assembly.guard.admit(key)
        given = {"sku": "A-100", "units": 12, "order": "SO-1001"} | arguments
        seen = await self.assembly.guard.call(caller, "inventory", "place_hold", given, reason=reason)
        assert isinstance(seen, Seen)
        return seen

    def browser(self, key: str = "", base: str = "http://localhost") -> "Browser":
        browser = Browser(self.app, base)
        if key:
            browser.sign_in(key)
        return browser


class Browser:
    """What a browser without JavaScript does: follow links, fill in the forms of the page, keep cookies."""

    def __init__(self, app: FastAPI, base: str = "http://localhost") -> None:
        self.http = TestClient(app, base_url=base, follow_redirects=True, raise_server_exceptions=False)
        self.page = ""
        self.status = 0
        self.headers: Any = {}

    @property
    def text(self) -> str:
        """The page's words, without tags."""
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", self.page)))

    def get(self, path: str) -> str:
        return self._keep(self.http.get(path))

    def post(self, path: str, **fields: str) -> str:
        return self._keep(self.http.post(path, data=fields))

    def sign_in(self, key: str, path: str = "/") -> str:
        self.get(path)
        return self.submit("/console/sign-in", key=key)

    def submit(self, action: str, **fields: str) -> str:
        """Send the form of this page with that action, its hidden fields as they are."""
        forms = [form for form in re.findall(r"<form.*?</form>", self.page, re.S) if f'action="{action}"' in form]
        assert forms, f"no form {action} on the page"
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', forms[0]))
        return self.post(action, **{name: unescape(value) for name, value in hidden.items()} | fields)

    def has_form(self, action: str) -> bool:
        return f'action="{action}"' in self.page

    def _keep(self, answer: Any) -> str:
        self.page, self.status, self.headers = answer.text, answer.status_code, answer.headers
        return self.page


def write_bundle(folder: Path, mode: str) -> None:
    folder.mkdir(parents=True)
    (folder / "wrapper.toml").write_text(MANIFEST.format(mode=mode))
    (folder / "wrapper.py").write_text(FUNCTIONS)
    write_contract(folder, "wms", CALLS)
    write_contract(folder, "nightly", RECORDS)
    write_lock(folder, make_lock(open_bundle(folder)))


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    opened = []

    def make(mode: str = "live") -> Office:
        (tmp_path / "brownfield.toml").write_text(SETTINGS)
        write_bundle(tmp_path / "wrappers" / "inventory", mode)
        system, clock = System(), HeldClock()
        around: Any = TwoAdapters(system)
        environ = {"BROWNFIELD_HOME": str(tmp_path / "home")}
        context = open_assembly(tmp_path / "wrappers", environ, clock=clock, registry=around)
        opened.append(context)
        assembly = context.__enter__()
        app = FastAPI(openapi_url=None)
        app.include_router(create_console(assembly))
        return Office(assembly, system, clock, app)

    yield make
    for context in opened:
        context.__exit__(None, None, None)


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    return open_office()


@pytest.fixture
def agent(office: Office) -> str:
    return office.key("billing-agent", Role.AGENT, "get_stock", "place_hold", person="ada@example.com")


@pytest.fixture
def anna(office: Office) -> str:
    return office.key("anna", Role.APPROVER, "get_stock", "place_hold", "release_hold")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
