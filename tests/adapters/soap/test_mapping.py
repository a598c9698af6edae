"""XML Schema ↔ JSON, line by line: what a construct of a WSDL is in JSON Schema, and how its values read and are written.

Each row is a member `v` of the request and of the reply of one operation. Its schema is held to the row, its XML is
read by both decoders, and what was read is written again, which must give the same XML.
"""

from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
import pytest
from lxml import etree

from brownfield.contract import Drifted, Rejected
from brownfield_soap.answer import answer
from brownfield_soap.codec import Codec
from brownfield_soap.decode import Decoder
from brownfield_soap.describe import shape
from brownfield_soap.encode import Encoder
from brownfield_soap.reader import read

# ruff: noqa: E501  # XML on one line reads better than XML cut up

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
<types><xs:schema targetNamespace="urn:t" elementFormDefault="qualified">
<xs:element name="Ask"><xs:complexType><xs:sequence>{member}<xs:element name="last" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
{types}</xs:schema></types>
<message name="M"><part name="in" element="t:Ask"/></message>
<portType name="P"><operation name="Ask"><input message="t:M"/><output message="t:M"/></operation></portType>
<binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Ask"><soap:operation soapAction=""/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation></binding>
<service name="S"><port name="Port" binding="t:B"><soap:address location="http://t.example/"/></port></service>
</definitions>"""
OPEN = 'xmlns="urn:t" xmlns:t="urn:t" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
NIL = '<v xsi:nil="true"/>'


@dataclass(frozen=True)
class Row:
    """One construct: the member's XSD, the input schema of `v`, and XML with the JSON that it is."""

    member: str
    schema: Any
    values: dict[str, Any] = field(default_factory=dict)
    types: str = ""
    bad: tuple[str, ...] = ()
    required: bool = True


def simple(kind, facets="", **more):
    """An element of a simple type, restricted."""
    inner = f'<xs:simpleType><xs:restriction base="xs:{kind}">{facets}</xs:restriction></xs:simpleType>'
    return f'<xs:element name="v" {" ".join(f"{name}={value!r}" for name, value in more.items())}>{inner}</xs:element>'


def one(kind, more=""):
    return f'<xs:element name="v" type="{kind}" {more}/>'


def v(text):
    return f"<v>{text}</v>"


def text(**more):
    return {"type": "string", **more}


def integer(low, high):
    return {"type": "integer", "minimum": low, "maximum": high}


INT = integer(-(2**31), 2**31 - 1)
MAP = '<xs:complexType name="Pair"><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType>'
PAIR = {
    "type": "object",
    "properties": {"a": INT, "b": text()},
    "required": ["a"],
    "additionalProperties": False,
}
SHAPES = """<xs:complexType name="Shape"><xs:sequence><xs:element name="id" type="xs:int"/></xs:sequence></xs:complexType>
<xs:complexType name="Circle"><xs:complexContent><xs:extension base="t:Shape"><xs:sequence><xs:element name="r" type="xs:decimal"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Disc"><xs:complexContent><xs:extension base="t:Circle"><xs:sequence><xs:element name="in" type="xs:decimal"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:complexType name="Stranger"><xs:sequence><xs:element name="id" type="xs:int"/></xs:sequence></xs:complexType>"""
HEAD = """<xs:element name="payment" type="t:Pay" {abstract}/><xs:complexType name="Pay"><xs:sequence><xs:element name="sum" type="xs:decimal"/></xs:sequence></xs:complexType>
<xs:element name="card" substitutionGroup="t:payment" type="t:Card"/><xs:element name="note" substitutionGroup="t:card" type="xs:string"/>
<xs:complexType name="Card"><xs:complexContent><xs:extension base="t:Pay"><xs:sequence><xs:element name="no" type="xs:string"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>"""


def kind(name, *others, required=True, **members):
    """One type of a family, as a request has it."""
    must = [*(["@type"] if required else []), *members, *others]
    return {
        "type": "object",
        "properties": {"@type": {"const": name}, **members},
        "required": must,
        "additionalProperties": False,
    }


DECIMAL = {"type": "string", "pattern": r"^(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))$"}
SKIP = object()
"""The row is about values only."""

ROWS = {
    "string": Row(one("xs:string"), text(), {v(" a "): " a ", "<v/>": ""}),
    "string with facets": Row(
        simple("string", '<xs:minLength value="1"/><xs:maxLength value="3"/><xs:pattern value="[A-Z]+"/>'),
        text(minLength=1, maxLength=3, pattern="^(?:[A-Z]+)$"),
        {v("AB"): "AB"},
        bad=("ABCD", "", "a"),
    ),
    "string of a length": Row(
        simple("string", '<xs:length value="2"/>'), text(minLength=2, maxLength=2), {v("ab"): "ab"}, bad=("a", "abc")
    ),
    "token collapses": Row(one("xs:token"), text(), {}),
    "anyURI": Row(one("xs:anyURI"), text(), {v("urn:x"): "urn:x"}),
    "QName": Row(one("xs:QName"), text(), {v("t:x"): "t:x"}),
    "boolean": Row(one("xs:boolean"), {"type": "boolean"}, {v("true"): True, v("false"): False}, bad=("yes",)),
    "byte": Row(one("xs:byte"), integer(-128, 127), {v("-128"): -128}, bad=(128,)),
    "unsignedInt": Row(one("xs:unsignedInt"), integer(0, 2**32 - 1), {v("0"): 0}, bad=(-1,)),
    "long": Row(one("xs:long"), integer(-(2**63), 2**63 - 1), {v("9223372036854775807"): 2**63 - 1}),
    "integer with facets": Row(
        simple("int", '<xs:minInclusive value="1"/><xs:maxExclusive value="9"/>'),
        {**INT, "minimum": 1, "exclusiveMaximum": 9},
        {v("8"): 8},
        bad=(0, 9),
    ),
    "digits of an integer": Row(
        simple("int", '<xs:totalDigits value="3"/>'),
        {**INT, "description": "At most 3 digits."},
        {v("999"): 999},
        bad=(1000,),
    ),
    "decimal": Row(one("xs:decimal"), DECIMAL, {v("1.50"): "1.50"}, bad=("1e3", "NaN", "1,5")),
    "decimal with digits": Row(
        simple("decimal", '<xs:totalDigits value="4"/><xs:fractionDigits value="2"/>'),
        {**DECIMAL, "description": "At most 4 digits, at most 2 fraction digits."},
        {v("12.34"): "12.34"},
        bad=("12.345", "123.45"),
    ),
    "double": Row(
        one("xs:double"),
        {"anyOf": [{"type": "number"}, {"enum": ["INF", "-INF", "NaN"]}]},
        {v("1.5"): 1.5, v("-INF"): "-INF"},
        bad=("x",),
    ),
    "dateTime": Row(
        one("xs:dateTime"), SKIP, {v("2026-11-21T10:00:00.120"): "2026-11-21T10:00:00.120"}, bad=("2026-11-21",)
    ),
    "date with a limit": Row(
        simple("date", '<xs:minInclusive value="2026-01-01"/>'), SKIP, {v("2026-11-21"): "2026-11-21"}
    ),
    "duration": Row(one("xs:duration"), SKIP, {v("P1DT2H"): "P1DT2H"}, bad=("P", "1D")),
    "gYearMonth": Row(one("xs:gYearMonth"), SKIP, {v("2026-11"): "2026-11"}, bad=("2026-13",)),
    "base64Binary": Row(one("xs:base64Binary"), text(contentEncoding="base64"), {v("aGk="): "aGk="}, bad=("!",)),
    "hexBinary": Row(one("xs:hexBinary"), text(contentEncoding="base16"), {v("00ff"): "00ff"}, bad=("0",)),
    "enumeration": Row(
        simple("string", '<xs:enumeration value="A"/><xs:enumeration value="B"/><xs:enumeration value="A"/>'),
        text(enum=["A", "B"]),
        {v("A"): "A"},
        bad=("C",),
    ),
    "enumeration of numbers": Row(
        simple("int", '<xs:enumeration value="1"/><xs:enumeration value="02"/>'),
        {"type": "integer", "enum": [1, 2]},
        {v("1"): 1},
        bad=(3, "1"),
    ),
    "pattern that has no equivalent": Row(
        simple("string", r'<xs:pattern value="\i\c*"/>'), text(**{"x-xsd-pattern": [r"\i\c*"]})
    ),
    "pattern on top of pattern": Row(
        one("t:Short"),
        text(allOf=[{"pattern": "^(?:[A-Z]*)$"}, {"pattern": "^(?:..)$"}]),
        {v("AB"): "AB"},
        '<xs:simpleType name="Upper"><xs:restriction base="xs:string"><xs:pattern value="[A-Z]*"/></xs:restriction></xs:simpleType>'
        '<xs:simpleType name="Short"><xs:restriction base="t:Upper"><xs:pattern value=".."/></xs:restriction></xs:simpleType>',
        ("A", "ab"),
    ),
    "list": Row(
        '<xs:element name="v"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>',
        {"type": "array", "items": INT},
        {v("1 0 2"): [1, 0, 2]},
        bad=(["x"],),
    ),
    "binary with a length": Row(
        simple("base64Binary", '<xs:maxLength value="2"/>'),
        text(contentEncoding="base64", description="At most 2 long."),
        {v("aGk="): "aGk="},
        bad=("aGkh",),
    ),
    "optional elements of one name": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int" minOccurs="0"/><xs:element name="b" type="xs:int"/><xs:element name="a" type="xs:int" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>',
        SKIP,
        {
            "<v><a>1</a><b>2</b><a>3</a></v>": {"a": 1, "b": 2, "a__1": 3},
            "<v><b>2</b><a>3</a></v>": {"b": 2, "a__1": 3},
        },
    ),
    "one element in two branches of a choice": Row(
        '<xs:element name="v"><xs:complexType><xs:choice><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int"/></xs:sequence><xs:sequence><xs:element name="b" type="xs:int"/><xs:element name="c" type="xs:int"/></xs:sequence></xs:choice></xs:complexType></xs:element>',
        SKIP,
        {"<v><a>1</a><b>0</b></v>": {"a": 1, "b": 0}, "<v><b>0</b><c>3</c></v>": {"b": 0, "c": 3}},
        bad=({"a": 1, "c": 2},),
    ),
    "list with a length": Row(
        '<xs:element name="v"><xs:simpleType><xs:restriction><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType><xs:maxLength value="2"/></xs:restriction></xs:simpleType></xs:element>',
        SKIP,
    ),
    "union": Row(
        '<xs:element name="v"><xs:simpleType><xs:union memberTypes="xs:int xs:boolean"/></xs:simpleType></xs:element>',
        {"anyOf": [INT, {"type": "boolean"}]},
        {v("7"): 7, v("true"): True},
        bad=("x",),
    ),
    "union of named and inner types": Row(
        '<xs:element name="v"><xs:simpleType><xs:union memberTypes="xs:int"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="all"/></xs:restriction></xs:simpleType></xs:union></xs:simpleType></xs:element>',
        {"anyOf": [INT, text(enum=["all"])]},
        {v("7"): 7, v("all"): "all"},
        bad=("none",),
    ),
    "union with an enumeration": Row(
        one("t:E"),
        {"enum": [1, "all"]},
        {v("1"): 1, v("all"): "all"},
        '<xs:simpleType name="U"><xs:union memberTypes="xs:int xs:string"/></xs:simpleType>'
        '<xs:simpleType name="E"><xs:restriction base="t:U"><xs:enumeration value="1"/><xs:enumeration value="all"/></xs:restriction></xs:simpleType>',
        (2, "x"),
    ),
    "optional": Row(one("xs:int", 'minOccurs="0"'), INT, {v("0"): 0, "": SKIP}, required=False),
    "one or many": Row(
        one("xs:int", 'maxOccurs="3"'),
        {"type": "array", "items": INT, "minItems": 1, "maxItems": 3},
        {v("1"): [1], v("1") + v("0"): [1, 0]},
        bad=([], [1, 2, 3, 4]),
    ),
    "any number": Row(
        one("xs:int", 'minOccurs="0" maxOccurs="unbounded"'),
        {"type": "array", "items": INT},
        {"": [], v("1"): [1]},
        required=False,
    ),
    "nillable": Row(one("xs:int", 'nillable="true"'), {**INT, "type": ["integer", "null"]}, {NIL: None, v("0"): 0}),
    "nillable, said as 1": Row(one("xs:int", 'nillable="1"'), {**INT, "type": ["integer", "null"]}, {NIL: None}),
    "nillable object": Row(
        one("t:Pair", 'nillable="true"'),
        {**PAIR, "type": ["object", "null"]},
        {NIL: None, "<v><a>0</a></v>": {"a": 0}},
        MAP,
    ),
    "fixed": Row(one("xs:int", 'fixed="7"'), {"const": 7}, {v("7"): 7}, bad=(8,)),
    "default": Row(one("xs:int", 'default="7" minOccurs="0"'), {**INT, "default": 7}, {v("7"): 7}, required=False),
    "sequence": Row(
        one("t:Pair"), PAIR, {"<v><a>1</a><b>x</b></v>": {"a": 1, "b": "x"}}, MAP, bad=({"b": "x"}, {"a": 1, "c": 2})
    ),
    "all": Row(
        '<xs:element name="v"><xs:complexType><xs:all><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:string" minOccurs="0"/></xs:all></xs:complexType></xs:element>',
        PAIR,
        {"<v><a>1</a></v>": {"a": 1}},
    ),
    "choice": Row(
        '<xs:element name="v"><xs:complexType><xs:choice><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:boolean"/></xs:choice></xs:complexType></xs:element>',
        {
            "type": "object",
            "description": "Give one: a, or b.",
            "properties": {"a": INT, "b": {"type": "boolean"}},
            "additionalProperties": False,
        },
        {"<v><a>0</a></v>": {"a": 0}, "<v><b>false</b></v>": {"b": False}},
        bad=({"a": 1, "b": True},),
    ),
    "repeated choice": Row(
        '<xs:element name="v"><xs:complexType><xs:choice maxOccurs="unbounded"><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:boolean"/></xs:choice></xs:complexType></xs:element>',
        SKIP,
        {"<v><a>0</a><b>false</b><a>2</a></v>": {"group": [{"a": 0}, {"b": False}, {"a": 2}]}},
    ),
    "repeated sequence": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence maxOccurs="unbounded"><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>',
        SKIP,
        {"<v><a>0</a><a>1</a><b>0</b><a>2</a></v>": {"group": [{"a": 0}, {"a": 1, "b": 0}, {"a": 2}]}},
    ),
    "repeated group": Row(
        '<xs:element name="v"><xs:complexType><xs:group ref="t:G" minOccurs="0" maxOccurs="9"/></xs:complexType></xs:element>',
        SKIP,
        {"<v><a>0</a><a>1</a></v>": {"group": [{"a": 0}, {"a": 1}]}},
        '<xs:group name="G"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:group>',
    ),
    "array wrapper": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence><xs:element name="i" type="xs:int" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>',
        {"type": "array", "items": INT},
        {"<v/>": [], "<v><i>0</i><i>2</i></v>": [0, 2]},
    ),
    "any": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/><xs:any minOccurs="0" processContents="lax"/></xs:sequence></xs:complexType></xs:element>',
        SKIP,
        {
            '<v><a>1</a><x:e xmlns:x="urn:x" k="1">t</x:e></v>': {
                "a": 1,
                "any": [{"@name": "{urn:x}e", "@attributes": {"k": "1"}, "@text": "t"}],
            },
            '<v><a>1</a><x:e xmlns:x="urn:x" xsi:nil="true"/></v>': {
                "a": 1,
                "any": [
                    {
                        "@name": "{urn:x}e",
                        "@attributes": {"{http://www.w3.org/2001/XMLSchema-instance}nil": "true"},
                    }
                ],
            },
            "<v><a>1</a></v>": {"a": 1},
        },
    ),
    "two wildcards": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence><xs:any minOccurs="0"/><xs:element name="a" type="xs:int"/><xs:any minOccurs="0"/></xs:sequence></xs:complexType></xs:element>',
        SKIP,
        {
            '<v><x xmlns="urn:x"/><a>1</a><y xmlns="urn:x"/></v>': {
                "any": [{"@name": "{urn:x}x"}],
                "a": 1,
                "any__1": [{"@name": "{urn:x}y"}],
            }
        },
    ),
    "anyAttribute": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence><xs:attribute name="k" type="xs:int"/><xs:anyAttribute/></xs:complexType></xs:element>',
        {
            "type": "object",
            "properties": {
                "a": INT,
                "k": INT,
                "@attributes": {"type": "object", "additionalProperties": text()},
            },
            "required": ["a"],
            "additionalProperties": False,
        },
        {
            '<v k="2" z="9"><a>1</a></v>': {"a": 1, "k": 2, "@attributes": {"z": "9"}},
            "<v><a>1</a></v>": {"a": 1},
        },
    ),
    "mixed": Row(
        '<xs:element name="v"><xs:complexType mixed="true"><xs:sequence><xs:element name="b" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>',
        SKIP,
        {
            "<v>Dear <b>Ada</b>, hello</v>": {
                "@name": "{urn:t}v",
                "@children": [{"@name": "{urn:t}b", "@text": "Ada"}],
                "@text": "Dear ",
                "@xml": f"<v {OPEN}>Dear <b>Ada</b>, hello</v>",
            }
        },
    ),
    "anyType": Row(
        one("xs:anyType"),
        SKIP,
        {
            '<v xsi:type="xs:int">7</v>': {
                "@name": "{urn:t}v",
                "@attributes": {
                    "{http://www.w3.org/2001/XMLSchema-instance}type": "{http://www.w3.org/2001/XMLSchema}int"
                },
                "@text": "7",
            }
        },
    ),
    "attributes": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence><xs:element name="k" type="xs:int"/></xs:sequence><xs:attribute name="k" type="xs:int" use="required"/></xs:complexType></xs:element>',
        {
            "type": "object",
            "properties": {"k": INT, "attr__k": INT},
            "required": ["k", "attr__k"],
            "additionalProperties": False,
        },
        {'<v k="0"><k>1</k></v>': {"k": 1, "attr__k": 0}},
    ),
    "two elements of one name": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int"/><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType></xs:element>',
        SKIP,
        {"<v><a>1</a><b>2</b><a>3</a></v>": {"a": 1, "b": 2, "a__1": 3}},
    ),
    "simple content": Row(
        '<xs:element name="v"><xs:complexType><xs:simpleContent><xs:extension base="xs:decimal"><xs:attribute name="unit" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>',
        {
            "type": "object",
            "properties": {"value": DECIMAL, "unit": text()},
            "required": ["value"],
            "additionalProperties": False,
        },
        {'<v unit="kg">1.50</v>': {"value": "1.50", "unit": "kg"}},
    ),
    "simple content with facets": Row(
        one("t:Grade"),
        {
            "type": "object",
            "properties": {"value": text(enum=["A", "B"]), "by": text()},
            "required": ["value"],
            "additionalProperties": False,
        },
        {'<v by="x">A</v>': {"value": "A", "by": "x"}},
        '<xs:complexType name="Any"><xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="by" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType>'
        '<xs:complexType name="Grade"><xs:simpleContent><xs:restriction base="t:Any"><xs:maxLength value="1"/><xs:enumeration value="A"/><xs:enumeration value="B"/></xs:restriction></xs:simpleContent></xs:complexType>',
        ({"value": "C"},),
    ),
    "recursion": Row(
        one("t:Node"),
        {"$ref": "#/$defs/Node"},
        {"<v><n><n/></n></v>": {"n": {"n": {}}}},
        '<xs:complexType name="Node"><xs:sequence><xs:element name="n" type="t:Node" minOccurs="0"/></xs:sequence></xs:complexType>',
    ),
    "derived types": Row(
        one("t:Shape"),
        {
            "anyOf": [
                kind("Shape", id=INT, required=False),
                kind("Circle", id=INT, r=DECIMAL),
                kind("Disc", **{"id": INT, "r": DECIMAL, "in": DECIMAL}),
            ]
        },
        {
            '<v xsi:type="t:Shape"><id>0</id></v>': {"@type": "Shape", "id": 0},
            '<v xsi:type="t:Circle"><id>1</id><r>1.0</r></v>': {"@type": "Circle", "id": 1, "r": "1.0"},
            '<v xsi:type="t:Disc"><id>1</id><r>1</r><in>2</in></v>': {"@type": "Disc", "id": 1, "r": "1", "in": "2"},
        },
        SHAPES,
        ({"@type": "Stranger", "id": 1}, {"@type": "Circle", "id": 1}, {"id": 1, "r": "1"}, {"@type": 1, "id": 1}),
    ),
    "derived types of an abstract one": Row(
        one("t:Shape"),
        {"anyOf": [kind("Circle", id=INT, r=DECIMAL), kind("Disc", **{"id": INT, "r": DECIMAL, "in": DECIMAL})]},
        {'<v xsi:type="t:Circle"><id>1</id><r>1.0</r></v>': {"@type": "Circle", "id": 1, "r": "1.0"}},
        SHAPES.replace('name="Shape"', 'name="Shape" abstract="true"'),
        ({"id": 1}, {"@type": "Shape", "id": 1}),
    ),
    "substitution group": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence><xs:element ref="t:payment" maxOccurs="9"/><xs:element name="z" type="xs:int"/></xs:sequence></xs:complexType></xs:element>',
        SKIP,
        {
            "<v><payment><sum>1</sum></payment><z>0</z></v>": {
                "payment": [{"@element": "payment", "sum": "1"}],
                "z": 0,
            },
            "<v><card><sum>1</sum><no>4</no></card><note>x</note><z>0</z></v>": {
                "payment": [{"@element": "card", "sum": "1", "no": "4"}, {"@element": "note", "value": "x"}],
                "z": 0,
            },
        },
        HEAD.format(abstract="").replace('name="payment" type="t:Pay"', 'name="payment" type="t:Plain"')
        + '<xs:complexType name="Plain"><xs:sequence><xs:element name="sum" type="xs:decimal"/></xs:sequence></xs:complexType>',
        ({"payment": [{"@element": "cash", "sum": "1"}], "z": 0},),
    ),
    "substitution group of an abstract element, its type with derived ones": Row(
        '<xs:element name="v"><xs:complexType><xs:sequence><xs:element ref="t:payment"/><xs:element name="z" type="xs:int"/></xs:sequence></xs:complexType></xs:element>',
        SKIP,
        {
            "<v><card><sum>1</sum><no>4</no></card><z>0</z></v>": {
                "payment": {"@element": "card", "sum": "1", "no": "4"},
                "z": 0,
            }
        },
        HEAD.format(abstract='abstract="true"'),
        ({"payment": {"sum": "1"}, "z": 0}, {"payment": {"@element": "payment", "sum": "1"}, "z": 0}),
    ),
    "a type that has a list for a sibling in its family": Row(
        one("t:Base"),
        SKIP,
        {'<v xsi:type="t:Many"><i>0</i></v>': {"@type": "Many", "i": [0]}},
        '<xs:complexType name="Base" abstract="true"/><xs:complexType name="Many"><xs:complexContent><xs:extension base="t:Base"><xs:sequence><xs:element name="i" type="xs:int" maxOccurs="9"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>',
    ),
}


@dataclass(frozen=True)
class Made:
    """One row's model, ready."""

    model: Any
    operation: Any
    shape: Any

    def read(self, xml, decoder=Codec):
        element = etree.fromstring(f"<Ask {OPEN}>{xml}<last>z</last></Ask>")
        found = decoder(self.model).answer(answer(self.model, self.operation.reply), element, "Ask")
        assert found.pop("last") == "z"
        return found.get("v", SKIP)

    def write(self, value):
        body = etree.Element("Body")
        Encoder(self.model).part(self.operation.request, {} if value is SKIP else {"v": value}, body)
        return body[0]


@pytest.fixture
def made(tmp_path):
    def make(row):
        (tmp_path / "t.wsdl").write_text(WSDL.format(member=row.member, types=row.types))
        model = read(tmp_path / "t.wsdl", tmp_path)
        operation = model.operations["Ask"]
        return Made(model, operation, shape(model, operation))

    return make


def same(left, right):
    """Whether two elements are the same XML, prefixes aside."""
    return (
        left.tag == right.tag
        and (left.text or "") == (right.text or "")
        and (left.tail or "") == (right.tail or "")
        and attributes(left) == attributes(right)
        and len(left) == len(right)
        and all(same(*pair) for pair in zip(left, right, strict=True))
    )


def attributes(element):
    return {
        name: words.rpartition(":")[2] if name.endswith("}type") else words for name, words in element.attrib.items()
    }


@pytest.mark.parametrize("name", ROWS)
def test_the_schema_is_the_row_s(made, name):
    row = ROWS[name]
    found = made(row).shape.input
    if row.schema is not SKIP:
        assert found["properties"]["v"] == row.schema
    assert ("v" in found.get("required", ())) == row.required


@pytest.mark.parametrize("name", ROWS)
def test_values_are_read_and_written_again_without_loss(made, name):
    row = ROWS[name]
    one = made(row)
    for xml, value in row.values.items():
        assert one.read(xml) == one.read(xml, Decoder) == value
        given = {} if value is SKIP else {"v": value}
        assert jsonschema_rs.is_valid(one.shape.input, given), given
        assert jsonschema_rs.is_valid(one.shape.output, given), given
        assert same(one.write(value), etree.fromstring(f"<Ask {OPEN}>{xml}</Ask>"))


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.bad])
def test_values_outside_the_type_are_refused(made, name):
    row = ROWS[name]
    one = made(row)
    for value in row.bad:
        if jsonschema_rs.is_valid(one.shape.input, {"v": value}):
            with pytest.raises(Rejected):
                one.write(value)


def test_a_text_of_type_token_is_collapsed(made):
    assert made(ROWS["token collapses"]).read(v(" a \n b ")) == "a b"


def test_a_value_without_a_type_is_of_the_declared_one(made):
    assert made(ROWS["derived types"]).read("<v><id>1</id></v>") == {"@type": "Shape", "id": 1}


@pytest.mark.parametrize("decoder", [Codec, Decoder])
@pytest.mark.parametrize(
    ("name", "xml"),
    {
        "unrelated": ("derived types", '<v xsi:type="t:Stranger"><id>1</id></v>'),
        "unknown": ("derived types", '<v xsi:type="t:Gone"><id>1</id></v>'),
        "undeclared": ("derived types", '<v xsi:type="q:Circle"><id>1</id></v>'),
        "built-in": ("derived types", '<v xsi:type="xs:int"><id>1</id></v>'),
        "abstract": ("derived types of an abstract one", '<v xsi:type="t:Shape"><id>1</id></v>'),
        "none where it is needed": ("derived types of an abstract one", "<v><id>1</id></v>"),
        "where nothing is derived": ("sequence", '<v xsi:type="t:Ask"><a>1</a></v>'),
    }.values(),
)
def test_a_type_that_may_not_stand_there_is_drift(made, name, xml, decoder):
    with pytest.raises(Drifted, match=r"Ask/v .*type"):
        made(ROWS[name]).read(xml, decoder)


def test_what_a_derived_type_lacks_is_told_with_its_path(made):
    with pytest.raises(Drifted, match="Ask/v/r is missing"):
        made(ROWS["derived types"]).read('<v xsi:type="t:Circle"><id>1</id></v>')
