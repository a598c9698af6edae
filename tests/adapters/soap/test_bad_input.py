"""What nobody sends in good faith: each is refused or read in little time and memory, and nothing hangs.

The table of the reference, section 7, as far as `test_draft` (fetching), `test_failure` (replies that are no answer),
`test_rpc` (references), `test_stream` and `test_invoke` (requests) do not have it already.
"""

import os
import time
from pathlib import Path

import pytest
from lxml import etree

from brownfield.contract import Drifted, Rejected, canonical
from brownfield_soap.check import Check
from brownfield_soap.codec import Codec
from brownfield_soap.decode import Decoder
from brownfield_soap.describe import contract
from brownfield_soap.model import ANY_TAG, ANYTHING, Branch, Choice, Field, Model, Record, Scalar
from brownfield_soap.reader import read

from .test_doctor import FIELD, INPUT, WSDL

# ruff: noqa: E501, ISC004  # XML on one line reads better than XML cut up

SECONDS = 5.0
BYTES = 64 * 1024 * 1024


def resident():
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(autouse=True)
def little_time_and_memory(require):
    require("proc", Path("/proc/self/statm").exists(), "no /proc: the measure is Linux only")
    begun, before = time.process_time(), resident()
    yield
    assert time.process_time() - begun < SECONDS
    assert resident() - before < BYTES


def groups(levels):
    """Each group holds the next one twice: 2^levels fields."""
    inner = "".join(
        f'<xs:group name="g{n}"><xs:sequence><xs:group ref="t:g{n + 1}"/><xs:group ref="t:g{n + 1}"/></xs:sequence></xs:group>'
        for n in range(levels)
    )
    return (
        f'{inner}<xs:group name="g{levels}"><xs:sequence><xs:element name="x" type="xs:int"/></xs:sequence></xs:group>'
    )


def nested(depth):
    return "<xs:sequence>" * depth + FIELD + "</xs:sequence>" * depth


ASK = '<xs:element name="Ask">'
USE = f'{ASK}<xs:complexType><xs:sequence><xs:group ref="t:g0"/></xs:sequence></xs:complexType></xs:element>'
OTHER = '<xs:element name="Other">'


def derived(count, base):
    """Types each of which is derived from what `base` says for its number."""
    return "".join(
        f'<xs:complexType name="T{n}"><xs:complexContent><xs:extension base="t:{base(n)}"><xs:sequence><xs:element name="e{n}" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>'
        for n in range(count)
    )


def heads(count):
    return "".join(
        f'<xs:element name="h{n}" type="xs:int" substitutionGroup="t:h{(n + 1) % count}"/>' for n in range(count)
    )


ROOT = '<xs:complexType name="Root"><xs:sequence/></xs:complexType>'
USES_ROOT = '<xs:element name="Ask" type="t:Root"/>'
READ = ["Ask"]
"""The operations of a WSDL that can be read all the same."""

HOSTILE = {
    "2^18 groups": (ASK, groups(18) + USE + OTHER, Rejected),
    "group cycle": (
        ASK,
        '<xs:group name="g0"><xs:sequence><xs:group ref="t:g0"/></xs:sequence></xs:group>' + USE + OTHER,
        Rejected,
    ),
    "extension cycle": (
        ASK,
        '<xs:complexType name="A"><xs:complexContent><xs:extension base="t:B"/></xs:complexContent>'
        '</xs:complexType><xs:complexType name="B"><xs:complexContent><xs:extension base="t:A"/>'
        f'</xs:complexContent></xs:complexType><xs:element name="Ask" type="t:A"/>{OTHER}',
        READ,
    ),
    "simple cycle": (
        ASK,
        '<xs:simpleType name="A"><xs:restriction base="t:A"/></xs:simpleType>'
        f'<xs:element name="Ask" type="t:A"/>{OTHER}',
        Rejected,
    ),
    "substitution cycle": (ASK, f'{heads(50)}<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element ref="t:h0"/></xs:sequence></xs:complexType></xs:element>{OTHER}', READ),
    "1,000 types of one family": (ASK, ROOT + derived(1000, lambda n: "Root") + USES_ROOT + OTHER, READ),
    "a chain of 60 derivations": (
        ASK,
        ROOT + derived(60, lambda n: f"T{n - 1}" if n else "Root") + USES_ROOT + OTHER,
        READ,
    ),
    "a chain of 1,000 derivations": (
        ASK,
        ROOT + derived(1000, lambda n: f"T{n - 1}" if n else "Root") + USES_ROOT + OTHER,
        Rejected,
    ),
    "depth 300": (FIELD, nested(300), Rejected),
    "20,000 elements": (FIELD, "".join(FIELD.replace('"a"', f'"a{n}"') for n in range(20_000)), READ),
    "20,000 elements of one name": (FIELD, FIELD * 20_000, READ),
    "20,000 values": (
        'type="xs:int"/>',
        f"><xs:simpleType><xs:restriction base='xs:string'>{''.join(f'<xs:enumeration value={n!r}/>' for n in map(str, range(20_000)))}</xs:restriction></xs:simpleType></xs:element>",
        READ,
    ),
    "lengths without end": (
        'type="xs:int"/>',
        "><xs:simpleType><xs:restriction base='xs:string'><xs:minLength value='9999999999999'/><xs:totalDigits value='x'/></xs:restriction></xs:simpleType></xs:element>",
        READ,
    ),
    "a pattern that takes for ever": (
        'type="xs:int"/>',
        "><xs:simpleType><xs:restriction base='xs:string'><xs:pattern value='(a+)+b'/></xs:restriction></xs:simpleType></xs:element>",
        READ,
    ),
    "a pattern of 2^40 states": (
        'type="xs:int"/>',
        "><xs:simpleType><xs:restriction base='xs:string'><xs:pattern value='((a{1000}){1000}){1000}'/></xs:restriction></xs:simpleType></xs:element>",
        READ,
    ),
    "an occurrence beyond all numbers": ("type=", f'maxOccurs="{"9" * 5000}" type=', Rejected),
    "entity bomb": (
        "<definitions",
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><definitions",
        READ,
    ),
    "an entity bomb that is used": (
        '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"',
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
        '<definitions name="&b;" xmlns="http://schemas.xmlsoap.org/wsdl/"',
        Rejected,
    ),
    "XXE": (
        '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        '<definitions name="&x;" xmlns="http://schemas.xmlsoap.org/wsdl/"',
        Rejected,
    ),
    "external DTD": ("<definitions", '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd"><definitions', READ),
    "an import from our own network": (ASK, f'<xs:import namespace="urn:x" schemaLocation="http://169.254.169.254/"/>{ASK}', Rejected),
    "an import of a file": (ASK, f'<xs:import namespace="urn:x" schemaLocation="file:///etc/passwd"/>{ASK}', Rejected),
    "an import by ftp": (ASK, f'<xs:import namespace="urn:x" schemaLocation="ftp://127.0.0.1/x.xsd"/>{ASK}', Rejected),
    "an import of itself": (ASK, f'<xs:import namespace="urn:x" schemaLocation="t.wsdl"/>{ASK}', READ),
    "a page as a schema": (ASK, f'<xs:include schemaLocation="page.xsd"/>{ASK}', Rejected),
    "a hostile address": ("http://t.example/", "gopher://127.0.0.1:25/&#10;MAIL", READ),
    "a header without use": (INPUT, INPUT.replace("<soap:body", '<soap:header message="t:In" part="in"/><soap:body'), READ),
    "redefine of what is not there": (ASK, f'<xs:redefine schemaLocation="gone.xsd"/>{ASK}', Rejected),
    "restriction of a list": (
        ASK,
        '<xs:simpleType name="L"><xs:list itemType="xs:int"/></xs:simpleType><xs:element name="Ask"><xs:simpleType><xs:restriction base="t:L"><xs:maxLength value="2"/></xs:restriction></xs:simpleType></xs:element>' + OTHER,
        READ,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_wsdl_is_refused_or_read(tmp_path, name):
    """Whatever is read becomes a whole contract, and a request is held to it."""
    old, new, outcome = HOSTILE[name]
    assert old in WSDL
    (tmp_path / "t.wsdl").write_text(WSDL.replace(old, new, 1))
    (tmp_path / "page.xsd").write_text("<html><body>Not found</body></html>")
    if outcome is Rejected:
        with pytest.raises(Rejected):
            contract(read(tmp_path / "t.wsdl", tmp_path))
        return
    made = contract(read(tmp_path / "t.wsdl", tmp_path))
    assert list(made.operations) == outcome
    assert Check(made.operations["Ask"].input).fault({"a": object}) is not None
    assert len(canonical(made.model_dump())) < 4_000_000


def test_an_include_that_includes_itself_is_read_once(tmp_path):
    include = '<xs:include schemaLocation="a.xsd"/>'
    (tmp_path / "a.xsd").write_text(f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{include}</xs:schema>')
    (tmp_path / "t.wsdl").write_text(WSDL.replace(ASK, include + ASK))
    assert list(read(tmp_path / "t.wsdl", tmp_path).operations) == ["Ask"]


def model(*fields, choice=False):
    one = Choice(tuple(Branch((field.name,)) for field in fields))
    inner = Record("group", fields, (one,) if choice else ())
    outer = Record("Out", (Field("group", "", "g", "group", least=0, most=None),))
    return Model("S", "P", "", "urn:e", {}, {"o": outer, "g": inner})


A, B = (Field(name, name, Scalar("int"), least=0) for name in "ab")


def both(of, text):
    """What both decoders say."""
    element = etree.fromstring(text)
    found = [reader._content("o", element, "R") for reader in (Decoder(of), Codec(of))]
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize("choice", [True, False])
def test_a_choice_of_20_000_is_read_in_linear_time(choice):
    """zeep takes 2.7 s, and four times that for twice as many."""
    found = both(model(A, B, choice=choice), "<r>" + "<a>1</a><b>2</b>" * 10_000 + "</r>")
    assert len(found["group"]) == (20_000 if choice else 10_000)


@pytest.mark.parametrize("choice", [True, False])
def test_an_unexpected_child_in_a_repeated_group_is_dropped(choice):
    """zeep never returns, and takes 50 MB a second."""
    found = both(model(A, B, choice=choice), "<r><a>1</a><odd/><b>2</b><odd/><a>3</a></r>")
    assert [member for one in found["group"] for member in one.items()] == [("a", 1), ("b", 2), ("a", 3)]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "1_000", None),
        ("int", "٣", None),
        ("int", "9" * 5000, None),
        ("integer", "9" * 30, 10**30 - 1),
        ("decimal", "NaN", None),
        ("decimal", "1E1000000", None),
        ("double", "1E1000000", None),
        ("dateTime", "2026-11-21T24:00:00", "2026-11-21T24:00:00"),
        ("dateTime", "12026-11-21T10:00:00.123456789", "12026-11-21T10:00:00.123456789"),
        ("dateTime", "2026-11-21", None),
        ("boolean", "yes", None),
        ("base64Binary", "!", None),
        ("hexBinary", "0", None),
        ("duration", "P", None),
    ],
)
def test_a_value_is_exact_or_drift(kind, text, value):
    record = Record("R", (Field("v", "v", Scalar(kind)),))
    of = Model("S", "P", "", "urn:e", {}, {"o": record})
    if value is None:
        with pytest.raises(Drifted):
            both(of, f"<r><v>{text}</v></r>")
    else:
        assert both(of, f"<r><v>{text}</v></r>") == {"v": value}


def test_two_wildcards_in_one_scope_keep_what_both_were_given():
    record = Record("R", (Field("any", ANY_TAG, ANYTHING, least=0, most=None),))
    of = Model("S", "P", "", "urn:e", {}, {"o": record})
    assert [node["@name"] for node in both(of, "<r><a/><b/><c/></r>")] == ["a", "b", "c"]
