"""`make picture`: the console before a decision, on the demo's warehouse, as docs/console.png for the README."""

import argparse
import asyncio
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from brownfield.edges.console import create_console
from brownfield.ledger.identity import add_grant, add_identity, add_key
from brownfield.rules.access import Role
from brownfield.runtime.assembly import Assembly, open_assembly
from brownfield.runtime.proposing import Seen

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "fixtures"), str(ROOT / "tests" / "edges" / "console")]
from browser import Chromium  # noqa: E402

from warehouse.process import Warehouse  # noqa: E402

CHROMIUM = shutil.which("chromium")
SECRETS = {"wms-read-user": "wms-read", "wms-read-password": "read-secret",
           "wms-write-user": "wms-write", "wms-write-password": "write-secret"}  # fmt: skip
HOLDS = ("place_hold", "release_hold")
FIRST = {"sku": "A-130", "site": "LYON", "units": 32, "order": "SO-7015"}
WHY = "Customer moved delivery to Monday, needs the fork extensions set aside now. Please approve quickly!"


def main() -> int:
    """Take the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "console.png")
    parser.add_argument("--page", default="/console/proposals")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--dark", action="store_true")
    given = parser.parse_args()
    if CHROMIUM is None:
        print("There is no chromium: apt-get install -y chromium", file=sys.stderr)
        return 69
    with tempfile.TemporaryDirectory(prefix="brownfield-picture-") as name, warehouse(Path(name)) as assembly:
        asyncio.run(picture(assembly, Path(name), given))
    print(f"{given.to} ({given.width} x {given.height})")
    return 0


@contextmanager
def warehouse(folder: Path) -> Iterator[Assembly]:
    """The demo's bundle, opened on a warehouse of its own."""
    kept = folder / "secrets" / "inventory"
    kept.mkdir(parents=True)
    for name, value in SECRETS.items():
        (kept / name).touch(mode=0o600)
        (kept / name).write_text(value)
    (folder / "drop").mkdir()
    with Warehouse(knobs=False) as system:
        environ = {"BROWNFIELD_HOME": str(folder / "home"), "BROWNFIELD_SECRETS": str(folder / "secrets"),
                   "INVENTORY_DROP": str(folder / "drop"), "WMS_URL": system.url,
                   "INVENTORY_NIGHTLY": str(ROOT / "fixtures" / "nightly" / "run-nightly.sh")}  # fmt: skip
        with open_assembly(ROOT / "wrappers", environ) as assembly:
            yield assembly


async def picture(assembly: Assembly, folder: Path, given: Any) -> None:
    """Let an agent and a person propose, one of two approvers approve, and the other one look."""
    agent = make_key(assembly, "supply-agent", Role.AGENT, "ada.lovelace@example.com")
    people = {name: make_key(assembly, name, Role.APPROVER, f"{name}@example.com") for name in ("grace", "marie")}
    olga = make_key(assembly, "olga", Role.OPERATOR, "olga@example.com")
    first = (await propose(assembly, agent, "place_hold", FIRST, WHY)).proposal
    await propose(assembly, olga, "release_hold", {"id": "H000001"}, "Order SO-7001 was cancelled.")
    assembly.proposing.decide(assembly.guard.admit(people["grace"]), first.id, "approved", first.hash, "stock is free")
    app = FastAPI(openapi_url=None)
    app.include_router(create_console(assembly))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # A request that comes early waits in the socket's queue.
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        await asyncio.to_thread(look, address, people["marie"], folder, given)
        server.should_exit = True
        await serving


def look(address: str, key: str, folder: Path, given: Any) -> None:
    """Sign in and take the picture."""
    with Chromium(str(CHROMIUM), folder / "profile") as browser:
        browser.size(given.width, given.height, dark=given.dark)
        browser.open(address)
        browser.type("input[type=password]", key)
        browser.click("main button")
        browser.open(address + given.page)
        given.to.parent.mkdir(exist_ok=True)
        browser.picture(given.to)


async def propose(assembly: Assembly, key: str, operation: str, arguments: dict[str, Any], reason: str) -> Seen:
    """Ask for a write."""
    caller = assembly.guard.admit(key)
    seen = await assembly.guard.call(caller, "inventory", operation, arguments, reason=reason)
    assert isinstance(seen, Seen)
    return seen


def make_key(assembly: Assembly, name: str, role: Role, person: str) -> str:
    """A key for somebody who may do with holds what their role may."""
    kernel, now = assembly.kernel, assembly.kernel.clock.now()
    with kernel.ledger.write() as connection:
        who = add_identity(connection, name, role, person=person, environment=kernel.environment, now=now)
        for operation in HOLDS[: 1 if role is Role.AGENT else 2]:
            add_grant(connection, who.id, "inventory", operation, granted_by="picture", now=now)
        key, prefix, mac = kernel.keys.make()
        add_key(connection, who.id, prefix, mac, environment=kernel.environment, now=now)
    return key


if __name__ == "__main__":
    sys.exit(main())
