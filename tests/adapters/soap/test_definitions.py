"""WSDL definitions that are legal and seldom met: what is read of them, what is left out and told, what is refused."""

import pytest
from lxml import etree

from brownfield.contract import Rejected
from brownfield_soap.doctor import ALL
from brownfield_soap.draft import draft
from brownfield_soap.encode import Encoder
from brownfield_soap.reader import read

# ruff: noqa: E501  # XML on one line reads better than XML cut up

HEAD = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:h="http://schemas.xmlsoap.org/wsdl/http/"
  xmlns:m="http://schemas.xmlsoap.org/wsdl/mime/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t"
  xmlns:o="urn:o" targetNamespace="{}">"""
NAMES = ("Ask", "Say", "H", "F")
TYPES = f"""<types><xs:schema targetNamespace="urn:t">{"".join(f'<xs:element name="{name}" type="xs:string"/>' for name in NAMES)}</xs:schema></types>"""
LITERAL = '<s:body use="literal"/>'
HTTP = 'transport="http://schemas.xmlsoap.org/soap/http"'


def message(name, *parts):
    return f'<message name="{name}">{"".join(f"<part {part}/>" for part in parts)}</message>'


MESSAGES = message("In", 'name="p" element="t:Ask"') + message("Out", 'name="p" element="t:Say"')
TWO_PARTS = MESSAGES.replace('element="t:Ask"/>', 'element="t:Ask"/><part name="q" element="t:H"/>')
INPUT, OUTPUT = '<input message="t:In"/>', '<output message="t:Out"/>'


def offered(*operations, name="P"):
    return f'<portType name="{name}">{"".join(operations) or operation(INPUT + OUTPUT)}</portType>'


def operation(inner, name="Ask"):
    return f'<operation name="{name}">{inner}</operation>'


def bound(name="Ask", took=LITERAL, gave=LITERAL, action="urn:a", more=""):
    return f'<operation name="{name}"><s:operation soapAction="{action}"/><input>{took}</input><output>{gave}</output>{more}</operation>'


def binding(*operations, name="B", kind="t:P", style="", more=""):
    return f'<binding name="{name}" type="{kind}">{more}<s:binding {style} {HTTP}/>{"".join(operations) or bound()}</binding>'


def service(*ports, name="S"):
    return f'<service name="{name}">{"".join(ports) or port()}</service>'


def port(name="Port", of="t:B", soap="s"):
    return f'<port name="{name}" binding="{of}"><{soap}:address location="http://t.example/{name}"/></port>'


def whole(*parts, space="urn:t"):
    return f"{HEAD.format(space)}{''.join(parts)}</definitions>"


@pytest.fixture
def files(tmp_path):
    def write(main, **others):
        for name, text in {"t.wsdl": main, **{f"{name}.wsdl": text for name, text in others.items()}}.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path / "t.wsdl"

    return write


@pytest.fixture
def model(files):
    """The model, nothing repaired: what is legal needs no repair."""
    return lambda main, **others: read(path := files(main, **others), path.parent, unrepaired=ALL)


def sent(model, fields, name="Ask"):
    """What a Body holds."""
    body = etree.Element(f"{{{model.envelope}}}Body")
    Encoder(model).part(model.operations[name].request, fields, body)
    return [(etree.QName(one).text, one.text) for one in body.iter() if one is not body]


def test_definitions_may_be_spread_over_files_that_lead_back_and_forth(model):
    chain = {
        "sub__a": whole('<import namespace="urn:t" location="../b/b.wsdl"/>', binding()),
        "b__b": whole('<import namespace="urn:t" location="../sub/./c.wsdl"/>', offered()),
        "sub__c": whole('<import namespace="urn:t" location="../t.wsdl"/>', TYPES, MESSAGES),
    }
    found = model(whole('<import namespace="urn:t" location="sub/a.wsdl"/>', service()), **chain)
    assert sent(found, {"value": "x"}) == [("{urn:t}Ask", "x")]


def test_a_port_type_of_another_namespace_is_not_the_one_of_the_same_name(model):
    """Its words are not taken either."""
    theirs = whole(
        message("In", 'name="p" element="t:Say"'),
        offered(operation('<documentation>theirs</documentation><input message="o:In"/>')),
        space="urn:o",
    )
    ours = (TYPES, MESSAGES, offered(operation(f"<documentation>ours</documentation>{INPUT}{OUTPUT}")), service())
    imported = '<import namespace="urn:o" location="o.wsdl"/>'
    found = model(whole(imported, *ours, binding()), o=theirs)
    assert (found.operations["Ask"].documentation, sent(found, {"value": "x"})) == ("ours", [("{urn:t}Ask", "x")])
    found = model(whole(imported, *ours, binding(kind="o:P")), o=theirs)
    assert (found.operations["Ask"].documentation, sent(found, {"value": "x"})) == ("theirs", [("{urn:t}Say", "x")])


def test_soap_1_1_is_taken_where_1_2_get_and_post_stand_beside_it(model):
    get = '<binding name="G" type="t:P"><h:binding verb="GET"/><operation name="Ask"><h:operation location="/Ask"/><input><h:urlEncoded/></input><output/></operation></binding>'
    twelve = binding(name="B12").replace("s:", "s12:")
    ports = service(port("Get", "t:G", "h"), port("P12", "t:B12", "s12"), port())
    main = whole(TYPES, MESSAGES, offered(), get, twelve, binding(), ports)
    assert model(main).port == "Port"


def test_a_service_and_a_port_can_be_chosen(files):
    ports = service(port(), port("Second", "t:B2")) + service(port("Third"), name="S2")
    main = files(whole(TYPES, MESSAGES, offered(), binding(), binding(name="B2"), ports))
    assert read(main, main.parent, port="Second").address == "http://t.example/Second"
    assert read(main, main.parent, "S2").address == "http://t.example/Third"


@pytest.mark.parametrize(
    ("body", "fields", "held"),
    {
        "all of them": (LITERAL, {"Ask": "x", "H": "y"}, [("{urn:t}Ask", "x"), ("{urn:t}H", "y")]),
        "one of them": ('<s:body use="literal" parts="p"/>', {"value": "x"}, [("{urn:t}Ask", "x")]),
        "the other": ('<s:body use="literal" parts="q"/>', {"value": "x"}, [("{urn:t}H", "x")]),
        "none": ('<s:body use="literal" parts=""/>', {}, []),
        "one, the other is a header": (
            '<s:body use="literal" parts="p"/><s:header message="t:In" part="q" use="literal"/>',
            {"value": "x"},
            [("{urn:t}Ask", "x")],
        ),
        "in a message with attachments": (
            '<m:multipartRelated><m:part><s:body parts="p" use="literal"/></m:part><m:part><m:content part="q" type="text/plain"/></m:part></m:multipartRelated>',
            {"value": "x"},
            [("{urn:t}Ask", "x")],
        ),
    }.values(),
)
def test_a_body_holds_the_parts_that_it_names(files, body, fields, held):
    main = files(whole(TYPES, TWO_PARTS, offered(), binding(bound(took=body)), service()))
    found = read(main, main.parent)
    if found.operations["Ask"].request is None:
        assert (fields, held) == ({}, [])
    else:
        assert sent(found, fields) == held


@pytest.mark.parametrize("where", ["binding", "operation"])
def test_rpc_may_be_said_of_the_binding_or_of_the_operation(model, where):
    numbers = MESSAGES.replace('element="t:Ask"', 'type="xs:int"').replace('element="t:Say"', 'type="xs:int"')
    one = bound(took='<s:body use="literal" namespace="urn:n"/>', gave='<s:body use="literal" namespace="urn:n"/>')
    style = 'style="rpc"'
    if where == "binding":
        found = model(whole(TYPES, numbers, offered(), binding(one, style=style), service()))
    else:
        found = model(
            whole(TYPES, numbers, offered(), binding(one.replace("<s:operation ", f"<s:operation {style} ")), service())
        )
    assert sent(found, {"p": 7}) == [("{urn:n}Ask", None), ("p", "7")]


def test_a_header_of_another_message_and_its_fault_are_read(model):
    header = '<s:header message="t:Hm" part="h" use="literal"><s:headerfault message="t:Hf" part="f" use="literal"/></s:header>'
    more = message("Hm", 'name="h" element="t:H"') + message("Hf", 'name="f" element="t:F"')
    found = model(whole(TYPES, MESSAGES, more, offered(), binding(bound(took=LITERAL + header)), service()))
    assert list(found.operations["Ask"].headers) == ["H"]


@pytest.mark.parametrize(
    ("name", "filled"),
    [
        ("Authentification", {"user": {"secret": "user"}, "signature": {"secret": "signature"}}),
        ("LoginHeader", {"user": {"secret": "user"}, "signature": {"secret": "signature"}}),
        ("Author", None),
    ],
)
def test_a_header_is_a_login_by_its_own_name_too(files, name, filled):
    """DHL's has a user and a signature: no member of it says what it is."""
    members = '<xs:sequence><xs:element name="user" type="xs:string"/><xs:element name="signature" type="xs:string"/></xs:sequence>'
    types = TYPES.replace(
        '<xs:element name="H" type="xs:string"/>',
        f'<xs:element name="{name}"><xs:complexType>{members}</xs:complexType></xs:element>',
    )
    header = '<s:header message="t:Hm" part="h" use="literal"/>'
    more = message("Hm", f'name="h" element="t:{name}"')
    found = draft(str(files(whole(types, MESSAGES, more, offered(), binding(bound(took=LITERAL + header)), service()))))
    assert found.settings.get("headers", {}).get(name) == filled


def test_an_operation_without_a_reply_has_none(model):
    one_way = bound().replace(f"<output>{LITERAL}</output>", "")
    found = model(whole(TYPES, MESSAGES, offered(operation(INPUT)), binding(one_way), service()))
    assert found.operations["Ask"].reply is None


@pytest.mark.parametrize(("written", "action"), [("", ""), ("&quot;urn:a&quot;", '"urn:a"'), ("urn:a b", "urn:a b")])
def test_an_action_is_what_the_wsdl_says(model, written, action):
    found = model(whole(TYPES, MESSAGES, offered(), binding(bound(action=written)), service()))
    assert found.operations["Ask"].action == action


def test_names_that_python_and_toml_stumble_over_are_calls_with_names_of_their_own(files):
    names = ("class", "a-b", "a.b", "größe", "Ask", "ask", "ASK", "_x", "1st", "import", "None", "GetX", "getX")
    operations = offered(*(operation(INPUT + OUTPUT, name) for name in names))
    found = draft(str(files(whole(TYPES, MESSAGES, operations, binding(*map(bound, names)), service()))))
    assert {call.call for call in found.calls} == set(names)
    assert len({call.name for call in found.calls}) == len(names)
    assert all(call.name.isascii() and call.name.isidentifier() for call in found.calls)


def test_an_operation_that_the_system_begins_is_left_out_and_told(files):
    sends = operation(OUTPUT, "Tell"), operation(OUTPUT + INPUT, "Solicit")
    answers = binding(bound(), bound("Solicit"), bound("Tell").replace(f"<input>{LITERAL}</input>", ""))
    found = draft(str(files(whole(TYPES, MESSAGES, offered(operation(INPUT + OUTPUT), *sends), answers, service()))))
    assert [call.call for call in found.calls] == ["Ask"]
    assert [note.split()[2] for note in found.notes if "not drawn" in note] == ["Tell", "Solicit"]


def test_an_overloaded_operation_is_told(files):
    two = INPUT.replace("<input", '<input name="one"') + OUTPUT, INPUT.replace("<input", '<input name="two"') + OUTPUT
    found = draft(
        str(files(whole(TYPES, MESSAGES, offered(*map(operation, two)), binding(bound(), bound()), service())))
    )
    assert [call.call for call in found.calls] == ["Ask"]
    assert any("Ask is there 2 times" in note for note in found.notes)


def test_attachments_that_are_not_sent_are_told(files):
    parts = '<m:multipartRelated><m:part><s:body parts="p" use="literal"/></m:part><m:part><m:content part="q" type="text/plain"/></m:part></m:multipartRelated>'
    found = draft(str(files(whole(TYPES, TWO_PARTS, offered(), binding(bound(took=parts)), service()))))
    assert any("attachments (q) are not sent or read" in note for note in found.notes)


@pytest.mark.parametrize(
    ("main", "cause"),
    [
        ('<description xmlns="http://www.w3.org/ns/wsdl" targetNamespace="urn:t"/>', "it is a WSDL 2.0"),
        (
            whole(
                TYPES,
                MESSAGES,
                offered(),
                binding().replace("http://schemas.xmlsoap.org/soap/http", "urn:jms"),
                service(),
            ),
            "no SOAP port over HTTP",
        ),
    ],
)
def test_what_is_not_read_is_refused_by_name(files, main, cause):
    with pytest.raises(Rejected, match=cause):
        draft(str(files(main)))


POLICY = '<p:Policy xmlns:p="http://www.w3.org/ns/ws-policy"><p:ExactlyOne><p:All>{}</p:All></p:ExactlyOne></p:Policy>'
SP = 'xmlns="http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"'
ASKED = {
    f"<UsernameToken {SP}/>": ("UsernameToken", {"security": "username-token", "user": "…"}),
    f"<UsernameToken {SP}><p:Policy><HashPassword/></p:Policy></UsernameToken>": (
        "digest",
        {"security": "username-token-digest", "user": "…"},
    ),
    f"<TransportToken {SP}><p:Policy><HttpsToken/></p:Policy></TransportToken>": ("https address", {}),
    f"<TransportBinding {SP}><p:Policy><IncludeTimestamp/></p:Policy></TransportBinding>": (
        "Timestamp",
        {"timestamp": 300},
    ),
    f"<AsymmetricBinding {SP}/>": ("signed requests", {"signing_certificate": {"file": "contract/client.pem"}}),
    f"<EncryptedParts {SP}/>": ("encrypted requests", {"encrypt_for": {"file": "contract/server.pem"}}),
    '<Addressing xmlns="http://www.w3.org/2007/05/addressing/metadata"/>': ("WS-Addressing", {"addressing": "2005-08"}),
    '<UsingAddressing xmlns="http://schemas.xmlsoap.org/ws/2004/08/addressing/policy"/>': (
        "WS-Addressing",
        {"addressing": "2004-08"},
    ),
    '<OptimizedMimeSerialization xmlns="http://schemas.xmlsoap.org/ws/2004/09/policy/optimizedmimeserialization"/>': (
        "MTOM",
        {"mtom": True},
    ),
    '<NegotiateAuthentication xmlns="http://schemas.microsoft.com/ws/06/2004/policy/http"/>': (
        "NTLM",
        {"login": "ntlm", "user": "…"},
    ),
    f"<IssuedToken {SP}/>": ("not spoken here", {}),
    '<RMAssertion xmlns="http://docs.oasis-open.org/ws-rx/wsrmp/200702"/>': ("not spoken here", {}),
}


@pytest.mark.parametrize("assertion", ASKED)
def test_what_a_policy_asks_for_is_told_with_the_settings_that_meet_it(files, assertion):
    words, settings = ASKED[assertion]
    found = draft(str(files(whole(TYPES, MESSAGES, offered(), binding(more=POLICY.format(assertion)), service()))))
    told = [note for note in found.notes if note.startswith("A policy asks for")]
    assert any(words in note for note in told)
    assert found.options == settings


def test_what_a_policy_leaves_open_is_not_told(files):
    optional = POLICY.format('<Addressing xmlns="http://www.w3.org/2007/05/addressing/metadata" p:Optional="true"/>')
    found = draft(str(files(whole(TYPES, MESSAGES, offered(), binding(more=optional), service()))))
    assert not any("policy" in note for note in found.notes)


@pytest.mark.parametrize(("prefix", "element"), [("http", "address"), ("wsaw", "UsingAddressing"), ("wsp", "Policy")])
def test_a_usual_prefix_that_is_declared_nowhere_is_known(files, prefix, element):
    found = draft(str(files(whole(TYPES, MESSAGES, offered(), binding(), service(), f"<{prefix}:{element}/>"))))
    assert any(f"prefix `{prefix}`" in note for note in found.notes)


def test_the_schema_of_xml_schema_itself_is_never_fetched(model):
    imported = '<xs:import namespace="http://www.w3.org/2001/XMLSchema" schemaLocation="http://www.w3.org/2001/XMLSchema.xsd"/>'
    types = TYPES.replace("<xs:element", f"{imported}<xs:element", 1)
    assert sent(model(whole(types, MESSAGES, offered(), binding(), service())), {"value": "x"})
