"""What is pinned against what is there: by command, on a schedule, and the refusals that nobody declared."""

import asyncio
import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from brownfield.contract import Drifted, Rejected
from brownfield.ledger.audit import search
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import first_operator, open_assembly, warnings
from brownfield.runtime.drifting import drift
from brownfield.runtime.fault import recorded_faults
from brownfield.runtime.locking import check_folder
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.recent import Remembered
from brownfield.runtime.registry import Registry
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.finding import BundleError
from brownfield.wrapper.lock import write_lock
from warehouse.process import Warehouse

ROOT = Path(__file__).resolve().parents[2]
INVENTORY, SWAPPED = ROOT / "wrappers" / "inventory", ROOT / "docs" / "examples" / "swap" / "inventory"
WSDL, OPENAPI = INVENTORY / "contract" / "wms.wsdl", SWAPPED / "contract" / "openapi.json"
SECRETS = {"wms-read-user": "wms-read", "wms-read-password": "read-secret", "wms-write-user": "wms-write",
           "wms-write-password": "write-secret"}  # fmt: skip


@pytest.fixture
def around():
    return Surroundings(Registry(), (), {})


def changed(tmp_path, source, *pairs):
    """A copy of a live description with differences in it."""
    text = source.read_text("utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path = tmp_path / f"live{source.suffix}"
    path.write_text(text, "utf-8")
    return str(path)


def states(found):
    return {touch.name: touch.state for touch in found.touches if touch.state != "untouched"}


def api(edit):
    document = json.loads(OPENAPI.read_text("utf-8"))
    edit(document)
    return json.dumps(document)


def live_api(tmp_path, edit):
    path = tmp_path / "live.json"
    path.write_text(api(edit))
    return {"openapi": str(path)}


def test_no_drift(around):
    """R21: the same description, however it is arranged, is no drift, for SOAP, REST and files alike."""
    assert states(drift(INVENTORY, {"wsdl": str(WSDL)}, around)) == {}
    assert states(drift(SWAPPED, {"openapi": str(OPENAPI)}, around)) == {}
    night = ROOT / "fixtures" / "nightly"
    sources = {"file": str(night / "STK20261121.DAT"), "layout": str(night / "stock.cpy")}
    assert drift(INVENTORY, sources, around).changes == {"nightly": ()}
    assert drift(INVENTORY, {}, around).live is False


def test_a_new_required_field_stops_what_sends_it_and_nothing_else(tmp_path, around):
    """R21: reads that are not touched stay up; what would be refused is stopped, with the reason in words."""

    def edit(document):
        new = document["components"]["schemas"]["NewHold"]
        new["properties"]["reason"] = {"type": "string"}
        new["required"].append("reason")

    found = drift(SWAPPED, live_api(tmp_path, edit), around)
    assert states(found) == {"place_hold": "stopped"}
    [placed] = [touch for touch in found.touches if touch.name == "place_hold"]
    assert placed.because == ("placeHold now requires the new field reason",)
    assert found.breaks


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (lambda d: d["paths"]["/items"]["get"].update(summary="Lists the items."), {"list_items": "warned"}),
        (lambda d: d["paths"].pop("/holds/{number}/release"), {"release_hold": "stopped"}),
        (lambda d: d["components"]["schemas"]["Stock"]["properties"].update(zone={"type": "string"}),
         {"get_stock": "warned", "preview_hold": "warned", "place_hold": "warned"}),
        (lambda d: d["components"]["schemas"]["Site"]["enum"].append("METZ"),
         dict.fromkeys(("get_stock", "get_hold", "find_holds", "preview_hold", "list_movements"), "warned")
         | {"place_hold": "stopped", "release_hold": "stopped"}),
        (lambda d: d["components"]["schemas"]["Stock"]["properties"].update(onHand={"type": "string"}),
         {"get_stock": "stopped", "preview_hold": "stopped", "place_hold": "stopped"}),
        (lambda d: d["paths"]["/items"]["get"]["responses"].update({"410": {"description": "Gone."}}),
         {"list_items": "warned"}),
        (lambda d: d["components"]["schemas"]["ItemSummary"]["properties"].update(
            price={"type": "number", "maximum": 10}), {}),
        (lambda d: d["paths"].update({"/new": {"get": {"operationId": "new", "responses": {"200": {}}}}}), {}),
    ],
    ids=["words", "removed", "new optional field", "new value", "type", "new fault", "bound", "new operation"],
)  # fmt: skip
def test_who_is_touched(tmp_path, around, edit, found):
    """R21: per exposed operation, through its function's code, whatever the change."""
    if not found:
        assert "stopped" not in states(drift(SWAPPED, live_api(tmp_path, edit), around)).values()
    else:
        assert states(drift(SWAPPED, live_api(tmp_path, edit), around)) == found


def test_soap_changes_reach_the_operations_that_make_the_call(tmp_path, around):
    """R21: a removed operation and a tighter length, from a WSDL."""
    live = changed(tmp_path, WSDL, ('name="ReleaseHold"', 'name="FreeHold"'))
    found = drift(INVENTORY, {"wsdl": live}, around)
    assert states(found)["release_hold"] == "stopped"
    assert "get_item" not in states(found)


def test_a_layout_that_moved_stops_its_feed(tmp_path, around):
    """R21: field by field, where it was and where it is."""
    night = ROOT / "fixtures" / "nightly"
    layout = (INVENTORY / "contract" / "stock.cpy").read_text("utf-8")
    wider = re.sub(r"(ON-HAND\s+PIC S9\()\d+", r"\g<1>9", layout)
    assert wider != layout
    (tmp_path / "live.cpy").write_text(wider)
    found = drift(INVENTORY, {"file": str(night / "STK20261121.DAT"), "layout": str(tmp_path / "live.cpy")}, around)
    assert states(found) == {"stock_count": "stopped"}
    assert any("moved" in change.words or "changed" in change.words for change in found.changes["nightly"])


def test_drift_needs_to_know_which_connection(around, tmp_path):
    with pytest.raises(Problem, match="no connection is described by --file"):
        drift(ROOT / "docs" / "examples" / "wrappers" / "wms", {"file": "x", "layout": "y"}, around)
    with pytest.raises(Problem, match="no connection near"):
        drift(INVENTORY, {"wsdl": "x"}, around, "near")


def test_a_live_system_that_is_down_is_not_drift(around):
    with pytest.raises(Problem) as caught:
        drift(SWAPPED, {"openapi": "http://127.0.0.1:9/openapi.json"}, around)
    assert caught.value.code == "unavailable"


def test_drift_of_what_was_never_pinned_says_what_to_do(tmp_path, around):
    folder = tmp_path / "inventory"
    shutil.copytree(SWAPPED, folder)
    (folder / "contract" / "wms.contract.json").unlink()
    with pytest.raises(BundleError, match=f"brownfield lock {folder}"):
        drift(folder, {}, around)


@pytest.fixture
def watching(tmp_path):
    """A copy of the swapped inventory whose manifest watches a live document that a test can change."""
    folder = tmp_path / "wrappers" / "inventory"
    shutil.copytree(SWAPPED, folder, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = folder / "wrapper.toml"
    text = manifest.read_text("utf-8")
    watch = 'drift    = { every = "6h", live = { openapi = { env = "WMS_API" } } }\nauth     = "basic"'
    manifest.write_text(text.replace('auth     = "basic"', watch), "utf-8")
    write_lock(folder, make_lock(open_bundle(folder)))
    live = tmp_path / "live.json"
    live.write_text(api(lambda _: None))
    (tmp_path / "brownfield.toml").write_text('environment = "sandbox"\n')
    secrets, drop = tmp_path / "secrets" / "inventory", tmp_path / "drop"
    secrets.mkdir(parents=True)
    drop.mkdir()
    for name, value in SECRETS.items():
        (secrets / name).write_text(value)
        (secrets / name).chmod(0o600)
    return folder, live, {"BROWNFIELD_HOME": str(tmp_path / "home"), "BROWNFIELD_SECRETS": str(tmp_path / "secrets"),
                          "WMS_API": str(live), "INVENTORY_DROP": str(drop), "INVENTORY_NIGHTLY": "true"}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("wms"), speaks="rest") as running:
        yield running


@pytest.fixture
def assembly(watching, warehouse):
    folder, _, environ = watching
    with open_assembly(folder.parent, {**environ, "WMS_URL": warehouse.url}) as assembly:
        yield assembly


def without_release(document):
    del document["paths"]["/holds/{number}/release"]
    document["components"]["schemas"]["Stock"]["properties"]["onHand"] = {"type": "string"}


STOCK = {"sku": "A-100", "site": "LYON"}


def test_what_drifted_is_stopped_at_once_and_let_go_when_it_is_back(assembly, watching):
    """R21: the rest stays up; an unreachable description changes nothing; each look is an audit entry."""
    lookout, live = assembly.lookout, watching[1]
    [watched] = lookout.watched
    operator = assembly.guard.admit(first_operator(assembly.kernel))

    def asked(operation, arguments):
        return asyncio.run(assembly.guard.call(operator, "inventory", operation, arguments)).data

    assert lookout.look(watched).outcome == "same"
    assert asked("get_stock", STOCK)["sku"] == "A-100"

    live.write_text(api(without_release))
    assert lookout.look(watched).outcome == "drifted"
    with pytest.raises(Problem) as stopped:
        asked("get_stock", STOCK)
    assert stopped.value.code == "drifted"
    assert asked("get_item", {"ItemNo": "A-100"})["ItemNo"] == "A-100"
    [system] = assembly.control.status(operator)["systems"]
    assert system["stopped"] == ["getStock", "placeHold", "releaseHold"]
    assert system["drift"][0]["outcome"] == "drifted"

    live.unlink()
    assert lookout.look(watched).outcome == "unreachable"
    with pytest.raises(Problem):
        asked("get_stock", STOCK)

    live.write_text(api(lambda _: None))
    assert lookout.look(watched).outcome == "same"
    assert asked("get_stock", STOCK)["sku"] == "A-100"

    with assembly.kernel.ledger.read() as connection:
        looks = search(connection, events=["drift.checked"])
    assert [look.body["outcome"] for look in looks] == ["same", "drifted", "unreachable", "same"]
    assert looks[1].body["stopped"] == ["get_stock", "preview_hold", "place_hold", "release_hold"]


def test_what_was_answered_before_something_was_stopped_is_not_answered_again(assembly, watching):
    """R21: a cached answer asks no connection whether it may be given."""
    recent, [watched], key = assembly.kernel.recent, assembly.lookout.watched, ("inventory", "asked a moment ago")
    recent.keep(key, Remembered(b"{}", assembly.kernel.clock.now(), 0.0), recent.writes("inventory"))
    assert assembly.lookout.look(watched).outcome == "same"
    assert recent.find(key) is not None
    watching[1].write_text(api(without_release))
    assembly.lookout.look(watched)
    assert recent.find(key) is None


def test_the_worker_makes_no_write_call_that_drift_stops(assembly, watching):
    """R21: the write side is another connection, and knows of it at the same moment."""
    [watched] = assembly.lookout.watched
    opened = assembly.kernel.wrappers["inventory"]
    writers = assembly.worker._write_side(opened)
    watching[1].write_text(api(without_release))
    assembly.lookout.look(watched)
    with pytest.raises(Drifted, match="releaseHold"):
        writers["wms"].admit("releaseHold", "write")
    writers["wms"].admit("getHold", "read")


def test_a_write_that_could_not_be_read_back_is_not_made(assembly, watching):
    """R21, R79: getHold answers otherwise, so that nobody would know what a hold has become."""

    def edit(document):
        document["paths"]["/holds/{number}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"] = {
            "type": "array", "items": {"type": "string"},
        }  # fmt: skip

    watching[1].write_text(api(edit))
    assembly.lookout.look(assembly.lookout.watched[0])
    opened = assembly.kernel.wrappers["inventory"]
    assert opened.stops["wms"] == {"getHold": "everything", "placeHold": "writes", "releaseHold": "writes"}
    with pytest.raises(Drifted, match="placeHold"):
        assembly.worker._write_side(opened)["wms"].admit("placeHold", "write")


def test_it_looks_by_itself_while_up_runs(assembly, watching, monkeypatch):
    """R21: first soon after the start, then as often as the manifest says."""
    monkeypatch.setattr("brownfield.runtime.lookout.FIRST", timedelta(milliseconds=10))
    watching[1].write_text(api(without_release))

    async def while_running():
        async with assembly.running():
            for _ in range(200):
                if assembly.kernel.sightings:
                    return
                await asyncio.sleep(0.05)

    asyncio.run(while_running())
    assert assembly.kernel.sightings["inventory", "wms"].outcome == "drifted"
    assert assembly.kernel.wrappers["inventory"].stops["wms"] == {
        "releaseHold": "everything", "getStock": "everything", "placeHold": "writes",
    }  # fmt: skip


def test_up_says_nothing_of_secrets_that_are_there(assembly):
    assert not [line for line in warnings(assembly.kernel) if "secret" in line]


def test_drift_without_a_source_looks_where_the_manifest_says(watching):
    folder, live, environ = watching
    live.write_text(api(without_release))
    found = drift(folder, {}, Surroundings(Registry(), (), environ))
    assert found.live
    assert states(found)["release_hold"] == "stopped"


def test_check_finds_a_watch_that_cannot_be(watching):
    folder, _, environ = watching
    manifest = folder / "wrapper.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("live = { openapi", "live = { wsdl"), "utf-8")
    findings = check_folder(folder, Surroundings(Registry(), (), environ))
    assert any("cannot describe a system from `wsdl`" in finding.message for finding in findings)


def test_a_refusal_that_nobody_declared_is_recorded(assembly, watching, warehouse):
    """R21: with count and times, by what the system called it; a declared one is not."""
    operator = assembly.guard.admit(first_operator(assembly.kernel))
    body = json.dumps({"detail": "no", "Code": "WMS-77"})
    warehouse.knob("reply", operation="getItem", body=body, status=418, content_type="application/json", times=2)
    calls = [("get_item", {"ItemNo": "A-100"})] * 2 + [("get_item", {"ItemNo": "Z-999"})]
    for operation, arguments in calls:
        with pytest.raises((Problem, Rejected)):
            asyncio.run(assembly.guard.call(operator, "inventory", operation, arguments))
    [fault] = recorded_faults(assembly.kernel.home, "inventory")
    assert (fault.operation, fault.fault, fault.count) == ("get_item", "http-418", 2)
    assert fault.first <= fault.last
