"""Drawing a bundle from a WSDL or a sample file: what is rendered, and that nothing is exposed unasked."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from brownfield.contract import Contract, Draft, DraftCall, OperationShape
from brownfield.rules.problem import Problem
from brownfield.runtime.drafting import draw, render, write, write_settings
from brownfield.runtime.home import read_settings
from brownfield.runtime.locking import check_folder
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry
from brownfield.runtime.rendering import toml
from brownfield.runtime.wish import Drawing, Wish, exposed
from brownfield.wrapper.bundle import open_bundle
from brownfield.wrapper.manifest import Manifest, read_manifest

FIXTURES = Path(__file__).parents[2] / "fixtures"
WSDL = {"wsdl": str(FIXTURES / "warehouse" / "wms.wsdl")}
NIGHTLY = {"file": str(FIXTURES / "nightly" / "STK20261119.DAT"), "layout": str(FIXTURES / "nightly" / "stock.cpy")}


@pytest.fixture
def around() -> Surroundings:
    return Surroundings(Registry(), (), {})


def wish(*read: str, name: str = "wms") -> Wish:
    return Wish(name, "Warehouse", "owner@example.com", "oncall@example.com", read)


def drawing(*calls: DraftCall, documentation: str = "") -> Drawing:
    shape = OperationShape(input={"type": "object"}, output={"type": "object"}, documentation=documentation)
    contract = Contract(operations={call.call: shape for call in calls})
    return Drawing("paper", Draft("far", {"address": {"env": "FAR_URL"}}, {"FAR_URL": "Where."}, {}, contract, calls))


def parsed(files: dict[str, bytes]) -> Manifest:
    return Manifest.model_validate(tomllib.loads(files["wrapper.toml"].decode()))


def test_nothing_is_exposed_that_nobody_declared(around):
    """R5, R52: the write scope is empty, and a name that looks like a read exposes nothing."""
    manifest = parsed(render(wish(), draw(WSDL, around)))
    assert manifest.operations
    assert all(table.effect is None and not table.agents for table in manifest.operations.values())
    assert manifest.scope.read == manifest.scope.write == ()
    assert all(table.calls.read == table.calls.write == () for table in manifest.connections.values())


def test_a_declared_read_is_filled_in_everywhere(around):
    """R4, R51: by the far side's name or by ours; effect, call, scope and agents agree."""
    manifest = parsed(render(wish("GetItem", "get_stock"), draw(WSDL, around)))
    assert manifest.scope.read == ("get_item", "get_stock")
    assert manifest.connections["warehouse"].calls.read == ("GetItem", "GetStock")
    assert {name for name, table in manifest.operations.items() if table.effect == "read" and table.agents} == {
        "get_item", "get_stock"}  # fmt: skip


def test_every_call_stands_there_with_its_words_and_a_guess_in_comments(around):
    """R28: the person decides from the system's own documentation."""
    text = render(wish(), draw(WSDL, around))["wrapper.toml"].decode()
    assert "# Returns the stock level of one item at one site." in text
    assert '# effect = "read"   # looks like a read: decide' in text
    assert text.index("looks like a read") < text.index("looks like a write")


def test_calls_about_the_same_thing_stand_together_reads_first(around):
    """R27: found by what they are about, as a person looks for them."""
    text = render(wish(), draw(WSDL, around))["wrapper.toml"].decode()
    at = [text.index(f"[operations.{name}]") for name in ("find_holds", "get_hold", "place_hold", "release_hold")]
    assert text.index("# ---- hold ") < at[0] < at[1] < at[2] < at[3] < text.index("# ---- item ")


def test_a_call_is_told_by_what_it_takes_and_gives(around):
    text = render(wish(), draw(WSDL, around))["wrapper.toml"].decode()
    assert "# takes ItemNo, Whse; gives ItemNo, Whse, QtyOH, QtyHeld, QtyAvail, CountedAt, Lots" in text


def test_a_login_refers_to_secrets_by_name(around):
    """R64: the manifest holds names, never secrets."""
    table = parsed(render(wish(), draw(WSDL, around))).connections["warehouse"]
    assert table.settings["headers"] == {"Login": {"User": {"secret": "user"}, "Password": {"secret": "password"}}}
    assert table.secrets.read == {"user": "wms/user", "password": "wms/password"}


def test_a_call_that_says_nothing_has_a_place_for_its_description():
    """R28: what an agent chooses by is asked for, not made up."""
    text = render(wish(), drawing(DraftCall("get_it", "GetIt", "", "looks like a read")))["wrapper.toml"].decode()
    assert '# description = "…"' in text


def test_options_are_comments_that_can_be_uncommented():
    call = DraftCall("get_it", "GetIt", "", "looks like a read")
    drawn = drawing(call)
    options = {"headers.Odd": {"A": "x\u2028y\n", "B": [1, True]}, "headers.Long": {"C": "z" * 999}}
    text = render(wish(), Drawing("paper", replace(drawn.draft, options=options)))["wrapper.toml"].decode()
    (line,) = [line for line in text.splitlines() if line.startswith("# headers.Odd")]
    assert tomllib.loads(line.removeprefix("# "))["headers"]["Odd"]["B"] == [1, True]
    assert "# headers.Long = { … }   # C" in text


def test_every_call_has_a_sample_that_a_person_can_edit(around):
    files = render(wish(), draw(WSDL, around))
    sample = json.loads(files["samples/get_item.json"])
    assert sample.keys() == {"call", "fields", "reply", "faults"}
    assert (sample["call"], list(sample["fields"])) == ("GetItem", ["ItemNo"])


def test_the_scope_document_has_its_four_lines(around):
    """R7: the first deliverable."""
    scope = parsed(render(wish(), draw(WSDL, around))).scope
    assert (scope.system_of_record, scope.source_class) == ("Warehouse", "record")
    assert (scope.owner, scope.page) == ("owner@example.com", "oncall@example.com")


def test_a_read_that_is_not_there_names_the_nearest(around):
    with pytest.raises(Problem) as caught:
        render(wish("GetItems"), draw(WSDL, around))
    assert caught.value.errors[0]["allowed"] == "GetItem"


def test_words_from_far_away_cannot_end_a_comment_or_become_a_setting():
    """R60: documentation is text of strangers."""
    call = DraftCall("get_it", "GetIt", 'nice\r\n[operations.evil]\nvia = "far"\x00\u202e', "looks like a read")
    manifest = parsed(render(wish(), drawing(call)))
    assert set(manifest.operations) == {"get_it"}


@pytest.mark.parametrize("name", ["", "../up", "Wms", "a b", "1st"])
def test_an_id_that_is_none_is_refused_before_anything_is_read(name):
    with pytest.raises(Problem, match="is no id"):
        wish(name=name)


def test_a_sample_file_becomes_a_feed_that_checks(around, tmp_path):
    """R20: records become events; the feed is not for agents until somebody says so."""
    drawn = draw(NIGHTLY, around)
    write(tmp_path / "wms", render(wish(), drawn), around)
    table = read_manifest(tmp_path / "wms").feeds["stock_detail"]
    assert (table.emits, table.key, table.agents) == ("wms.stock-detail.v1", "sku", False)
    assert exposed(wish(), drawn.draft) == []
    assert not [f for f in check_folder(tmp_path / "wms", around) if f.level == "error"]


def test_a_feed_may_be_declared_for_agents(around):
    drawn = draw(NIGHTLY, around)
    assert parsed(render(wish("stock_detail"), drawn)).feeds["stock_detail"].agents
    assert exposed(wish("stock_detail"), drawn.draft) == ["stock_detail"]


def test_a_new_bundle_is_locked_and_opens(around, tmp_path):
    """R15: from a WSDL to a bundle that can start, in one step."""
    folder = tmp_path / "wrappers" / "wms"
    write(folder, render(wish("GetStock"), draw(WSDL, around)), around)
    assert list(open_bundle(folder).operations) == ["get_stock"]
    assert not [finding for finding in check_folder(folder, around) if finding.level != "note"]
    assert (folder / "contract" / "warehouse.contract.json").exists()


def test_nothing_is_overwritten(around, tmp_path):
    (tmp_path / "wms").mkdir()
    with pytest.raises(Problem, match="there already"):
        write(tmp_path / "wms", {}, around)
    assert list((tmp_path / "wms").iterdir()) == []


def test_what_cannot_be_locked_leaves_nothing_behind(around, tmp_path):
    """All or nothing: a half-made bundle would be in the way of the next try."""
    with pytest.raises(Exception, match="adapter"):
        write(tmp_path / "wms", render(wish(), drawing(DraftCall("a", "A", "", ""))), around)
    assert list(tmp_path.iterdir()) == []


def test_an_adapter_cannot_write_outside_the_bundle(around, tmp_path):
    with pytest.raises(Problem, match="outside"):
        write(tmp_path / "wms", {"../../evil": b""}, around)
    assert not (tmp_path.parent / "evil").exists()


def test_a_source_that_cannot_be_read_is_told(around, tmp_path):
    with pytest.raises(Problem) as caught:
        draw({"wsdl": str(tmp_path / "none.wsdl")}, around)
    assert caught.value.code == "invalid"


def test_the_first_settings_are_those_of_a_sandbox(tmp_path):
    """R13: the environment is said, never assumed."""
    path = write_settings(tmp_path)
    assert path is not None
    assert read_settings(tmp_path).sandbox
    path.write_text('environment = "production"\n')
    assert write_settings(tmp_path) is None
    assert not read_settings(tmp_path).sandbox


@pytest.mark.parametrize(
    "value", [True, 7, -0.5, "plain", 'a "quote" \\ and \x7f \u2028 é\n', [1, "b"], {"a b": {"c": [True]}}, []]
)
def test_toml_comes_back_as_it_went(value):
    assert tomllib.loads(f"v = {toml(value)}") == {"v": value}


def test_toml_refuses_what_it_cannot_hold():
    with pytest.raises(TypeError):
        toml(None)
