"""Standard schemas that a WSDL may refer to, kept here so that reading one needs no network.

Each is written for brownfield from the specification it names: the facts carry over, the text does not.
"""

from pathlib import Path

XSD = "http://www.w3.org/2001/XMLSchema"
SOAP_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
SOAP_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity"
MIME = "http://www.w3.org/2005/05/xmlmime"
POLICY = "http://schemas.xmlsoap.org/ws/2004/09/policy"

FILES = {
    "http://www.w3.org/XML/1998/namespace": "xml.xsd",
    "http://www.w3.org/1999/xlink": "xlink.xsd",
    "http://www.w3.org/2000/09/xmldsig#": "xmldsig.xsd",
    "http://www.w3.org/2001/04/xmlenc#": "xenc.xsd",
    "http://www.w3.org/2004/08/xop/include": "xop.xsd",
    MIME: "xmlmime.xsd",
    "http://www.w3.org/2004/06/xmlmime": "xmlmime.xsd",
    "http://www.w3.org/2004/11/xmlmime": "xmlmime.xsd",
    "http://ws-i.org/profiles/basic/1.1/xsd": "swaref.xsd",
    SOAP_ENCODING: "soap-encoding.xsd",
    "http://www.w3.org/2003/05/soap-encoding": "soap-encoding.xsd",
    SOAP_ENVELOPE: "soap-envelope.xsd",
    "http://www.w3.org/2003/05/soap-envelope": "soap-envelope.xsd",
    "http://www.w3.org/2005/08/addressing": "wsa-2005-08.xsd",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing": "wsa-2004-08.xsd",
    f"{WSS}-utility-1.0.xsd": "wsu.xsd",
    f"{WSS}-secext-1.0.xsd": "wsse.xsd",
    "http://schemas.xmlsoap.org/ws/2002/12/secext": "wsse-2002-12.xsd",
    POLICY: "wsp.xsd",
    "http://www.w3.org/ns/ws-policy": "wsp.xsd",
    "http://xml.apache.org/xml-soap": "apache.xsd",
    "http://schemas.microsoft.com/2003/10/Serialization/": "ms-serialization.xsd",
    "http://schemas.microsoft.com/2003/10/Serialization/Arrays": "ms-arrays.xsd",
}
"""Namespace → file beside this module. A file that serves several namespaces is written in the first of them."""

_WRITTEN_IN = {name: space for space, name in reversed(FILES.items())}


def standard(namespace: str) -> bytes | None:
    """The schema of a standard namespace, or None when it is not one that is kept here."""
    name = FILES.get(namespace)
    if name is None:
        return None
    content = Path(__file__).with_name(name).read_bytes()
    return content.replace(_WRITTEN_IN[name].encode(), namespace.encode())


def wins(namespace: str) -> bool:
    """Whether the schema kept here is used even where the WSDL brings its own.

    True for what a standard fixes, and for XML Schema, whose types everybody has. .NET and Axis put types of the
    service itself into their namespaces.
    """
    theirs = namespace.startswith(("http://schemas.microsoft.com/", "http://xml.apache.org/"))
    return namespace == XSD or (namespace in FILES and not theirs)
