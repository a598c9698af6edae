"""`drift`: what is told and how it ends, for whoever reads it and for CI."""

import json
from pathlib import Path

import pytest

SWAPPED = Path(__file__).parents[3] / "docs" / "examples" / "swap" / "inventory"


@pytest.fixture
def api(run, place):
    """A bundle drawn from an OpenAPI document, and the document."""
    document = SWAPPED / "contract" / "openapi.json"
    run("new", "wms", "--openapi", document, "--read", "getItem,listItems,getStock", "--owner", "o@example.com")
    return json.loads(document.read_text("utf-8"))


def live(place, document):
    path = place / "live.json"
    path.write_text(json.dumps(document))
    return path


def test_a_bundle_is_drawn_from_an_openapi_document(run, place, api):
    """R35: it is locked, it passes `check`, and nothing is exposed that nobody declared."""
    assert "good" in run("check", "wrappers/wms").stdout
    manifest = (place / "wrappers" / "wms" / "wrapper.toml").read_text("utf-8")
    assert 'adapter = "rest"' in manifest
    assert 'auth = "basic"' in manifest
    assert manifest.count('\neffect = "read"') == 3


def test_one_source_at_a_time(run, place):
    result = run("drift", ".", "--openapi", "x", "--wsdl", "y", code=64)
    assert "--openapi" in result.stderr


def test_no_drift_ends_with_0(run, place, api):
    assert "No drift." in run("drift", "wrappers/wms", "--openapi", live(place, api)).stdout


def test_other_words_warn_and_end_with_0(run, place, api):
    """R21: CI goes on, and the log has it."""
    api["paths"]["/items"]["get"]["summary"] = "Every item there is."
    result = run("drift", "wrappers/wms", "--openapi", live(place, api), "--json")
    document = json.loads(result.stdout)
    assert (document["drifted"], document["breaks"]) == (True, False)
    assert {one["name"]: one["state"] for one in document["operations"]} == {
        "get_item": "untouched", "get_stock": "untouched", "list_items": "warned",
    }  # fmt: skip


def test_a_broken_operation_ends_with_76_and_the_others_are_told_to_be_untouched(run, place, api):
    """R21: which operation, and why, as a person reads it."""
    del api["paths"]["/items/{number}"]["get"]["parameters"][0]["schema"]["$ref"]
    api["paths"]["/items/{number}"]["get"]["parameters"][0]["schema"]["type"] = "integer"
    result = run("drift", "wrappers/wms", "--openapi", live(place, api), code=76)
    assert "wms.get_item" in result.stdout
    assert "stopped" in result.stdout
    document = json.loads(run("drift", "wrappers/wms", "--openapi", live(place, api), "--json", code=76).stdout)
    assert {one["name"]: one["state"] for one in document["operations"]} == {
        "get_item": "stopped", "get_stock": "untouched", "list_items": "untouched",
    }  # fmt: skip
    assert document["faults"] == []


def test_a_system_that_is_down_is_not_drift(run, place, api):
    """R21: 69, as for every system that does not answer."""
    run("drift", "wrappers/wms", "--openapi", "http://127.0.0.1:9/openapi.json", code=69)
