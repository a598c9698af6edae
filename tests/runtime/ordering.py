"""A brownfield over the order entry job: approved writes leave as its input file, its answers come as a feed."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from stage import environ as surroundings

from brownfield.ledger.audit import Recorded, search
from brownfield.ledger.identity import add_grant, add_identity, add_key, find_identity
from brownfield.rules.access import Role
from brownfield.runtime.assembly import Assembly, open_assembly
from brownfield.runtime.caller import Caller
from brownfield.testing import FrozenClock, canned_registry
from brownfield.testing.canned.system import CONTRACT
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_contract, write_lock
from brownfield_files import adapter as files
from brownfield_files.input import adapter as input_files

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "docs" / "examples" / "wrappers" / "orders"
EVERYTHING = ("place_order", "cancel_order", "receipts", "entry")
ORDER = {"order_no": "SO-1", "sku": "A-100", "units": 2, "price": "12.50", "note": "soon"}

if str(ROOT / "fixtures") not in sys.path:
    sys.path.insert(0, str(ROOT / "fixtures"))

from orders.job import main as job  # noqa: E402


@dataclass
class Desk:
    """A brownfield with people, and the job's two folders."""

    assembly: Assembly
    clock: FrozenClock
    folder: Path
    agent: Caller
    marie: Caller
    paul: Caller
    operator: Caller

    @property
    def inbox(self) -> Path:
        return self.folder / "in"

    @property
    def outbox(self) -> Path:
        return self.folder / "out"

    def seen(self) -> dict[str, bytes]:
        """What the job sees."""
        return {path.name: path.read_bytes() for path in sorted(self.inbox.iterdir()) if path.name[0] != "."}

    async def proposed(self, order: str = "SO-1", operation: str = "place_order", **more: Any) -> Any:
        fields = ORDER | {"order_no": order} | more if operation == "place_order" else {"order_no": order}
        self.clock.move(timedelta(seconds=1))  # no two at the same instant: the file has them in their order
        caller = self.agent if operation == "place_order" else self.operator
        return (await self.assembly.guard.call(caller, "orders", operation, fields)).proposal

    def approve(self, proposal: Any) -> str:
        for person in (self.marie, self.paul)[: proposal.needed]:
            self.assembly.proposing.decide(person, proposal.id, "approved", proposal.hash)
        return str(proposal.id)

    async def approved(self, order: str = "SO-1", **more: Any) -> str:
        return self.approve(await self.proposed(order, **more))

    async def send(self) -> dict[str, Any]:
        return await self.assembly.sending.send(self.operator, "orders", "entry")

    def work(self) -> int:
        """Let the job run."""
        return job(self.inbox, self.outbox)

    def reply(self, name: str, lines: list[tuple[int, int, str]], words: str = "") -> None:
        """A file of the job's answers, as somebody could write one: file, record, status."""
        body = [f"A{file:06}{record:06}{'SO':10}{status}{words:25}" for file, record, status in lines]
        text = "".join([f"H{lines[0][0]:06}".ljust(50), *body, f"T{len(lines):06}".ljust(50)])
        (self.outbox / name).write_text(text, "ascii")

    async def answered(self) -> None:
        """Collect the answers, and have them settled."""
        await self.collected()
        await self.settle()

    async def settle(self) -> None:
        """Have settled what was collected."""
        await self.assembly.sending.tick()

    async def collected(self) -> None:
        """Collect the answers."""
        for _ in range(2):  # seen, and seen again unchanged
            await self.assembly.collecting.collect(self.operator, "orders", "receipts")
            self.clock.move(timedelta(seconds=3))

    async def whole(self, *orders: str, **more: Any) -> list[str]:
        """Orders that were proposed, approved, sent, taken and answered."""
        ids = [await self.approved(order, **more) for order in orders]
        await self.send()
        self.work()
        await self.answered()
        return ids

    def proposal(self, id_: str) -> Any:
        return self.assembly.proposing.get(self.operator, id_).proposal

    def states(self, ids: list[str]) -> list[str]:
        return [str(self.proposal(id_).state) for id_ in ids]

    def entries(self, *events: str) -> list[Recorded]:
        with self.assembly.kernel.ledger.read() as connection:
            return search(connection, events=events or None, limit=10_000)

    def taken(self) -> list[str]:
        """What the job did, by its own books."""
        path = self.outbox / "taken"
        return path.read_text().splitlines() if path.exists() else []


def prepare(folder: Path, edits: Mapping[str, str] | None = None, more: str = "") -> dict[str, str]:
    """The bundle and the folders, unless they are there; what the assembly is told of them.

    `more` stands at the manifest's end; it may use a connection `far` to the canned system.
    """
    bundle = folder / "wrappers" / "orders"
    if not bundle.exists():
        shutil.copytree(BUNDLE, bundle, ignore=shutil.ignore_patterns("tests"))
        (folder / "home").mkdir(mode=0o700)
        for name in ("in", "out"):
            (folder / name).mkdir(exist_ok=True)
        (folder / "brownfield.toml").write_text('environment = "sandbox"\npoll = "100ms"\nport = 0\n')
        text = (bundle / "wrapper.toml").read_text()
        for old, new in (edits or {}).items():
            assert old in text
            text = text.replace(old, new)
        (bundle / "wrapper.toml").write_text(text + more)
        if "[connections.far]" in more:
            write_contract(bundle, "far", CONTRACT)
        write_lock(bundle, make_lock(open_bundle(bundle)))
    return {**surroundings(folder), "ORDERS_IN": str(folder / "in"), "ORDERS_OUT": str(folder / "out")}


@contextmanager
def ordering(folder: Path, edits: Mapping[str, str] | None = None, more: str = "") -> Iterator[Desk]:
    """A desk; put up again over the same folder it goes on where it was."""
    environ, clock = prepare(folder, edits, more), FrozenClock()
    registry = canned_registry(files=files, input_files=input_files)
    with open_assembly(folder / "wrappers", environ, clock=clock, registry=registry) as assembly:
        callers = {name: admitted(assembly, name, role) for name, role in {
            "agent": Role.AGENT, "marie": Role.APPROVER, "paul": Role.APPROVER, "operator": Role.OPERATOR,
        }.items()}  # fmt: skip
        yield Desk(assembly, clock, folder, **callers)


def admitted(assembly: Assembly, name: str, role: Role) -> Caller:
    """A person with every grant, made if need be."""
    kernel, now = assembly.kernel, assembly.kernel.clock.now()
    with kernel.ledger.write() as connection:
        who = find_identity(connection, name)
        if who is None:
            who = add_identity(connection, name, role, person=f"{name}@example.com", environment="sandbox", now=now)
            for grant in EVERYTHING:
                add_grant(connection, who.id, "orders", grant, granted_by="test", now=now)
        key, prefix, mac = kernel.keys.make()
        add_key(connection, who.id, prefix, mac, environment="sandbox", now=now)
    return assembly.guard.admit(key)
