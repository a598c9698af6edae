"""WS-Security: UsernameToken as text or as a digest (OASIS Username Token Profile 1.0, section 3), and Timestamp."""

import base64
import hashlib
import os
from datetime import UTC, datetime, timedelta

from lxml import etree

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE = f"{OASIS}-wssecurity-secext-1.0.xsd"
WSU = f"{OASIS}-wssecurity-utility-1.0.xsd"
PROFILE = f"{OASIS}-username-token-profile-1.0"
X509 = f"{OASIS}-x509-token-profile-1.0"
ENCODING_TYPE = f"{OASIS}-soap-message-security-1.0#Base64Binary"


def block(header: etree._Element) -> etree._Element:
    """Adds an empty `wsse:Security` to a SOAP header."""
    security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE, "wsu": WSU})
    security.set(f"{{{etree.QName(header).namespace}}}mustUnderstand", "1")
    return security


def timestamp(security: etree._Element, seconds: int) -> None:
    """Adds a Timestamp: when the message was made, and until when it is good (SOAP Message Security 1.0, 10)."""
    now = datetime.now(UTC)
    stamp = etree.SubElement(security, f"{{{WSU}}}Timestamp")
    for name, moment in (("Created", now), ("Expires", now + timedelta(seconds=seconds))):
        etree.SubElement(stamp, f"{{{WSU}}}{name}").text = moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def username_token(security: etree._Element, user: str, password: str, *, digest: bool) -> None:
    """Adds a UsernameToken to a `wsse:Security`.

    Args:
        security: The Security element.
        user: The user's name.
        password: The password; with `digest` it does not leave this machine.
        digest: Whether to send `Base64(SHA-1(nonce + created + password))`. SHA-1 is what the profile prescribes.
    """
    token = etree.SubElement(security, f"{{{WSSE}}}UsernameToken")
    etree.SubElement(token, f"{{{WSSE}}}Username").text = user
    secret = etree.SubElement(token, f"{{{WSSE}}}Password")
    secret.set("Type", f"{PROFILE}#{'PasswordDigest' if digest else 'PasswordText'}")
    if not digest:
        secret.text = password
        return
    nonce = os.urandom(16)
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    proof = hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()
    secret.text = base64.b64encode(proof).decode()
    etree.SubElement(token, f"{{{WSSE}}}Nonce", EncodingType=ENCODING_TYPE).text = base64.b64encode(nonce).decode()
    etree.SubElement(token, f"{{{WSU}}}Created").text = created
