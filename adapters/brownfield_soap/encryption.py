"""XML encryption of a Body: AES-GCM with a key of its own for each message, which RSA-OAEP wraps.

CBC and RSA 1.5 are neither written nor read: with both, an answer to a changed message tells what was in it. Whatever
goes wrong in reading is said with the same words.
"""

import base64
import binascii
import os
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from brownfield.contract import Drifted, Unavailable
from brownfield_soap.security import ENCODING_TYPE, OASIS, WSSE
from brownfield_soap.signature import DS, XENC
from brownfield_soap.tree import Tree, options

XENC11 = "http://www.w3.org/2009/xmlenc11#"
OAEP = f"{XENC11}rsa-oaep"
OAEP_MGF1P = f"{XENC}rsa-oaep-mgf1p"
THUMBPRINT = f"{OASIS.replace('2004/01/oasis-200401-wss', 'oasis-wss')}-soap-message-security-1.1#ThumbprintSHA1"

SIZES = {f"{XENC11}aes128-gcm": 16, f"{XENC11}aes256-gcm": 32}
"""Bytes of the key, by algorithm."""

HASHES: dict[str, hashes.HashAlgorithm] = {
    f"{DS}sha1": hashes.SHA1(),  # noqa: S303  # within OAEP, where nobody needs it to be free of collisions
    f"{XENC}sha256": hashes.SHA256(),
    f"{XENC}sha512": hashes.SHA512(),
}
MASKS: dict[str, hashes.HashAlgorithm] = {
    f"{XENC11}mgf1sha1": hashes.SHA1(),  # noqa: S303  # the same
    f"{XENC11}mgf1sha256": hashes.SHA256(),
    f"{XENC11}mgf1sha512": hashes.SHA512(),
}

NONCE, TAG = 12, 16
UNREADABLE = "The reply cannot be decrypted. Nothing of it was read."


def encrypt(security: etree._Element, body: etree._Element, certificate: x509.Certificate) -> None:
    """Puts what a Body holds into an EncryptedData, and the key for it, wrapped for a certificate, into a Security.

    Raises:
        Unavailable: The certificate has no RSA key. Nothing was sent.
    """
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise Unavailable("`encrypt_for` is no certificate of an RSA key. Nothing was sent.")
    # As it stands, with every prefix in scope declared: a prefix may be used in a value alone.
    content = b"".join(etree.tostring(child, encoding="UTF-8", with_tail=False) for child in body)
    key, nonce = AESGCM.generate_key(256), os.urandom(NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, content, None)
    for child in list(body):
        body.remove(child)
    # The mask is made with SHA-1 by the standard (XML Encryption 1.0, 5.4.2), which Java and .NET stacks insist on.
    mask = padding.MGF1(hashes.SHA1())  # noqa: S303
    oaep = padding.OAEP(mask, hashes.SHA256(), None)
    _add_key(security, certificate, public.encrypt(key, oaep))
    _add_data(body, sealed)


def _add_key(security: etree._Element, certificate: x509.Certificate, wrapped: bytes) -> None:
    outer = etree.Element(f"{{{XENC}}}EncryptedKey", nsmap={"xenc": XENC, "ds": DS}, Id="key-1")
    method = etree.SubElement(outer, f"{{{XENC}}}EncryptionMethod", Algorithm=OAEP_MGF1P)
    etree.SubElement(method, f"{{{DS}}}DigestMethod", Algorithm=f"{XENC}sha256")
    info = etree.SubElement(outer, f"{{{DS}}}KeyInfo")
    reference = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference")
    named = etree.SubElement(reference, f"{{{WSSE}}}KeyIdentifier", ValueType=THUMBPRINT, EncodingType=ENCODING_TYPE)
    named.text = base64.b64encode(certificate.fingerprint(hashes.SHA1())).decode()  # noqa: S303  # a name, by the standard
    _add_cipher(outer, wrapped)
    listed = etree.SubElement(outer, f"{{{XENC}}}ReferenceList")
    etree.SubElement(listed, f"{{{XENC}}}DataReference", URI="#data-1")
    security.insert(0, outer)  # before what is encrypted with it (SOAP Message Security 1.1, 9.2)


def _add_data(body: etree._Element, sealed: bytes) -> None:
    data = etree.SubElement(
        body, f"{{{XENC}}}EncryptedData", nsmap={"xenc": XENC, "ds": DS}, Id="data-1", Type=f"{XENC}Content"
    )
    etree.SubElement(data, f"{{{XENC}}}EncryptionMethod", Algorithm=f"{XENC11}aes256-gcm")
    info = etree.SubElement(data, f"{{{DS}}}KeyInfo")
    reference = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference", nsmap={"wsse": WSSE})
    etree.SubElement(reference, f"{{{WSSE}}}Reference", URI="#key-1")
    _add_cipher(data, sealed)


def _add_cipher(parent: etree._Element, content: bytes) -> None:
    data = etree.SubElement(parent, f"{{{XENC}}}CipherData")
    etree.SubElement(data, f"{{{XENC}}}CipherValue").text = base64.b64encode(content).decode()


def private_key(pem: str) -> rsa.RSAPrivateKey:
    """The key that replies are encrypted for.

    Raises:
        Unavailable: It is no RSA key in PEM.
    """
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Unavailable("The secret `decryption-key` is no RSA private key in PEM. Nothing was sent.")
    return key


def decrypt(header: etree._Element, body: etree._Element, key: rsa.RSAPrivateKey, max_bytes: int) -> None:
    """Puts what the EncryptedData of a Body holds in its place.

    Args:
        header: The message's Header, which has the wrapped key.
        body: Its Body, which holds one EncryptedData and nothing else.
        key: Unwraps it.
        max_bytes: Bounds what comes out, as it does a reply that was never encrypted.

    Raises:
        Drifted: The Body is not encrypted so, or not for this key.
    """
    wrapped = header.findall(f"{{*}}Security//{{{XENC}}}EncryptedKey")
    if len(wrapped) != 1 or [child.tag for child in body] != [f"{{{XENC}}}EncryptedData"]:
        raise Drifted("The reply's Body is not encrypted, as `decrypt` says that it must be. Nothing of it was read.")
    try:
        plain = _plain(body[0], _unwrapped(wrapped[0], key))
        content = _parsed(plain, body, max_bytes)
    except (ValueError, InvalidTag, binascii.Error, etree.XMLSyntaxError):
        raise Drifted(UNREADABLE) from None
    body.remove(body[0])
    body.extend(list(content))


def _unwrapped(wrapped: etree._Element, key: rsa.RSAPrivateKey) -> bytes:
    method = _method(wrapped)
    digest = HASHES.get(_algorithm(method, f"{{{DS}}}DigestMethod") or f"{DS}sha1")
    mask = MASKS.get(_algorithm(method, f"{{{XENC11}}}MGF") or f"{XENC11}mgf1sha1")
    if method.get("Algorithm") not in (OAEP, OAEP_MGF1P) or digest is None or mask is None:
        raise ValueError
    return key.decrypt(_cipher(wrapped), padding.OAEP(padding.MGF1(mask), digest, None))


def _plain(data: etree._Element, key: bytes) -> bytes:
    sealed = _cipher(data)
    if SIZES.get(_method(data).get("Algorithm", "")) != len(key) or len(sealed) < NONCE + TAG:
        raise ValueError
    return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], None)


def _parsed(plain: bytes, body: etree._Element, max_bytes: int) -> etree._Element:
    """The content of a Body, read where the Body's own prefixes are declared."""
    prefixes: Any = body.nsmap
    scope: bytes = etree.tostring(etree.Element("scope", nsmap=prefixes), encoding="utf-8")
    tree = Tree(etree.XMLParser(**options()), max_bytes)
    for piece in (scope.removesuffix(b"/>") + b">", plain, b"</scope>"):
        tree.feed(piece)
    return tree.root()


def _method(parent: etree._Element) -> etree._Element:
    found = parent.findall(f"{{{XENC}}}EncryptionMethod")
    if len(found) != 1:
        raise ValueError
    return found[0]


def _algorithm(parent: etree._Element, tag: str) -> str:
    found = parent.find(tag)
    return "" if found is None else found.get("Algorithm", "")


def _cipher(parent: etree._Element) -> bytes:
    value = parent.findtext(f"{{{XENC}}}CipherData/{{{XENC}}}CipherValue") or ""
    return base64.b64decode("".join(value.split()), validate=True)
