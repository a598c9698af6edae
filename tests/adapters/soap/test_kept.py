"""The kept model is taken when it is good, and the WSDL is read otherwise."""

import subprocess
import sys

import pytest

from brownfield.contract import Opening
from brownfield_soap import adapter, kept
from brownfield_soap.describe import contract
from brownfield_soap.kept import Origin, model, read_back, written_down
from brownfield_soap.reader import read

from .conftest import FOLDER

WSDLS = sorted(path.name for path in FOLDER.glob("*.wsdl"))


def origin(name, **more):
    return Origin(FOLDER / name, FOLDER, **({"service": None, "port": None, "repair": True} | more))


@pytest.mark.parametrize("name", WSDLS)
def test_a_kept_model_is_the_model(name):
    """What is left out of it is what would be there anyway."""
    made = read(FOLDER / name, FOLDER)
    again = read_back(written_down(made, FOLDER), FOLDER)
    assert dict(again.operations) == made.operations
    assert dict(again.records) == made.records
    assert (again.service, again.port, again.address, again.envelope, again.notes) == (
        made.service, made.port, made.address, made.envelope, made.notes)  # fmt: skip
    assert contract(again) == contract(made)


@pytest.mark.corpus
@pytest.mark.slow
def test_kept_models_of_the_corpus_are_their_models(corpus):
    rows = [line.split("\t") for line in (corpus / "wsdl" / "INDEX.tsv").read_text("utf-8").splitlines()[1:]]
    for path, _, _, kind, *_, plain in rows:
        if (kind, plain) == ("real", "OK"):
            folder = (corpus / "wsdl" / path.split("/")[0]).resolve()
            made = read((corpus / "wsdl" / path).resolve(), folder)
            again = read_back(written_down(made, folder), folder)
            assert (dict(again.operations), dict(again.records)) == (made.operations, made.records), path


def test_the_second_start_reads_no_wsdl(monkeypatch):
    derived = {}
    first = model(origin("clinic.wsdl"), derived)
    monkeypatch.setattr(kept, "_read", lambda _: pytest.fail("the WSDL was read"))
    assert dict(model(origin("clinic.wsdl"), derived).operations) == first.operations


def test_nothing_is_made_before_it_is_asked_for():
    again = read_back(written_down(read(FOLDER / "clinic.wsdl", FOLDER), FOLDER), FOLDER)
    assert again.operations._made == again.records._made == {}


@pytest.mark.parametrize("change", ["wsdl", "import", "service", "repair", "code"])
def test_what_is_no_longer_true_is_read_anew(tmp_path, monkeypatch, change):
    """R35: another file, setting or code never meets the old model."""
    schema = '<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><element name="{}"/></schema>'
    (tmp_path / "t.xsd").write_text(schema.format("Ask"))
    wsdl = tmp_path / "t.wsdl"
    wsdl.write_text(WSDL)
    derived, given = {}, {"service": None, "port": None, "repair": True}
    model(Origin(wsdl, tmp_path, **given), derived)
    reads = []
    monkeypatch.setattr(kept, "_read", lambda one: reads.append(one) or read(one.wsdl, one.folder))
    model(Origin(wsdl, tmp_path, **given), derived)
    assert reads == []
    match change:
        case "wsdl":
            wsdl.write_text(WSDL + "<!-- more -->")
        case "import":
            (tmp_path / "t.xsd").write_text(schema.format("Ask") + "<!-- more -->")
        case "code":
            monkeypatch.setattr(kept, "_code", lambda: "another")
        case "service":
            given["service"] = "T"
        case "repair":
            given["repair"] = False
    model(Origin(wsdl, tmp_path, **given), derived)
    assert len(reads) == 1


def test_a_start_from_a_kept_model_needs_no_zeep(tmp_path):
    """It is neither imported, nor need it be there: what is not loaded has no holes."""
    (tmp_path / "model").write_bytes(written_down(read(FOLDER / "clinic.wsdl", FOLDER), FOLDER))
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(FOLDER), str(tmp_path / "model")],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stdout.strip() == "described without zeep", done.stderr


def test_without_a_kept_model_a_missing_zeep_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "brownfield_soap.reader", None)
    opened = adapter.open(Opening("clinic", FOLDER, adapter.settings(wsdl="clinic.wsdl"), str))
    with pytest.raises(kept.Unavailable, match=r"pip install"):
        opened.describe()


PROGRAM = """
import sys
from pathlib import Path
from brownfield.contract import Opening
from brownfield_soap import adapter

class Always(dict):
    def get(self, name, other=None):
        return Path(sys.argv[2]).read_bytes()

sys.modules["zeep"] = None
opening = Opening("clinic", Path(sys.argv[1]), adapter.settings(wsdl="clinic.wsdl"), str, derived=Always())
assert adapter.open(opening).describe().operations
print("described without zeep")
"""
WSDL = """<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
<w:types><x:schema><x:import namespace="urn:t" schemaLocation="t.xsd"/></x:schema></w:types>
<w:message name="In"><w:part name="body" element="t:Ask"/></w:message>
<w:portType name="T"><w:operation name="Ask"><w:input message="t:In"/></w:operation></w:portType>
<w:binding name="T" type="t:T"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<w:operation name="Ask"><s:operation soapAction=""/><w:input><s:body use="literal"/></w:input></w:operation></w:binding>
<w:service name="T"><w:port name="T" binding="t:T"><s:address location="http://127.0.0.1/"/></w:port></w:service>
</w:definitions>"""
