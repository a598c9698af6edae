"""The canned adapters as cases of the suites."""

from pathlib import Path

from brownfield.contract import Limits, Opening, Unavailable
from brownfield.testing import BundleCase, CallCase, FeedCase, canned_registry
from brownfield.testing.canned import CannedDrop, CannedSystem, canned_adapters, write_canned_bundle

GOOD = b"A-100 140\nB-200 0\nC-300 7\n= 3\n"
OTHER = b"D-400 1\nE-500 2\n= 2\n"
DAMAGED = b"A-100 140\nB-200 many\nC-300 7\n= 3\n"


def no_secret(name):
    raise Unavailable(f"no secret {name}")


def bundle_case(folder, system=None, drop=None, **more):
    system = system or CannedSystem()
    system.holds["H-1"] = {"Id": "H-1", "Sku": "A-100", "Units": 1, "Order": "SO-1"}
    given = {
        "folder": write_canned_bundle(folder),
        "environ": {"BROWNFIELD_SECRET_CANNED_READ": "r", "BROWNFIELD_SECRET_CANNED_WRITE": "w"},
        "registry": canned_registry(system, drop),
        "reads": {"get_stock": {"Sku": "A-100"}, "list_stock": {}, "get_hold": {"Id": "H-1"}},
        "writes": lambda: list(system.writes),
        "disturb": lambda: system.writes.append(("Touched", {})),
    }
    return BundleCase(**given | more)


def call_case(adapter=None, system=None, **more):
    system = system or CannedSystem(password="s3cr3t-read", delays={"GetHold": 30.0})
    adapter = adapter or canned_adapters(system, CannedDrop())["canned"]
    opening = Opening("far", Path(), adapter.settings(), {"password": "s3cr3t-read"}.__getitem__, Limits(deadline=5.0))
    dead = Opening("far", Path(), adapter.settings(line="dead"), opening.secret)
    given = {
        "adapter": adapter,
        "opening": opening,
        "read": ("GetStock", {"Sku": "A-100"}),
        "rejected": ("GetStock", {"Sku": "Z-999"}),
        "rows": ("ListStock", {}),
        "slow": ("GetHold", {"Id": "H-1"}),
        "unreachable": dead,
        "optional": ("zeep",),
    }
    return CallCase(**given | more)


def feed_case(adapter=None, drop=None, **more):
    drop = drop or CannedDrop()
    adapter = adapter or canned_adapters(CannedSystem(), drop)["canned_feed"]
    opening = Opening("drop", Path(), adapter.settings(), no_secret)
    given = {
        "adapter": adapter,
        "opening": opening,
        "put": drop.put,
        "begin": drop.begin,
        "good": GOOD,
        "other": OTHER,
        "truncated": GOOD[:-5],
        "damaged": DAMAGED,
        "damaged_record": b"B-200 many\n",
        "wrong_totals": GOOD.replace(b"= 3", b"= 4"),
        "unreachable": Opening("drop", Path(), adapter.settings(location="dead"), no_secret),
    }
    return FeedCase(**given | more)
