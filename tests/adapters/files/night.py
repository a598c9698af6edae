"""A brownfield over real files and a real ledger, put together for one test; only its clock stands still."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from brownfield.ledger.event import page
from brownfield.runtime.assembly import Assembly, open_assembly
from brownfield.runtime.locking import lock_bundle
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry
from brownfield.runtime.streaming import cloud_event
from brownfield.testing import FrozenClock

BEGIN = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MANIFEST = """\
id = "bank"
title = "Nightly files"

[scope]
system_of_record = "stock levels"
class = "record"
read = []
write = []
owner = "owner@example.com"
page = "page@example.com"

[connections.nightly]
adapter = "files"
{connection}

[feeds.stock]
via = "nightly"
emits = "bank.stock-counted.v1"
key = "sku"
{feed}
"""


@dataclass
class Night:
    """What runs, and what it says."""

    assembly: Assembly
    clock: FrozenClock
    drop: Path

    def collect(self) -> list[dict[str, Any]]:
        """What became of each file, as the scheduler would have it."""
        return self.assembly.collecting.run(*self.assembly.kernel.feed("bank", "stock"))

    @property
    def events(self) -> list[Mapping[str, Any]]:
        """The data of all events, in order."""
        with self.assembly.kernel.ledger.read() as connection:
            return [cloud_event(event)["data"] for event in page(connection, environment="sandbox").events]


@contextmanager
def night(folder: Path, layout: str, connection: str, feed: str = "", clock: FrozenClock | None = None
          ) -> Iterator[Night]:  # fmt: skip
    """A night of one feed. A second one in the same folder goes on with the first one's ledger.

    Args:
        folder: For everything it keeps.
        layout: The copybook.
        connection: More lines of the connection.
        feed: More lines of the feed.
        clock: Another clock.
    """
    bundle, drop = folder / "wrappers" / "bank", folder / "drop"
    if not bundle.exists():
        (bundle / "contract").mkdir(parents=True)
        drop.mkdir(exist_ok=True)
        (folder / "brownfield.toml").write_text('environment = "sandbox"\n', "utf-8")
        (bundle / "contract" / "stock.cpy").write_text(layout, "utf-8")
        where = f'layout = {{ file = "contract/stock.cpy" }}\nlocation = "{drop}"\n'
        (bundle / "wrapper.toml").write_text(MANIFEST.format(connection=where + connection, feed=feed), "utf-8")
        assert lock_bundle(bundle, Surroundings(Registry(), (), {})) != []
    clock = clock or FrozenClock(BEGIN)
    environ = {"BROWNFIELD_HOME": str(folder / "home"), "BROWNFIELD_SECRETS": str(folder / "secrets")}
    with open_assembly(folder / "wrappers", environ, clock=clock) as assembly:
        yield Night(assembly, clock, drop)
