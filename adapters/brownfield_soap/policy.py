"""What the policies in a WSDL ask for: security, addressing, MTOM, and .NET's logins over HTTP.

Which of them hold for which port is not worked out: a person is told of all, with the settings that meet them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

ADDRESSING_2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing that a policy asks for.

    Attributes:
        what: In words.
        settings: What of the manifest meets it, with `…` where a person has to say more.
        words: What a person is told, after what is asked for.
    """

    what: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    words: str = ": a comment in the manifest has its form."


NOT_SPOKEN = ", which is not spoken here: calls that need it will be refused."
CLIENT = {"file": "contract/client.pem"}
DEMANDS: Mapping[str, Demand] = {
    "UsernameToken": Demand("a WS-Security UsernameToken", {"security": "username-token", "user": "…"}),
    "HashPassword": Demand("a digest of the password", {"security": "username-token-digest", "user": "…"}),
    "SamlToken": Demand("a SAML assertion", {"security": "saml"}),
    "IncludeTimestamp": Demand("a WS-Security Timestamp", {"timestamp": 300}),
    "AsymmetricBinding": Demand("signed requests", {"signing_certificate": CLIENT}),
    "EncryptedParts": Demand("encrypted requests", {"encrypt_for": {"file": "contract/server.pem"}}),
    "HttpsToken": Demand("TLS", words=": the endpoint has to be an https address."),
    "RequireClientCertificate": Demand("a client certificate in TLS", {"certificate": CLIENT}),
    "Addressing": Demand("WS-Addressing", {"addressing": "2005-08"}),
    "UsingAddressing": Demand("WS-Addressing", {"addressing": "2005-08"}),
    "OptimizedMimeSerialization": Demand("MTOM", {"mtom": True}),
    "MTOM": Demand("MTOM", {"mtom": True}),
    "BasicAuthentication": Demand("a login by HTTP Basic", {"login": "basic", "user": "…"}),
    "NtlmAuthentication": Demand("a login by NTLM", {"login": "ntlm", "user": "…"}),
    "NegotiateAuthentication": Demand("a Windows login, for which NTLM may do", {"login": "ntlm", "user": "…"}),
    "DigestAuthentication": Demand("a login by HTTP Digest", words=NOT_SPOKEN),
    "KerberosToken": Demand("a Kerberos ticket", words=NOT_SPOKEN),
    "SpnegoContextToken": Demand("a context negotiated by SPNEGO", words=NOT_SPOKEN),
    "IssuedToken": Demand("a token of a token service (WS-Trust)", words=NOT_SPOKEN),
    "SecureConversationToken": Demand("WS-SecureConversation", words=NOT_SPOKEN),
    "RMAssertion": Demand("WS-ReliableMessaging", words=NOT_SPOKEN),
    "BinaryEncoding": Demand(".NET's binary encoding", words=NOT_SPOKEN),
}
"""Assertion → what it asks for. Their names are the same in every edition of their standards."""


def demands(roots: Iterable[etree._Element]) -> list[Demand]:
    """What the policies in some documents ask for, each once, in the order of the table."""
    asked = {name: space for root in roots for name, space in _assertions(root)}
    found = {name: demand for name, demand in DEMANDS.items() if name in asked}
    for name, demand in found.items():
        if asked[name].startswith(ADDRESSING_2004):
            found[name] = Demand(demand.what, {"addressing": "2004-08"})
    return list({demand.what: demand for demand in found.values()}.values())


def _assertions(root: etree._Element) -> Iterator[tuple[str, str]]:
    """The names of the assertions that must hold, and their namespaces: in a policy, or WS-Addressing in a binding."""
    for element in root.iter("{*}*"):
        name = etree.QName(element)
        within = any(etree.QName(above).localname == "Policy" for above in element.iterancestors())
        if (within or name.localname == "UsingAddressing") and not _optional(element):
            yield name.localname, name.namespace or ""


def _optional(element: etree._Element) -> bool:
    return any(etree.QName(name).localname == "Optional" and text == "true" for name, text in element.attrib.items())
