"""A bundle over the canned system and drop, written and locked."""

from pathlib import Path

from brownfield.testing.canned.drop import RECORDS
from brownfield.testing.canned.system import CONTRACT
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_contract, write_lock
from brownfield.wrapper.manifest import MANIFEST

_MANIFEST = """\
id = "canned"
title = "Canned warehouse"
mode = "live"

[scope]
system_of_record = "stock levels"
class = "record"
read = ["get_stock", "list_stock", "get_hold"]
write = ["place_hold", "release_hold"]
owner = "owner@example.com"
page = "page@example.com"

[connections.far]
adapter = "canned"
secrets.read = { password = "canned/read" }
secrets.write = { password = "canned/write" }
calls.read = ["GetStock", "ListStock", "GetHold"]
calls.write = ["PlaceHold", "ReleaseHold"]
limits = { deadline = "5s", per_second = 1000 }

[connections.drop]
adapter = "canned_feed"

[operations.get_stock]
via = "far"
call = "GetStock"
effect = "read"
agents = true

[operations.list_stock]
via = "far"
call = "ListStock"
effect = "read"
agents = true

[operations.get_hold]
via = "far"
call = "GetHold"
effect = "read"

[operations.place_hold]
via = "far"
call = "PlaceHold"
effect = "write"
agents = true
key = "Order"
before = "get_stock"
confirm = { operation = "get_hold", args = { Id = "result.Id" } }
undo = { operation = "release_hold", args = { Id = "result.Id" } }

[operations.release_hold]
via = "far"
call = "ReleaseHold"
effect = "write"
key = "Id"
irreversible = "a hold that is placed again is another hold"

[feeds.stock_count]
via = "drop"
emits = "canned.stock-counted.v1"
key = "sku"
"""


def write_canned_bundle(folder: Path) -> Path:
    """Write the bundle `canned` into `folder`, locked; returns the bundle's own folder.

    It opens with `canned_registry()`. In a sandbox its writes are live.
    """
    bundle = folder / "canned"
    bundle.mkdir(parents=True)
    (bundle / MANIFEST).write_text(_MANIFEST, "utf-8")
    write_contract(bundle, "far", CONTRACT)
    write_contract(bundle, "drop", RECORDS)
    write_lock(bundle, make_lock(open_bundle(bundle)))
    return bundle
