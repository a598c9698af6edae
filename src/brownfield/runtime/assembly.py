"""Everything that a running brownfield is, put together in one place."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import IO

from brownfield.ledger.audit import append_seals, seal
from brownfield.ledger.count import proposal_counts
from brownfield.ledger.identity import add_grant, add_identity, add_key, identities
from brownfield.ledger.lease import clear
from brownfield.ledger.migration.migrate import migrate
from brownfield.ledger.name import name_of
from brownfield.ledger.store import Ledger
from brownfield.rules.access import Role
from brownfield.rules.proposal import State
from brownfield.runtime.asking import Asking
from brownfield.runtime.clock import Clock
from brownfield.runtime.collecting import Collecting
from brownfield.runtime.control import Control
from brownfield.runtime.derived import derived_in
from brownfield.runtime.expecting import Expecting
from brownfield.runtime.guard import Guard
from brownfield.runtime.home import SETTINGS, Home, Settings, read_settings
from brownfield.runtime.journal import Journal
from brownfield.runtime.kernel import Kernel, find_bundles, open_wrappers
from brownfield.runtime.key import KeyRing, audit_key
from brownfield.runtime.lane import Lane
from brownfield.runtime.locking import missing_secrets
from brownfield.runtime.lookout import Lookout
from brownfield.runtime.mending import Mending
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.paging import Paging
from brownfield.runtime.polling import Polling
from brownfield.runtime.proposing import Proposing
from brownfield.runtime.registry import Registry
from brownfield.runtime.repeating import repeat
from brownfield.runtime.scheduler import Scheduler
from brownfield.runtime.secret import providers
from brownfield.runtime.sending import Sending
from brownfield.runtime.streaming import Streaming
from brownfield.runtime.worker import Worker

SEAL_EVERY = 60.0
"""Seconds between two seals of the audit."""
SAFE_SQLITE = (3, 51, 3)
"""Older ones have the WAL-reset defect: https://www.sqlite.org/wal.html#walresetbug."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a door is given. Each attribute does one thing; see its module.

    Attributes:
        desk: For halts and decisions alone: no flood of anything else keeps a person waiting.
        reading: For pages of events, of which one consumer may ask very many.
    """

    kernel: Kernel
    guard: Guard
    proposing: Proposing
    control: Control
    collecting: Collecting
    mending: Mending
    sending: Sending
    events: Streaming
    asking: Asking
    worker: Worker
    scheduler: Scheduler
    expecting: Expecting
    paging: Paging
    polling: Polling
    lookout: Lookout
    desk: Lane
    reading: Lane

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Worker, scheduler and seals run while the block does. A write under way is finished before it ends."""
        self._note("server.started")
        self.collecting.orphans()
        ending = asyncio.Event()
        sealing = repeat(
            partial(asyncio.to_thread, self.seal), cycle([SEAL_EVERY]), ending, "the audit could not be sealed"
        )
        clocks = (self.worker, self.scheduler, self.sending, self.expecting, self.paging, self.polling, self.lookout)
        working = [asyncio.create_task(work) for work in (sealing, *(clock.run() for clock in clocks))]
        try:
            yield
        finally:
            ending.set()
            for part in (*clocks, self.collecting):
                part.stop()
            await asyncio.gather(*working, return_exceptions=True)
            self.worker.close()
            self.sending.close()
            self._note("server.stopped")
            self.seal()

    def seal(self) -> None:
        """Write the heads of the audit's chains outside the database."""
        with self.kernel.ledger.read() as connection:
            heads = seal(connection)
        append_seals(self.kernel.home.seals, audit_key(self.kernel.home.keys), heads, self.kernel.clock.now())

    def _note(self, event: str) -> None:
        with self.kernel.ledger.write() as connection:
            self.kernel.journal.add(connection, self.kernel.entry(event, {}))


@contextmanager
def open_assembly(folder: Path, environ: Mapping[str, str], *, chain: str = "server", clock: Clock | None = None,
                  registry: Registry | None = None) -> Iterator[Assembly]:  # fmt: skip
    """Open the bundles in `folder` on the embedded ledger, alone: the lock file is held while the block runs.

    Args:
        folder: A folder of bundles, or one bundle; `brownfield.toml` is looked for in it, beside it, and here.
        environ: `BROWNFIELD_HOME`, `BROWNFIELD_SECRETS` and what the manifests name.
        chain: The writer's chain in the audit.
        clock: Another clock, in tests.
        registry: Other adapters, in tests.

    Raises:
        BundleError: With everything that keeps a bundle from starting.
        Problem: Another process holds the ledger.
    """
    settings, home = find_settings(folder), Home.find(environ)
    with home.hold() as lock:
        around = Surroundings(registry or Registry(), providers(environ, home.folder), environ, derived_in(home))
        assembly = assemble(folder, settings, home, around, clock or Clock(), chain)
        try:
            yield assembly
        finally:
            assembly.kernel.close()
            _release(lock)


def assemble(folder: Path, settings: Settings, home: Home, around: Surroundings, clock: Clock, chain: str) -> Assembly:
    """Put everything together; nothing runs yet."""
    ledger = Ledger(home.ledger_url)
    around = replace(around, ledger=partial(_name, ledger))
    wrappers = open_wrappers(find_bundles(folder), settings, around)
    migrate(ledger)  # not before the bundles are found right: it cannot be taken back
    with ledger.write() as connection:
        clear(connection)  # what a killed process held would keep its feeds busy for hours
    key = audit_key(home.keys)
    journal = Journal(ledger, key, chain)
    kernel = Kernel(home, settings, ledger, journal, KeyRing(home.keys), clock, around, wrappers)
    worker = Worker(kernel, alone=True)
    proposing = Proposing(kernel, worker.wake)
    collecting = Collecting(kernel)
    sending = Sending(kernel)
    scheduler = Scheduler(kernel, collecting, sending)
    expecting = Expecting(kernel)
    polling = Polling(kernel, collecting)
    control = Control(kernel, scheduler.schedules, expecting, polling)
    return Assembly(kernel, Guard(kernel, proposing), proposing, control, collecting,
                    Mending(kernel, collecting), sending, Streaming(kernel, around.registry),
                    Asking(kernel, key), worker, scheduler, expecting, Paging(kernel),
                    polling, Lookout(kernel), Lane("desk", 4),
                    Lane("events", 4))  # fmt: skip


def _name(ledger: Ledger) -> str:
    with ledger.read() as connection:
        return name_of(connection)


def find_settings(folder: Path) -> Settings:
    """`brownfield.toml` in the folder, in the one around it, or here.

    Raises:
        BundleError: It is nowhere, or not valid.
    """
    places = [folder, folder.resolve().parent, folder.resolve().parent.parent, Path()]
    found = next((place for place in places if (place / SETTINGS).exists()), Path())
    return read_settings(found)


def first_operator(kernel: Kernel) -> str | None:
    """Make the operator that a ledger needs; its key, to be shown once, or None when there is an operator already."""
    now = kernel.clock.now()
    with kernel.ledger.write() as connection:
        if any(identity.role is Role.OPERATOR for identity in identities(connection)):
            return None
        operator = add_identity(connection, "operator", Role.OPERATOR, person="first-operator",
                                environment=kernel.environment, now=now)  # fmt: skip
        add_grant(connection, operator.id, "*", "*", granted_by="first start", now=now)
        key, prefix, mac = kernel.keys.make()
        add_key(connection, operator.id, prefix, mac, environment=kernel.environment, now=now)
        kernel.journal.add(connection, kernel.entry("key.created", {"key": prefix, "name": "operator"}, operator))
    return key


def warnings(kernel: Kernel) -> Sequence[str]:
    """What an operator should know at start."""
    found = ["Reads and writes share this process. Apart, on PostgreSQL, they will be `serve` and `work`."]
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        found.append(f"SQLite {sqlite3.sqlite_version} has the WAL-reset defect; 3.51.3 or newer does not. One process"
                     " writes here, which avoids most of it. Nothing has to be done at once: let no other program"
                     " open ledger.db while this runs, keep copies (docs/operate.md, Backup), and give this Python"
                     " a newer SQLite when you can.")  # fmt: skip
    if not kernel.settings.page:
        found.append("Nobody is called when something needs a person: brownfield.toml has no `page`.")
    if not kernel.settings.sandbox:
        found.append(f"This is {kernel.environment}.")
    return found + _unfinished(kernel) + _secretless(kernel)


def _unfinished(kernel: Kernel) -> list[str]:
    """Writes of which nobody knows what they did: a person has to find out."""
    with kernel.ledger.read() as connection:
        unknown = proposal_counts(connection).get(State.UNKNOWN.value, 0)
    how = "1 write is unknown" if unknown == 1 else f"{unknown} writes are unknown"
    return [f"{how}: find out what was done, `brownfield proposals --state unknown`."] if unknown else []


def _secretless(kernel: Kernel) -> list[str]:
    """Secrets that calls will not find."""
    return [
        f"{opened.id}: {finding.message}: {finding.next}."
        for opened in kernel.wrappers.values()
        for finding in missing_secrets(opened.bundle.manifest, kernel.around)
    ]


def _release(lock: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        lock.close()
