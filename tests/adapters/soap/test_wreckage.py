"""What a system, or somebody in its place, may answer, and what a caller may ask: the reference's section 7 in a table.

Each line goes over a socket to a real connection with the default caps, and is held to seconds of processor time and
to bytes of memory at the peak. What concerns one record alone stands in `test_bad_input`, references in `test_rpc`.
"""

import gzip
import time

import pytest

from brownfield.contract import Drifted, Limits, Rejected, Reply, Uncertain

from .conftest import SOAP_12, envelope

BORN = "<t:Born>1979-05-31</t:Born>"
SOME_ONE = f"<t:Id>7</t:Id><t:Name>Ada</t:Name>{BORN}"


def patient(inner=SOME_ONE, attributes='rev="1"'):
    result = f"<c:GetPatientResult {attributes}>{inner}</c:GetPatientResult>"
    return envelope(f"<c:GetPatientResponse>{result}</c:GetPatientResponse>")


def patients(inner):
    result = f"<c:FindPatientsResult>{inner}</c:FindPatientsResult>"
    return envelope(f"<c:FindPatientsResponse>{result}</c:FindPatientsResponse>")


def valued(name, text):
    return patient(f"<t:Id>7</t:Id><t:Name>Ada</t:Name>{BORN}<t:{name}>{text}</t:{name}>")


def identified(text):
    return patient(f"<t:Id>{text}</t:Id><t:Name>Ada</t:Name>{BORN}")


ROW = f'<t:Patient rev="1">{SOME_ONE}</t:Patient>'
DECLARED = "<?xml version='1.0' encoding='{}'?>"

REPLIES = {
    "an unknown child": (lambda: patient(f"{SOME_ONE}<t:Odd/>"), Reply),
    "2 million unknown children": (lambda: patient(SOME_ONE + "<t:Odd/>" * 2_000_000), Drifted),
    "2 million children without a name that is known": (lambda: patient("<x/>" * 2_000_000), Drifted),
    "a million attributes": (lambda: patient(attributes=" ".join(f"a{n}='1'" for n in range(1_000_000))), Drifted),
    "60 MB of text": (lambda: valued("Ward", "A" * 60_000_000), Drifted),
    "60 MB of spaces": (lambda: " " * 60_000_000, Drifted),
    "60 MB of spaces behind the end": (lambda: patient() + " " * 60_000_000, Reply),
    "60 MB of comments": (lambda: patient("<!---->" * 8_000_000), Drifted),
    "depth 1,000": (lambda: patient("<t:Kin rev='1'>" * 1000 + "</t:Kin>" * 1000), Drifted),
    "depth 240": (lambda: patient(SOME_ONE + f"<t:Kin rev='1'>{SOME_ONE}" * 240 + "</t:Kin>" * 240), Drifted),
    "depth 60": (lambda: patient(SOME_ONE + f"<t:Kin rev='1'>{SOME_ONE}" * 60 + "</t:Kin>" * 60), Reply),
    "an empty Body": (lambda: envelope(""), Drifted),
    "no Body": (lambda: envelope("").replace("s:Body", "s:Bodies"), Drifted),
    "two Bodies": (lambda: patient().replace("<s:Body>", "<s:Body/><s:Body>"), Drifted),
    "another root in the Body": (lambda: envelope("<c:Other/>"), Drifted),
    "another root": (lambda: "<Envelope/>", Drifted),
    "the other version": (lambda: patient().replace("http://schemas.xmlsoap.org/soap/envelope/", SOAP_12), Drifted),
    "a version that is none": (lambda: patient().replace("soap/envelope/", "soap/envelope/9"), Drifted),
    "a page": (lambda: "<!DOCTYPE html><html><body>Welcome</body></html>", Drifted),
    "a page that is well-formed": (lambda: "<html><body>Welcome</body></html>", Drifted),
    "JSON": (lambda: '{"Id": 7}', Drifted),
    "nothing": (lambda: "", Drifted),
    "cut short": (lambda: patient()[:-30], Drifted),
    "UTF-16": (lambda: (DECLARED.format("utf-16") + patient()).encode("utf-16"), Reply),
    "Latin-1": (lambda: (DECLARED.format("iso-8859-1") + patient()).encode("latin-1"), Reply),
    "EBCDIC": (lambda: (DECLARED.format("cp037") + patient()).encode("cp037"), Drifted),
    "a declaration of EBCDIC": (lambda: DECLARED.format("cp037") + patient(), Drifted),
    "UTF-7": (lambda: DECLARED.format("utf-7") + patient(), Drifted),
    "bytes that are no UTF-8": (
        lambda: patient().replace("Ada", "\udcff\udcfe").encode("utf-8", "surrogateescape"),
        Drifted,
    ),
    "a NUL": (lambda: patient().replace("Ada", "A\x00da"), Drifted),
    "a declaration after a space": (lambda: f" {DECLARED.format('utf-8')}{patient()}", Drifted),
    "a prefix that is not declared": (lambda: patient(f"{SOME_ONE}<z:Odd/>"), Drifted),
    "a processing instruction in a value": (lambda: patient().replace("Ada", "A<?x y?>da"), Reply),
    "an entity": (lambda: f'<!DOCTYPE s [<!ENTITY e "Ada">]>{patient().replace("Ada", "&e;")}', Drifted),
    "a file as an entity": (lambda: f'<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]>{patient()}', Drifted),
    "an entity bomb": (
        lambda: (
            '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">'
            + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
            + f"]>{patient().replace('Ada', '&i;')}"
        ),
        Drifted,
    ),
    "a DTD from elsewhere": (lambda: f'<!DOCTYPE s SYSTEM "http://127.0.0.1:9/x.dtd">{patient()}', Drifted),
    "a fault without a code": (lambda: envelope("<s:Fault/>"), Uncertain),
    "a fault of 1.2 without a Value": (
        lambda: envelope("<s:Fault><s:Code><s:Subcode/></s:Code><s:Reason/></s:Fault>", SOAP_12),
        Uncertain,
    ),
    "a fault with endless words": (
        lambda: envelope(
            f"<s:Fault><faultcode>{'c' * 10**6}</faultcode><faultstring>{'w ' * 10**6}</faultstring></s:Fault>"
        ),
        Rejected,
    ),
    "an unknown xsi:type": (lambda: patient(attributes='rev="1" xsi:type="t:Odd"'), Drifted),
    "an xsi:type of something else": (lambda: patient(attributes='rev="1" xsi:type="t:ArrayOfPatient"'), Drifted),
    "an xsi:type without its prefix declared": (lambda: patient(attributes='rev="1" xsi:type="z:Patient"'), Drifted),
    "nil as 1": (lambda: patient(SOME_ONE.replace(BORN, '<t:Born xsi:nil="1"/>')), Reply),
    "an int with an underscore": (lambda: identified("1_000"), Drifted),
    "an int in Arabic digits": (lambda: identified("٣"), Drifted),
    "an int of 5,000 digits": (lambda: identified("9" * 5000), Drifted),
    "an int of 5 million digits": (lambda: identified("9" * 5_000_000), Drifted),
    "an int that overflows": (lambda: identified("99999999999"), Drifted),
    "a decimal that is none": (lambda: valued("Weight", "NaN"), Drifted),
    "a decimal with an exponent": (lambda: valued("Weight", "1E1000000"), Drifted),
    "a boolean that is none": (lambda: valued("Smoker", "yes"), Drifted),
    "base64 that is none": (lambda: valued("Photo", "!!"), Drifted),
    "a date with a time": (lambda: patient(SOME_ONE.replace("1979-05-31", "1979-05-31T24:00:00")), Drifted),
    "the year 12026": (lambda: patient(SOME_ONE.replace("1979", "12026")), Reply),
    "20,000 rows": (lambda: patients(ROW * 20_000), Reply),
    "rows among 2 million others": (lambda: patients(("<x/>" * 1000 + ROW) * 2000), Reply),
    "a row, and then 2 million others": (lambda: patients(ROW + "<x/>" * 2_000_000), Drifted),
    "rows and then nothing": (lambda: patients(ROW * 3)[:-40], Drifted),
    "rows and then another answer": (lambda: patients(ROW).replace("</s:Body>", "<c:Other/></s:Body>"), Drifted),
}


def outcome(call):
    """What became of a call: the type of its failure, or of its reply with all its rows read."""
    try:
        reply = call()
        for _ in reply.rows or ():
            pass
    except (Rejected, Drifted, Uncertain) as failure:
        return type(failure) if len(failure.message) < 1000 else None
    return type(reply)


@pytest.fixture
def clinic(connect):
    """With a deadline that no machine comes near: what ends a reply is the cap that its line names."""
    return connect(limits=Limits(deadline=120.0))


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_is_read_or_refused_in_little_time_and_memory(clinic, canned, little, name):
    body, expected = REPLIES[name]
    content = body()
    canned.says(content)
    del content
    clinic.describe()
    operation = ("FindPatients", {"Name": "A"}) if "ows" in name or "row" in name else ("GetPatient", {"Id": 7})
    with little:
        assert outcome(lambda: clinic.invoke(*operation)) is expected


BOMBS = {
    "zeros": lambda: gzip.compress(b"\0" * 200_000_000, 9),
    "spaces": lambda: gzip.compress(patient().encode() + b" " * 200_000_000, 9),
    "tags": lambda: gzip.compress(patient("<x/>" * 50_000_000).encode(), 1),
    "members": lambda: gzip.compress(b"") * 1_000_000,
}


@pytest.fixture(scope="module")
def bombs():
    return {name: made() for name, made in BOMBS.items()}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("operation", [("GetPatient", {"Id": 7}), ("FindPatients", {"Name": "A"})], ids=["one", "rows"])
def test_a_gzip_bomb_is_given_up_early(clinic, canned, little, bombs, name, operation):
    canned.says(bombs[name], Content_Encoding="gzip")
    clinic.describe()
    with little:
        assert outcome(lambda: clinic.invoke(*operation)) is Drifted


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_post_leads_nowhere(clinic, canned, status):
    canned.says("", status, Location=canned.url + "/elsewhere")
    assert outcome(lambda: clinic.invoke("GetPatient", {"Id": 7})) is Drifted
    assert len(canned.requests) == 1


def nest(levels):
    value = {"Id": 7, "Name": "A", "Born": None, "rev": 1}
    for _ in range(levels):
        value = {"Id": 7, "Name": "A", "Born": None, "rev": 1, "Kin": value}
    return {"Patient": value}


REQUESTS = {
    "text for a number": ("GetPatient", {"Id": "7"}),
    "a boolean for a number": ("GetPatient", {"Id": True}),
    "a list for a number": ("GetPatient", {"Id": [7]}),
    "an object for a number": ("GetPatient", {"Id": {"value": 7}}),
    "a number that overflows": ("GetPatient", {"Id": 2**40}),
    "a number without end": ("GetPatient", {"Id": 10**4000}),
    "a number below the least": ("GetPatient", {"Id": 0}),
    "none": ("GetPatient", {"Id": None}),
    "an unknown key": ("GetPatient", {"Id": 7, "Odd": 1}),
    "zeep's own header key": ("GetPatient", {"Id": 7, "_soapheaders": {"Login": {"User": "root"}}}),
    "zeep's own value key": ("GetPatient", {"Id": 7, "_value_1": []}),
    "NUL": ("FindPatients", {"Name": "a\x00"}),
    "a control character": ("FindPatients", {"Name": "a\x0b"}),
    "half a surrogate pair": ("FindPatients", {"Name": "a\ud800"}),
    "deep nesting": ("Register", nest(900)),
    "a huge array": ("GetPatient", {"Id": [7] * 500_000}),
    "a huge list of unknown keys": ("GetPatient", {f"k{n}": n for n in range(100_000)}),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_outside_the_contract_is_not_sent(clinic, canned, little, name):
    clinic.describe()
    with little:
        assert outcome(lambda: clinic.invoke(*REQUESTS[name])) is Rejected
    assert canned.requests == []


def test_a_drip_ends_with_the_deadline(connect, canned):
    def drip(peer):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            peer.sendall(b"1\r\n \r\n")
            time.sleep(0.02)

    canned.does(drip)
    opened = connect(limits=Limits(deadline=0.3))
    opened.describe()
    begun = time.monotonic()
    assert outcome(lambda: opened.invoke("GetPatient", {"Id": 7})) is Uncertain
    assert time.monotonic() - begun < 1.0
