"""Schemas that are legal and seldom met: what we write is what libxml2 holds valid, and all of it is read back.

Each row is a set of schema files, of which `t.xsd` declares the element `Ask`, and values with the XML that they are.
libxml2 reads the files themselves, beside our loader: it says whether a row's XML, and a sample of ours, is an `Ask`.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jsonschema_rs
import pytest
from lxml import etree

from brownfield.contract import Rejected
from brownfield_soap.answer import detail
from brownfield_soap.codec import Codec
from brownfield_soap.decode import Decoder
from brownfield_soap.describe import shape
from brownfield_soap.encode import Encoder
from brownfield_soap.reader import read
from brownfield_soap.sample import Samples, whole

# ruff: noqa: E501  # XML on one line reads better than XML cut up

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
<types><xs:schema><xs:import namespace="urn:t" schemaLocation="t.xsd"/></xs:schema></types>
<message name="M"><part name="in" element="t:Ask"/></message>
<portType name="P"><operation name="Ask"><input message="t:M"/></operation></portType>
<binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Ask"><soap:operation soapAction=""/><input><soap:body use="literal"/></input></operation></binding>
<service name="S"><port name="Port" binding="t:B"><soap:address location="http://t.example/"/></port></service>
</definitions>"""
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@dataclass(frozen=True)
class Row:
    """One schema.

    Attributes:
        content: What stands in `t.xsd`, or in the complex type of `Ask` when it begins with neither.
        values: XML within `Ask` and the JSON that it is.
        more: Other files.
        bad: JSON that is refused.
        head: Attributes of the schema.
    """

    content: str
    values: dict[str, Any]
    more: dict[str, str] = field(default_factory=dict)
    bad: tuple[Any, ...] = ()
    head: str = 'elementFormDefault="qualified"'
    types: str = ""

    def schema(self):
        ask = f'<xs:element name="Ask"><xs:complexType>{self.content}</xs:complexType></xs:element>'
        whole = self.content if "<xs:schema" in self.content else schema(self.types + ask, self.head)
        return {"t.xsd": whole, **self.more}


def schema(content, head='elementFormDefault="qualified"', space="urn:t"):
    target = f'targetNamespace="{space}"' if space else ""
    return f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" xmlns:o="urn:o" {target} {head}>{content}</xs:schema>'


def sequence(*elements):
    return f"<xs:sequence>{''.join(elements)}</xs:sequence>"


def element(name, kind="xs:string", more=""):
    return f'<xs:element name="{name}" type="{kind}" {more}/>'


OPTIONAL = 'minOccurs="0"'
A, B, C = (element(name, "xs:int") for name in "abc")

ROWS = {
    "local elements without a namespace": Row(sequence(A), {"<a xmlns=''>1</a>": {"a": 1}}, head=""),
    "one element qualified by its form, one not": Row(
        sequence(element("a", "xs:int", 'form="qualified"'), B),
        {"<a>1</a><b xmlns=''>2</b>": {"a": 1, "b": 2}},
        head="",
    ),
    "one element of a qualified schema without": Row(
        sequence(A, element("b", "xs:int", 'form="unqualified"')), {"<a>1</a><b xmlns=''>2</b>": {"a": 1, "b": 2}}
    ),
    "attributes qualified by form": Row(
        '<xs:attribute name="k" type="xs:int" form="qualified" use="required"/><xs:attribute name="l"/>',
        {'<Ask xmlns="urn:t" xmlns:t="urn:t" t:k="1" l="x"/>': {"k": 1, "l": "x"}},
        bad=({"l": "x"},),
    ),
    "attributes of a group, and a group of groups": Row(
        '<xs:attributeGroup ref="t:outer"/>',
        {'<Ask xmlns="urn:t" a="1" b="2"/>': {"a": 1, "b": 2}},
        types='<xs:attributeGroup name="inner"><xs:attribute name="a" type="xs:int"/></xs:attributeGroup>'
        '<xs:attributeGroup name="outer"><xs:attributeGroup ref="t:inner"/><xs:attribute name="b" type="xs:int" use="required"/></xs:attributeGroup>',
    ),
    "an attribute that is global, and xml:lang": Row(
        '<xs:attribute ref="t:k" use="required"/><xs:attribute ref="xml:lang"/>',
        {'<Ask xmlns="urn:t" xmlns:t="urn:t" t:k="1" xml:lang="de"/>': {"k": 1, "lang": "de"}},
        bad=({"lang": "de"},),
        types='<xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="xml.xsd"/><xs:attribute name="k" type="xs:int"/>',
        more={
            "xml.xsd": schema(
                '<xs:attribute name="lang" type="xs:language"/>', space="http://www.w3.org/XML/1998/namespace"
            )
        },
    ),
    "an attribute that a restriction prohibits": Row(
        '<xs:complexContent><xs:restriction base="t:Base"><xs:attribute name="b" use="prohibited"/></xs:restriction></xs:complexContent>',
        {'<Ask xmlns="urn:t" a="x"/>': {"a": "x"}},
        types='<xs:complexType name="Base"><xs:attribute name="a"/><xs:attribute name="b"/></xs:complexType>',
        bad=({"b": "x"},),
    ),
    "an attribute with a default, one fixed": Row(
        '<xs:attribute name="d" type="xs:int" default="7"/><xs:attribute name="f" type="xs:int" fixed="3"/>',
        {'<Ask xmlns="urn:t" d="8" f="3"/>': {"d": 8, "f": 3}, '<Ask xmlns="urn:t"/>': {}},
        bad=({"f": 4},),
    ),
    "elements with a default and a fixed value": Row(
        sequence(
            element("d", "xs:int", f'default="7" {OPTIONAL}'), element("f", "xs:decimal", f'fixed="1.50" {OPTIONAL}')
        ),
        {"<d>1</d><f>1.50</f>": {"d": 1, "f": "1.50"}},
        bad=({"f": "1.51"},),
    ),
    "a choice within a sequence within a choice, all repeated": Row(
        f'<xs:sequence maxOccurs="unbounded">{A}<xs:choice>{B}<xs:sequence>{C}{element("d")}</xs:sequence></xs:choice></xs:sequence>',
        {"<a>1</a><b>2</b><a>3</a><c>4</c><d>x</d>": {"group": [{"a": 1, "b": 2}, {"a": 3, "c": 4, "d": "x"}]}},
        bad=({"group": [{"a": 1, "b": 2, "c": 4, "d": "x"}]},),
    ),
    "a choice without end within a sequence": Row(
        sequence(A, f'<xs:choice minOccurs="0" maxOccurs="unbounded">{B}{C}</xs:choice>', element("z")),
        {"<a>1</a><c>1</c><b>2</b><c>3</c><z>x</z>": {"a": 1, "group": [{"c": 1}, {"b": 2}, {"c": 3}], "z": "x"}},
    ),
    "all, in any order, one optional": Row(
        f"<xs:all>{A}{element('b', 'xs:int', OPTIONAL)}</xs:all>",
        {"<a>1</a><b>2</b>": {"a": 1, "b": 2}, "<a>1</a>": {"a": 1}},
    ),
    "a wildcard between two elements": Row(
        sequence(A, '<xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>', B),
        {
            "<a>1</a><x xmlns='urn:o'>y</x><b>2</b>": {"a": 1, "any": [{"@name": "{urn:o}x", "@text": "y"}], "b": 2},
            "<a>1</a><b>2</b>": {"a": 1, "b": 2},
        },
    ),
    "an attribute wildcard beside attributes": Row(
        '<xs:attribute name="a"/><xs:anyAttribute namespace="##any" processContents="lax"/>',
        {'<Ask xmlns="urn:t" a="1" xmlns:o="urn:o" o:b="2"/>': {"a": "1", "@attributes": {"{urn:o}b": "2"}}},
    ),
    "types that contain each other": Row(
        sequence(element("node", "t:Node")),
        {"<node><kids><node><kids/></node><node/></kids></node>": {"node": {"kids": [{"kids": []}, {}]}}},
        types=f'<xs:complexType name="Node">{sequence(element("kids", "t:Kids", OPTIONAL))}</xs:complexType>'
        f'<xs:complexType name="Kids">{sequence(element("node", "t:Node", f"{OPTIONAL} maxOccurs=" + chr(34) + "unbounded" + chr(34)))}</xs:complexType>',
    ),
    "a substitution group whose abstract head is elsewhere": Row(
        sequence('<xs:element ref="o:event" maxOccurs="unbounded"/>'),
        {
            "<late><at>x</at></late><early>3</early>": {
                "event": [{"@element": "late", "at": "x"}, {"@element": "early", "value": 3}]
            }
        },
        types='<xs:import namespace="urn:o" schemaLocation="o.xsd"/>'
        f'<xs:element name="late" substitutionGroup="o:event"><xs:complexType>{sequence(element("at"))}</xs:complexType></xs:element>'
        '<xs:element name="early" type="xs:int" substitutionGroup="o:event"/>',
        more={"o.xsd": schema('<xs:element name="event" abstract="true"/>', space="urn:o")},
        bad=({"event": [{"@element": "event", "at": "x"}]}, {"event": []}),
    ),
    "a substitution of a substitution over three namespaces": Row(
        sequence('<xs:element ref="o:top"/>'),
        {"<low>5</low>": {"top": {"@element": "low", "value": 5}}},
        types='<xs:import namespace="urn:o" schemaLocation="o.xsd"/><xs:import namespace="urn:p" schemaLocation="p.xsd"/>'
        '<xs:element name="low" type="xs:int" substitutionGroup="p:mid" xmlns:p="urn:p"/>',
        more={
            "o.xsd": schema('<xs:element name="top" type="xs:anySimpleType" abstract="true"/>', space="urn:o"),
            "p.xsd": schema(
                '<xs:import namespace="urn:o" schemaLocation="o.xsd"/><xs:element name="mid" type="xs:integer" abstract="true" substitutionGroup="o:top"/>',
                space="urn:p",
            ),
        },
    ),
    "simple content with attributes, extended again": Row(
        sequence(element("m", "t:Money")),
        {'<m cur="EUR" kind="net">1.50</m>': {"m": {"value": "1.50", "cur": "EUR", "kind": "net"}}},
        types='<xs:complexType name="Sum"><xs:simpleContent><xs:extension base="xs:decimal"><xs:attribute name="cur" use="required"/></xs:extension></xs:simpleContent></xs:complexType>'
        '<xs:complexType name="Money"><xs:simpleContent><xs:extension base="t:Sum"><xs:attribute name="kind"/></xs:extension></xs:simpleContent></xs:complexType>',
        bad=({"m": {"value": "1.50"}},),
    ),
    "a list of a union of an enumeration and a number": Row(
        sequence(element("l", "t:List")),
        {"<l>low 7 high</l>": {"l": ["low", 7, "high"]}, "<l/>": {"l": []}},
        types='<xs:simpleType name="Word"><xs:restriction base="xs:string"><xs:enumeration value="low"/><xs:enumeration value="high"/></xs:restriction></xs:simpleType>'
        '<xs:simpleType name="Either"><xs:union memberTypes="xs:int t:Word"/></xs:simpleType><xs:simpleType name="List"><xs:list itemType="t:Either"/></xs:simpleType>',
        bad=({"l": ["middle"]},),
    ),
    "nil with attributes": Row(
        sequence(element("n", "t:N", 'nillable="true"')),
        {
            f'<n k="1" {XSI} xsi:nil="true"/>': {"n": {"k": 1, "@nil": True}},
            '<n k="2"><a>1</a></n>': {"n": {"k": 2, "a": 1}},
        },
        types=f'<xs:complexType name="N">{sequence(A)}<xs:attribute name="k" type="xs:int"/></xs:complexType>',
    ),
    "names that Python and JSON stumble over": Row(
        sequence(
            *(
                element(name, "xs:int")
                for name in (
                    "class",
                    "a-b",
                    "a.b",
                    "größe",
                    "_",
                    "id",
                    "Id",
                    "ID",
                    "None",
                    "def",
                    "self",
                    "value",
                    "items",
                )
            )
        ),
        {
            "".join(
                f"<{name}>{number}</{name}>"
                for number, name in enumerate(
                    ("class", "a-b", "a.b", "größe", "_", "id", "Id", "ID", "None", "def", "self", "value", "items")
                )
            ): {
                name: number
                for number, name in enumerate(
                    ("class", "a-b", "a.b", "größe", "_", "id", "Id", "ID", "None", "def", "self", "value", "items")
                )
            }
        },
    ),
    "an attribute and an element of one name": Row(
        f'{sequence(A)}<xs:attribute name="a" type="xs:int"/>',
        {'<Ask xmlns="urn:t" a="2"><a>1</a></Ask>': {"a": 1, "attr__a": 2}},
    ),
    "two local elements of one name in two namespaces": Row(
        sequence(A, '<xs:element ref="o:a"/>'),
        {"<a>1</a><a xmlns='urn:o'>x</a>": {"a": 1, "a__1": "x"}},
        types='<xs:import namespace="urn:o" schemaLocation="o.xsd"/>',
        more={"o.xsd": schema('<xs:element name="a" type="xs:string"/>', space="urn:o")},
    ),
    "an extension of an empty type": Row(
        f'<xs:complexContent><xs:extension base="t:Empty">{sequence(A)}</xs:extension></xs:complexContent>',
        {"<a>1</a>": {"a": 1}},
        types='<xs:complexType name="Empty"/>',
    ),
    "an extension after a choice": Row(
        f'<xs:complexContent><xs:extension base="t:Base">{sequence(C)}</xs:extension></xs:complexContent>',
        {"<b>1</b><c>2</c>": {"b": 1, "c": 2}},
        types=f'<xs:complexType name="Base"><xs:choice>{A}{B}</xs:choice></xs:complexType>',
        bad=({"a": 1, "b": 1, "c": 2}, {"c": 2}),
    ),
    "an extension by what may be left out as a whole": Row(
        f'<xs:complexContent><xs:extension base="t:Base"><xs:sequence minOccurs="0">{B}{C}</xs:sequence></xs:extension></xs:complexContent>',
        {"<a>1</a>": {"a": 1}, "<a>1</a><b>2</b><c>3</c>": {"a": 1, "b": 2, "c": 3}},
        types=f'<xs:complexType name="Base">{sequence(A)}</xs:complexType>',
        bad=({"b": 2, "c": 3}, {"a": 1, "b": 2}),
    ),
    "an extension by what may be repeated": Row(
        f'<xs:complexContent><xs:extension base="t:Base"><xs:choice maxOccurs="unbounded">{B}{C}</xs:choice></xs:extension></xs:complexContent>',
        {"<a>1</a><c>2</c><b>3</b><c>4</c>": {"a": 1, "group": [{"c": 2}, {"b": 3}, {"c": 4}]}},
        types=f'<xs:complexType name="Base">{sequence(A)}</xs:complexType>',
        bad=({"a": 1}, {"a": 1, "group": []}),
    ),
    "an extension of a group by a group": Row(
        '<xs:complexContent><xs:extension base="t:Base"><xs:group ref="t:H"/></xs:extension></xs:complexContent>',
        {"<a>1</a><b>2</b>": {"a": 1, "b": 2}},
        types=f'<xs:group name="G">{sequence(A)}</xs:group><xs:group name="H">{sequence(B)}</xs:group><xs:complexType name="Base"><xs:group ref="t:G"/></xs:complexType>',
    ),
    "an extension of a repeated sequence": Row(
        f'<xs:complexContent><xs:extension base="t:Base">{sequence(C)}</xs:extension></xs:complexContent>',
        {"<a>1</a><b>2</b><a>3</a><b>4</b><c>5</c>": {"group": [{"a": 1, "b": 2}, {"a": 3, "b": 4}], "c": 5}},
        types=f'<xs:complexType name="Base"><xs:sequence maxOccurs="9">{A}{B}</xs:sequence></xs:complexType>',
        bad=({"c": 5},),
    ),
    "an extension of an extension, three deep, each with a choice": Row(
        f'<xs:complexContent><xs:extension base="t:Two"><xs:choice>{element("e")}{element("f")}</xs:choice></xs:extension></xs:complexContent>',
        {"<a>1</a><c>2</c><f>x</f>": {"a": 1, "c": 2, "f": "x"}},
        types=f'<xs:complexType name="One"><xs:choice>{A}{B}</xs:choice></xs:complexType>'
        f'<xs:complexType name="Two"><xs:complexContent><xs:extension base="t:One"><xs:choice>{C}{element("d")}</xs:choice></xs:extension></xs:complexContent></xs:complexType>',
        bad=({"a": 1, "b": 1, "c": 2, "f": "x"}, {"a": 1, "c": 2}),
    ),
    "a choice of references, of which one may be absent": Row(
        '<xs:choice><xs:element ref="t:x"/><xs:element ref="t:y" minOccurs="2" maxOccurs="3"/></xs:choice>',
        {"<x>1</x>": {"x": "1", "y": []}, "<y>1</y><y>2</y>": {"y": ["1", "2"]}},
        types=element("x") + element("y"),
        bad=({}, {"y": []}),
    ),
    "a repeated choice of sequences": Row(
        f'<xs:choice maxOccurs="unbounded">{sequence(A, B)}{C}</xs:choice>',
        {"<a>1</a><b>2</b><c>3</c><a>4</a><b>5</b>": {"group": [{"a": 1, "b": 2}, {"c": 3}, {"a": 4, "b": 5}]}},
        bad=({"group": [{"a": 1}]}, {"group": [{"a": 1, "b": 2, "c": 3}]}, {"group": [{}]}, {"group": []}),
    ),
    "a restriction that leaves an optional element out": Row(
        f'<xs:complexContent><xs:restriction base="t:Base">{sequence(A)}</xs:restriction></xs:complexContent>',
        {"<a>1</a>": {"a": 1}},
        types=f'<xs:complexType name="Base">{sequence(A, element("b", "xs:int", OPTIONAL))}</xs:complexType>',
        bad=({"a": 1, "b": 2},),
    ),
    "a model group that is used twice": Row(
        sequence('<xs:group ref="t:G"/>', element("z"), '<xs:group ref="t:G" minOccurs="0"/>'),
        {"<a>1</a><z>x</z><a>2</a>": {"a": 1, "z": "x", "a__1": 2}, "<a>1</a><z>x</z>": {"a": 1, "z": "x"}},
        types=f'<xs:group name="G">{sequence(A)}</xs:group>',
    ),
    "a choice that must be made": Row(
        f"<xs:choice>{A}{B}</xs:choice>", {"<a>1</a>": {"a": 1}, "<b>0</b>": {"b": 0}}, bad=({}, {"a": 1, "b": 2})
    ),
    "a choice of which one branch may be empty": Row(
        f"<xs:choice>{A}{sequence(element('b', 'xs:int', OPTIONAL))}</xs:choice>",
        {"<a>1</a>": {"a": 1}, "": {}, "<b>2</b>": {"b": 2}},
    ),
    "a branch of a choice with what it needs": Row(
        f"<xs:choice>{A}{sequence(B, C)}</xs:choice>",
        {"<b>1</b><c>2</c>": {"b": 1, "c": 2}},
        bad=({"b": 1}, {"c": 2}, {"a": 1, "c": 2}),
    ),
    "a sequence that is there or not": Row(
        f"{sequence(A, f'<xs:sequence minOccurs={chr(34)}0{chr(34)}>{B}{C}</xs:sequence>')}",
        {"<a>1</a>": {"a": 1}, "<a>1</a><b>2</b><c>3</c>": {"a": 1, "b": 2, "c": 3}},
        bad=({"a": 1, "b": 2}, {"a": 1, "c": 3}),
    ),
    "a wildcard that must be there": Row(
        sequence('<xs:any namespace="##other" processContents="skip"/>'),
        {"<x xmlns='urn:o'/>": {"any": [{"@name": "{urn:o}x"}]}},
        bad=({},),
    ),
    "an array of exactly three": Row(
        sequence(element("a", "xs:int", 'minOccurs="3" maxOccurs="3"')),
        {"<a>1</a><a>2</a><a>3</a>": {"a": [1, 2, 3]}},
        bad=({"a": [1, 2]}, {"a": [1, 2, 3, 4]}),
    ),
    "includes that go round": Row(
        sequence(element("a", "t:One")),
        {"<a>x</a>": {"a": "x"}},
        types='<xs:include schemaLocation="sub/one.xsd"/>',
        more={
            "sub/one.xsd": schema(
                '<xs:include schemaLocation="../two.xsd"/><xs:simpleType name="One"><xs:restriction base="t:Two"/></xs:simpleType>'
            ),
            "two.xsd": schema(
                '<xs:include schemaLocation="./sub/one.xsd"/><xs:simpleType name="Two"><xs:restriction base="xs:token"/></xs:simpleType>'
            ),
        },
    ),
    "a file without a namespace that a redefined one includes": Row(
        sequence(element("p", "t:Party")),
        {"<p><name>x</name><vat>7</vat></p>": {"p": {"name": "x", "vat": 7}}},
        types=f'<xs:redefine schemaLocation="plain.xsd"><xs:complexType name="Party"><xs:complexContent><xs:extension base="t:Party">{sequence(element("vat", "t:Vat"))}</xs:extension></xs:complexContent></xs:complexType></xs:redefine>',
        more={
            "plain.xsd": schema(
                f'<xs:include schemaLocation="vat.xsd"/><xs:complexType name="Party">{sequence(element("name"))}</xs:complexType>',
                space="",
            ),
            "vat.xsd": schema('<xs:simpleType name="Vat"><xs:restriction base="xs:int"/></xs:simpleType>', space=""),
        },
    ),
    "namespaces that import each other": Row(
        sequence(element("x", "o:X")),
        {"<x><y xmlns='urn:o'><z xmlns='urn:t'>1</z></y></x>": {"x": {"y": {"z": 1}}}},
        types=f'<xs:import namespace="urn:o" schemaLocation="o.xsd"/><xs:complexType name="Y">{sequence(element("z", "xs:int"))}</xs:complexType>',
        more={
            "o.xsd": schema(
                f'<xs:import namespace="urn:t" schemaLocation="t.xsd"/><xs:complexType name="X">{sequence(element("y", "t:Y"))}</xs:complexType>',
                space="urn:o",
            )
        },
    ),
    "an import of what has no namespace": Row(
        sequence('<xs:element ref="plain"/>'),
        {"<plain xmlns=''>x</plain>": {"plain": "x"}},
        types='<xs:import schemaLocation="plain.xsd"/>',
        more={
            "plain.xsd": '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="plain" type="xs:string"/></xs:schema>'
        },
    ),
    "an element whose type is anonymous, five levels down": Row(
        sequence(
            "".join(f'<xs:element name="l{n}"><xs:complexType><xs:sequence>' for n in range(5))
            + A
            + "</xs:sequence></xs:complexType></xs:element>" * 5
        ),
        {
            "".join(f"<l{n}>" for n in range(5)) + "<a>1</a>" + "".join(f"</l{n}>" for n in reversed(range(5))): {
                "l0": {"l1": {"l2": {"l3": {"l4": {"a": 1}}}}}
            }
        },
    ),
    "mixed content with elements": Row(
        '<xs:sequence><xs:element name="m"><xs:complexType mixed="true"><xs:choice minOccurs="0" maxOccurs="unbounded"><xs:element name="b" type="xs:string"/></xs:choice></xs:complexType></xs:element></xs:sequence>',
        {},
    ),
    "a type of no elements and no attributes": Row("", {"": {}}, bad=({"a": 1},)),
    "an element of a type that is simple and global": Row(
        schema(
            '<xs:element name="Ask" type="t:Code"/><xs:simpleType name="Code"><xs:restriction base="xs:string"><xs:pattern value="[A-Z]{3}"/></xs:restriction></xs:simpleType>'
        ),
        {'<Ask xmlns="urn:t">ABC</Ask>': {"value": "ABC"}},
        bad=({"value": "abc"}, {}),
    ),
    "a top element that is nillable and of a named type": Row(
        schema(
            f'<xs:element name="Ask" type="t:T" nillable="true"/><xs:complexType name="T">{sequence(A)}</xs:complexType>'
        ),
        {"<a>1</a>": {"a": 1}},
    ),
    "identity constraints": Row(
        schema(
            f'<xs:element name="Ask"><xs:complexType>{sequence(element("a", "xs:int", "maxOccurs=" + chr(34) + "9" + chr(34)))}</xs:complexType>'
            '<xs:unique name="u"><xs:selector xpath="t:a"/><xs:field xpath="."/></xs:unique></xs:element>'
        ),
        {"<a>1</a>": {"a": [1]}},
    ),
    "a notation and an appinfo": Row(
        schema(
            '<xs:annotation><xs:appinfo><x xmlns="urn:x"/></xs:appinfo></xs:annotation><xs:notation name="n" public="p"/>'
            f'<xs:element name="Ask"><xs:annotation><xs:appinfo><xs:element/></xs:appinfo></xs:annotation><xs:complexType>{sequence(A)}</xs:complexType></xs:element>'
        ),
        {"<a>1</a>": {"a": 1}},
    ),
    "final, block and an id on everything": Row(
        schema(
            f'<xs:element name="Ask" id="e1" block="#all" final="#all"><xs:complexType id="c1"><xs:sequence id="s1">{element("a", "xs:int", "id=" + chr(34) + "e2" + chr(34))}</xs:sequence></xs:complexType></xs:element>',
            'elementFormDefault="qualified" blockDefault="restriction" finalDefault="" version="1.0" xml:lang="en"',
        ),
        {"<a>1</a>": {"a": 1}},
    ),
    "an extension of anyType": Row(
        f'<xs:complexContent><xs:restriction base="xs:anyType">{sequence(A)}<xs:attribute name="k"/></xs:restriction></xs:complexContent>',
        {'<Ask xmlns="urn:t" k="x"><a>1</a></Ask>': {"a": 1, "k": "x"}},
    ),
    "a type that is extended by an attribute only": Row(
        sequence(element("p", "t:Big")),
        {'<p k="1"><a>1</a></p>': {"p": {"a": 1, "k": 1}}},
        types=f'<xs:complexType name="Small">{sequence(A)}</xs:complexType><xs:complexType name="Big"><xs:complexContent><xs:extension base="t:Small"><xs:attribute name="k" type="xs:int"/></xs:extension></xs:complexContent></xs:complexType>',
    ),
    "an element that no message may hold": Row(
        sequence(A, element("never", "xs:int", 'minOccurs="0" maxOccurs="0"')),
        {"<a>1</a>": {"a": 1}},
        bad=({"a": 1, "never": 1},),
    ),
}


class Made:
    """A row's schema as it is read by us and by libxml2."""

    def __init__(self, row, folder):
        for name, text in {"t.wsdl": WSDL, **row.schema()}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        self.model = read(folder / "t.wsdl", folder)
        self.operation = self.model.operations["Ask"]
        self.part = self.operation.request
        self.input = shape(self.model, self.operation).input
        self.file = str(folder / "t.xsd")

    @cached_property
    def valid(self):
        return etree.XMLSchema(file=self.file)

    def written(self, fields):
        body = etree.Element("Body")
        Encoder(self.model).part(self.part, fields, body)
        return etree.fromstring(etree.tostring(body[0], encoding="UTF-8"))

    def read(self, root, decoder):
        found = decoder(self.model).answer(detail(self.model, self.part), root, "Ask")
        return whole(self.model, found, self.part.type)


@pytest.fixture(params=ROWS)
def row(request):
    return ROWS[request.param]


@pytest.fixture
def made(row, tmp_path):
    return Made(row, tmp_path)


def ask(xml):
    return etree.fromstring(xml if xml.startswith("<Ask") else f'<Ask xmlns="urn:t">{xml}</Ask>')


def canonical(root):
    return etree.canonicalize(etree.tostring(root, encoding="unicode"), rewrite_prefixes=True)


@pytest.mark.parametrize("decoder", [Codec, Decoder])
def test_what_libxml2_holds_valid_is_read_and_written_again(made, row, decoder):
    for xml, value in row.values.items():
        root = ask(xml)
        made.valid.assertValid(root)
        assert made.read(root, decoder) == value
        assert jsonschema_rs.is_valid(made.input, value), next(jsonschema_rs.iter_errors(made.input, value)).message
        assert canonical(made.written(value)) == canonical(root)


def test_a_sample_is_valid(made):
    fields = Samples(made.model).part(made.part)
    assert jsonschema_rs.is_valid(made.input, fields), fields
    made.valid.assertValid(made.written(fields))


def test_what_the_schema_does_not_allow_is_refused(made, row):
    for value in row.bad:
        if jsonschema_rs.is_valid(made.input, value):
            with pytest.raises(Rejected):
                made.written(value)


def test_white_space_around_names_and_numbers_is_none(tmp_path):
    """Which libxml2 does not know of names."""
    row = Row(
        schema(
            '<xs:element name="Ask"><xs:complexType><xs:sequence>'
            '<xs:element name=" a " type=" t:Small " minOccurs=" 0 " maxOccurs=" 2 "/></xs:sequence></xs:complexType></xs:element>'
            '<xs:simpleType name=" Small "><xs:restriction base=" xs:int "/></xs:simpleType>'
        ),
        {},
    )
    assert Made(row, tmp_path).read(ask("<a>1</a>"), Codec) == {"a": [1]}


def test_the_schema_is_json_schema(made):
    jsonschema_rs.meta.validate(made.input)
