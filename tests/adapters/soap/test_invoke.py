"""One call, once: what is sent, and what is made of the reply."""

import socket
import threading
import time
from datetime import UTC, datetime

import jsonschema_rs
import pytest
from lxml import etree

from brownfield.contract import Drifted, Rejected, Unavailable

from .conftest import SECRETS, envelope

BORN = "<t:Born>1979-05-31</t:Born>"
SOME_ONE = f"<t:Id>7</t:Id><t:Name>Ada</t:Name>{BORN}"


def result(inner: str, attributes: str = 'rev="1"') -> str:
    return f"<c:GetPatientResponse><c:GetPatientResult {attributes}>{inner}</c:GetPatientResult></c:GetPatientResponse>"


def whole(reply):
    """The fields with the rows back in: what the output schema describes."""
    return dict(reply.fields) if reply.rows is None else {**reply.fields, "items": list(reply.rows)}


def sent(canned) -> etree._Element:
    return etree.fromstring(canned.requests[-1].partition(b"\r\n\r\n")[2])


def texts(root: etree._Element) -> list[tuple[str, str | None]]:
    return [(etree.QName(node).localname, node.text) for node in root.iter("{urn:clinic}*", "{urn:clinic:types}*")]


@pytest.fixture
def reads(clinic, canned):
    """Reads one patient out of a canned reply, and holds it to the contract."""
    check = jsonschema_rs.Draft202012Validator(clinic.describe().operations["GetPatient"].output)

    def read(inner, attributes='rev="1"'):
        canned.answers(result(inner, attributes))
        fields = whole(clinic.invoke("GetPatient", {"Id": 7}))
        assert check.is_valid(fields)
        return fields

    return read


def test_the_reply_is_the_result_with_exact_values(reads):
    found = reads(
        "<t:Id>7</t:Id><t:Name> Ada </t:Name><t:Weight>61.50</t:Weight><t:Born xsi:nil='1'/>"
        "<t:Codes>A-001 B-002</t:Codes>"
        "<t:Allergies><t:string>nuts</t:string><t:string xsi:nil='true'/></t:Allergies>"
        "<t:Note xml:lang='en'>calm</t:Note><t:Smoker>0</t:Smoker><t:Photo>aGk=\n</t:Photo>"
    )
    assert found == {
        "Id": 7,
        "Name": " Ada ",
        "Weight": "61.50",
        "Born": None,
        "Codes": ["A-001", "B-002"],
        "Allergies": ["nuts", None],
        "Note": [{"value": "calm", "lang": "en"}],
        "Smoker": False,
        "Photo": "aGk=",
        "rev": 1,
    }


def test_a_zero_in_a_choice_is_not_lost(reads):
    assert reads(f"{SOME_ONE}<t:Cigarettes>0</t:Cigarettes>")["Cigarettes"] == 0


def test_a_type_that_contains_itself_is_read(reads):
    kin = f'<t:Kin rev="2">{SOME_ONE}<t:Kin rev="3">{SOME_ONE}</t:Kin></t:Kin>'
    assert reads(SOME_ONE + kin)["Kin"]["Kin"]["rev"] == 3


def test_absent_is_absent_nil_is_null_and_an_empty_list_is_empty(reads):
    assert "Allergies" not in reads(SOME_ONE)
    assert reads(f"{SOME_ONE}<t:Allergies xsi:nil='true'/>")["Allergies"] is None
    assert reads(f"{SOME_ONE}<t:Allergies/>")["Allergies"] == []


def test_members_without_their_namespace_are_still_found(reads):
    assert reads("<Id>7</Id><Name>Ada</Name><Born>1979-05-31</Born>")["Name"] == "Ada"


def test_comments_and_processing_instructions_do_not_cut_a_value(reads):
    assert reads(f"<t:Id>7</t:Id><t:Name>A<!-- x -->d<?y z?>a</t:Name>{BORN}")["Name"] == "Ada"


def test_an_unknown_element_is_dropped_where_no_wildcard_takes_it(clinic, canned):
    canned.answers(
        "<c:CountPatientsResponse><c:CountPatientsResult>3</c:CountPatientsResult><c:New>1</c:New></c:CountPatientsResponse>"
    )
    assert dict(clinic.invoke("CountPatients", {}).fields) == {"value": 3}


def test_what_a_wildcard_has_no_room_for_is_kept_too(reads):
    found = reads(f'{SOME_ONE}<x:A xmlns:x="urn:x"/><x:B xmlns:x="urn:x"/>')
    assert found["any"] == [{"@name": "{urn:x}A"}, {"@name": "{urn:x}B"}]


def test_xml_of_any_shape_is_kept_as_nodes(reads):
    found = reads(f'{SOME_ONE}<x:Extra xmlns:x="urn:x" a="1"><x:B>2</x:B></x:Extra>')
    assert found["any"] == [
        {"@name": "{urn:x}Extra", "@attributes": {"a": "1"}, "@children": [{"@name": "{urn:x}B", "@text": "2"}]}
    ]


def test_an_absent_result_is_an_empty_reply(clinic, canned):
    canned.answers("<c:GetPatientResponse/>")
    fields = whole(clinic.invoke("GetPatient", {"Id": 7}))
    assert fields == {}
    assert jsonschema_rs.is_valid(clinic.describe().operations["GetPatient"].output, fields)


def test_a_scalar_result_is_a_value_and_a_nil_one_is_null(clinic, canned):
    canned.answers(
        "<c:CountPatientsResponse><c:CountPatientsResult>12</c:CountPatientsResult></c:CountPatientsResponse>"
    )
    canned.answers("<c:CountPatientsResponse><c:CountPatientsResult xsi:nil='true'/></c:CountPatientsResponse>")
    assert [dict(clinic.invoke("CountPatients", {}).fields) for _ in range(2)] == [{"value": 12}, {"value": None}]


def test_a_list_of_records_comes_as_rows(clinic, canned):
    one = f'<t:Patient rev="1">{SOME_ONE}</t:Patient>'
    canned.answers(
        f"<c:FindPatientsResponse><c:FindPatientsResult>{one * 3}</c:FindPatientsResult></c:FindPatientsResponse>"
    )
    canned.answers("<c:FindPatientsResponse/>")
    reply = clinic.invoke("FindPatients", {"Name": "A"})
    assert reply.fields == {}
    assert [row["Name"] for row in reply.rows] == ["Ada"] * 3
    assert list(clinic.invoke("FindPatients", {"Name": "A"}).rows) == []


@pytest.mark.parametrize(
    ("inner", "where"),
    [
        (f"<t:Id>1_000</t:Id><t:Name>A</t:Name>{BORN}", "GetPatientResult/Id is no integer"),
        (f"<t:Id>٣</t:Id><t:Name>A</t:Name>{BORN}", "Id is no integer"),
        (f"<t:Id>99999999999</t:Id><t:Name>A</t:Name>{BORN}", "Id does not meet 'maximum'"),
        (f"<t:Id/><t:Name>A</t:Name>{BORN}", "Id is no integer"),
        (f"<t:Id><t:Deep/></t:Id><t:Name>A</t:Name>{BORN}", "Id holds elements"),
        ("<t:Id>7</t:Id><t:Name>A</t:Name><t:Born>31.05.1979</t:Born>", "Born is no xs:date"),
        (f"<t:Id>7</t:Id>{BORN}", "Name is missing"),
        (f"{SOME_ONE}{BORN}", "Born is there 2 times"),
        (f"{SOME_ONE}<t:Ward>Z9</t:Ward>", "Ward does not meet 'enum'"),
        (f"{SOME_ONE}<t:Weight>1.005</t:Weight>", "Weight is not at most 2 fraction digits"),
        (f"{SOME_ONE}<t:Weight>1E9</t:Weight>", "Weight is no xs:decimal"),
        (f"{SOME_ONE}<t:Smoker>yes</t:Smoker>", "Smoker is no xs:boolean"),
        (f"{SOME_ONE}<t:Photo>!!</t:Photo>", "Photo is no base64"),
        (f"<t:Id xsi:nil='true'/><t:Name>A</t:Name>{BORN}", "Id does not meet 'type'"),
    ],
)
def test_a_value_outside_the_contract_is_drift_with_its_path_and_without_the_value(clinic, canned, inner, where):
    canned.answers(result(inner))
    with pytest.raises(Drifted) as caught:
        clinic.invoke("GetPatient", {"Id": 7})
    assert where in caught.value.message
    assert not any(value in caught.value.message for value in ("1_000", "31.05.1979", "Z9", "1.005"))


def test_a_missing_required_attribute_is_drift(clinic, canned):
    canned.answers(result(SOME_ONE, ""))
    with pytest.raises(Drifted, match="rev is missing"):
        clinic.invoke("GetPatient", {"Id": 7})


def test_a_request_carries_values_as_they_are_and_in_the_order_of_the_contract(clinic, canned):
    canned.answers("<c:RegisterResponse/>")
    patient = {
        "Cigarettes": 0,
        "Born": None,
        "Weight": "61.50",
        "Allergies": ["nuts", None],
        "Codes": ["A-001"],
        "Name": "O'Neill <&> ü",
        "Id": 7,
        "Note": [{"value": "x", "lang": "fr"}],
        "rev": 4,
    }
    assert (
        whole(clinic.invoke("Register", {"Patient": patient, "group": [{"Key": "a", "Value": "1"}, {"Key": "b"}]}))
        == {}
    )
    assert texts(sent(canned)) == [
        ("Register", None),
        ("Patient", None),
        ("Id", "7"),
        ("Name", "O'Neill <&> ü"),
        ("Weight", "61.50"),
        ("Born", None),
        ("Codes", "A-001"),
        ("Allergies", None),
        ("string", "nuts"),
        ("string", None),
        ("Note", "x"),
        ("Cigarettes", "0"),
        ("Key", "a"),
        ("Value", "1"),
        ("Key", "b"),
    ]


def test_false_in_a_choice_is_sent(clinic, canned):
    """zeep's own create_message leaves it out, which is why it is not used."""
    canned.answers("<c:RegisterResponse/>")
    clinic.invoke("Register", {"Patient": {"Id": 7, "Name": "A", "Born": None, "Smoker": False, "rev": 1}})
    assert ("Smoker", "false") in texts(sent(canned))


def test_two_branches_of_a_choice_are_not_sent_and_the_schema_says_so(clinic, canned):
    patient = {"Id": 7, "Name": "A", "Born": None, "rev": 1, "Smoker": False, "Cigarettes": 0}
    with pytest.raises(Rejected, match="Register/Patient: Cigarettes, Smoker: only one may be given") as caught:
        clinic.invoke("Register", {"Patient": patient})
    assert (caught.value.code, canned.requests) == ("invalid-field", [])
    assert "Give one at most: Smoker, or Cigarettes." in str(clinic.describe().operations["Register"].input)
    assert "Give one at most" not in str(clinic.describe().operations["GetPatient"].output)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"Id": True}, "Id"),
        ({"Id": "7"}, "Id"),
        ({"Id": 0}, "Id"),
        ({"Id": 2**40}, "Id"),
        ({"Id": [1]}, "Id"),
        ({}, "the whole"),
        ({"Id": 7, "_soapheaders": {"Login": {"User": "root"}}}, "the whole"),
        ({"Id": 7, "_value_1": []}, "the whole"),
        ({"Id": 7, "At": "yesterday"}, "At"),
    ],
)
def test_fields_outside_the_contract_are_not_sent(clinic, canned, fields, path):
    with pytest.raises(Rejected, match=f"GetPatient: {path} does not meet") as caught:
        clinic.invoke("GetPatient", fields)
    assert caught.value.code == "invalid-field"
    assert canned.requests == []


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\ufffe"])
def test_what_xml_cannot_carry_is_not_sent(clinic, canned, character):
    with pytest.raises(Rejected, match="a character that XML cannot carry"):
        clinic.invoke("FindPatients", {"Name": f"a{character}"})
    assert canned.requests == []


def nested(depth):
    node = {"@name": "a"}
    for _ in range(depth):
        node = {"@name": "a", "@children": [node]}
    return node


@pytest.mark.parametrize(
    "node", [{"@name": "a", "@children": [1]}, {"@name": "a b"}, {"@name": "a", "@children": [{}]}, nested(800)]
)
def test_a_node_that_is_no_xml_is_not_sent(clinic, canned, node):
    patient = {"Id": 7, "Name": "A", "Born": None, "rev": 1, "any": [node]}
    with pytest.raises(Rejected):
        clinic.invoke("Register", {"Patient": patient})
    assert canned.requests == []


def test_a_node_is_sent_as_the_xml_it_says(clinic, canned):
    canned.answers("<c:RegisterResponse/>")
    node = {"@name": "{urn:x}E", "@attributes": {"a": "1"}, "@children": [{"@name": "{urn:x}F", "@text": "t"}]}
    clinic.invoke("Register", {"Patient": {"Id": 7, "Name": "A", "Born": None, "rev": 1, "any": [node]}})
    extra = sent(canned).find(".//{urn:x}E")
    assert (extra.get("a"), extra.findtext("{urn:x}F")) == ("1", "t")


def test_an_operation_that_the_wsdl_does_not_have_is_not_called(clinic):
    with pytest.raises(Rejected, match="no operation DropTables"):
        clinic.invoke("DropTables", {})


def test_soap_1_1_and_1_2_carry_the_action_in_their_own_place(connect, canned):
    canned.answers(result(SOME_ONE))
    connect().invoke("GetPatient", {"Id": 7})
    assert b'SOAPAction: "urn:clinic#GetPatient"\r\n' in canned.requests[0]
    canned.answers(result(SOME_ONE), "http://www.w3.org/2003/05/soap-envelope")
    connect(port="ClinicSoap12").invoke("GetPatient", {"Id": 7})
    assert b'application/soap+xml; charset=utf-8; action="urn:clinic#GetPatient"\r\n' in canned.requests[1]


def test_declared_headers_are_sent_with_secrets_resolved_at_call_time(connect, canned):
    asked = []
    opened = connect(
        headers={"Login": {"User": {"secret": "user"}, "Password": {"secret": "password"}}},
        secret=lambda name: asked.append(name) or SECRETS[name],
    )
    opened.describe()
    assert asked == []
    canned.answers(result(SOME_ONE))
    opened.invoke("GetPatient", {"Id": 7})
    assert asked == ["user", "password"]
    header = sent(canned).find("{*}Header")
    assert [node.text for node in header.iter("{urn:clinic}User", "{urn:clinic}Password")] == [*map(SECRETS.get, asked)]


def test_a_header_goes_only_where_the_wsdl_declares_it(connect, canned):
    canned.answers(
        "<c:CountPatientsResponse><c:CountPatientsResult>1</c:CountPatientsResult></c:CountPatientsResponse>"
    )
    connect(headers={"Login": {"User": "u", "Password": "p"}}).invoke("CountPatients", {})
    assert sent(canned).find("{*}Header") is None


def test_a_header_that_the_wsdl_does_not_declare_is_named(connect):
    with pytest.raises(Rejected, match=r"declares no SOAP header Logn\. It declares: Login"):
        connect(headers={"Logn": {}}).invoke("CountPatients", {})


@pytest.mark.parametrize("security", ["username-token", "username-token-digest"])
def test_a_username_token_is_sent_when_the_settings_say_so(connect, canned, security):
    canned.answers(result(SOME_ONE))
    connect(security=security, user="clinic-read").invoke("GetPatient", {"Id": 7})
    token = sent(canned).find("{*}Header/{*}Security/{*}UsernameToken")
    assert token.findtext("{*}Username") == "clinic-read"
    plain = token.findtext("{*}Password") == SECRETS["password"]
    assert plain is (security == "username-token")
    assert (token.find("{*}Nonce") is None) is plain


def test_a_timestamp_is_sent_when_the_settings_say_so(connect, canned):
    canned.answers(result(SOME_ONE))
    connect(timestamp=60).invoke("GetPatient", {"Id": 7})
    stamp = sent(canned).find("{*}Header/{*}Security/{*}Timestamp")
    created, expires = (datetime.fromisoformat(node.text) for node in stamp)
    assert (expires - created).total_seconds() == 60
    assert abs((datetime.now(UTC) - created).total_seconds()) < 30


def test_a_server_that_wants_it_gets_a_connection_for_each_call(connect, canned):
    canned.answers(result(SOME_ONE))
    opened = connect(keep_alive=False)
    for _ in range(3):
        opened.invoke("GetPatient", {"Id": 7})
    assert canned.connections == 3
    assert all(b"\r\nConnection: close\r\n" in request for request in canned.requests)


def test_a_proxy_is_used_when_the_settings_name_it_and_never_from_the_environment(connect, canned, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    canned.answers(result(SOME_ONE))
    connect().invoke("GetPatient", {"Id": 7})
    connect(endpoint="http://wms.invalid/soap", proxy=canned.url).invoke("GetPatient", {"Id": 7})
    assert [request.split(b" ")[1] for request in canned.requests] == [b"/soap", b"http://wms.invalid/soap"]


@pytest.mark.parametrize("content", [None, "no PEM"])
def test_a_client_certificate_that_cannot_be_read_means_that_nothing_was_sent(connect, canned, tmp_path, content):
    if content:
        (tmp_path / "client.pem").write_text(content)
    with pytest.raises(Unavailable, match="client certificate cannot be read"):
        connect(certificate=tmp_path / "client.pem").invoke("GetPatient", {"Id": 7})
    assert canned.requests == []


def test_without_an_endpoint_the_call_says_what_to_set(connect):
    with pytest.raises(Unavailable, match=r"endpoint.*\[connections.clinic\]"):
        connect(endpoint=None).invoke("CountPatients", {})


def test_one_connection_serves_several_threads_and_keeps_its_sockets(connect, canned):
    canned.answers(result(SOME_ONE))
    opened = connect()
    names: list[str] = []

    def call():
        names.extend(opened.invoke("GetPatient", {"Id": 7})["Name"] for _ in range(20))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == ["Ada"] * 80
    assert canned.connections <= 4


def test_a_socket_that_the_server_closed_meanwhile_is_not_used_again(clinic, canned):
    body = envelope("<c:GetPatientResponse/>").encode()

    def answer_and_hang_up(peer):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        peer.shutdown(socket.SHUT_RDWR)

    canned.does(answer_and_hang_up)
    for _ in range(3):
        assert dict(clinic.invoke("GetPatient", {"Id": 7}).fields) == {}
        time.sleep(0.05)
    assert len(canned.requests) == canned.connections == 3


def test_a_connection_can_be_closed_twice(clinic):
    clinic.close()
    clinic.close()
