"""A brownfield in a process of its own, that tests kill."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from brownfield.ledger.identity import add_grant, add_identity, add_key
from brownfield.rules.access import Role
from brownfield.runtime.assembly import open_assembly
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_lock

ROOT = Path(__file__).resolve().parents[2]
UP = [sys.executable, "-c", "from brownfield.edges.cli import main; main()"]
SECRETS = {"wms-read-user": "wms-read", "wms-read-password": "read-secret", "wms-write-user": "wms-write",
           "wms-write-password": "write-secret"}  # fmt: skip
PEOPLE = {"agent": Role.AGENT, "marie": Role.APPROVER, "operator": Role.OPERATOR, "auditor": Role.AUDITOR}
CHUNK = 50
FINAL = {"done", "unknown", "rejected", "failed", "denied"}


@dataclass
class Home:
    """A folder with a bundle, a home and keys for four people; the process that runs on it.

    Attributes:
        folder: Everything is in it.
        wms: Where the warehouse is.
        keys: By name.
    """

    folder: Path
    wms: str = "http://127.0.0.1:9/"
    keys: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    said: str = ""

    def __post_init__(self) -> None:
        bundle = self.folder / "wrappers" / "inventory"
        shutil.copytree(ROOT / "wrappers" / "inventory", bundle, ignore=shutil.ignore_patterns("tests", "__pycache__"))
        manifest = (bundle / "wrapper.toml").read_text("utf-8")
        (bundle / "wrapper.toml").write_text(manifest.replace('match    = "STK', f'chunk = {CHUNK}\nmatch    = "STK'))
        write_lock(bundle, make_lock(open_bundle(bundle)))
        (self.folder / "brownfield.toml").write_text('environment = "sandbox"\nport = 0\npoll = "200ms"\n')
        (self.folder / "secrets" / "inventory").mkdir(parents=True)
        self.drop.mkdir()
        for name, value in SECRETS.items():
            path = self.folder / "secrets" / "inventory" / name
            path.write_text(value)
            path.chmod(0o600)
        self._make_keys()

    @property
    def drop(self) -> Path:
        """Where files arrive."""
        return self.folder / "drop"

    @property
    def wrappers(self) -> Path:
        """The bundles."""
        return self.folder / "wrappers"

    @property
    def environ(self) -> dict[str, str]:
        """What the process is told of its surroundings."""
        return {**os.environ, "BROWNFIELD_HOME": str(self.folder / "home"), "WMS_URL": self.wms,
                "BROWNFIELD_SECRETS": str(self.folder / "secrets"), "INVENTORY_DROP": str(self.drop),
                "INVENTORY_NIGHTLY": "true", "PYTHONUNBUFFERED": "1"}  # fmt: skip

    def _make_keys(self) -> None:
        with open_assembly(self.wrappers, self.environ) as assembly, assembly.kernel.ledger.write() as connection:
            kernel, now = assembly.kernel, assembly.kernel.clock.now()
            for name, role in PEOPLE.items():
                who = add_identity(connection, name, role, person=f"{name}@example.com", environment="sandbox", now=now)
                for operation in ("get_stock", "place_hold", "release_hold", "stock_count"):
                    add_grant(connection, who.id, "inventory", operation, granted_by="test", now=now)
                key, prefix, mac = kernel.keys.make()
                add_key(connection, who.id, prefix, mac, environment="sandbox", now=now)
                self.keys[name] = key

    def up(self, before: Callable[[], None] | None = None) -> "Home":
        """Start it, and return once it answers."""
        self.process = subprocess.Popen(
            [*UP, "up", str(self.wrappers)],
            env=self.environ,
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=before,  # noqa: PLW1509  it sets a limit and nothing else
        )
        self.wait(lambda: self.address and self._answers())
        return self

    @property
    def address(self) -> str:
        """The address that this process has announced, or an empty string."""
        try:
            document = json.loads((self.folder / "home" / "server.json").read_bytes())
        except (OSError, ValueError):
            return ""
        return str(document["address"]) if self.process and document["pid"] == self.process.pid else ""

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/v1/status", "operator").status_code == 200
        except httpx2.TransportError:
            return False

    def ask(self, method: str, path: str, who: str, body: Any = None) -> httpx2.Response:
        """One request."""
        headers = {"authorization": f"Bearer {self.keys[who]}"}
        return httpx2.request(method, self.address + path, headers=headers, json=body, timeout=20)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.end(signal.SIGKILL)

    def end(self, number: int) -> int:
        """Send it a signal, and return how it ended; what it said is in `said`."""
        assert self.process is not None
        self.process.send_signal(number)
        self.said = self.process.communicate(timeout=30)[0]
        code, self.process = self.process.returncode, None
        return code

    def wait(self, what: Callable[[], Any], patience: float = 20.0) -> Any:
        """Wait until something is so."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            found = what()
            if found:
                return found
            assert self.process is None or self.process.poll() is None, self.process.communicate()[0]
            time.sleep(0.02)
        raise AssertionError("it did not come to pass")

    def propose(self, order: str = "SO-1") -> Mapping[str, Any]:
        """The proposal of a hold."""
        hold = {"sku": "A-100", "site": "LYON", "units": 2, "order": order}
        made: dict[str, Any] = self.ask("POST", "/v1/inventory/place_hold", "agent", hold).json()
        return made

    def approve(self, made: Mapping[str, Any]) -> None:
        """Have it approved."""
        answer = self.ask("POST", f"{made['url']}/approve", "marie", {"hash": made["hash"]})
        assert answer.status_code == 200, answer.text

    def ended(self, made: Mapping[str, Any]) -> Mapping[str, Any]:
        """The proposal, once it is known how it ended."""

        def final() -> Any:
            found = self.ask("GET", made["url"], "agent").json()
            return found if found["state"] in FINAL else None

        found: Mapping[str, Any] = self.wait(final)
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the ledger, read beside whoever runs on it."""
        with closing(sqlite3.connect(self.folder / "home" / "ledger.db")) as other, other:
            return other.execute(query).fetchall()

    def whole(self) -> bool:
        """Whether the file is sound and the audit as it was written; asked while it is up."""
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        return bool(self.ask("POST", "/v1/audit/verify", "auditor").json()["ok"])
