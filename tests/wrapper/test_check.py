"""What `check` finds, each in a copy of a bundle that is right but for one thing."""

import shutil
from pathlib import Path

import pytest

from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.check import check_bundle, check_lock, drifted_calls
from brownfield.wrapper.finding import BundleError
from brownfield.wrapper.lock import write_lock

INVENTORY = Path(__file__).parents[2] / "wrappers" / "inventory"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(INVENTORY, tmp_path / "inventory", ignore=shutil.ignore_patterns("__pycache__"))


def edit(folder, old, new, file="wrapper.toml"):
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))


def errors(folder):
    bundle = open_bundle(folder)
    return [str(f) for f in check_bundle(bundle) if f.level == "error"]


def test_the_bundle_is_right(folder):
    bundle = open_bundle(folder)
    assert check_bundle(bundle) == []
    assert check_lock(bundle) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('calls.read    = ["GetItem", ', "calls.read    = [", "`GetItem` is not declared a read"),
        ('"PlaceHold", "ReleaseHold", "AdjustStock"', '"PlaceHold", "GetItem", "ReleaseHold"', "in both lists"),
        ('"GetStock", "GetHold"', '"GetStok", "GetHold"', "did you mean `GetStock`"),
        ('write = ["place_hold", "release_hold"]', 'write = ["place_hold"]', "does not name `release_hold`"),
        ('read  = ["get_item", ', 'read  = ["get_itme", "get_item", ', "names `get_itme`"),
        ('key = "order"', 'key = "ordre"', "`key` must name a required argument"),
        ('before    = "preview_hold"', 'before    = "place_hold"', "is not an exposed read"),
        ('undo      = { operation = "release_hold"', 'undo      = { operation = "get_hold"', "not an exposed write"),
        ('irreversible = "the units', '# "', "must say either `undo` or `irreversible`"),
        ('key = "sku"', 'key = "skew"', "the event has no field `skew`"),
        ('key = "order"', 'key = "order"\nsingle_flight = true', "a write is not cached"),
        ('key = "order"', 'key = "order"\ncache = { fresh = "1s" }', "a write is not cached"),
        ('via = "nightly"', 'via = "nigthly"', "did you mean `nightly`"),
        ('feed = "stock_count"', 'feed = "stock_cuont"', "no feed `stock_cuont`"),
        ('feed = "stock_count"', 'operation = "place_hold"', "standing approval"),
        ('args = { id = "result.id" }, expect', 'args = { id = "result.ids" }, expect', "did you mean `id`"),
        ('args = { id = "result.id" }, expect', 'args = { idd = "result.id" }, expect', "takes no `idd`"),
        ('args = { id = "result.id" }, expect', "args = {}, expect", "`get_hold` needs `id`, which it is not given"),
        ('args = { order = "arguments.order" }', 'args = { order = "result.order" }', "begin with arguments."),
        ('args = { order = "arguments.order" }', 'args = { order = "SO-1" }', "is no path"),
        (
            'expect = { status = "ACTIVE" }',
            'expect = { state = "ACTIVE" }',
            "result has no `state`, did you mean `status`",
        ),
        (
            '"release_hold", args = { id = "result.id" }',
            '"release_hold", args = { id = "before.id" }',
            "before has no `id`",
        ),
        ('before    = "preview_hold"', 'before    = "get_hold"', "`get_hold` needs `id`, which it is not given"),
        ('id    = "inventory"', 'id    = "proposals"', "a path of brownfield's own"),
    ],
)
def test_one_wrong_thing_is_found(folder, old, new, said):
    """R4, R5, R52, R104: what a person did not declare, or declared twice, is not exposed."""
    edit(folder, old, new)
    if "proposals" in new:
        edit(folder, 'Wrapper("inventory")', 'Wrapper("proposals")', "wrapper.py")
    try:
        found = "\n".join(errors(folder))
    except BundleError as error:
        found = str(error)
    assert said in found


def test_an_operation_without_effect_is_not_exposed(folder):
    """R5, R52: undeclared means not there."""
    edit(folder, 'call = "ListItems"\neffect = "read"\n', 'call = "ListItems"\n')
    bundle = open_bundle(folder)
    assert "list_items" not in bundle.operations
    assert any(f.level == "note" and "nobody declared its effect" in f.message for f in check_bundle(bundle))


def test_a_function_that_the_manifest_does_not_declare_is_found(folder):
    edit(folder, '@inventory.operation("get_stock")', '@inventory.operation("get_stocks")', "wrapper.py")
    with pytest.raises(BundleError, match="neither `call` nor a function"):
        open_bundle(folder)


def test_a_changed_description_is_another_surface(folder):
    """R28, R35: what callers see changes only with a lock that somebody reviewed."""
    edit(folder, "One article of the warehouse", "An article of the warehouse")
    assert [f.where for f in check_lock(open_bundle(folder))] == ["wrapper.toml", "surface of get_item"]


def test_a_vendored_file_that_was_touched_is_found(folder):
    edit(folder, "wsdl:documentation>", "wsdl:documentation> ", "contract/wms.wsdl")
    assert [f.where for f in check_lock(open_bundle(folder))] == ["contract/wms.wsdl"]


@pytest.mark.parametrize("file", ["wrapper.py", "models.py"])
def test_code_that_was_touched_is_found(folder, file):
    """R35: what runs is what somebody reviewed, whatever callers see of it."""
    path = folder / file
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    assert [f.where for f in check_lock(open_bundle(folder))] == [file]


@pytest.mark.parametrize(("expect", "warned"), [(', expect = { status = "RELEASED" }', True), ("", False)])
def test_a_read_back_that_compares_only_what_it_was_asked_for_is_warned_of(folder, expect, warned):
    """R23: an id that comes back with the record of that id shows no write."""
    edit(folder, 'args = { id = "arguments.id" }' + expect, 'args = { id = "arguments.id" }')
    found = [f.where for f in check_bundle(open_bundle(folder)) if "proves nothing" in f.message]
    assert found == (["wrapper.toml: operations.release_hold.confirm"] if warned else [])


def test_a_changed_shape_stops_what_it_touches(folder):
    """R21: the call of another shape is stopped, the others go on."""
    edit(folder, '"maximum": 9999', '"maximum": 99', "contract/wms.contract.json")
    bundle = open_bundle(folder)
    assert len(drifted_calls(bundle)["wms"]) == 1
    assert all(f.level == "warning" for f in check_lock(bundle))


def test_a_new_lock_makes_it_right_again(folder):
    edit(folder, "One article of the warehouse", "An article of the warehouse")
    write_lock(folder, make_lock(open_bundle(folder)))
    assert check_lock(open_bundle(folder)) == []


def test_a_wrapper_that_cannot_be_imported_says_why(folder):
    edit(folder, "from decimal import Decimal", "from decimal import Decimall", "wrapper.py")
    with pytest.raises(BundleError, match="Decimall"):
        open_bundle(folder)


def test_opening_leaves_the_import_path_alone(folder):
    import sys

    before = list(sys.path)
    open_bundle(folder)
    assert sys.path == before
    assert "_brownfield_wrappers.inventory.wrapper" in sys.modules
    assert "inventory" not in sys.modules


def test_a_text_that_is_no_path_can_be_said(folder):
    """As a literal."""
    edit(folder, 'args = { order = "arguments.order" }', 'args = { order = { literal = "SO-1" } }')
    assert errors(folder) == []


def test_the_advice_can_be_typed_as_it_stands(folder, monkeypatch):
    """From the folder that one stands in."""
    edit(folder, 'title = "', 'title = "The ')
    monkeypatch.chdir(folder.parent)
    (finding,) = check_lock(open_bundle(folder))
    assert finding.next == f"review the change, then run `brownfield lock {folder.name}`"
    monkeypatch.chdir("/")
    (finding,) = check_lock(open_bundle(folder))
    assert str(folder).lstrip("/") in finding.next
