"""The old style: parts instead of elements, a reply root with any name, SOAP-encoded arrays."""

import time

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


def many(*references):
    """A reply whose items are what the references hold."""
    return "<listResponse><return href='#list'/></listResponse>" + "".join(references)


STOCK = "<multiRef id='list'><i href='#a'/><i href='#b'/><i href='#a'/></multiRef>"
A = "<multiRef id='a' root='0'><sku href='#name'/><units>0</units></multiRef>"


def test_multi_references_are_followed(old, canned):
    canned.answers(many(STOCK, A, "<multiRef id='b' xsi:nil='true'/>", "<multiRef id='name'>A</multiRef>"))
    stock = {"sku": "A", "units": 0}
    assert dict(old.invoke("list", FIELDS).fields) == {"items": [stock, None, stock]}


def test_a_type_whose_prefix_is_declared_where_it_is_referred_to_is_still_known(old, canned):
    """Axis 1 declares the prefix of each multiRef's type on the multiRef."""
    stock = "<multiRef id='a' xmlns:n='urn:rpc' xsi:type='n:Stock'><sku>A</sku><units>0</units></multiRef>"
    canned.answers(many("<multiRef id='list'><i href='#a'/></multiRef>", stock))
    assert old.invoke("list", FIELDS)["items"] == [{"sku": "A", "units": 0}]


def test_a_type_that_the_contract_does_not_know_tells_nothing(old, canned):
    """SOAP::Lite makes names up; in literal replies such a type is drift."""
    item = "<x xsi:type='q:Map' xmlns:q='urn:q'><sku xsi:type='xs:string'>A</sku><units>0</units></x>"
    canned.answers(f"<listResponse><return>{item}</return></listResponse>")
    assert old.invoke("list", FIELDS)["items"] == [{"sku": "A", "units": 0}]


def test_text_that_comes_as_base64_is_text(old, canned):
    """SOAP::Lite sends every text that is not ASCII like this."""
    sku = "<sku xmlns:xs='http://www.w3.org/2001/XMLSchema' xsi:type='xs:base64Binary'>{}</sku>"
    reply = "<listResponse><return><x>{}<units>0</units></x></return></listResponse>"
    canned.answers(reply.format(sku.format("w6k=")))
    assert old.invoke("list", FIELDS)["items"][0]["sku"] == "é"
    canned.answers(reply.format(sku.format("/w==")))
    with pytest.raises(Drifted, match="sku is base64 where it has text"):
        old.invoke("list", FIELDS)


def test_any_value_of_an_encoded_reply_may_be_nil(old, canned):
    item = "<x><sku xsi:nil='true'/><units>0</units></x>"
    canned.answers(f"<listResponse><return>{item}</return></listResponse>")
    assert old.invoke("list", FIELDS)["items"] == [{"sku": None, "units": 0}]
    canned.answers("<listResponse><return xsi:nil='true'/></listResponse>")
    assert old.invoke("list", FIELDS)["items"] == []


def test_an_encoded_request_says_each_type_and_its_encoding(old, canned):
    canned.answers("<listResponse><return/></listResponse>")
    old.invoke("list", FIELDS)
    wrapper = etree.fromstring(canned.requests[0].partition(b"\r\n\r\n")[2]).find("{*}Body")[0]
    said = [element.get("{http://www.w3.org/2001/XMLSchema-instance}type") for element in wrapper.iter()]
    assert said[1].endswith(":string")
    assert said[2].endswith(":Array")
    assert wrapper.get("{http://schemas.xmlsoap.org/soap/envelope/}encodingStyle") == ENC


def test_what_is_referred_to_may_stand_within_the_answer(old, canned):
    canned.answers(
        "<listResponse><return><i id='a'><sku>A</sku><units>1</units></i><i href='#a'/></return></listResponse>"
    )
    assert [item["units"] for item in old.invoke("list", FIELDS)["items"]] == [1, 1]


def doubling(levels):
    return (
        "".join(f"<m id='{n}'><i href='#{n + 1}'/><i href='#{n + 1}'/></m>" for n in range(levels))
        + f"<m id='{levels}'/>"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (many(STOCK), "not there"),
        (many("<m id='list'><i href='#a'/></m><m id='a'><x href='#list'/></m>"), "in a circle"),
        (many("<m id='list'><i href='#list'/></m>"), "in a circle"),
        (many("<m id='list' href='#0'/>", doubling(22)), "more than 200000"),
        (many("<m id='list'/>") + "<other/>", "holds 2 elements"),
    ],
)
def test_references_that_cannot_be_followed_are_drift_in_little_time(old, canned, body, words):
    """16 levels of doubling cost zeep 18 s and 281 MB; 22 hang it."""
    old.describe()
    canned.answers(body)
    begun = time.process_time()
    with pytest.raises(Drifted, match=words):
        old.invoke("list", FIELDS)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("name", ["return", "result", "x:listReturn"])
def test_the_only_part_of_a_reply_is_found_by_its_place(old, canned, name):
    canned.answers(f"<listResponse xmlns:x='urn:x'><{name}><i><sku>A</sku><units>1</units></i></{name}></listResponse>")
    assert old.invoke("list", FIELDS)["items"] == [{"sku": "A", "units": 1}]


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_call_without_a_reply_takes_an_empty_one(old, canned, status):
    canned.says("", status)
    assert dict(old.invoke("notify", FIELDS).fields) == {}
