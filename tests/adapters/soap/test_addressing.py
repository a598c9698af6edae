"""WS-Addressing: what a request says about itself, and which replies are answers to it."""

import uuid

import pytest
from lxml import etree

from brownfield.contract import Drifted, Rejected

from .conftest import FOLDER, envelope

SPACES = {
    "2005-08": "http://www.w3.org/2005/08/addressing",
    "2004-08": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
}
ROW = '<t:Patient rev="1"><t:Id>7</t:Id><t:Name>Ada</t:Name><t:Born>1979-05-31</t:Born></t:Patient>'
ROWS = f"<c:FindPatientsResponse><c:FindPatientsResult>{ROW}</c:FindPatientsResult></c:FindPatientsResponse>"


def header(request):
    return etree.fromstring(request.partition(b"\r\n\r\n")[2]).find("{*}Header")


def relating(inner, edition, text, attributes=""):
    """A reply that says what it relates to; `{id}` is the id of the request before it."""
    space = SPACES[edition]
    head = f'<s:Header><w:RelatesTo xmlns:w="{space}" {attributes}>{text}</w:RelatesTo></s:Header>'
    return envelope(inner).replace("<s:Body>", f"{head}<s:Body>")


@pytest.mark.parametrize("edition", SPACES)
def test_a_request_says_what_it_is_and_where_the_reply_goes(connect, canned, edition):
    canned.answers("<c:GetPatientResponse/>")
    opened = connect(addressing=edition)
    for _ in range(2):
        opened.invoke("GetPatient", {"Id": 7})
    heads = [header(request) for request in canned.requests]
    first = {etree.QName(child).localname: child for child in heads[0]}
    assert {etree.QName(child).namespace for child in heads[0]} == {SPACES[edition]}
    assert (first["Action"].text, first["To"].text) == ("urn:clinic#GetPatient", canned.url)
    assert first["ReplyTo"][0].text.endswith("/anonymous")
    ids = {head.findtext("{*}MessageID") for head in heads}
    assert {uuid.UUID(one.removeprefix("urn:uuid:")).version for one in ids} == {4}
    assert len(ids) == 2


def test_without_the_setting_nothing_is_said(clinic, canned):
    canned.answers("<c:GetPatientResponse/>")
    clinic.invoke("GetPatient", {"Id": 7})
    assert header(canned.requests[0]) is None


def test_an_operation_without_an_action_is_not_called(connect, canned):
    with pytest.raises(Rejected, match="names none for CountPatients"):
        connect(addressing="2005-08").invoke("CountPatients", {})
    assert canned.requests == []


@pytest.fixture
def answered(connect, canned):
    """Answers one call with a RelatesTo, in which `{id}` is the id of the request."""

    def call(text, attributes="", edition="2005-08"):
        def say(peer):
            id_ = header(canned.requests[-1]).findtext("{*}MessageID")
            body = relating("<c:GetPatientResponse/>", edition, text.format(id=id_), attributes).encode()
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        canned.does(say)
        return connect(addressing="2005-08").invoke("GetPatient", {"Id": 7})

    return call


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("{id}", ""),
        (" {id}\n", 'RelationshipType="http://www.w3.org/2005/08/addressing/reply"'),
        ("urn:other", 'RelationshipType="http://example.com/supersedes"'),
    ],
)
def test_a_reply_that_relates_to_the_request_is_read(answered, text, attributes):
    assert answered(text, attributes).fields == {}


@pytest.mark.parametrize("text", ["urn:uuid:00000000-0000-4000-8000-000000000000", "", "{id}{id}"])
@pytest.mark.parametrize("edition", SPACES)
def test_a_reply_to_another_request_is_drift(answered, text, edition):
    with pytest.raises(Drifted, match="answers another request"):
        answered(text, edition=edition)


@pytest.fixture
def acting(connect, tmp_path):
    """The clinic, every operation of which has an action."""
    for name in ("clinic.wsdl", "types.xsd"):
        text = (FOLDER / name).read_text("utf-8").replace('soapAction=""', 'soapAction="urn:clinic#some"')
        (tmp_path / name).write_text(text, "utf-8")
    return connect(wsdl=tmp_path / "clinic.wsdl", addressing="2005-08")


@pytest.mark.parametrize(
    ("operation", "inner"),
    [
        (("FindPatients", {"Name": "A"}), ROWS),
        (("GetPatient", {"Id": 7}), "<s:Fault><faultcode>s:Client</faultcode></s:Fault>"),
    ],
    ids=["rows", "a fault"],
)
def test_rows_and_faults_are_held_to_it_too(acting, canned, operation, inner):
    canned.says(relating(inner, "2005-08", "urn:other"))
    with pytest.raises(Drifted, match="answers another request"):
        acting.invoke(*operation)
