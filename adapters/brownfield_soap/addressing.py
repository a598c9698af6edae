"""WS-Addressing: what a request says about itself, and that a reply is the answer to it and to no other.

The reply comes on the same HTTP exchange, so `ReplyTo` is anonymous (Web Services Addressing 1.0, SOAP Binding, 5.1).
"""

import uuid
from dataclasses import dataclass

from lxml import etree

from brownfield.contract import Drifted, Rejected
from brownfield_soap.model import Operation


@dataclass(frozen=True, slots=True)
class Version:
    """One edition of the standard: its namespace, and the address that means “on this exchange”."""

    space: str
    anonymous: str


VERSIONS = {
    "2005-08": Version("http://www.w3.org/2005/08/addressing", "http://www.w3.org/2005/08/addressing/anonymous"),
    "2004-08": Version(
        "http://schemas.xmlsoap.org/ws/2004/08/addressing",
        "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous",
    ),
}


def action(operation: Operation) -> str:
    """The action of an operation.

    Raises:
        Rejected: The WSDL names none.
    """
    if not operation.action:
        raise Rejected(
            f"WS-Addressing needs an action, and the WSDL names none for {operation.name}.", code="no-action"
        )
    return operation.action


def address(header: etree._Element, version: Version, action: str, to: str) -> str:
    """Adds the headers of a request to a SOAP header and returns its new id."""
    wsa = f"{{{version.space}}}"
    message = f"urn:uuid:{uuid.uuid4()}"
    for name, text in (("Action", action), ("MessageID", message), ("To", to)):
        etree.SubElement(header, f"{wsa}{name}", nsmap={"wsa": version.space}).text = text
    reply_to = etree.SubElement(header, f"{wsa}ReplyTo", nsmap={"wsa": version.space})
    etree.SubElement(reply_to, f"{wsa}Address").text = version.anonymous
    return message


def hold_to(envelope: etree._Element, message: str) -> None:
    """Returns when a reply relates to the request with this id, or says nothing: then the exchange relates them.

    Raises:
        Drifted: It relates to another request.
    """
    for version in VERSIONS.values():
        for relates in envelope.iterfind(f"{{*}}Header/{{{version.space}}}RelatesTo"):
            is_reply = relates.get("RelationshipType", "reply").rpartition("/")[2].rpartition(":")[2].lower() == "reply"
            if is_reply and (relates.text or "").strip() != message:
                raise Drifted("The reply answers another request: its RelatesTo is not the id of this one.")
