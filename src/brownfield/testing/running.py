"""A bundle that runs in a process of its own, as `brownfield up` runs it, and callers of it."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
import orjson

from brownfield.ledger.identity import add_grant, add_identity, add_key
from brownfield.rules.access import Role
from brownfield.runtime.assembly import open_assembly

_UP = [sys.executable, "-c", "from brownfield.edges.cli import main; main()", "up"]
_PEOPLE = {"agent": Role.AGENT, "first": Role.APPROVER, "second": Role.APPROVER, "operator": Role.OPERATOR}
_FINAL = frozenset({"done", "unknown", "rejected", "failed", "denied"})
_PATIENCE = 30.0
_PASSING = frozenset({"trace", "as_of", "at", "id", "hash", "url", "proposal", "created_at", "expires_at", "expires"})
"""What differs from call to call, whatever the system."""
_TRACE = re.compile(r"Trace: [0-9a-f]+")
_MCP = "2026-07-28"

Door = Literal["rest", "mcp"]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A bundle before its system.

    Attributes:
        folder: The bundle's folder.
        environ: What the manifest names, and `BROWNFIELD_SECRETS`.
    """

    folder: Path
    environ: Mapping[str, str]


@dataclass(frozen=True)
class Running:
    """A running bundle.

    Attributes:
        wrapper: Its id.
        address: Where it listens.
        keys: A key for an agent, two approvers and an operator, each with every grant.
        effects: What is exposed, with its effect.
    """

    wrapper: str
    address: str
    keys: Mapping[str, str]
    effects: Mapping[str, str]

    def exposed(self, effect: str) -> set[str]:
        """The operations of an effect."""
        return {name for name, its in self.effects.items() if its == effect}

    def tools(self) -> list[dict[str, Any]]:
        """What an agent is offered over MCP, by name."""
        found: list[dict[str, Any]] = self._mcp("tools/list", "", {})["tools"]
        return sorted(found, key=lambda tool: str(tool["name"]))

    def answer(self, door: Door, operation: str, arguments: Mapping[str, Any]) -> Any:
        """What a caller gets by a door, without what differs from call to call."""
        if door == "mcp":
            name = f"{self.wrapper}_{operation}"
            return lasting(self._mcp("tools/call", name, {"name": name, "arguments": dict(arguments)}))
        reply = self._ask("agent", "POST", f"/v1/{self.wrapper}/{operation}", dict(arguments))
        return reply.status_code, lasting(reply.json())

    def written(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """How a write ends that an agent proposes and people approve; a refusal as it was told."""
        made = self._ask("agent", "POST", f"/v1/{self.wrapper}/{operation}", dict(arguments))
        if made.status_code != 202:
            return made.status_code, lasting(made.json())
        said = made.json()
        for approver in ("first", "second"):
            if self._state(said)["state"] == "proposed":
                self._ask(approver, "POST", f"{said['url']}/approve", {"hash": said["hash"]})
        ended = _until(lambda: found if (found := self._state(said))["state"] in _FINAL else None)
        return {name: ended.get(name) for name in ("state", "result", "problem", "before", "impact", "tier")}

    def events(self, feed: str) -> list[dict[str, Any]]:
        """The events of a feed, once what lies in its drop is collected: what a consumer gets of each."""
        taken = self._ask("operator", "POST", f"/v1/collect/{self.wrapper}/{feed}", {})
        assert taken.status_code == 200, taken.text
        page = self._ask("operator", "GET", f"/v1/events?feed={self.wrapper}.{feed}&limit=1000").json()
        return [{name: event.get(name) for name in ("type", "subject", "data")} for event in page["events"]]

    def _state(self, said: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._ask("operator", "GET", said["url"]).json())

    def _ask(self, who: str, method: str, path: str, body: Any = None) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.keys[who]}"}
        return httpx2.request(method, self.address + path, headers=headers, json=body, timeout=_PATIENCE)

    def _mcp(self, method: str, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        meta = {"io.modelcontextprotocol/protocolVersion": _MCP, "io.modelcontextprotocol/clientCapabilities": {}}
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**fields, "_meta": meta}}
        headers = {"authorization": f"Bearer {self.keys['agent']}", "mcp-protocol-version": _MCP, "mcp-method": method,
                   "accept": "application/json, text/event-stream", **({"mcp-name": name} if name else {})}  # fmt: skip
        reply = httpx2.post(f"{self.address}/{self.wrapper}/mcp", headers=headers, json=call, timeout=_PATIENCE)
        answer: dict[str, Any] = reply.json()
        assert "result" in answer, f"{method} {name}: {answer}"
        return dict(answer["result"])


def lasting(value: Any, name: str = "") -> Any:
    """A document without what differs from call to call; text that is a document is read as one."""
    if isinstance(value, dict):
        return {key: lasting(inner, key) for key, inner in value.items() if key not in _PASSING or name == "data"}
    if isinstance(value, list):
        return [lasting(inner, name) for inner in value]
    if name == "text" and isinstance(value, str) and value.startswith("{"):
        return lasting(orjson.loads(value))
    return _TRACE.sub("Trace", value) if isinstance(value, str) else value


@contextmanager
def running(standing: Standing, folder: Path) -> Iterator[Running]:
    """The bundle of a standing, up while the block runs; its home is in `folder`."""
    home = folder / "home"
    environ = {**os.environ, **standing.environ, "BROWNFIELD_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    (folder / "brownfield.toml").write_text('environment = "sandbox"\nport = 0\npoll = "100ms"\n')
    bundles = folder / "wrappers"
    bundles.mkdir()
    (bundles / standing.folder.name).symlink_to(standing.folder.resolve(), target_is_directory=True)
    wrapper, keys, effects = _prepared(bundles, environ)
    with (folder / "said").open("w") as said:
        process = subprocess.Popen([*_UP, str(bundles)], env=environ, cwd=folder, stdout=said, stderr=said)  # noqa: S603  this interpreter
    try:
        address = _until(lambda: _address(home, process, folder / "said"))
        yield Running(wrapper, address, keys, effects)
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _prepared(bundles: Path, environ: Mapping[str, str]) -> tuple[str, dict[str, str], dict[str, str]]:
    """People with keys and every grant, before the server is up."""
    keys: dict[str, str] = {}
    with open_assembly(bundles, environ) as assembly, assembly.kernel.ledger.write() as connection:
        kernel, now = assembly.kernel, assembly.kernel.clock.now()
        [opened] = kernel.wrappers.values()
        effects = {name: str(one.effect) for name, one in opened.bundle.operations.items()}
        for name, role in _PEOPLE.items():
            who = add_identity(connection, name, role, person=f"{name}@example.com", environment="sandbox", now=now)
            for operation in (*effects, *opened.bundle.feeds):
                add_grant(connection, who.id, opened.id, operation, granted_by="suite", now=now)
            keys[name], prefix, mac = kernel.keys.make()
            add_key(connection, who.id, prefix, mac, environment="sandbox", now=now)
        return opened.id, keys, effects


def _address(home: Path, process: "subprocess.Popen[bytes]", said: Path) -> str:
    """The address that the process has announced and answers at, or an empty string."""
    assert process.poll() is None, said.read_text("utf-8")
    try:
        address = str(orjson.loads((home / "server.json").read_bytes())["address"])
        httpx2.get(f"{address}/openapi.json", timeout=1.0)
    except (OSError, ValueError, KeyError, httpx2.TransportError):
        return ""
    return address


def _until(what: Callable[[], Any]) -> Any:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to pass in time")
