"""Binaries as attachments, MTOM and swaRef, both ways. In JSON they are base64 text, whatever the wire carries."""

import base64
import email
import email.policy
import os

import pytest
from lxml import etree

from brownfield.contract import Drifted, Rejected, Uncertain

from .conftest import FOLDER, SOAP_11, SOAP_12, envelope

WSDL = FOLDER / "scans.wsdl"
XOP = "http://www.w3.org/2004/08/xop/include"
BYTES = bytes(range(256)) * 8
PAGE = base64.b64encode(BYTES).decode()
SMALL = base64.b64encode(b"small").decode()


@pytest.fixture
def scans(connect):
    return connect(wsdl=WSDL)


def unpacked(request):
    """A request read by Python's own mail parser: its content types, and its parts by id."""
    head, _, body = request.partition(b"\r\n\r\n")
    kind = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-type"))
    message = email.message_from_bytes(kind + b"\r\n\r\n" + body, policy=email.policy.HTTP)
    parts = {part["Content-ID"].strip("<>"): part for part in message.iter_parts()}
    return message, parts


def test_without_the_setting_binaries_stay_where_they_are(scans, canned):
    canned.answers('<s:StoreResponse xmlns:s="urn:scans"/>')
    scans.invoke("Store", {"Scan": {"Name": "a", "Page": [PAGE]}})
    assert b"Content-Type: text/xml; charset=utf-8\r\n" in canned.requests[0]
    assert PAGE.encode() in canned.requests[0]


@pytest.mark.parametrize(
    ("port", "space", "media"), [("Scans11", SOAP_11, "text/xml"), ("Scans12", SOAP_12, "application/soap+xml")]
)
def test_with_mtom_large_binaries_become_parts(connect, canned, port, space, media):
    canned.answers('<s:StoreResponse xmlns:s="urn:scans"/>', space)
    opened = connect(wsdl=WSDL, port=port, mtom=True)
    scan = {
        "Name": "a",
        "Page": [PAGE, SMALL, PAGE],
        "Cover": {"value": PAGE, "contentType": "image/png"},
        "Hash": PAGE,
    }
    opened.invoke("Store", {"Scan": scan})
    message, parts = unpacked(canned.requests[0])
    assert message.get_content_type() == "multipart/related"
    given = message["Content-Type"].params
    assert (given["type"], given["start-info"], given["start"]) == ("application/xop+xml", media, "<root@brownfield>")
    root = parts.pop("root@brownfield")
    assert root.get_content_type() == "application/xop+xml"
    assert root["Content-Type"].params["type"].startswith(media)
    assert [part.get_payload(decode=True) for part in parts.values()] == [BYTES] * 3
    sent = etree.fromstring(root.get_payload(decode=True))
    assert sent.tag == f"{{{space}}}Envelope"
    includes = [include.get("href") for include in sent.iter(f"{{{XOP}}}Include")]
    assert includes == [f"cid:{id_}" for id_ in parts]
    assert [page.text for page in sent.iter("{urn:scans}Page")] == [None, SMALL, None]
    assert sent.findtext(".//{urn:scans}Hash") == PAGE, "a string is no binary, whatever it looks like"
    if space == SOAP_12:
        assert given["action"] == "urn:scans#Store"
        assert 'action="urn:scans#Store"' in root["Content-Type"].params["type"]
    else:
        assert b'SOAPAction: "urn:scans#Store"\r\n' in canned.requests[0]


def test_with_mtom_a_request_is_a_package_though_it_has_no_binaries(connect, canned):
    """WCF takes nothing else at such an endpoint."""
    canned.answers('<s:FetchResponse xmlns:s="urn:scans"/>')
    connect(wsdl=WSDL, mtom=True).invoke("Fetch", {"Id": 1})
    message, parts = unpacked(canned.requests[0])
    assert (message.get_content_type(), list(parts)) == ("multipart/related", ["root@brownfield"])


def test_from_which_size_on_is_a_setting(connect, canned):
    canned.answers('<s:StoreResponse xmlns:s="urn:scans"/>')
    connect(wsdl=WSDL, mtom=True, mtom_from=3).invoke("Store", {"Scan": {"Name": "a", "Page": [SMALL]}})
    _, parts = unpacked(canned.requests[0])
    assert parts["part1@brownfield"].get_payload(decode=True) == b"small"


def test_a_swa_ref_is_always_a_part(scans, canned):
    canned.answers('<s:StoreResponse xmlns:s="urn:scans"/>')
    scans.invoke("Store", {"Scan": {"Name": "a", "Page": [PAGE], "Note": SMALL}})
    message, parts = unpacked(canned.requests[0])
    assert message["Content-Type"].params["type"] == "text/xml"
    sent = etree.fromstring(parts["root@brownfield"].get_payload(decode=True))
    assert sent.findtext(".//{urn:scans}Note") == "cid:ref1@brownfield"
    assert sent.findtext(".//{urn:scans}Page") == PAGE
    assert parts["ref1@brownfield"].get_payload(decode=True) == b"small"


def test_the_contract_says_base64_of_all_of_them(scans):
    scan = scans.describe().operations["Fetch"].output["properties"]
    assert {name: of.get("contentEncoding", of.get("type")) for name, of in scan.items()} == {
        "Name": "string",
        "Page": "array",
        "Cover": "object",
        "Note": "base64",
        "Hash": "string",
    }


# Replies

NAME = "<s:Name>a</s:Name>"
INCLUDE = '<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:{}"/>'


def scan(inner):
    body = f'<s:FetchResponse xmlns:s="urn:scans"><s:FetchResult>{NAME}{inner}</s:FetchResult></s:FetchResponse>'
    return f'<e:Envelope xmlns:e="{SOAP_11}"><e:Body>{body}</e:Body></e:Envelope>'


def part(content, id_="", kind="application/octet-stream", more=""):
    named = f"Content-ID: <{id_}>\r\n" if id_ else ""
    data = content.encode() if isinstance(content, str) else content
    return f"Content-Type: {kind}\r\n{named}{more}\r\n".encode() + data


def joined(*parts, mark="b", first=b"", end=b"--\r\n"):
    return first + b"".join(f"--{mark}\r\n".encode() + one + b"\r\n" for one in parts) + f"--{mark}".encode() + end


RELATED = 'multipart/related; type="application/xop+xml"; boundary="{}"{}'


@pytest.fixture
def fetched(scans, canned):
    def call(body, kind=None, status=200):
        canned.says(body, status, kind or RELATED.format("b", ""))
        return scans.invoke("Fetch", {"Id": 1})

    return call


def test_an_include_is_the_part_that_it_names(fetched):
    pages = "".join(f"<s:Page>{INCLUDE.format(n)}</s:Page>" for n in ("1@x", "2%40x", "1@x"))
    mime = 'xmlns:m="http://www.w3.org/2005/05/xmlmime" m:contentType="image/png"'
    cover = f"<s:Cover {mime}>{INCLUDE.format('1@x')}</s:Cover>"
    reply = fetched(joined(part(scan(pages + cover)), part(BYTES, "1@x"), part(b"\r\n--x\r\n", "2@x")))
    assert reply["Page"] == [PAGE, base64.b64encode(b"\r\n--x\r\n").decode(), PAGE]
    assert reply["Cover"]["value"] == PAGE


def test_the_root_is_the_part_that_start_names(fetched):
    body = joined(part(BYTES, "1@x"), part(scan(f"<s:Page>{INCLUDE.format('1@x')}</s:Page>"), "root"))
    assert fetched(body, RELATED.format("b", '; start="<root>"'))["Page"] == [PAGE]


def test_a_swa_ref_is_the_part_that_it_names(fetched):
    body = joined(part(scan("<s:Note>cid:n@x</s:Note>"), kind="text/xml"), part(b"small", "n@x"))
    assert fetched(body, 'multipart/related; type="text/xml"; boundary=b')["Note"] == SMALL


def test_a_part_in_base64_is_read(fetched):
    encoded = part(PAGE[:76] + "\r\n" + PAGE[76:], "1@x", more="Content-Transfer-Encoding: base64\r\n")
    assert fetched(joined(part(scan(f"<s:Page>{INCLUDE.format('1@x')}</s:Page>")), encoded))["Page"] == [PAGE]


@pytest.mark.parametrize("first", [b"preamble\r\n", b"\r\n"])
def test_words_before_the_first_part_and_behind_the_last_are_no_parts(fetched, first):
    body = joined(part(scan("")), first=first, end=b"--\r\nepilogue")
    assert fetched(body)["Name"] == "a"


def test_a_fault_may_come_with_attachments(fetched):
    fault = envelope("<s:Fault><faultcode>s:Client</faultcode></s:Fault>")
    with pytest.raises(Rejected):
        fetched(joined(part(fault), part(BYTES, "1@x")), status=500)


ONE = scan(f"<s:Page>{INCLUDE.format('1@x')}</s:Page>")
HOSTILE = {
    "no boundary": (joined(part(ONE)), "multipart/related"),
    "an empty boundary": (joined(part(ONE)), RELATED.format("", "")),
    "a boundary that is none": (joined(part(ONE)), RELATED.format("b\u00e9", "")),
    "another boundary": (joined(part(ONE), mark="c"), None),
    "a boundary that begins another": (joined(part(ONE), mark="bb"), None),
    "nothing": (b"", None),
    "no end": (joined(part(ONE), part(BYTES, "1@x"), end=b""), None),
    "no part": (b"--b--\r\n", None),
    "a part without headers' end": (b"--b\r\nContent-Type: text/xml\r\n--b--\r\n", None),
    "a part that is not there": (joined(part(ONE), part(BYTES, "2@x")), None),
    "no parts at all": (joined(part(ONE)), None),
    "two parts of one name": (joined(part(ONE), part(BYTES, "1@x"), part(b"evil", "1@x")), None),
    "a start that is not there": (joined(part(ONE), part(BYTES, "1@x")), RELATED.format("b", '; start="<r>"')),
    "a root that is no XML": (joined(part(BYTES), part(BYTES, "1@x")), None),
    "a root that is a page": (joined(part("<html/>"), part(BYTES, "1@x")), None),
    "an include without href": (joined(part(ONE.replace("href", "ref")), part(BYTES, "1@x")), None),
    "an include of a file": (joined(part(ONE.replace("cid:1@x", "file:///etc/passwd")), part(BYTES, "1@x")), None),
    "an include from elsewhere": (
        joined(part(ONE.replace("cid:1@x", "http://127.0.0.1:9/")), part(BYTES, "1@x")),
        None,
    ),
    "an include beside text": (joined(part(ONE.replace("<s:Page>", "<s:Page>a")), part(BYTES, "1@x")), None),
    "an include beside an include": (
        joined(part(scan(f"<s:Page>{INCLUDE.format('1@x') * 2}</s:Page>")), part(BYTES, "1@x")),
        None,
    ),
    "an include at the root": (joined(part(INCLUDE.format("1@x")), part(BYTES, "1@x")), None),
    "base64 that is none": (joined(part(ONE), part("!!", "1@x", more="Content-Transfer-Encoding: base64\r\n")), None),
    "quoted-printable": (
        joined(part(ONE), part("a", "1@x", more="Content-Transfer-Encoding: quoted-printable\r\n")),
        None,
    ),
    "a header without end": (joined(part(ONE), b"X: " + b"y" * 20_000 + b"\r\n\r\n"), None),
    "2,000 parts": (joined(part(ONE), part(BYTES, "1@x"), *[b"\r\n"] * 2000), None),
    "a page included 40,000 times": (
        joined(part(scan(f"<s:Page>{INCLUDE.format('1@x')}</s:Page>" * 40_000)), part(BYTES, "1@x")),
        None,
    ),
    "a root with a DOCTYPE": (joined(part("<!DOCTYPE x>" + ONE), part(BYTES, "1@x")), None),
    "40 MB in one part": (lambda: joined(part(ONE), part(os.urandom(1) * 40_000_000, "1@x")), None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_attachments_that_are_not_whole_are_drift_in_little_time_and_memory(scans, canned, little, name):
    body, kind = HOSTILE[name]
    canned.says(body() if callable(body) else body, 200, kind or RELATED.format("b", ""))
    scans.describe()
    with little, pytest.raises((Drifted, Uncertain)) as caught:
        scans.invoke("Fetch", {"Id": 1})
    assert type(caught.value) is Drifted


def test_zeep_reads_what_the_fixture_says_alike(canned, tmp_path):
    """The fixture's own replies, read by a client that nobody here wrote; it does not know the two imports."""
    import requests
    import zeep

    lines = [line for line in WSDL.read_text().splitlines() if "import" not in line and "Cover" not in line]
    (tmp_path / "scans.wsdl").write_text("\n".join(line for line in lines if "Note" not in line))
    canned.says(joined(part(ONE, "root"), part(BYTES, "1@x")), 200, RELATED.format("b", ""))
    client = zeep.Client(str(tmp_path / "scans.wsdl"), transport=zeep.Transport(session=requests.Session()))
    service = client.create_service("{urn:scans}Soap11", canned.url)
    with client.settings(strict=False):
        assert service.Fetch(Id=1).Page == [BYTES]
