"""XML signatures of WS-Security: X.509, exclusive canonicalization, SHA-256 or better, and nothing else.

A request is signed with the private key of a certificate that goes along. A reply is held to certificates that the
manifest pins; what it says about its key is not looked at.

XML signatures are attacked by moving the signed element elsewhere and putting another in its place (“wrapping”). So the
elements that a signature covers are given back themselves, and `proof` asks whether the Body that is read *is* one of
them. An id that is there twice, a transform that selects, a reference out of the message: each is refused.
"""

import base64
import binascii
import hashlib
import hmac
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from lxml import etree

from brownfield.contract import Drifted, Unavailable
from brownfield_soap.security import ENCODING_TYPE, WSSE, WSU, X509

DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
TOKEN_TYPE = f"{X509}#X509v3"

DIGESTS: dict[str, Callable[[bytes], Any]] = {
    f"{XENC}sha256": hashlib.sha256,
    f"{MORE}sha384": hashlib.sha384,
    f"{XENC}sha512": hashlib.sha512,
}
METHODS: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    f"{MORE}rsa-sha256": ("rsa", hashes.SHA256()),
    f"{MORE}rsa-sha384": ("rsa", hashes.SHA384()),
    f"{MORE}rsa-sha512": ("rsa", hashes.SHA512()),
    f"{MORE}ecdsa-sha256": ("ecdsa", hashes.SHA256()),
    f"{MORE}ecdsa-sha384": ("ecdsa", hashes.SHA384()),
    f"{MORE}ecdsa-sha512": ("ecdsa", hashes.SHA512()),
}
"""Signature methods by name: the kind of key and the hash. SHA-1 and what is keyed by a shared secret are not here."""

IDS = (f"{{{WSU}}}Id", "Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id", "AssertionID")
"""Attributes that somebody may take for an id. A reference has to be unambiguous for all of them."""

MOST_REFERENCES = 20
LEAST_BITS = 2048
"""Of an RSA key."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate and the private key of it, in PEM."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    @classmethod
    def of(cls, certificate: bytes, key: str) -> "Signer":
        """A signer.

        Raises:
            Unavailable: They cannot be read, do not belong together, or the key is too weak. Nothing was sent.
        """
        (public,) = certificates(certificate)[:1]
        try:
            private = load_pem_private_key(key.encode(), None)
        except (ValueError, TypeError):
            raise Unavailable("The secret `signing-key` is no private key in PEM. Nothing was sent.") from None
        if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise Unavailable("The secret `signing-key` is neither an RSA nor an EC key. Nothing was sent.")
        if private.public_key() != public.public_key():
            raise Unavailable("The secret `signing-key` is not the key of `signing_certificate`. Nothing was sent.")
        return cls(public, private)

    def sign(self, content: bytes) -> tuple[str, bytes]:
        """The signature method and the signature of some bytes."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return f"{MORE}rsa-sha256", self.key.sign(content, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.key.sign(content, ec.ECDSA(hashes.SHA256())))
        size = (self.key.key_size + 7) // 8
        return f"{MORE}ecdsa-sha256", r.to_bytes(size, "big") + s.to_bytes(size, "big")


def certificates(pem: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file.

    Raises:
        Unavailable: There are none, or an RSA key in them is too weak.
    """
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise Unavailable("A certificate of the connection is no PEM certificate. Nothing was sent.") from None
    for one in found:
        key = one.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < LEAST_BITS:
            raise Unavailable(f"A certificate of the connection has fewer than {LEAST_BITS} bits. Nothing was sent.")
    return found


# Signing


def sign(security: etree._Element, elements: Iterable[etree._Element], signer: Signer) -> None:
    """Adds the certificate and a signature over some elements to a `wsse:Security`."""
    token = etree.SubElement(
        security, f"{{{WSSE}}}BinarySecurityToken", ValueType=TOKEN_TYPE, EncodingType=ENCODING_TYPE
    )
    token.text = base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode()
    covered = [(identified(element), element) for element in elements]
    signature = etree.SubElement(security, f"{{{DS}}}Signature", nsmap={"ds": DS})
    info = etree.SubElement(signature, f"{{{DS}}}SignedInfo")
    etree.SubElement(info, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXCLUSIVE)
    method = etree.SubElement(info, f"{{{DS}}}SignatureMethod")
    for id_, element in covered:
        _refer(info, id_, canonical(element))
    method.set("Algorithm", signer.sign(b"")[0])
    _, value = signer.sign(canonical(info))
    etree.SubElement(signature, f"{{{DS}}}SignatureValue").text = base64.b64encode(value).decode()
    key = etree.SubElement(signature, f"{{{DS}}}KeyInfo")
    reference = etree.SubElement(key, f"{{{WSSE}}}SecurityTokenReference")
    etree.SubElement(reference, f"{{{WSSE}}}Reference", URI=f"#{identified(token)}", ValueType=TOKEN_TYPE)


def _refer(info: etree._Element, id_: str, content: bytes) -> None:
    reference = etree.SubElement(info, f"{{{DS}}}Reference", URI=f"#{id_}")
    transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
    etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=EXCLUSIVE)
    etree.SubElement(reference, f"{{{DS}}}DigestMethod", Algorithm=f"{XENC}sha256")
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    etree.SubElement(reference, f"{{{DS}}}DigestValue").text = digest


def identified(element: etree._Element) -> str:
    """The `wsu:Id` of an element of ours, given to it when it has none."""
    found = element.get(f"{{{WSU}}}Id")
    if found is None:
        found = f"id-{uuid.uuid4().hex}"
        element.set(f"{{{WSU}}}Id", found)
    return found


def canonical(element: etree._Element, prefixes: Sequence[str] = ()) -> bytes:
    """Exclusive XML Canonicalization 1.0, without comments."""
    return etree.tostring(
        element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=list(prefixes) or None
    )


# Verifying


def verified(
    envelope: etree._Element, signature: etree._Element, pinned: Sequence[x509.Certificate], now: datetime
) -> list[etree._Element]:
    """The elements that a signature covers, when it is good.

    Args:
        envelope: The message, in which the elements are looked for.
        signature: The `ds:Signature`.
        pinned: The certificates, one of which must have made it.
        now: Held against the time that a certificate is good for.

    Raises:
        Drifted: It is not good. Nothing that it covers may be used.
    """
    info = _only(signature, "SignedInfo")
    if _algorithm(info, "CanonicalizationMethod") != EXCLUSIVE:
        raise _bad("it is canonicalized in a way that is not read")
    references = info.findall(f"{{{DS}}}Reference")
    if not 0 < len(references) <= MOST_REFERENCES:
        raise _bad("it covers nothing, or too much")
    covered = [_covered(envelope, reference) for reference in references]
    content = canonical(info, _prefixes(_only(info, "CanonicalizationMethod")))
    _hold_to_key(content, _algorithm(info, "SignatureMethod"), _bytes(signature, "SignatureValue"), pinned, now)
    return covered


def _covered(envelope: etree._Element, reference: etree._Element) -> etree._Element:
    """The element that a reference names, when its digest is the one that was signed."""
    element = _named(envelope, reference.get("URI", ""))
    transforms = _only(reference, "Transforms").findall(f"{{{DS}}}Transform")
    if [transform.get("Algorithm") for transform in transforms] != [EXCLUSIVE]:
        raise _bad("it transforms what it covers")
    digest = DIGESTS.get(_algorithm(reference, "DigestMethod"))
    if digest is None:
        raise _bad("it uses a digest that is not accepted")
    found = digest(canonical(element, _prefixes(transforms[0]))).digest()
    if not hmac.compare_digest(found, _bytes(reference, "DigestValue")):
        raise _bad("what it covers was changed")
    return element


def _named(envelope: etree._Element, uri: str) -> etree._Element:
    """The one element with an id. One that is there twice could be the signed one or the one that is read."""
    if not uri.startswith("#") or len(uri) < 2:
        raise _bad("it refers to something outside the message")
    found = [one for one in envelope.iter("{*}*") if any(one.get(name) == uri[1:] for name in IDS)]
    if len(found) != 1:
        raise _bad(
            "it refers to an element that is not there" if not found else "it refers to an id that is there twice"
        )
    return found[0]


def _hold_to_key(content: bytes, method: str, value: bytes, pinned: Sequence[x509.Certificate], now: datetime) -> None:
    if method not in METHODS:
        raise _bad("it is made in a way that is not accepted")
    valid = [one for one in pinned if one.not_valid_before_utc <= now <= one.not_valid_after_utc]
    if not valid:
        raise _bad("every certificate of `reply_certificate` has expired or is not good yet")
    if not any(_made_by(one, content, method, value) for one in valid):
        raise _bad("it was not made with the key of `reply_certificate`")


def _made_by(certificate: x509.Certificate, content: bytes, method: str, value: bytes) -> bool:
    kind, digest = METHODS[method]
    key = certificate.public_key()
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, content, padding.PKCS1v15(), digest)
            return True
        if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            half = len(value) // 2
            r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
            key.verify(encode_dss_signature(r, s), content, ec.ECDSA(digest))
            return True
    except InvalidSignature:
        return False
    return False


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(f"{{{DS}}}{name}")
    if len(found) != 1:
        raise _bad(f"it has {len(found)} times {name}")
    return found[0]


def _algorithm(parent: etree._Element, name: str) -> str:
    return _only(parent, name).get("Algorithm", "")


def _bytes(parent: etree._Element, name: str) -> bytes:
    try:
        return base64.b64decode("".join((_only(parent, name).text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise _bad(f"its {name} is no base64") from None


def _prefixes(method: etree._Element) -> list[str]:
    """The prefixes that exclusive canonicalization treats as inclusive (section 3)."""
    children = list(method.iterchildren("*"))
    if [child.tag for child in children] not in ([], [f"{{{EXCLUSIVE}}}InclusiveNamespaces"]):
        raise _bad("it is canonicalized in a way that is not read")
    return children[0].get("PrefixList", "").split() if children else []


def _bad(why: str) -> Drifted:
    return Drifted(f"The reply's signature is not accepted: {why}. Nothing of it was read.")
