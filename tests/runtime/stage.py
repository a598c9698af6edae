"""A brownfield over the canned system and drop, put together for one test."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from brownfield.ledger.audit import Recorded, search
from brownfield.ledger.identity import add_grant, add_identity, add_key, revoke_key
from brownfield.ledger.migration.migrate import migrate
from brownfield.ledger.store import Ledger
from brownfield.rules.access import Role
from brownfield.runtime.assembly import Assembly, open_assembly
from brownfield.runtime.caller import Caller
from brownfield.testing import FrozenClock, canned_registry
from brownfield.testing.canned import CannedDrop, CannedSystem, write_canned_bundle
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_lock

EVERYTHING = ("get_stock", "list_stock", "get_hold", "place_hold", "release_hold", "stock_count")
HOLD = {"Sku": "A-100", "Units": 2, "Order": "SO-1"}
GOOD = b"A-100 140\nB-200 7\nC-300 1\nD-400 0\nE-500 9\n= 5\n"
WHOLE = [("A-100", 140), ("B-200", 7), ("C-300", 1), ("D-400", 0), ("E-500", 9)]
"""The events of `GOOD`."""


@dataclass
class Stage:
    """A brownfield and the far side it stands before.

    Attributes:
        assembly: What every door is given.
        system: Answers calls.
        drop: Files arrive in it.
        clock: Stands still.
        folder: `wrappers/`, `home/` and `secrets/` are in it.
        asked: The names of the secrets that were resolved, in order.
    """

    assembly: Assembly
    system: CannedSystem
    drop: CannedDrop
    clock: FrozenClock
    folder: Path
    asked: list[str] = field(default_factory=list)

    def key(self, name: str, role: Role, *grants: str, person: str = "", environment: str = "sandbox",
            lasts: timedelta | None = None) -> str:  # fmt: skip
        """A new identity with grants in `canned`; its key."""
        kernel, now = self.assembly.kernel, self.clock.now()
        with kernel.ledger.write() as connection:
            who = add_identity(connection, name, role, person=person or f"{name}@example.com", environment="sandbox",
                               now=now)  # fmt: skip
            for grant in grants:
                add_grant(connection, who.id, "canned", grant, granted_by="test", now=now)
            key, prefix, mac = kernel.keys.make()
            add_key(connection, who.id, prefix, mac, environment=environment, now=now,
                    expires_at=now + lasts if lasts else None)  # fmt: skip
        return key

    def caller(self, name: str, role: Role, *grants: str, person: str = "") -> Caller:
        """The same, admitted."""
        return self.assembly.guard.admit(self.key(name, role, *grants, person=person))

    @property
    def agent(self) -> Caller:
        """An agent that may do all an agent may."""
        return self.caller("agent", Role.AGENT, *EVERYTHING)

    def approver(self, name: str = "marie", person: str = "") -> Caller:
        """Somebody who may decide on both writes."""
        return self.caller(name, Role.APPROVER, *EVERYTHING, person=person)

    @property
    def operator(self) -> Caller:
        """Whoever runs the machine."""
        return self.caller("operator", Role.OPERATOR, *EVERYTHING)

    def revoke(self, key: str) -> None:
        """Make a key useless."""
        with self.assembly.kernel.ledger.write() as connection:
            revoke_key(connection, key.split("_")[1], self.clock.now())

    def entries(self, *events: str) -> list[Recorded]:
        """What the audit holds, of these events or of all."""
        with self.assembly.kernel.ledger.read() as connection:
            return search(connection, events=events or None, limit=10_000)

    async def call(self, caller: Caller, operation: str, arguments: Any, reason: str = "") -> Any:
        """One call through the guard."""
        return await self.assembly.guard.call(caller, "canned", operation, arguments, reason=reason)

    async def proposed(self, caller: Caller, arguments: Mapping[str, Any] = HOLD) -> Any:
        """The proposal of a hold."""
        return (await self.call(caller, "place_hold", dict(arguments))).proposal

    async def approved(self, caller: Caller | None = None, by: Caller | None = None,
                       arguments: Mapping[str, Any] = HOLD) -> str:  # fmt: skip
        """The id of a hold that was proposed and approved."""
        proposal = await self.proposed(caller or self.agent, arguments)
        self.assembly.proposing.decide(by or self.approver(), proposal.id, "approved", proposal.hash)
        return str(proposal.id)

    @property
    def under_way(self) -> int:
        """Calls that the system has not answered yet."""
        return self.assembly.kernel.wrappers["canned"].calls["far"].under_way

    def state(self, id_: str) -> str:
        """Where a proposal is."""
        return str(self.proposal(id_).state)

    def proposal(self, id_: str) -> Any:
        """A proposal, as the ledger has it."""
        return self.assembly.proposing.get(self.assembly.guard.admit(self._auditor()), id_).proposal

    def _auditor(self) -> str:
        if not hasattr(self, "_auditor_key"):
            self._auditor_key = self.key("looker", Role.AUDITOR)
        return self._auditor_key

    async def work(self) -> None:
        """Let the worker do all there is to do now."""
        await self.assembly.worker.sweep()
        while await self.assembly.worker.step():
            pass


@contextmanager
def staged(folder: Path, edits: Mapping[str, str] | None = None, wrapper: str = "", *, settings: str = "",
           lock: bool = True, **more: Any) -> Iterator[Stage]:  # fmt: skip
    """A stage whose manifest is the canned one with some lines changed.

    Args:
        folder: For everything it keeps.
        edits: What to write instead of what, in the manifest; each must be there.
        wrapper: The text of `wrapper.py`.
        settings: More lines of `brownfield.toml`.
        lock: Whether the bundle is locked again after the edits.
        **more: Another `system`, `drop`, `clock`, or `adapters`.
    """
    prepare(folder, edits or {}, wrapper, settings=settings, lock=lock)
    asked: list[str] = []
    system, drop = more.get("system") or CannedSystem(), more.get("drop") or CannedDrop()
    clock = more.get("clock") or FrozenClock()
    registry = canned_registry(system, drop, **more.get("adapters", {}))
    with open_assembly(folder / "wrappers", environ(folder), clock=clock, registry=registry) as assembly:
        yield Stage(assembly, system, drop, clock, folder, asked)


@cache
def _migrated() -> bytes:
    """A new ledger's file, migrated once for all tests of this process."""
    with TemporaryDirectory() as place:
        ledger = Ledger(f"sqlite:///{place}/ledger.db")
        migrate(ledger)
        ledger.close()
        return (Path(place) / "ledger.db").read_bytes()


def environ(folder: Path) -> dict[str, str]:
    """What the assembly is told of its surroundings."""
    return {"BROWNFIELD_HOME": str(folder / "home"), "BROWNFIELD_SECRETS": str(folder / "secrets")}


def prepare(folder: Path, edits: Mapping[str, str], wrapper: str = "", *, settings: str = "",
            lock: bool = True) -> Path:  # fmt: skip
    """Write the bundle and the settings, unless they are there already; the bundle's folder."""
    bundle = folder / "wrappers" / "canned"
    if bundle.exists():
        return bundle
    (folder / "home").mkdir(parents=True, mode=0o700)
    (folder / "home" / "ledger.db").write_bytes(_migrated())
    write_canned_bundle(folder / "wrappers")
    (folder / "brownfield.toml").write_text(f'environment = "sandbox"\n{settings}', "utf-8")
    text = (bundle / "wrapper.toml").read_text("utf-8")
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new)
    (bundle / "wrapper.toml").write_text(text, "utf-8")
    if wrapper:
        (bundle / "wrapper.py").write_text(wrapper, "utf-8")
    if lock:
        write_lock(bundle, make_lock(open_bundle(bundle)))
    return bundle


def collect(stage: Stage, **more: Any) -> list[dict[str, Any]]:
    """Collect the feed as the scheduler would; what became of each file."""
    return stage.assembly.collecting.run(*stage.assembly.kernel.feed("canned", "stock_count"), **more)


async def until(what: Callable[[], object], patience: float = 10.0) -> None:
    """Wait until something is so, however long that takes on this machine."""
    end = time.monotonic() + patience
    while not what():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.01)
