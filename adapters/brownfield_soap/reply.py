"""The bytes of a reply as they come → the element that holds the answer, or the failure that the reply means."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from brownfield.contract import Drifted, Uncertain
from brownfield_soap.attachment import included
from brownfield_soap.decode import Decoder
from brownfield_soap.fault import SOAP_12, said, without_fault
from brownfield_soap.model import ANY_TAG, Model, Operation, Part
from brownfield_soap.multipart import Package, unpacked
from brownfield_soap.multiref import is_referred, resolve
from brownfield_soap.transport import Exchange
from brownfield_soap.tree import Tree, options

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply whose body has been parsed.

    Attributes:
        status: The HTTP status.
        media_type: The media type without parameters, in lower case.
        root: The root of the body, None when it is no XML.
        empty: Whether there was no body.
        package: What came with the root, when it has attachments.
    """

    status: int
    media_type: str
    root: etree._Element | None
    empty: bool
    package: Package | None = None


def parsed(exchange: Exchange, max_bytes: int) -> Parsed:
    """A whole reply, its body parsed while it comes. Of one with attachments the root is.

    Raises:
        Uncertain: The connection was lost.
        Drifted: The reply is larger than allowed, or carries what no reply may.
    """
    if not exchange.media_type.startswith("multipart/"):
        root, empty = _tree(exchange.chunks(), max_bytes)
        return Parsed(exchange.status, exchange.media_type, root, empty)
    package = unpacked(exchange.headers["content-type"], _held(exchange.chunks(), max_bytes // 2))
    root, empty = _tree([bytes(package.root.content)], max_bytes)
    if root is not None:
        included(root, package, max_bytes // 2)
    return Parsed(exchange.status, exchange.media_type, root, empty, package)


def _tree(chunks: Iterable[bytes], max_bytes: int) -> tuple[etree._Element | None, bool]:
    """The root, None when it is no XML, and whether there was nothing at all."""
    tree = Tree(etree.XMLParser(**options()), max_bytes)
    try:
        for chunk in chunks:
            tree.feed(chunk)
        return (None if tree.empty else tree.root()), tree.empty
    except etree.XMLSyntaxError:
        return None, False


def _held(chunks: Iterable[bytes], max_bytes: int) -> bytearray:
    """A reply with attachments is held whole before it is read, so it may have half of what another may."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > max_bytes:
            raise Drifted(f"The reply has attachments and more than {max_bytes} bytes, half of what `max_bytes` says.")
    return body


def answer_element(model: Model, decoder: Decoder, operation: Operation, reply: Parsed) -> etree._Element | None:
    """The element that holds the answer; None when the operation answers with nothing.

    Raises:
        Rejected: The system said no.
        Unavailable: The server did not begin.
        Uncertain: A gateway gave up, or something broke in the system.
        Drifted: The reply cannot be understood.
    """
    body = None if reply.root is None else _body(reply.root)
    fault = None if body is None else _fault(body)
    if body is not None and fault is not None:
        with contextlib.suppress(Drifted):  # a fault that refers to nothing is still a fault
            resolve(body)
        raise said(decoder, operation, fault)
    failure = without_fault(reply.status)
    if failure is not None:
        raise failure
    if reply.status in (200, 202, 204) and operation.reply is None:
        return None
    if reply.status == 202 and reply.empty:
        raise Uncertain("The system took the call (HTTP 202) and does not say what became of it.")
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
    if operation.rpc:
        resolve(body)
    children = [child for child in body.iterchildren("*") if not (operation.rpc and is_referred(child))]
    if len(children) != 1:
        what = f"holds {len(children)} elements" if children else "is empty"
        raise Drifted(f"The reply is outside the contract: its Body {what}.")
    if operation.reply is not None and not operation.rpc and children[0].tag != operation.reply.tag:
        raise Drifted(f"The reply is outside the contract: its root is not {operation.reply.name}.")
    if operation.rpc and operation.reply is not None:
        _place_only_part(model, operation.reply, children[0])
    return children[0]


def _place_only_part(model: Model, reply: Part, root: etree._Element) -> None:
    """The only part of a reply is the contract's only part, whatever its name: old servers say `return` or `result`."""
    fields = model.records[reply.type].fields if isinstance(reply.type, str) else ()
    if len(fields) == len(root) == 1 and fields[0].place == "element" and fields[0].tag != ANY_TAG:
        root[0].tag = fields[0].tag


def _not_understood(reply: Parsed) -> str:
    """Names what came instead of an envelope, from the status and the media type alone."""
    if reply.empty:
        what = "is empty"
    elif reply.package is not None:
        what = "has attachments and begins with none that is a SOAP envelope"
    else:
        what = f"is no SOAP envelope (it says it is {reply.media_type or 'nothing'})"
    return f"The reply cannot be understood: HTTP {reply.status}, and the body {what}."
