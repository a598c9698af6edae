"""Standard schemas that a WSDL may import, kept here so that reading one needs no network."""

from pathlib import Path

SOAP_ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"
SOAP_ENCODING_12 = "http://www.w3.org/2003/05/soap-encoding"

FILES = {
    "http://www.w3.org/XML/1998/namespace": "xml.xsd",
    "http://ws-i.org/profiles/basic/1.1/xsd": "swaref.xsd",
    SOAP_ENCODING: "soap-encoding.xsd",
    SOAP_ENCODING_12: "soap-encoding.xsd",
}
"""Namespace → file beside this module. The namespace is also the address under which the reader asks for it."""


def standard(namespace: str) -> bytes | None:
    """The schema of a standard namespace, or None when it is not one that is kept here."""
    name = FILES.get(namespace)
    if name is None:
        return None
    content = Path(__file__).with_name(name).read_bytes()
    return content.replace(SOAP_ENCODING.encode(), namespace.encode()) if name == "soap-encoding.xsd" else content
