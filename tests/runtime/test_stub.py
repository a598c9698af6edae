"""Standing in for a system: what is answered, how faults are asked for, and that it stays on this machine."""

import http.client
import json
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from brownfield.contract import Contract, OperationShape, Rejected, Unavailable, Uncertain
from brownfield.contract.stub import Sample
from brownfield.rules.exchange import Exchange
from brownfield.rules.problem import Problem
from brownfield.runtime.drafting import draw, render, write
from brownfield.runtime.opening import Surroundings, open_adapter
from brownfield.runtime.registry import Registry
from brownfield.runtime.stub import Answers, application, read_faults, samples, serving, stubs, variables
from brownfield.runtime.wish import Wish
from brownfield.wrapper.bundle import open_bundle

FIXTURES = Path(__file__).parents[2] / "fixtures"
STOCK = Sample("GetStock", {"ItemNo": "A-000"}, {"ItemNo": "A-000", "Qty": 1}, {"NoItem": {"Code": "E1"}})


@pytest.fixture
def around():
    return Surroundings(Registry(), (lambda name: "any",), {})


@pytest.fixture
def folder(tmp_path, around):
    wsdl = {"wsdl": str(FIXTURES / "warehouse" / "wms.wsdl")}
    wish = Wish("wms", "WMS", "o@example.com", "p@example.com", ("GetItem", "GetStock"))
    write(tmp_path / "wms", render(wish, draw(wsdl, around)), around)
    return tmp_path / "wms"


def test_a_sample_is_answered_with_what_was_asked_for():
    reply = Answers({"GetStock": STOCK}).invoke("GetStock", {"ItemNo": "B-7"})
    assert reply.fields == {"ItemNo": "B-7", "Qty": 1}


def test_a_value_that_would_not_fit_the_reply_is_not_taken_over():
    """A field of the same name may be of another type there."""
    output = {"type": "object", "properties": {"ItemNo": {"enum": ["A-000"]}}}
    contract = Contract(operations={"GetStock": OperationShape(input={"type": "object"}, output=output)})
    assert Answers({"GetStock": STOCK}, contract).invoke("GetStock", {"ItemNo": "B-7"}).fields == STOCK.reply


def test_what_was_recorded_for_the_same_fields_comes_before_the_sample():
    """The latest of them."""
    said = [Exchange("wms", "GetStock", {"ItemNo": "B-7"}, {"Qty": number}) for number in (5, 6)]
    answers = Answers({"GetStock": STOCK}, recorded=said)
    assert answers.invoke("GetStock", {"ItemNo": "B-7"}).fields == {"Qty": 6}
    assert answers.invoke("GetStock", {"ItemNo": "B-8"}).fields["Qty"] == 1


def test_a_recorded_failure_is_that_failure_again():
    said = Exchange("wms", "GetStock", {}, failure=Rejected("no", code="E7"))
    with pytest.raises(Rejected, match="no"):
        Answers({"GetStock": STOCK}, recorded=[said]).invoke("GetStock", {})


@pytest.mark.parametrize(("asked", "kind"), [
    ("NoItem", Rejected), ("unavailable", Unavailable), ("uncertain", Uncertain)])  # fmt: skip
def test_a_failure_can_be_asked_for(asked, kind):
    told = []
    answers = Answers({"GetStock": STOCK}, faults={"GetStock": asked}, told=lambda *words: told.append(words))
    with pytest.raises(kind) as caught:
        answers.invoke("GetStock", {})
    assert told == [("GetStock", asked)]
    assert caught.value.detail == ({"Code": "E1"} if asked == "NoItem" else {})


def test_a_fault_that_is_not_there_is_refused_with_those_that_are():
    known = {"wms": {"GetStock": STOCK}}
    assert read_faults(["GetStock=NoItem"], known) == {"GetStock": "NoItem"}
    assert read_faults(["GetStock"], known) == {"GetStock": "NoItem"}
    with pytest.raises(Problem) as caught:
        read_faults(["GetStock=Other"], known)
    assert caught.value.next == "Name one of: NoItem, unavailable, uncertain."
    with pytest.raises(Problem) as caught:
        read_faults(["GetStok"], known)
    assert caught.value.next == "Did you mean GetStock?"


def test_a_bundle_reads_its_stub_as_it_reads_its_system(folder, around):
    """The variable alone leads it there."""
    bundle = open_bundle(folder)
    found = stubs(bundle, around)
    made = {name: samples(bundle, name, stub, around) for name, stub in found.items()}
    doors = {name: application(bundle, name, stub, around, Answers(made[name]).invoke) for name, stub in found.items()}
    with serving(doors) as address:
        leads = variables(bundle, found, address)
        led = Surroundings(Registry(), around.secrets, leads)
        table = bundle.manifest.connections["warehouse"]
        with closing(open_adapter(folder, "warehouse", table, "read", led, None)) as connection:
            item = connection.invoke("GetItem", {"ItemNo": "A-123"})
    assert leads == {"WAREHOUSE_URL": f"{address}/warehouse"}
    assert item["ItemNo"] == "A-123"


def test_an_edited_sample_is_what_is_answered(folder, around):
    path = folder / "samples" / "get_item.json"
    document = json.loads(path.read_bytes())
    document["reply"]["Descr"] = "Pallet jack wheel"
    path.write_text(json.dumps(document))
    bundle = open_bundle(folder)
    assert samples(bundle, "warehouse", stubs(bundle, around)["warehouse"], around)["GetItem"].reply["Descr"] == (
        "Pallet jack wheel"
    )


@pytest.mark.parametrize("text", ["{", "[]", '{"call": "GetItem"}', '{"call": "GetItem", "fields": 1, "reply": 2}'])
def test_a_file_that_is_no_sample_is_named(folder, around, text):
    (folder / "samples" / "get_item.json").write_text(text)
    bundle = open_bundle(folder)
    with pytest.raises(Problem, match=r"get_item\.json is no sample"):
        samples(bundle, "warehouse", stubs(bundle, around)["warehouse"], around)


def test_an_address_in_the_manifest_cannot_be_led_elsewhere(folder, around):
    manifest = folder / "wrapper.toml"
    manifest.write_text(manifest.read_text().replace('{ env = "WAREHOUSE_URL" }', '"http://wms.example.com/"'))
    bundle = open_bundle(folder)
    with pytest.raises(Problem, match="names no variable"):
        variables(bundle, stubs(bundle, around), "http://127.0.0.1:1")


def test_it_is_there_for_this_machine_alone_and_only_while_it_is_wanted():
    with serving({}) as address:
        netloc = urlsplit(address).netloc
        assert netloc.startswith("127.0.0.1:")
        line = http.client.HTTPConnection(netloc, timeout=5)
        line.request("GET", "/nobody")
        assert line.getresponse().status == 404
        line.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(netloc.split(":")[1])), timeout=1)


def test_a_port_that_is_taken_is_told():
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match="cannot be had"), serving({}, port):
            pass
