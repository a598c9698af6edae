"""The bytes of a reply → the element that holds the answer, or the failure that the reply means."""

from typing import Any

from lxml import etree

from brownfield.contract import Drifted
from brownfield_soap.decode import Decoder
from brownfield_soap.fault import SOAP_12, rejected, without_fault
from brownfield_soap.model import Model, Operation
from brownfield_soap.transport import HttpReply

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"


def parse(content: bytes) -> etree._Element | None:
    """The root of a reply, None when it is not well-formed XML.

    The parser reads no DTD, resolves no entity, reaches no network and keeps libxml2's limits on depth and size.

    Raises:
        Drifted: The reply carries a DOCTYPE, which no SOAP message may.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    info: Any = etree.ElementTree(root).docinfo
    if info.doctype:
        raise Drifted("The reply carries a DOCTYPE, which a SOAP message may not. It was not read.")
    return root


def answer_element(model: Model, decoder: Decoder, operation: Operation, reply: HttpReply) -> etree._Element | None:
    """The element that holds the answer; None when the operation answers with nothing.

    Raises:
        Rejected: The system said no.
        Unavailable: The server did not begin.
        Uncertain: A gateway gave up.
        Drifted: The reply cannot be understood.
    """
    root = parse(reply.body) if reply.body else None
    body = None if root is None else _body(root)
    fault = None if body is None else _fault(body)
    if fault is not None:
        raise rejected(decoder, operation, fault)
    failure = without_fault(reply.status)
    if failure is not None:
        raise failure
    if reply.status in (200, 202, 204) and operation.reply is None:
        return None
    if body is None or reply.status >= 300:
        raise Drifted(_not_understood(reply))
    return _root(model, operation, body)


def _body(root: etree._Element) -> etree._Element | None:
    """The Body of a SOAP envelope of either version."""
    for space in (SOAP_11, SOAP_12):
        if root.tag == f"{{{space}}}Envelope":
            return root.find(f"{{{space}}}Body")
    return None


def _fault(body: etree._Element) -> etree._Element | None:
    space = etree.QName(body).namespace
    return body.find(f"{{{space}}}Fault")


def _root(model: Model, operation: Operation, body: etree._Element) -> etree._Element:
    """The one element in the Body, when it is the one that the contract names."""
    if etree.QName(body).namespace != model.envelope:
        raise Drifted("The reply is outside the contract: it is in another version of SOAP.")
    if operation.reply is not None and operation.reply.tag == body.tag:
        return body
    children = list(body.iterchildren("*"))
    if len(children) != 1:
        what = "is empty" if not children else f"holds {len(children)} elements; multi-references are not read yet"
        raise Drifted(f"The reply is outside the contract: its Body {what}.")
    if operation.reply is not None and not operation.rpc and children[0].tag != operation.reply.tag:
        raise Drifted(f"The reply is outside the contract: its root is not {operation.reply.name}.")
    return children[0]


def _not_understood(reply: HttpReply) -> str:
    """Names what came instead of an envelope, from the status and the media type alone."""
    if not reply.body:
        what = "is empty"
    elif reply.media_type.startswith("multipart/"):
        what = "has attachments (MTOM), which are not read yet"
    else:
        what = f"is no SOAP envelope (it says it is {reply.media_type or 'nothing'})"
    return f"The reply cannot be understood: HTTP {reply.status}, and the body {what}."
