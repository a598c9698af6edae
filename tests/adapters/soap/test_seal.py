"""WS-Security: what a request proves to a stack that is not ours, and what a reply has to prove before it is read."""

import base64
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
import xmlsec
from lxml import etree

from brownfield.contract import Drifted, Rejected, Unavailable, Uncertain

from . import far
from .conftest import FOLDER, SECRETS, SOAP_11, SOAP_12, envelope

SOME_ONE = "<t:Id>7</t:Id><t:Name>Ada</t:Name><t:Born>1979-05-31</t:Born>"
REPLY = envelope(
    f'<c:GetPatientResponse><c:GetPatientResult rev="1">{SOME_ONE}</c:GetPatientResult></c:GetPatientResponse>'
)
EVIL = REPLY.replace("Ada", "Eve")
ROW = f'<t:Patient rev="1">{SOME_ONE}</t:Patient>'
ROWS = envelope(f"<c:FindPatientsResponse><c:FindPatientsResult>{ROW}</c:FindPatientsResult></c:FindPatientsResponse>")
FAULT = envelope("<s:Fault><faultcode>s:Client</faultcode><faultstring>No</faultstring></s:Fault>")


@pytest.fixture(scope="module")
def us():
    return far.Party()


@pytest.fixture(scope="module")
def server():
    return far.Party()


@pytest.fixture
def secrets(us):
    return {**SECRETS, "signing-key": us.private.decode(), "decryption-key": us.private.decode()}


def sent(canned):
    return etree.fromstring(canned.requests[-1].partition(b"\r\n\r\n")[2])


def body(root):
    return root.find("{*}Body")


def said(root):
    return etree.tostring(root)


@pytest.fixture
def sealed(connect, secrets, us, tmp_path):
    """Opens the clinic with certificates by setting."""

    def opening(**given):
        files = {
            name: party.file(tmp_path / f"{name}.pem") for name, party in given.items() if isinstance(party, far.Party)
        }
        more = {name: value for name, value in given.items() if name not in files}
        return connect(**files, **more, secret=secrets.__getitem__)

    return opening


# Requests


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_signed_request_is_good_to_libxmlsec(sealed, canned, secrets, kind):
    party = far.Party(kind)
    secrets["signing-key"] = party.private.decode()
    canned.says(REPLY)
    opened = sealed(signing_certificate=party, timestamp=60, security="username-token", user="u", addressing="2005-08")
    opened.invoke("GetPatient", {"Id": 7})
    covered = far.verifies(sent(canned), party)
    assert covered == ["Timestamp", "UsernameToken", "Action", "MessageID", "To", "ReplyTo", "Body"]
    token = sent(canned).findtext("{*}Header/{*}Security/{*}BinarySecurityToken")
    assert base64.b64decode(token) == party.certificate.public_bytes(far.serialization.Encoding.DER)
    methods = {
        one.get("Algorithm") for one in sent(canned).iter(f"{{{far.DS}}}SignatureMethod", f"{{{far.DS}}}DigestMethod")
    }
    assert not any("sha1" in method for method in methods)


@pytest.mark.parametrize("what", ["Body", "Timestamp"])
def test_a_signed_request_that_was_changed_is_not(sealed, canned, us, what):
    canned.says(REPLY)
    sealed(signing_certificate=us, timestamp=60).invoke("GetPatient", {"Id": 7})
    root = sent(canned)
    next(root.iter(f"{{*}}{what}"))[0].text = "8"
    with pytest.raises(xmlsec.Error):
        far.verifies(root, us)


def test_an_encrypted_request_is_read_by_libxmlsec_and_by_nobody_else(sealed, canned, server, us):
    canned.says(REPLY)
    opened = sealed(encrypt_for=server, signing_certificate=us)
    opened.invoke("GetPatient", {"Id": 7})
    assert b"GetPatient>" not in canned.requests[0]
    plain = far.decrypted(sent(canned), server)
    assert plain.findtext("{*}Body/{urn:clinic}GetPatient/{urn:clinic}Id") == "7"
    assert far.verifies(plain, us) == ["Body"], "what was signed is what is encrypted"
    with pytest.raises(xmlsec.Error):
        far.decrypted(sent(canned), us)


def saml(space="urn:oasis:names:tc:SAML:2.0:assertion", begin=-60, end=60, more=""):
    now = datetime.now(UTC)
    times = [(now + timedelta(seconds=one)).strftime("%Y-%m-%dT%H:%M:%SZ") for one in (begin, end)]
    conditions = f'<a:Conditions NotBefore="{times[0]}" NotOnOrAfter="{times[1]}"/>'
    return f'<a:Assertion xmlns:a="{space}" ID="_1"><a:Issuer>sts</a:Issuer>{conditions}{more}</a:Assertion>'


@pytest.mark.parametrize("space", ["urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:1.0:assertion"])
def test_an_assertion_is_sent_as_it_was_issued(sealed, canned, secrets, space):
    """Its issuer's signature still holds when it arrives."""
    named = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    value = f'<a:Value {named} i:type="xs:string" wsu:Id="i" xmlns:wsu="{far.WSU}">x</a:Value>'
    secrets["assertion"] = saml(space, more=value)
    canned.says(REPLY)
    sealed(security="saml", timestamp=60).invoke("GetPatient", {"Id": 7})
    arrived = sent(canned).find(f"{{*}}Header/{{*}}Security/{{{space}}}Assertion")
    signed = [
        etree.tostring(one, method="c14n", exclusive=True) for one in (arrived, etree.fromstring(secrets["assertion"]))
    ]
    assert signed[0] == signed[1]
    assert arrived.find("{*}Value").nsmap["xs"] == "http://www.w3.org/2001/XMLSchema"


@pytest.mark.parametrize(
    "text",
    [
        "s3cr3t",
        "<a/>",
        saml("urn:other"),
        saml(end=-1),
        saml(begin=60),
        "<!DOCTYPE x>" + saml(),
        saml().replace("NotBefore", "NotOnOrAfter2").replace("NotOnOrAfter=", "NotBefore=", 1).replace("Z", ""),
    ],
    ids=["text", "another element", "another namespace", "expired", "not yet", "a DOCTYPE", "a time without a zone"],
)
def test_an_assertion_that_is_none_is_not_sent(sealed, canned, secrets, text):
    secrets["assertion"] = text
    with pytest.raises(Unavailable, match="Nothing was sent") as caught:
        sealed(security="saml").invoke("GetPatient", {"Id": 7})
    assert "s3cr3t" not in caught.value.message
    assert canned.requests == []


@pytest.mark.parametrize(
    ("settings", "secret", "said"),
    [
        ({"signing_certificate": True}, "no key", "no private key in PEM"),
        ({"signing_certificate": True}, None, "not the key of"),
        ({"decrypt": True}, "no key", "no RSA private key"),
        ({"signing_certificate": "absent.pem"}, None, "absent.pem cannot be read"),
        ({"reply_certificate": "absent.pem"}, None, "absent.pem cannot be read"),
        ({"encrypt_for": "types.xsd"}, None, "no PEM certificate"),
    ],
)
def test_a_key_that_cannot_be_had_means_that_nothing_was_sent(sealed, canned, secrets, settings, secret, said):
    """What only the reply needs is asked for before the request is sent: afterwards it would be too late."""
    other = far.Party()
    given = {
        n: other if v is True and n != "decrypt" else FOLDER / v if isinstance(v, str) else v
        for n, v in settings.items()
    }
    if secret:
        secrets.update({"signing-key": secret, "decryption-key": secret})
    with pytest.raises(Unavailable, match=said):
        sealed(**given).invoke("GetPatient", {"Id": 7})
    assert canned.requests == []


def test_a_weak_key_is_not_used(sealed, canned):
    with pytest.raises(Unavailable, match="fewer than 2048 bits"):
        sealed(reply_certificate=far.Party(bits=1024)).invoke("GetPatient", {"Id": 7})


# Replies


@pytest.fixture
def answered(sealed, canned, server):
    """What becomes of a reply when it has to be signed by the server."""
    opened = sealed(reply_certificate=server)

    def call(root, operation=("GetPatient", {"Id": 7}), through=opened):
        canned.says(said(root) if isinstance(root, etree._Element) else root)
        return through.invoke(*operation)

    return call


@pytest.fixture
def good(server):
    """A reply with a Timestamp, signed."""
    root = etree.fromstring(REPLY)
    return far.signed(root, server, [body(root), far.stamped(root)])


def test_a_signed_reply_is_read(answered, good):
    assert answered(good)["Name"] == "Ada"


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (xmlsec.Transform.RSA_SHA512, xmlsec.Transform.SHA512),
        (xmlsec.Transform.RSA_SHA384, xmlsec.Transform.SHA384),
    ],
)
def test_stronger_hashes_are_read(answered, server, method, digest):
    root = etree.fromstring(REPLY)
    assert answered(far.signed(root, server, [body(root)], method=method, digest=digest))["Name"] == "Ada"


def test_an_elliptic_curve_is_read(sealed, canned):
    party = far.Party("ec")
    root = etree.fromstring(REPLY)
    canned.says(said(far.signed(root, party, [body(root)])))
    assert sealed(reply_certificate=party).invoke("GetPatient", {"Id": 7})["Name"] == "Ada"


def test_any_of_several_pinned_certificates_will_do(sealed, canned, server, us, good, tmp_path):
    """The next certificate is pinned before the last one ends."""
    (tmp_path / "both.pem").write_bytes(us.public + server.public)
    canned.says(said(good))
    assert sealed(reply_certificate=tmp_path / "both.pem").invoke("GetPatient", {"Id": 7})["Name"] == "Ada"


def test_a_signed_fault_is_the_system_saying_no_and_an_unsigned_one_is_not(answered, server):
    root = etree.fromstring(FAULT)
    with pytest.raises(Rejected):
        answered(far.signed(root, server, [body(root)]))
    with pytest.raises(Drifted):
        answered(FAULT)


def test_rows_are_not_read_before_the_signature_was(answered, server):
    root = etree.fromstring(ROWS)
    find = ("FindPatients", {"Name": "A"})
    assert len(list(answered(far.signed(root, server, [body(root)]), find).rows)) == 1
    changed = etree.fromstring(said(root).replace(b"Ada", b"Eve"))
    with pytest.raises(Drifted):
        answered(changed, find)


def test_comments_that_were_not_signed_change_nothing(answered, good):
    assert answered(said(good).replace(b"Ada", b"A<!-- x -->da"))["Name"] == "Ada"


def test_a_reply_with_attachments_is_signed_as_it_reads(sealed, canned, server):
    """XOP 1.0, section 5: what is signed is the base64, wherever it stands."""
    xop = 'xmlns:x="http://www.w3.org/2004/08/xop/include"'
    photo = base64.b64encode(b"photo" * 100).decode()
    root = etree.fromstring(REPLY.replace("</c:GetPatientResult>", f"<t:Photo>{photo}</t:Photo></c:GetPatientResult>"))
    packed = said(far.signed(root, server, [body(root)])).replace(
        photo.encode(), f'<x:Include {xop} href="cid:p"/>'.encode()
    )
    for content, whole in ((b"photo" * 100, True), (b"phot0" * 100, False)):
        part = b"--b\r\nContent-Type: image/png\r\nContent-ID: <p>\r\n\r\n" + content + b"\r\n--b--"
        mime = b"--b\r\nContent-Type: application/xop+xml\r\n\r\n" + packed + b"\r\n" + part
        canned.script.clear()
        canned.says(mime, 200, "multipart/related; boundary=b")
        opened = sealed(reply_certificate=server)
        if whole:
            assert opened.invoke("GetPatient", {"Id": 7})["Photo"] == photo
        else:
            with pytest.raises(Drifted, match="changed"):
                opened.invoke("GetPatient", {"Id": 7})


@pytest.mark.parametrize("status", [400, 401, 403, 429])
def test_a_refusal_that_nobody_signed_proves_nothing(sealed, canned, server, status):
    """Whoever stands between lets a write through and answers 429 himself: it was made a second time."""
    canned.says(b"", status, "text/plain")
    with pytest.raises(Uncertain, match="nobody signed"):
        sealed(reply_certificate=server).invoke("GetPatient", {"Id": 7})
    assert len(canned.requests) == 1


def test_an_attachment_that_no_signature_covers_is_not_read(sealed, canned, server):
    """Whoever stands between puts another in its place: of a swaRef only the name is signed (WS-I AP 1.0, 4.4)."""
    inner = "<s:Name>a</s:Name><s:Note>cid:n</s:Note>"
    plain = f'<s:FetchResponse xmlns:s="urn:scans"><s:FetchResult>{inner}</s:FetchResult></s:FetchResponse>'
    root = etree.fromstring(envelope(plain))
    mime = b"--b\r\nContent-Type: text/xml\r\n\r\n" + said(far.signed(root, server, [body(root)])) + b"\r\n"
    canned.says(mime + b"--b\r\nContent-ID: <n>\r\n\r\nforged\r\n--b--", 200, "multipart/related; boundary=b")
    with pytest.raises(Drifted, match="nothing proves"):
        sealed(wsdl=FOLDER / "scans.wsdl", reply_certificate=server).invoke("Fetch", {"Id": 1})


@pytest.mark.parametrize("how", ["signing_certificate", "encrypt_for"])
def test_an_attachment_that_would_leave_unsealed_is_not_sent(sealed, canned, us, how):
    note = base64.b64encode(b"about a person").decode()
    with pytest.raises(Rejected, match="neither signed nor encrypted"):
        sealed(wsdl=FOLDER / "scans.wsdl", **{how: us}).invoke("Store", {"Scan": {"Name": "a", "Note": note}})
    assert canned.requests == []


def moved(root, wrapper, *, keep_id=True, place="header"):
    """The attack: the signed Body goes into `wrapper`, another Body takes its place."""
    root = deepcopy(root)
    original = body(root)
    evil = body(etree.fromstring(EVIL))
    root.replace(original, evil)
    if keep_id:
        evil.set(far.ID, original.get(far.ID))
    holder = etree.Element(wrapper)
    holder.append(original)
    if place == "header":
        far.header(root).append(holder)
    elif place == "security":
        far.security(root).insert(0, holder)
    elif place == "signature":
        root.find(f".//{{{far.DS}}}Signature").append(holder)
    elif place == "end":
        root.append(holder)
    else:
        evil.append(holder)
    return root


def doubled(root):
    root = deepcopy(root)
    evil = body(etree.fromstring(EVIL))
    root.insert(1, evil)
    return root


def renamed(root):
    """The signed Body stays beside, under a name that a careless reader passes over."""
    root = doubled(root)
    root[-1].tag = "{urn:x}Body"
    return root


def without(root, name):
    root = deepcopy(root)
    for one in list(root.iter(f"{{*}}{name}")):
        one.getparent().remove(one)
    return root


def altered(root, old, new):
    content = said(root)
    assert old in content
    return etree.fromstring(content.replace(old, new))


def aliased(root, attribute):
    """A second element that claims the id of the signed Body, under another kind of id."""
    root = moved(root, "{urn:x}Wrapper", keep_id=False)
    body(root).set(attribute, next(root.iter("{urn:x}Wrapper"))[0].get(far.ID))
    return root


WRAPPED = {
    **{
        f"the signed Body in the {place}, its id {'kept' if keep else 'gone'}": (
            lambda root, place=place, keep=keep: moved(root, "{urn:x}Wrapper", keep_id=keep, place=place)
        )
        for place in ("header", "security", "signature", "end", "body")
        for keep in (True, False)
    },
    "the signed Body in an Object": lambda root: moved(root, f"{{{far.DS}}}Object", keep_id=False, place="signature"),
    "the signed Body in another Envelope": lambda root: moved(root, f"{{{SOAP_11}}}Envelope", keep_id=False),
    "two Bodies": doubled,
    "a Body under another name": renamed,
    "a Body of the other version": lambda root: altered(
        doubled(root), b"<s:Body>", b'<s:Body xmlns:s="%s">' % SOAP_12.encode()
    ),
    "the id as Id": lambda root: aliased(root, "Id"),
    "the id as ID": lambda root: aliased(root, "ID"),
    "the id as xml:id": lambda root: aliased(root, "{http://www.w3.org/XML/1998/namespace}id"),
    "two Headers": lambda root: altered(root, b"<s:Body", b"<s:Header/><s:Body"),
    "a changed Body": lambda root: altered(root, b"Ada", b"Eve"),
    "a changed digest": lambda root: altered(root, b"DigestValue>", b"DigestValue>AAAA"),
    "a reference to the whole": lambda root: altered(root, b'URI="#far-0"', b'URI=""'),
    "a reference to elsewhere": lambda root: altered(root, b'URI="#far-0"', b'URI="http://127.0.0.1:9/x"'),
    "a reference to nothing": lambda root: altered(root, b'URI="#far-0"', b'URI="#far-9"'),
    "an XPointer": lambda root: altered(root, b'URI="#far-0"', b'URI="#xpointer(/)"'),
    "a transform by XPath": lambda root: altered(
        root,
        b"</ds:Transforms>",
        b'<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/></ds:Transforms>',
    ),
    "a transform by XSLT": lambda root: altered(
        root,
        b"<ds:Transforms>",
        b'<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
    ),
    "a keyed hash in place of the signature": lambda root: altered(
        root, b"xmldsig-more#rsa-sha256", b"xmldsig-more#hmac-sha256"
    ),
    "no signature": lambda root: without(root, "Signature"),
    "no Security": lambda root: without(root, "Security"),
    "no Header": lambda root: without(root, "Header"),
    "no SignedInfo": lambda root: without(root, "SignedInfo"),
    "no SignatureValue": lambda root: without(root, "SignatureValue"),
    "no references": lambda root: without(root, "Reference"),
    "a signature value that is no base64": lambda root: altered(root, b"SignatureValue>", b"SignatureValue>!"),
    "a Timestamp put in": lambda root: far.stamped(root).getroottree().getroot(),
    "a Timestamp of a thousand years from now": lambda root: altered(root, b"Created>2", b"Created>3"),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_reply_whose_body_is_not_the_signed_one_is_drift(answered, good, little, name):
    with little, pytest.raises(Drifted) as caught:
        answered(WRAPPED[name](deepcopy(good)))
    assert "Eve" not in caught.value.message


@pytest.mark.parametrize(
    "name",
    ["the signed Body in the header, its id kept", "the id as Id", "the id as ID", "the id as xml:id"],
)
def test_an_id_that_somebody_may_read_in_two_ways_is_refused_as_such(answered, good, name):
    with pytest.raises(Drifted, match="an id that is there twice"):
        answered(WRAPPED[name](deepcopy(good)))


@pytest.mark.parametrize(
    "weak",
    [
        {"method": xmlsec.Transform.RSA_SHA1},
        {"digest": xmlsec.Transform.SHA1},
        {"canonical": xmlsec.Transform.C14N},
        {"transform": xmlsec.Transform.C14N},
        {"canonical": xmlsec.Transform.EXCL_C14N_COMMENTS},
    ],
    ids=["SHA-1 signature", "SHA-1 digest", "inclusive", "inclusive transform", "with comments"],
)
def test_a_signature_of_another_kind_is_not_accepted(answered, server, weak):
    root = etree.fromstring(REPLY)
    with pytest.raises(Drifted, match="not accepted"):
        answered(far.signed(root, server, [body(root)], **weak))


@pytest.mark.parametrize("what", ["header", "body child", "timestamp"])
def test_a_good_signature_over_something_else_proves_nothing(answered, server, what):
    root = etree.fromstring(REPLY)
    stamp = far.stamped(root)
    covered = {"header": far.header(root), "body child": body(root)[0], "timestamp": stamp}[what]
    with pytest.raises(Drifted, match=r"is not what was signed|was changed"):
        answered(far.signed(root, server, [covered]))


def test_somebody_elses_signature_is_not_accepted(answered, us):
    root = etree.fromstring(REPLY)
    with pytest.raises(Drifted, match="not made with the key"):
        answered(far.signed(root, us, [body(root)]))


def test_two_signatures_are_not_told_apart(answered, server, us):
    root = etree.fromstring(REPLY)
    far.signed(far.signed(root, us, [body(root)]), server, [body(root)])
    with pytest.raises(Drifted, match="2 signatures"):
        answered(root)


def test_a_certificate_that_has_expired_is_not_trusted(sealed, canned):
    party = far.Party(days=-1)
    root = etree.fromstring(REPLY)
    canned.says(said(far.signed(root, party, [body(root)])))
    with pytest.raises(Drifted, match="has expired"):
        sealed(reply_certificate=party).invoke("GetPatient", {"Id": 7})


@pytest.mark.parametrize(("created", "expires"), [(-7200, -3600), (3600, 7200), (-7200, -301)])
def test_a_reply_of_another_time_is_drift(answered, server, created, expires):
    """A reply that was recorded is not one to this call."""
    root = etree.fromstring(REPLY)
    with pytest.raises(Drifted, match="not of now"):
        answered(far.signed(root, server, [body(root), far.stamped(root, created, expires)]))


def test_a_clock_may_be_some_minutes_off(answered, server):
    root = etree.fromstring(REPLY)
    assert answered(far.signed(root, server, [body(root), far.stamped(root, 200, 500)]))["Name"] == "Ada"


def test_what_a_reply_relates_to_has_to_be_signed_too(sealed, canned, server):
    space = "http://www.w3.org/2005/08/addressing"

    def say(peer, *, cover):
        id_ = sent(canned).findtext("{*}Header/{*}MessageID")
        root = etree.fromstring(REPLY)
        relates = etree.SubElement(far.header(root), f"{{{space}}}RelatesTo")
        relates.text = id_
        content = said(far.signed(root, server, [body(root), *([relates] if cover else [])]))
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content))

    opened = sealed(reply_certificate=server, addressing="2005-08")
    canned.does(lambda peer: say(peer, cover=True))
    assert opened.invoke("GetPatient", {"Id": 7})["Name"] == "Ada"
    canned.does(lambda peer: say(peer, cover=False))
    with pytest.raises(Drifted, match="RelatesTo is not what was signed"):
        opened.invoke("GetPatient", {"Id": 7})


# Encrypted replies


@pytest.fixture
def opened(sealed):
    return sealed(decrypt=True)


@pytest.mark.parametrize("block", ["aes256-gcm", "aes128-gcm"])
def test_an_encrypted_reply_is_read(opened, canned, us, block):
    canned.says(said(far.encrypted(etree.fromstring(REPLY), us, block=block)))
    assert opened.invoke("GetPatient", {"Id": 7})["Name"] == "Ada"
    assert b"Ada" not in said(far.encrypted(etree.fromstring(REPLY), us, block=block))


def test_a_reply_that_was_signed_and_then_encrypted_is_read(sealed, canned, us, server):
    root = etree.fromstring(REPLY)
    canned.says(said(far.encrypted(far.signed(root, server, [body(root)]), us)))
    assert sealed(decrypt=True, reply_certificate=server).invoke("GetPatient", {"Id": 7})["Name"] == "Ada"


@pytest.mark.parametrize(
    "change",
    [
        lambda root, us: REPLY.encode(),
        lambda root, us: said(far.encrypted(etree.fromstring(REPLY), us, block="aes256-cbc")),
        lambda root, us: said(far.encrypted(etree.fromstring(REPLY), us, wrap="rsa-1_5")),
        lambda root, us: said(far.encrypted(etree.fromstring(REPLY), far.Party())),
        lambda root, us: said(without(root, "EncryptedKey")),
        lambda root, us: said(without(root, "EncryptionMethod")),
        lambda root, us: said(without(root, "CipherValue")),
        lambda root, us: said(altered(root, b"<s:Body>", b"<s:Body><c:GetPatientResponse/>")),
        lambda root, us: flipped(root),
    ],
    ids=["plain", "CBC", "RSA 1.5", "another key", "no key", "no method", "no value", "more in the Body", "changed"],
)
def test_a_reply_that_is_not_encrypted_for_us_is_drift_and_does_not_say_why(opened, canned, us, change):
    root = far.encrypted(etree.fromstring(REPLY), us)
    canned.says(change(root, us))
    with pytest.raises(Drifted, match=r"cannot be decrypted|is not encrypted, as|no Header"):
        opened.invoke("GetPatient", {"Id": 7})


def flipped(root):
    """One bit of what is encrypted, changed."""
    value = list(root.iter(f"{{{far.XENC}}}CipherValue"))[-1]
    content = bytearray(base64.b64decode(value.text))
    content[20] ^= 1
    value.text = base64.b64encode(content).decode()
    return said(root)
