"""The stub on a real wire: our own connection calls it, and hears what it would hear from the system."""

import http.client
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from brownfield.contract import Failure, Limits, Opening, Rejected, Reply, Unavailable, Uncertain
from brownfield.runtime.stub import Answers, serving
from brownfield_soap import adapter
from brownfield_soap.fetch import fetch

from .conftest import FOLDER, SOAP_11


class Far:
    """A stub for one WSDL, and a connection to it. What it answers is set by `says`."""

    def __init__(self, folder, wsdl, **settings):
        self.heard = []
        self.says = None
        self._given = {"wsdl": folder / wsdl, **settings}
        self._folder = folder
        opening = Opening("far", folder, adapter.settings(**self._given), str)
        self.samples = {sample.call: sample for sample in adapter.stub.samples(opening)}
        self.answers = Answers(self.samples, adapter.open(opening).describe())
        self.application = adapter.stub.application(opening, self._invoke)

    def _invoke(self, call, fields):
        self.heard.append((call, dict(fields)))
        if isinstance(self.says, Failure):
            raise self.says
        return self.answers.invoke(call, fields) if self.says is None else self.says

    def connect(self, address):
        settings = adapter.settings(endpoint=f"{address}/far", **self._given)
        return adapter.open(Opening("far", self._folder, settings, lambda name: "any", Limits(deadline=20.0)))


@pytest.fixture
def far():
    return Far(FOLDER, "clinic.wsdl")


@pytest.fixture
def clinic(far):
    with serving({"far": far.application}) as address:
        connection = far.connect(address)
        yield connection
        connection.close()


def whole(reply):
    return dict(reply.fields) if reply.rows is None else {**reply.fields, "items": list(reply.rows)}


def plain(value):
    """Without the text of XML of any shape: its prefixes are the envelope's."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items() if name != "@xml"}
    return [plain(member) for member in value] if isinstance(value, list) else value


def test_a_call_is_heard_as_it_was_made_and_answered_with_a_sample(far, clinic):
    sample = far.samples["GetPatient"]
    assert whole(clinic.invoke("GetPatient", sample.fields)) == sample.reply
    assert far.heard == [("GetPatient", sample.fields)]


def test_rows_come_back_as_rows(far, clinic):
    sample = far.samples["FindPatients"]
    patient = sample.reply["items"][0]
    far.says = Reply({}, iter([patient] * 3))
    reply = clinic.invoke("FindPatients", sample.fields)
    assert reply.rows is not None
    assert list(reply.rows) == [patient] * 3


@pytest.mark.parametrize("failure", [Unavailable("later"), Uncertain("who knows")])
def test_trouble_is_the_same_trouble_behind_the_wire(far, clinic, failure):
    far.says = failure
    with pytest.raises(type(failure)):
        clinic.invoke("GetPatient", far.samples["GetPatient"].fields)


def test_a_fault_without_a_declared_detail_keeps_code_and_words(far, clinic):
    far.says = Rejected("the ward is closed", code="W-7")
    with pytest.raises(Rejected) as caught:
        clinic.invoke("GetPatient", far.samples["GetPatient"].fields)
    assert (caught.value.code, caught.value.message) == ("W-7", "the ward is closed")


def test_an_answer_that_does_not_fit_says_where(far, clinic):
    """An edited sample may be wrong: the reader of the error mends it."""
    far.says = Reply({**far.samples["GetPatient"].reply, "Born": "yesterday"})
    with pytest.raises(Rejected, match=r"stub's answer does not fit the WSDL: .*Born") as caught:
        clinic.invoke("GetPatient", far.samples["GetPatient"].fields)
    assert caught.value.code == "Stub"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "text/xml"),
        (b"<html/>", "text/html"),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "text/xml"),
        (f'<e:Envelope xmlns:e="{SOAP_11}"><e:Body><x/></e:Body></e:Envelope>'.encode(), "text/xml"),
        (b"\xff\xfe" * 50, "application/octet-stream"),
    ],
    ids=["nothing", "html", "doctype", "another call", "bytes"],
)
def test_what_is_no_request_is_a_fault_and_never_a_trace(far, body, kind):
    with serving({"far": far.application}) as address:
        line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        line.request("POST", "/far", body, {"Content-Type": kind})
        reply = line.getresponse()
        said = reply.read().decode()
        line.close()
    assert (reply.status, far.heard) == (500, [])
    assert "Fault" in said
    assert "Traceback" not in said
    assert "root:" not in said


def test_a_length_that_is_none_is_no_crash(far):
    with serving({"far": far.application}) as address:
        line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        line.putrequest("POST", "/far")
        line.putheader("Content-Length", "many")
        line.endheaders()
        assert line.getresponse().status == 500
        line.close()


def test_soap_12_is_spoken_where_the_port_is_12():
    """Faults, codes and all."""
    folder = Path(__file__).parents[3] / "fixtures" / "warehouse"
    far = Far(folder, "wms12.wsdl")
    sample = far.samples["PlaceHold"]
    with serving({"far": far.application}) as address:
        connection = far.connect(address)
        assert whole(connection.invoke("PlaceHold", sample.fields)) == sample.reply
        detail = {"Code": "WMS-1409", "Field": "Units"}
        far.says = Rejected("not enough", code="WMS-1409", detail=detail)
        with pytest.raises(Rejected) as caught:
            connection.invoke("PlaceHold", sample.fields)
        far.says = Rejected("no", code="A/B")
        with pytest.raises(Rejected, match="no") as plain_fault:
            connection.invoke("PlaceHold", sample.fields)
        connection.close()
    assert (caught.value.code, caught.value.detail, caught.value.message) == ("WMS-1409", detail, "not enough")
    assert plain_fault.value.code == "A/B"


@pytest.mark.parametrize("settings", [{}, {"mtom": True, "mtom_from": 0}], ids=["swaRef", "XOP"])
def test_attachments_of_a_request_are_read(settings):
    far = Far(FOLDER, "scans.wsdl", **settings)
    with serving({"far": far.application}) as address:
        connection = far.connect(address)
        for call, sample in far.samples.items():
            connection.invoke(call, sample.fields)
        connection.close()
    assert far.heard == [(call, sample.fields) for call, sample in far.samples.items()]


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("shard", range(8))
def test_every_operation_of_the_corpus_is_answered_on_the_wire(corpus, shard):
    """And every declared fault is a fault with its detail."""
    wrong = []
    for line in (corpus / "wsdl" / "INDEX.tsv").read_text("utf-8").splitlines()[1:][shard::8]:
        path = line.split("\t")[0]
        try:
            vendored = fetch(str(corpus / "wsdl" / path))
        except Failure:
            continue  # what cannot be satisfied is held by test_corpus
        with tempfile.TemporaryDirectory() as place:
            for name, content in vendored.files.items():
                (Path(place) / name).write_bytes(content)
            try:
                far = Far(Path(place), vendored.main)
            except Failure:
                continue
            wrong += [f"{path} {said}" for said in not_as_meant(far)]
    assert wrong == []


def not_as_meant(far):
    with serving({"far": far.application}) as address:
        connection = far.connect(address)
        for call, sample in far.samples.items():
            far.says = None
            try:
                found = whole(connection.invoke(call, sample.fields))
            except Failure as failure:
                yield f"{call}: {failure.message}"
                continue
            meant = whole(far.answers.invoke(call, sample.fields))
            if plain(found) != plain(meant) or far.heard[-1][0] != call:
                yield f"{call}: answered otherwise"
            for name, detail in sample.faults.items():
                far.says = Rejected("no", code=name, detail=detail)
                try:
                    connection.invoke(call, sample.fields)
                    yield f"{call}: {name} is no fault"
                except Failure as failure:
                    if not isinstance(failure, Rejected) or plain(failure.detail) != plain(detail):
                        yield f"{call}: {name}: {failure!r}"
        connection.close()
