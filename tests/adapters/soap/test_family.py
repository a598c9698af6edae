"""Types that stand for others, over the wire and in large numbers; `test_mapping` has each construct by itself."""

import pytest
from lxml import etree

from brownfield.contract import Rejected, canonical
from brownfield_soap.check import Check
from brownfield_soap.encode import TYPE, Encoder
from brownfield_soap.family import short_names
from brownfield_soap.model import Field, Model, Part, Record, Scalar, Variant
from brownfield_soap.schema import MOST_BYTES, input_schema

from .conftest import envelope
from .test_mapping import SHAPES, WSDL

LAST = '<xs:element name="last" type="xs:string" minOccurs="0"/>'
MANY = '<xs:element name="v" type="t:Shape" minOccurs="0" maxOccurs="unbounded"/>'
CIRCLE = '<t:v xsi:type="t:Circle"><t:id>1</t:id><t:r>1.0</t:r></t:v>'
REPLY = f'<t:Ask xmlns:t="urn:t"><t:v><t:id>0</t:id></t:v>{CIRCLE}</t:Ask>'


@pytest.fixture
def shapes(connect, tmp_path):
    (tmp_path / "t.wsdl").write_text(WSDL.format(member=MANY, types=SHAPES).replace(LAST, ""))
    return connect(wsdl=tmp_path / "t.wsdl")


def test_rows_are_of_the_types_that_they_name(shapes, canned):
    assert shapes.describe().operations["Ask"].rows == "items"
    canned.answers(REPLY)
    assert list(shapes.invoke("Ask", {}).rows) == [
        {"@type": "Shape", "id": 0},
        {"@type": "Circle", "id": 1, "r": "1.0"},
    ]


def test_a_request_names_the_type_in_a_prefix_that_is_declared(shapes, canned):
    canned.says(envelope('<t:Ask xmlns:t="urn:t"/>'))
    shapes.invoke("Ask", {"v": [{"id": 1}, {"@type": "Disc", "id": 1, "r": "2", "in": "1"}]})
    plain, disc = etree.fromstring(canned.requests[0].partition(b"\r\n\r\n")[2]).iter("{urn:t}v")
    assert plain.get(TYPE) is None
    prefix, _, name = disc.get(TYPE).partition(":")
    assert (disc.nsmap[prefix], name) == ("urn:t", "Disc")


def large(count):
    """A family of many types with many members each, and the part that holds one."""
    records = {
        f"t{n}": Record(f"T{n}", tuple(Field(f"f{n}x{one}", f"f{one}", Scalar("int")) for one in range(30)), bare=True)
        for n in range(count)
    }
    variants = {f"T{n}": Variant(f"T{n}", f"t{n}") for n in range(count)}
    records["any"] = Record("Any", (), variants=variants)
    records["ask"] = Record("Ask", (Field("one", "one", "any"),))
    return Model("S", "P", "", "urn:e", {}, records), Part("Ask", "Ask", "ask")


def test_the_types_of_a_large_family_are_cut_in_a_request_and_each_is_still_held_to_its_own():
    """Nothing that the contract does not know is sent, whatever there was room for."""
    model, part = large(200)
    schema = input_schema(model, part)
    assert len(canonical(schema)) < 2 * MOST_BYTES
    assert b"x-cut" in canonical(schema)
    whole = {f"f199x{one}": one for one in range(30)}
    assert Check(schema).fault({"one": {"@type": "T199", **whole}}) is None
    assert Check(schema).fault({"one": {"@type": "T200", **whole}}) is not None
    written = etree.Element("Body")
    Encoder(model).part(part, {"one": {"@type": "T199", **whole}}, written)
    assert [child.text for child in written[0][0]] == [str(one) for one in range(30)]
    for wrong, path in (({"f199x3": "3"}, "f199x3"), ({"odd": 1}, "the whole")):
        with pytest.raises(Rejected, match=f"Ask/one: {path} does not meet"):
            Encoder(model).part(part, {"one": {"@type": "T199", **whole, **wrong}}, etree.Element("Body"))


def test_a_small_family_is_whole():
    assert b"x-cut" not in canonical(input_schema(*large(3)))


def test_types_of_one_name_are_told_apart_by_their_namespaces():
    assert short_names(["{a}T", "{b}T", "{b}U"]) == {"{a}T": "{a}T", "{b}T": "{b}T", "{b}U": "U"}
