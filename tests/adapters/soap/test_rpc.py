"""The old style: parts instead of elements, a reply root with any name, SOAP-encoded arrays."""

import pytest
from lxml import etree

from brownfield.contract import Drifted

from .conftest import FOLDER

ENC = "http://schemas.xmlsoap.org/soap/encoding/"
FIELDS = {"site": "LYON", "skus": ["A", "B"]}


@pytest.fixture
def old(connect):
    return connect(wsdl=FOLDER / "rpc.wsdl")


def test_parts_are_the_fields_and_an_encoded_array_is_a_plain_one(old):
    operations = old.describe().operations
    assert operations["list"].input["properties"]["skus"]["type"] == "array"
    assert operations["list"].rows is None  # its items may be nil
    assert set(operations["sum"].output["properties"]) == {"count", "at"}


def test_the_wrapper_is_named_after_the_operation_and_the_array_says_its_type(old, canned):
    canned.answers("<any:listResponse xmlns:any='urn:other'><return/></any:listResponse>")
    old.invoke("list", FIELDS)
    body = etree.fromstring(canned.requests[0].partition(b"\r\n\r\n")[2]).find("{*}Body")
    assert body[0].tag == "{urn:rpc}list"
    assert [child.tag for child in body[0]] == ["site", "skus"]
    assert body[0][1].get(f"{{{ENC}}}arrayType") == "xsd:string[2]"
    assert [item.text for item in body[0][1]] == FIELDS["skus"]


def test_an_encoded_array_is_read_whatever_its_items_are_called(old, canned):
    stock = "<x><sku>A</sku><units>0</units></x><y xsi:nil='true'/>"
    canned.answers(f"<listResponse><return>{stock}</return></listResponse>")
    assert dict(old.invoke("list", FIELDS).fields) == {"items": [{"sku": "A", "units": 0}, None]}


def test_several_parts_of_a_reply_are_its_fields(old, canned):
    canned.answers("<sumResponse><at>2026-11-21T10:00:00</at><count>3</count></sumResponse>")
    assert dict(old.invoke("sum", FIELDS).fields) == {"count": 3, "at": "2026-11-21T10:00:00"}


def test_multi_references_are_drift_and_not_misread(old, canned):
    canned.answers("<listResponse><return href='#a'/></listResponse><multiRef id='a'/>")
    with pytest.raises(Drifted, match="multi-references"):
        old.invoke("list", FIELDS)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_call_without_a_reply_takes_an_empty_one(old, canned, status):
    canned.says("", status)
    assert dict(old.invoke("notify", FIELDS).fields) == {}
