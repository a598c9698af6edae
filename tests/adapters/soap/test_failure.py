"""What a reply that is not an answer means. The table stands in `brownfield_soap.fault`."""

import gzip
import socket
import struct
import time

import pytest

from brownfield.contract import Drifted, Limits, Rejected, Unavailable, Uncertain

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
        "Server was unable to process request. ---&gt; System.Exception: x\n   at Clinic.Get(Int32 id)",
        "Server was unable to process request.\n\tat com.clinic.Get.run(Get.java:10)",
        "Server was unable to process request. Traceback (most recent call last): ...",
    ],
)
def test_a_stack_trace_never_reaches_the_caller(failure, canned, words):
    detail = "<trace xmlns=''>at com.clinic.Secret(Secret.java)</trace>"
    canned.says(envelope(FAULT.format(words=words, detail=detail)), 500)
    found = failure()
    assert found.message == "Server was unable to process request."
    assert (found.code, found.detail) == ("Client", {})


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (301, Drifted, ""),
        (302, Drifted, ""),
        (401, Rejected, "http-401"),
        (403, Rejected, "http-403"),
        (404, Rejected, "http-404"),
        (429, Unavailable, "http-429"),
        (500, Drifted, ""),
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
