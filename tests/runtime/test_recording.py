"""Recording a real system through the guard, masked, and replaying it without the system."""

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from brownfield.ledger.identity import add_grant, add_identity, add_key
from brownfield.rules.access import Role
from brownfield.rules.masking import Masks
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import open_assembly
from brownfield.runtime.drafting import draw, render, write
from brownfield.runtime.locking import lock_bundle
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.recording import load, masked, record, save, secrets_of, settled
from brownfield.runtime.registry import Registry
from brownfield.runtime.replaying import difference, replaying
from brownfield.runtime.wish import Wish
from brownfield.wrapper.finding import BundleError
from warehouse.process import Warehouse

FIXTURES = Path(__file__).parents[2] / "fixtures"
WRAPPER = '''
from brownfield import Call, Wrapper
from pydantic import BaseModel

wms = Wrapper("wms")


class Stock(BaseModel):
    sku: str
    on_hand: int
    keeper: str


@wms.operation("stock")
def stock(warehouse: Call, /, sku: str) -> Stock:
    """Units on hand, and who keeps them."""
    item = warehouse("GetItem", ItemNo=sku)
    level = warehouse("GetStock", ItemNo=sku, Whse="LYON")
    return Stock(sku=level["ItemNo"], on_hand=level["QtyOH"], keeper=item["Descr"])
'''
ADDED = """
[operations.stock]
via = "warehouse"
effect = "read"
agents = true
hide = ["keeper"]
"""


@pytest.fixture(scope="module")
def warehouse():
    with Warehouse() as warehouse:
        yield warehouse


@pytest.fixture
def around():
    return Surroundings(Registry(), (), {})


@pytest.fixture
def folder(tmp_path, around):
    """The warehouse, drawn, with a function of two calls that hides what one of them said."""
    folder = tmp_path / "wrappers" / "wms"
    wsdl = {"wsdl": str(FIXTURES / "warehouse" / "wms.wsdl")}
    wish = Wish("wms", "WMS", "o@example.com", "p@example.com", ("GetItem", "GetStock", "ListItems"))
    write(folder, render(wish, draw(wsdl, around)), around)
    manifest = (folder / "wrapper.toml").read_text()
    (folder / "wrapper.toml").write_text(manifest.replace('"list_items"]', '"list_items", "stock"]', 1) + ADDED)
    (folder / "wrapper.py").write_text(WRAPPER)
    (tmp_path / "brownfield.toml").write_text('environment = "sandbox"\n')
    lock_bundle(folder, around)
    return folder


@pytest.fixture
def assembly(folder, tmp_path, warehouse):
    environ = {"BROWNFIELD_HOME": str(tmp_path / "home"), "WAREHOUSE_URL": warehouse.url,
               "BROWNFIELD_SECRET_WMS_USER": "wms-read", "BROWNFIELD_SECRET_WMS_PASSWORD": "read-secret"}  # fmt: skip
    with open_assembly(folder, environ) as assembly:
        yield assembly


@pytest.fixture
def key(assembly):
    """Of an agent that may call everything but `list_items`."""
    kernel = assembly.kernel
    with kernel.ledger.write() as connection:
        who = add_identity(connection, "agent", Role.AGENT, person="a@example.com", environment="sandbox",
                           now=kernel.clock.now())  # fmt: skip
        for name in ("get_item", "get_stock", "stock"):
            add_grant(connection, who.id, "wms", name, granted_by="test", now=kernel.clock.now())
        key, prefix, mac = kernel.keys.make()
        add_key(connection, who.id, prefix, mac, environment="sandbox", now=kernel.clock.now())
    return key


def finish(assembly, folder, raw, masks):
    with replaying(folder, Surroundings(Registry(), (), {})) as replay:
        return settled(raw, masked(assembly.kernel.wrappers["wms"], raw, masks), replay, masks)


@pytest.fixture
def keep(assembly, key, folder):
    """Record, mask and save a call."""

    def keep(name, masks=None, **arguments):
        raw = asyncio.run(record(assembly, key, "wms", name, arguments))
        told = finish(assembly, folder, raw, masks or Masks())
        return told, save(folder, told)

    return keep


def differences(folder, around):
    with replaying(folder, around) as replay:
        return {one.operation: difference(one, replay(one)) for one in load(folder)}


def test_what_was_recorded_is_replayed_without_the_system(keep, folder, around):
    """R19: with its function and without, on the real wire, with no variable and no secret."""
    keep("get_item", ItemNo="A-100")
    told, _ = keep("stock", sku="A-100")
    assert [one.call for one in told.exchanges] == ["GetItem", "GetStock"]
    assert told.result == {"sku": "A-100", "on_hand": 140}
    assert differences(folder, around) == {"get_item": "", "stock": ""}


def test_a_fault_is_recorded_with_its_detail_and_replayed(keep, folder, around):
    told, path = keep("get_item", ItemNo="Z-999")
    assert told.failure is not None
    assert told.failure.code == "WMS-1404"
    assert json.loads(path.read_bytes())[0]["failure"]["kind"] == "rejected"
    assert differences(folder, around) == {"get_item": ""}


def test_a_call_passes_the_guard_and_leaves_an_entry(assembly, key):
    """R49, R98: recording is no way around it."""
    with pytest.raises(Problem, match="there is no operation"):
        asyncio.run(record(assembly, key, "wms", "list_items", {}))
    with pytest.raises(Problem, match="not valid"):
        asyncio.run(record(assembly, key, "wms", "get_item", {"ItemNo": "none"}))
    with pytest.raises(Problem) as caught:
        asyncio.run(record(assembly, "bf_nobody", "wms", "get_item", {"ItemNo": "A-100"}))
    assert caught.value.code == "unauthenticated"


def test_a_write_is_not_recorded(assembly, key, folder, around, warehouse):
    """R5: nothing is called."""
    kernel = assembly.kernel
    operations = dict(kernel.wrappers["wms"].bundle.operations)
    written = replace(operations["get_item"], effect="write")
    opened = kernel.wrappers["wms"]
    changed = replace(opened, bundle=replace(opened.bundle, operations=operations | {"get_item": written}))
    before = warehouse.calls()
    with pytest.raises(Problem, match="is a write"):
        asyncio.run(record(replace(assembly, kernel=replace(kernel, wrappers={"wms": changed})), key, "wms",
                           "get_item", {"ItemNo": "A-100"}))  # fmt: skip
    assert warehouse.calls() == before


def test_what_the_manifest_hides_is_masked_below_and_absent_above(keep, assembly):
    """R4, R60: what a function made of a hidden value is found in what its system said."""
    told, path = keep("stock", sku="A-100")
    said = path.read_text()
    (description,) = [one.reply["Descr"] for one in told.exchanges if one.call == "GetItem"]
    assert "Pallet" not in said
    assert set(description) <= set("Xxyz0, ")
    assert "keeper" not in said


def test_no_secret_is_written(assembly, key, folder):
    """R64: not even when the system says it."""
    opened = assembly.kernel.wrappers["wms"]
    secrets = secrets_of(opened, assembly)
    assert sorted(secrets) == ["read-secret", "wms-read"]
    raw = asyncio.run(record(assembly, key, "wms", "get_item", {"ItemNo": "A-100"}))
    (said,) = raw.exchanges
    told = replace(raw, exchanges=(replace(said, reply={**said.reply, "Descr": "login read-secret"}),))
    found = finish(assembly, folder, told, Masks(secrets))
    assert b"read-secret" not in save(folder, found).read_bytes()
    assert found.result["Descr"] == "login (secret)"


def test_a_mask_that_breaks_the_contract_is_told_and_nothing_is_written(keep, folder):
    """An item number has a pattern, and may not be anything."""
    with pytest.raises(Problem, match="masked, get_item is not answered as it was") as caught:
        keep("get_item", Masks(wanted={"UoM"}), ItemNo="A-100")
    assert "--keep" in caught.value.next
    assert load(folder) == []


def test_recording_again_changes_nothing_and_keeps_the_others(keep, folder):
    """Deterministic: a diff shows what the system changed, and no more."""
    _, path = keep("get_item", ItemNo="A-100")
    keep("get_item", ItemNo="A-200")
    before = path.read_bytes()
    keep("get_item", ItemNo="A-100")
    assert path.read_bytes() == before
    assert [one.arguments for one in load(folder)] == [{"ItemNo": "A-100"}, {"ItemNo": "A-200"}]


def test_a_system_that_is_down_is_nothing_to_keep(folder, tmp_path, around):
    environ = {"BROWNFIELD_HOME": str(tmp_path / "home"), "WAREHOUSE_URL": "http://127.0.0.1:1/",
               "BROWNFIELD_SECRET_WMS_USER": "x", "BROWNFIELD_SECRET_WMS_PASSWORD": "y"}  # fmt: skip
    with open_assembly(folder, environ) as assembly:
        key = _key(assembly)
        with pytest.raises(Problem) as caught:
            asyncio.run(record(assembly, key, "wms", "get_item", {"ItemNo": "A-100"}))
    assert caught.value.code == "unavailable"


def _key(assembly):
    kernel = assembly.kernel
    with kernel.ledger.write() as connection:
        who = add_identity(connection, "agent", Role.AGENT, person="a@example.com", environment="sandbox",
                           now=kernel.clock.now())  # fmt: skip
        add_grant(connection, who.id, "wms", "get_item", granted_by="test", now=kernel.clock.now())
        key, prefix, mac = kernel.keys.make()
        add_key(connection, who.id, prefix, mac, environment="sandbox", now=kernel.clock.now())
    return key


def test_another_answer_is_told_by_its_place_and_never_by_its_value(keep, folder, around):
    _, path = keep("stock", sku="A-100")
    document = orjson.loads(path.read_bytes())
    document[0]["exchanges"][1]["reply"]["QtyOH"] = 4471
    path.write_bytes(orjson.dumps(document))
    assert differences(folder, around) == {"stock": "another answer than was recorded, at result.on_hand"}


def test_a_function_that_asks_for_something_else_is_told(keep, folder, around):
    """The wrapper was changed: what it sends now was never answered."""
    keep("stock", sku="A-100")
    code = folder / "wrapper.py"
    code.write_text(code.read_text().replace('Whse="LYON"', 'Whse="NICE"'))
    lock_bundle(folder, around)
    assert differences(folder, around)["stock"].startswith("it fails now, not-recorded: ")


def test_an_operation_that_is_gone_is_told(keep, folder, around):
    _, path = keep("get_item", ItemNo="A-100")
    shutil.move(path, path.with_name("get_thing.json"))
    assert "exposes no read get_thing" in differences(folder, around)["get_thing"]


def test_a_bundle_that_is_not_locked_is_not_replayed(keep, folder, around):
    keep("get_item", ItemNo="A-100")
    (folder / "wrapper.py").write_text(WRAPPER + "\n# changed\n")
    with pytest.raises(BundleError, match="differs from the locked source"):
        differences(folder, around)


@pytest.mark.parametrize("text", ["{", '[{"arguments": {}}]', "[1]"])
def test_a_file_that_holds_no_recordings_is_named(folder, text):
    path = folder / "tests" / "exchanges" / "get_item.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(Problem, match=r"get_item\.json holds no recordings"):
        load(folder)
