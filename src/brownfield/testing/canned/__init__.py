"""A far side in memory: a system that answers calls, a drop that files arrive in, and adapters for both.

They are for tests of everything above an adapter: no network, no file, no wait. What happened is in plain sight
(`system.calls`, `system.writes`, `drop.settled`), and how it misbehaves is an attribute away (`system.down = True`).
"""

from brownfield.testing.canned.bundle import write_canned_bundle
from brownfield.testing.canned.drop import CannedDrop, CannedFeed
from brownfield.testing.canned.registry import canned_adapters, canned_registry
from brownfield.testing.canned.system import CannedCalls, CannedSystem

__all__ = [
    "CannedCalls",
    "CannedDrop",
    "CannedFeed",
    "CannedSystem",
    "canned_adapters",
    "canned_registry",
    "write_canned_bundle",
]
