"""Breakage that real WSDLs have: each is read, a sentence says what was repaired, and `repair = false` turns it off."""

from typing import get_args

import pytest

from brownfield.contract import Opening, Rejected
from brownfield_soap import adapter
from brownfield_soap.doctor import ALL
from brownfield_soap.reader import read
from brownfield_soap.settings import Repair

# ruff: noqa: E501  # XML on one line reads better than XML cut up

XSD = "http://www.w3.org/2001/XMLSchema"
WSDL = """<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
<types><xs:schema targetNamespace="urn:t" elementFormDefault="qualified">
<xs:element name="Ask"><xs:complexType><xs:sequence>
<xs:element name="a" type="xs:int"/>
</xs:sequence></xs:complexType></xs:element>
<xs:element name="Answer" type="xs:string"/>
</xs:schema></types>
<message name="In"><part name="in" element="t:Ask"/></message>
<message name="Out"><part name="out" element="t:Answer"/></message>
<portType name="P"><operation name="Ask"><input message="t:In"/><output message="t:Out"/></operation></portType>
<binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Ask"><soap:operation soapAction=""/>
<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
<service name="S"><port name="Port" binding="t:B"><soap:address location="http://t.example/"/></port></service>
</definitions>"""
FIELD = '<xs:element name="a" type="xs:int"/>'
INPUT = '<input><soap:body use="literal"/></input>'


@pytest.fixture
def model(tmp_path):
    """The model of the WSDL with one thing replaced, and files beside it."""

    def make(old="", new="", *, unrepaired=frozenset(), overrides=None, **files):
        assert old in WSDL
        (tmp_path / "t.wsdl").write_text(WSDL.replace(old, new, 1) if old else WSDL)
        for name, content in files.items():
            (tmp_path / f"{name}.xsd").write_text(content)
        return read(tmp_path / "t.wsdl", tmp_path, unrepaired=unrepaired, overrides=overrides)

    return make


BROKEN = {
    "message name": (
        '<message name="In">',
        '<message name="In$Error"><part name="in" element="t:Ask"/></message><message name="In">',
        "`In$Error` is no XML name; it was read as In_Error",
    ),
    "old namespace": (XSD, "http://www.w3.org/1999/XMLSchema", "is a draft"),
    "doctype": ("<definitions", "<!DOCTYPE d [<!ENTITY e 'x'> <!ATTLIST d x CDATA '>'>]><definitions", "DOCTYPE"),
    "prefix undeclared": ("<types><xs:schema", "<types><xsd:annotation/><xs:schema", "prefix `xsd`"),
    "no targetNamespace": ('xmlns:t="urn:t" targetNamespace', 'xmlns:tns="urn:t" xmlns:t="urn:t" x', "targetNamespace"),
    "case": ('type="xs:int"', 'type="xs:Int"', "type xs:Int is defined nowhere; {" + XSD + "}int was taken"),
    "no prefix": ('element="t:Ask"', 'element="Ask"', "element Ask is defined nowhere; {urn:t}Ask was taken"),
    "dangling type": ('type="xs:int"', 'type="t:Gone"', "type t:Gone is defined nowhere; it was taken for anything"),
    "dangling prefix": ('type="xs:int"', 'type="q:Gone"', "type q:Gone is defined nowhere; it was taken for anything"),
    "dangling ref": (
        FIELD,
        '<xs:element ref="t:Gone"/>',
        "element t:Gone is defined nowhere; it was taken for anything",
    ),
    "dangling group": (FIELD, FIELD + '<xs:group ref="t:Gone"/>', "group t:Gone is defined nowhere and was left out"),
    "dangling message": ('"t:Out"', '"u:Out"', "message u:Out is defined nowhere; {urn:t}Out was taken"),
    "dangling portType": ('type="t:P"', 'type="t:Q"', "portType t:Q is defined nowhere; {urn:t}P was taken"),
    "dangling binding": ('binding="t:B"', 'binding="t:C"', "binding t:C is defined nowhere; {urn:t}B was taken"),
    "nested all": (FIELD, f"<xs:all>{FIELD}</xs:all>", "`all` may not stand within"),
    "two compositors": (
        "</xs:sequence></xs:complexType>",
        "</xs:sequence><xs:choice><xs:element name='b' type='xs:int'/></xs:choice></xs:complexType>",
        "one compositor only",
    ),
    "misspelt": (FIELD, FIELD.replace("xs:element", "xs:Element"), "`Element` was read as the `element`"),
    "foreign": (FIELD, '<j:x xmlns:j="urn:jaxb"/>' + FIELD, "`x` is no element of XML Schema"),
    "empty name": (FIELD, FIELD + '<xs:element name=""/>', "has an empty name"),
    "no message": ('<output message="t:Out"/>', "<output/>", "names no message and was left out"),
    "message by name": ('<output message="t:Out"/>', '<output name="Out"/>', "the message of its own name was taken"),
    "unknown operation": ("</binding>", '<operation name="Nope"/></binding>', "portType P has no operation Nope"),
    "header without use": (
        INPUT,
        INPUT.replace("<soap:b", '<soap:header message="t:Out" part="out"/><soap:b'),
        "`use`",
    ),
    "header without message": (INPUT, INPUT.replace("<soap:b", '<soap:header use="literal"/><soap:b'), "no message or"),
    "header without part": (
        INPUT,
        INPUT.replace("<soap:b", '<soap:header message="t:Out" part="x" use="literal"/><soap:b'),
        "has no part x",
    ),
    "simple anyType": (
        FIELD,
        '<xs:element name="a"><xs:simpleType><xs:restriction base="xs:anyType"/></xs:simpleType></xs:element>',
        "may not restrict anyType",
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_repaired_and_said(model, old, new, said):
    """R15: a WSDL with known breakage is read, with a sentence for each repair."""
    found = model(old, new)
    assert list(found.operations) == ["Ask"]
    assert any(said in note for note in found.notes), found.notes


def test_a_whole_wsdl_is_not_repaired(model):
    assert model().notes == ()


@pytest.mark.parametrize("name", ["case", "nested all", "prefix undeclared", "misspelt", "doctype"])
def test_repairs_can_be_turned_off(model, tmp_path, name):
    old, new, _ = BROKEN[name]
    with pytest.raises(Rejected):
        model(old, new, unrepaired=ALL)
    for said in ({"unrepaired": ALL}, {"repair": False}):
        settings = adapter.settings(wsdl=tmp_path / "t.wsdl", **said)
        with pytest.raises(Rejected):
            adapter.open(Opening("t", tmp_path, settings, str)).describe()


@pytest.mark.parametrize("name", ["case", "nested all", "prefix undeclared", "misspelt", "doctype"])
def test_each_repair_says_its_name_and_can_be_turned_off_by_it(model, name):
    old, new, _ = BROKEN[name]
    (called,) = {note.rpartition("[")[2].rstrip("]") for note in model(old, new).notes}
    assert model(old, new, unrepaired=ALL - {called}).notes
    with pytest.raises(Rejected):
        model(old, new, unrepaired={called})


def test_the_settings_know_the_repairs():
    assert frozenset(get_args(Repair)) == ALL


def test_a_repair_is_told_in_the_contract_and_changes_no_shape(model, tmp_path):
    """What was set right is a note of the contract, which `check` and `lock` tell."""
    model(*BROKEN["case"][:2])
    described = adapter.open(Opening("t", tmp_path, adapter.settings(wsdl=tmp_path / "t.wsdl"), str)).describe()
    assert described.notes == (
        "t.wsdl, line 6: the type xs:Int is defined nowhere; {" + XSD + "}int was taken. [dangling-names]",
    )


ELSEWHERE = f'<xs:schema xmlns:xs="{XSD}" targetNamespace="urn:x"><xs:simpleType name="X"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>'
USES = '<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element xmlns:x="urn:x" name="a" type="x:X"/>'


@pytest.mark.parametrize(
    ("location", "key"),
    {
        "as it is written": (' schemaLocation="http://127.0.0.1:9/?xsd="', "http://127.0.0.1:9/?xsd="),
        "a file that is not there": (' schemaLocation="gone.xsd"', "gone.xsd"),
        "the namespace": ("", "urn:x"),
    }.values(),
)
def test_a_document_that_is_elsewhere_is_read_where_the_settings_say(model, tmp_path, location, key):
    """Mono says `?xsd=` and answers with a page; a network that is not there is not asked."""
    old = f'<xs:element name="Ask"><xs:complexType><xs:sequence>\n{FIELD}'
    new = f'<xs:import namespace="urn:x"{location}/>{USES}'
    if location:
        with pytest.raises(Rejected, match=r"not in the bundle|no such file"):
            model(old, new, elsewhere=ELSEWHERE)
    found = model(old, new, elsewhere=ELSEWHERE, overrides={key: str(tmp_path / "elsewhere.xsd")})
    assert found.notes == ()
    assert fields(found) == {"a": "int"}
    settings = adapter.settings(wsdl=tmp_path / "t.wsdl", overrides={key: "elsewhere.xsd"})
    described = adapter.open(Opening("t", tmp_path, settings, str)).describe()
    assert described.operations["Ask"].input["properties"]["a"]["type"] == "integer"


def test_an_override_reaches_no_file_outside_the_bundle(model, tmp_path):
    with pytest.raises(Rejected, match="outside the folder"):
        model(
            f'<xs:element name="Ask"><xs:complexType><xs:sequence>\n{FIELD}',
            f'<xs:import namespace="urn:x"/>{USES}',
            overrides={"urn:x": "/etc/passwd"},
        )


def fields(found):
    return {field.name: field.type.kind for field in found.records[found.operations["Ask"].request.type].fields}


INCLUDE = '<xs:include schemaLocation="one.xsd"/><xs:element name="Ask">'
SCHEMA = f'<xs:schema xmlns:xs="{XSD}"{{}}>{{}}</xs:schema>'


def test_a_chain_of_files_without_a_namespace_takes_that_of_the_first(model):
    """zeep stumbles over the second."""
    found = model(
        '<xs:element name="Ask">',
        INCLUDE,
        one=SCHEMA.format(
            "",
            '<xs:include schemaLocation="two.xsd"/><xs:simpleType name="One"><xs:restriction base="Two"/></xs:simpleType>',
        ),
        two=SCHEMA.format(
            "",
            '<xs:simpleType name="Two"><xs:restriction base="xs:long"/></xs:simpleType><xs:element name="Own" type="Two"/>',
        ),
    )
    assert found.notes == ()


@pytest.mark.parametrize("word", ["redefine", "override"])
def test_a_schema_may_change_what_it_includes(model, word):
    """zeep knows neither."""
    base = "t:A" if word == "redefine" else "xs:int"
    changed = f'<xs:simpleType name="A"><xs:restriction base="{base}"><xs:maxInclusive value="9"/></xs:restriction></xs:simpleType>'
    found = model(
        f'<xs:element name="Ask"><xs:complexType><xs:sequence>\n{FIELD}',
        f'<xs:{word} schemaLocation="one.xsd">{changed}</xs:{word}>'
        '<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="a" type="t:A"/>',
        one=SCHEMA.format(
            ' targetNamespace="urn:t"', '<xs:simpleType name="A"><xs:restriction base="xs:short"/></xs:simpleType>'
        ),
    )
    (field,) = found.records[found.operations["Ask"].request.type].fields
    assert field.type.kind == ("short" if word == "redefine" else "int")
    assert field.type.facets.limits == {"maxInclusive": "9"}


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("http://www.w3.org/2000/09/xmldsig#", "Signature"),
        ("http://www.w3.org/2001/04/xmlenc#", "EncryptedData"),
        ("http://www.w3.org/2005/08/addressing", "EndpointReference"),
        ("http://schemas.xmlsoap.org/ws/2004/08/addressing", "EndpointReference"),
        ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd", "UsernameToken"),
        ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd", "Timestamp"),
        ("http://www.w3.org/2004/08/xop/include", "Include"),
        ("http://schemas.xmlsoap.org/soap/envelope/", "Fault"),
        ("http://www.w3.org/2003/05/soap-envelope", "Fault"),
        ("http://schemas.microsoft.com/2003/10/Serialization/Arrays", "ArrayOfstring"),
        ("http://schemas.microsoft.com/2003/10/Serialization/", "guid"),
    ],
)
@pytest.mark.parametrize("location", ["", f' schemaLocation="{XSD}.xsd"'])
def test_a_standard_schema_is_there_without_network_and_without_a_good_import(model, namespace, name, location):
    """R15: everything works offline."""
    imported = f'<xs:import namespace="{namespace}"{location}/>' if location else ""
    found = model(
        f'<xs:element name="Ask"><xs:complexType><xs:sequence>\n{FIELD}',
        f'{imported}<xs:element name="Ask"><xs:complexType><xs:sequence>'
        f'<xs:element xmlns:q="{namespace}" ref="q:{name}"/>',
    )
    assert found.notes == ()
    assert [field.name for field in found.records[found.operations["Ask"].request.type].fields] == [name]


@pytest.mark.parametrize("name", ["Map", "DataHandler", "Vector"])
def test_the_types_of_apache_soap_need_no_import(model, name):
    apache = "http://xml.apache.org/xml-soap"
    assert model('type="xs:int"', f'xmlns:q="{apache}" type="q:{name}"').notes == ()
