"""What a reply that is not an answer means. The table stands in `brownfield_soap.fault`."""

import gzip
import socket
import struct
import time

import pytest

from brownfield.contract import Drifted, Limits, Rejected, Unavailable, Uncertain
from brownfield_soap.fault import one_line

from .conftest import SECRETS, SOAP_12, envelope

FAULT = "<s:Fault><faultcode>s:Client</faultcode><faultstring>{words}</faultstring><detail>{detail}</detail></s:Fault>"
TYPED = "<c:ClinicFault><c:Code>CL-404</c:Code><c:Id>7</c:Id></c:ClinicFault>"


@pytest.fixture
def failure(clinic, canned):
    """The failure of one call."""

    def call(opened=clinic):
        with pytest.raises((Rejected, Unavailable, Uncertain, Drifted)) as caught:
            opened.invoke("GetPatient", {"Id": 7})
        return caught.value

    return call


@pytest.mark.parametrize("status", [200, 400, 500, 503])
def test_a_fault_is_the_system_saying_no_whatever_the_status(failure, canned, status):
    canned.says(envelope(FAULT.format(words="No such patient", detail=TYPED)), status)
    found = failure()
    assert type(found) is Rejected
    assert (found.message, found.code, found.detail) == ("No such patient", "CL-404", {"Code": "CL-404", "Id": 7})


def test_the_members_of_a_detail_may_lack_their_namespace(failure, canned):
    canned.says(envelope(FAULT.format(words="No", detail="<c:ClinicFault><Code>CL-1</Code></c:ClinicFault>")), 500)
    assert failure().code == "CL-1"


def test_a_soap_1_2_fault_gives_its_subcode_and_reason(connect, failure, canned):
    fault = (
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>c:BadId</s:Value></s:Subcode></s:Code>"
        '<s:Reason><s:Text xml:lang="en">No such patient</s:Text></s:Reason></s:Fault>'
    )
    canned.says(envelope(fault, SOAP_12), 400)
    found = failure(connect(port="ClinicSoap12"))
    assert (type(found), found.code, found.message) == (Rejected, "BadId", "No such patient")


@pytest.mark.parametrize("code", ["s:Server", "Server"])
def test_a_fault_of_the_server_may_come_after_the_effect(failure, canned, code):
    """R79: "timeout while waiting for the commit" is no no: a write that ends so is never repeated."""
    fault = FAULT.format(words="Timeout while waiting for commit", detail="").replace("s:Client", code)
    canned.says(envelope(fault), 500)
    found = failure()
    assert (type(found), found.code, found.message) == (Uncertain, "Server", "Timeout while waiting for commit")


def test_a_fault_of_the_server_with_a_declared_detail_is_the_system_saying_no(failure, canned):
    fault = FAULT.format(words="No such patient", detail=TYPED).replace("s:Client", "s:Server")
    canned.says(envelope(fault), 500)
    assert type(failure()) is Rejected


@pytest.mark.parametrize(
    "words",
    [
        "{} ---&gt; System.Exception: x\n   at Clinic.Get(Int32 id)",
        "{}\n\tat com.clinic.Get.run(Get.java:10)",
        "{} at com.clinic.Get.run(Get.java:10) at sun.reflect.Native.invoke0(Native Method)",
        "{} at Clinic.Service.Get[T](Int32 id) in C:\\build\\Get.cs:line 12",
        "{}; nested exception is: java.lang.NullPointerException",
        "{} Stack trace: #0 /var/www/clinic.php(12): Get->run()",
        "{} #0 [internal function]: Get->run(Object(stdClass))",
        "{} in /var/www/clinic.php:12",
        "{} in /var/www/clinic.php on line 12",
        "{} at /usr/share/perl5/Clinic.pm line 12.",
        '{} File "/srv/clinic.py", line 12, in get',
        "{} Traceback (most recent call last): ...",
        "  {}\r\nStackTrace: at x",
    ],
)
def test_a_stack_trace_never_reaches_the_caller(failure, canned, words):
    detail = "<trace xmlns=''>at com.clinic.Secret(Secret.java)</trace>"
    canned.says(envelope(FAULT.format(words=words.format("Server was unable to process request."), detail=detail)), 500)
    found = failure()
    assert found.message == "Server was unable to process request."
    assert (found.code, found.detail) == ("Client", {})


@pytest.mark.parametrize("words", ["at com.clinic.Get.run(Get.java:10)", "Traceback (most recent call last): x", ""])
def test_words_that_are_nothing_but_a_trace_are_none(failure, canned, words):
    canned.says(envelope(FAULT.format(words=words, detail="")), 500)
    assert failure().message == "The system said no, without a word."


@pytest.mark.parametrize(
    "words", ["Not at home (call later)", "Closed at 12:30", "The #1 rule", "See item in /A1", "Paid at Lyon in cash"]
)
def test_words_for_a_person_stay(failure, canned, words):
    canned.says(envelope(FAULT.format(words=words, detail="")), 500)
    assert failure().message == words


@pytest.mark.parametrize("words", [" " * 3_000_000, "at " * 1_000_000, "at a." * 600_000, "#1 " * 1_000_000])
def test_words_without_end_are_read_in_linear_time(words):
    begun = time.process_time()
    assert len(one_line(f"No {words}")) <= 300
    assert time.process_time() - begun < 2.0


def test_a_typed_detail_leaves_no_trace_either(failure, canned):
    """WCF declares `ExceptionDetail`, which has a member for the stack trace."""
    trace = "Boom ---&gt; System.Exception: x\n   at Clinic.Get(Int32 id) in C:\\build\\Get.cs:line 12"
    canned.says(envelope(FAULT.format(words="No", detail=f"<c:ClinicFault><c:Code>{trace}</c:Code></c:ClinicFault>")))
    found = failure()
    assert (found.code, found.detail) == ("Boom", {"Code": "Boom"})


@pytest.mark.parametrize(
    "detail",
    [
        "<ClinicFault><Code>CL-1</Code></ClinicFault>",
        "<ClinicFault><c:Code>CL-1</c:Code></ClinicFault>",
        "<Code>CL-1</Code>",
        "<other/><c:ClinicFault><Code>CL-1</Code></c:ClinicFault>",
    ],
)
def test_a_detail_is_found_in_the_forms_that_php_sends(failure, canned, detail):
    canned.says(envelope(FAULT.format(words="No", detail=detail)), 500)
    assert failure().detail == {"Code": "CL-1"}


@pytest.mark.parametrize(
    "detail", ["words", "<a/>", "<Code><deep/></Code>", "<c:ClinicFault><c:Id>x</c:Id></c:ClinicFault>"]
)
def test_a_detail_that_is_not_the_declared_one_is_dropped(failure, canned, detail):
    canned.says(envelope(FAULT.format(words="No", detail=detail)), 500)
    found = failure()
    assert (type(found), found.code, found.detail) == (Rejected, "Client", {})


def test_a_fault_whose_members_wrongly_have_a_namespace_is_read(failure, canned):
    fault = FAULT.format(words="No", detail=TYPED).replace("<fault", "<s:fault").replace("</fault", "</s:fault")
    canned.says(envelope(fault.replace("detail>", "s:detail>")), 500)
    found = failure()
    assert (found.message, found.code) == ("No", "CL-404")


@pytest.mark.parametrize(
    ("fault", "outcome", "code"),
    [
        ("<s:Fault/>", Uncertain, ""),
        ("<s:Fault><faultcode/><faultstring/></s:Fault>", Uncertain, ""),
        ("<s:Fault><faultcode>s:Client.BadId</faultcode></s:Fault>", Rejected, "Client.BadId"),
        ("<s:Fault><faultcode>s:Server.userException</faultcode></s:Fault>", Uncertain, "Server.userException"),
        ("<s:Fault><faultcode>a:InternalServiceFault</faultcode></s:Fault>", Uncertain, "InternalServiceFault"),
        ("<s:Fault><faultcode>s:VersionMismatch</faultcode></s:Fault>", Rejected, "VersionMismatch"),
    ],
)
def test_a_soap_1_1_code_tells_who_broke(failure, canned, fault, outcome, code):
    canned.says(envelope(fault), 500)
    found = failure()
    assert (type(found), found.code) == (outcome, code)


def test_a_1_2_fault_in_a_1_1_envelope_is_read(failure, canned):
    """node's `soap` sends it for an exception."""
    code = "<s:Code><s:Value>SOAP-ENV:Server</s:Value><s:Subcode><s:Value>Internal</s:Value></s:Subcode></s:Code>"
    canned.says(envelope(f"<s:Fault>{code}<s:Reason><s:Text>The disk is full</s:Text></s:Reason></s:Fault>"), 500)
    found = failure()
    assert (type(found), found.code, found.message) == (Uncertain, "Internal", "The disk is full")


def test_other_members_of_a_fault_do_not_matter(failure, canned):
    """Spyne puts an error's own members beside the detail."""
    canned.says(envelope(FAULT.format(words="No", detail=TYPED).replace("</s:F", "<c:Code>x</c:Code></s:F")), 500)
    found = failure()
    assert (type(found), found.message, found.code) == (Rejected, "No", "CL-404")


def test_a_detail_is_found_where_it_refers_to(failure, canned):
    """SOAP-encoded faults may stand beside the fault."""
    refers = FAULT.format(words="No", detail='<c:ClinicFault href="#id0"/>')
    canned.says(envelope(f'{refers}<multiRef id="id0"><Code>CL-9</Code></multiRef>'), 500)
    assert failure().detail == {"Code": "CL-9"}


def test_nil_is_read_though_its_prefix_is_not_declared(clinic, canned):
    """node's `soap` says `xsi:nil` and declares no `xsi`."""
    inner = '<t:Id>7</t:Id><t:Name>A</t:Name><t:Born xsi:nil="true"/>'
    result = f'<c:GetPatientResult rev="1">{inner}</c:GetPatientResult>'
    said = envelope(f"<c:GetPatientResponse>{result}</c:GetPatientResponse>")
    canned.says(said.replace(' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"', ""))
    assert clinic.invoke("GetPatient", {"Id": 7})["Born"] is None


def coded(*values):
    inner = ""
    for value in reversed(values[1:]):
        inner = f"<s:Subcode><s:Value>{value}</s:Value>{inner}</s:Subcode>"
    return f"<s:Code><s:Value>{values[0]}</s:Value>{inner}</s:Code>" if values else ""


@pytest.mark.parametrize(
    ("codes", "outcome", "code"),
    [
        (("s:Sender", "c:BadId", "c:Checksum"), Rejected, "BadId/Checksum"),
        (("s:Receiver", "c:Database"), Uncertain, "Database"),
        (("s:Receiver",), Uncertain, "Receiver"),
        (("s:MustUnderstand",), Rejected, "MustUnderstand"),
        ((), Uncertain, ""),
        (("s:Sender", *["c:Deep"] * 90), Rejected, "/".join(["Deep"] * 5)),
    ],
)
def test_a_soap_1_2_code_is_told_with_its_subcodes(connect, failure, canned, codes, outcome, code):
    """Who broke is told by the code; what is wrong, by the subcodes."""
    reason = '<s:Reason><s:Text xml:lang="fr">Non</s:Text><s:Text xml:lang="en-GB">No</s:Text></s:Reason>'
    canned.says(envelope(f"<s:Fault>{coded(*codes)}{reason}</s:Fault>", SOAP_12), 400)
    found = failure(connect(port="ClinicSoap12"))
    assert (type(found), found.code, found.message) == (outcome, code, "No")


def test_a_call_that_was_taken_without_an_answer_is_uncertain(failure, canned):
    canned.says("", 202)
    assert type(failure()) is Uncertain


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (301, Drifted, ""),
        (302, Drifted, ""),
        (401, Rejected, "http-401"),
        (403, Rejected, "http-403"),
        (404, Rejected, "http-404"),
        (429, Unavailable, "http-429"),
        (500, Uncertain, ""),
        (501, Uncertain, ""),
        (502, Uncertain, ""),
        (503, Uncertain, ""),
        (504, Uncertain, ""),
    ],
)
def test_a_status_without_a_fault(failure, canned, status, outcome, code):
    canned.says("<html><body>Sorry</body></html>", status, "text/html", Location="http://127.0.0.1:9/elsewhere")
    found = failure()
    assert (type(found), found.code) == (outcome, code)
    assert len(canned.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>Welcome</body></html>",
        '{"error": "no"}',
        envelope("<c:GetPatientResponse/>")[:-20],
        envelope(""),
        envelope("<c:Other/>"),
        envelope("<c:GetPatientResponse/><c:GetPatientResponse/>"),
        envelope("<c:GetPatientResponse/>", SOAP_12),
        " \n<?xml version='1.0'?>" + envelope("<c:GetPatientResponse/>"),
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + envelope("<c:GetPatientResponse/>"),
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>',
        envelope("<a>" * 300 + "</a>" * 300),
        envelope("<z:Undeclared/>"),
    ],
)
def test_a_body_that_cannot_be_understood_is_drift(failure, canned, body):
    canned.says(body)
    assert type(failure()) is Drifted


def test_a_reply_in_utf_16_is_read(clinic, canned):
    canned.says(("<?xml version='1.0' encoding='utf-16'?>" + envelope("<c:GetPatientResponse/>")).encode("utf-16"))
    assert dict(clinic.invoke("GetPatient", {"Id": 7}).fields) == {}


def test_nothing_listening_means_that_nothing_happened(connect, failure):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    opened = connect(endpoint=f"http://127.0.0.1:{port}/")
    assert type(failure(opened)) is Unavailable
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"):
        opened.probe()


def test_a_host_that_does_not_exist_means_that_nothing_happened(connect, failure):
    assert type(failure(connect(endpoint="http://nowhere.invalid/"))) is Unavailable


def test_a_tls_handshake_that_fails_means_that_nothing_happened(connect, failure, canned):
    canned.does(lambda peer: peer.close())
    assert (
        type(failure(connect(endpoint=canned.url.replace("http:", "https:"), limits=Limits(deadline=1.0))))
        is Unavailable
    )


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<s:Env"])
def test_a_connection_lost_after_the_request_leaves_it_uncertain(failure, canned, said):
    def reset(peer):
        peer.sendall(said)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()

    canned.does(reset)
    assert type(failure()) is Uncertain


def drip(peer, head: bytes, drop: bytes):
    peer.sendall(head)
    for _ in range(200):
        peer.sendall(drop)
        time.sleep(0.05)


@pytest.mark.parametrize(
    "say",
    [
        lambda peer: time.sleep(3),
        lambda peer: drip(peer, b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        lambda peer: drip(peer, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" "),
    ],
    ids=["silence", "headers drip", "body drips"],
)
def test_the_deadline_holds_over_everything(connect, failure, canned, say):
    canned.does(say)
    opened = connect(limits=Limits(deadline=0.4))
    opened.describe()
    begun = time.monotonic()
    assert type(failure(opened)) is Uncertain
    assert time.monotonic() - begun < 1.0


def test_a_reply_larger_than_allowed_is_not_taken(connect, failure, canned):
    canned.says(b" " * 3000)
    assert "2000 bytes" in failure(connect(limits=Limits(max_bytes=2000))).message


def test_a_small_reply_that_inflates_is_stopped_at_the_cap(connect, failure, canned):
    canned.says(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip")
    found = failure(connect(limits=Limits(max_bytes=100_000)))
    assert type(found) is Drifted
    assert "100000 bytes" in found.message


def test_a_compressed_reply_is_read(clinic, canned):
    canned.says(gzip.compress(envelope("<c:GetPatientResponse/>").encode()), Content_Encoding="gzip")
    assert dict(clinic.invoke("GetPatient", {"Id": 7}).fields) == {}


def test_no_secret_is_in_any_failure(connect, failure, canned):
    """No credential or header value is ever in an error text."""
    opened = connect(
        headers={"Login": {"User": "u", "Password": {"secret": "password"}}}, security="username-token", user="u"
    )
    canned.says(canned_echo := "<html/>", 500)
    canned.says(canned_echo, 401)
    canned.does(lambda peer: peer.close())
    for _ in range(3):
        found = failure(opened)
        assert SECRETS["password"] not in f"{found.message} {found.code} {found.detail} {found.__cause__}"


def test_a_header_value_that_does_not_fit_is_not_quoted(connect, failure, canned):
    found = failure(connect(headers={"Login": {"User": "u", "Password": {"nested": "s3cr3t"}}}))
    assert (found.code, canned.requests) == ("invalid-header", [])
    assert "s3cr3t" not in found.message


def test_probing_performs_no_operation(clinic, canned):
    clinic.probe()
    assert canned.requests == []


PATIENT = '<t:Patient rev="1"><t:Id>7</t:Id><t:Name>Ada</t:Name><t:Born>1979-05-31</t:Born></t:Patient>'


@pytest.mark.parametrize("call", ["GetPatient", "FindPatients"])
def test_a_result_that_is_there_twice_is_drift(clinic, canned, call):
    """Else the second one is lost without a word, and a list is shorter than it is. The same for rows that stream."""
    alone = PATIENT.removeprefix('<t:Patient rev="1">').removesuffix("</t:Patient>")
    inner = PATIENT if call == "FindPatients" else alone
    result = f"<c:{call}Result>{inner}</c:{call}Result>"
    canned.says(envelope(f"<c:{call}Response>{result * 2}</c:{call}Response>"))
    with pytest.raises(Drifted, match=r"2 times|second list"):
        list(clinic.invoke(call, {"Id": 7} if call == "GetPatient" else {"Name": "A"}).rows or ())
