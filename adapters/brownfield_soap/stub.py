"""The far side of the wire: a WSGI application that reads requests as the WSDL says, and writes what `invoke` answers.

It is `connection` backwards: request → operation and fields → `invoke` → reply or fault. Replies and faults are what
our own decoder reads back as the same. Headers are neither asked for nor looked at: a stub lets everybody in.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from lxml import etree

from brownfield.contract import Drifted, Failure, Fields, Opening, Rejected, Reply, Unavailable, Uncertain
from brownfield.contract.stub import Sample
from brownfield_soap.answer import detail
from brownfield_soap.attachment import binaries, included, refilled
from brownfield_soap.check import Check
from brownfield_soap.codec import Codec
from brownfield_soap.encode import XSD, XSI, Encoder
from brownfield_soap.fault import SOAP_12, said
from brownfield_soap.kept import Origin, model
from brownfield_soap.model import Model, Operation, Part
from brownfield_soap.multipart import Package, unpacked
from brownfield_soap.multiref import resolve
from brownfield_soap.sample import samples as samples_of
from brownfield_soap.sample import whole, wrapped
from brownfield_soap.schema import input_schema
from brownfield_soap.settings import SoapSettings

MOST_BYTES = 16 * 1024 * 1024
"""The longest request that is read."""
STATUSES = {Unavailable: "429 Too Many Requests", Uncertain: "503 Service Unavailable"}
"""How a failure is said that is no fault: what `fault` reads back as the same."""
ACTION = re.compile(r'action="?([^";]*)')

Answered = tuple[str, bytes]
"""An HTTP status and a body."""


def samples(opening: Opening[SoapSettings]) -> Iterable[Sample]:
    """A sample of every operation of the pinned WSDL."""
    return samples_of(_model(opening))


def application(opening: Opening[SoapSettings], invoke: Callable[[str, Fields], Reply]) -> WSGIApplication:
    """A WSGI application that speaks the WSDL's protocol and asks `invoke` for each answer."""
    return _Door(_model(opening), invoke)


def _model(opening: Opening[SoapSettings]) -> Model:
    return model(Origin.of(opening.settings, opening.folder), opening.derived)


class _Door:
    """Answers requests of one model. Holds no state between them but what it has compiled."""

    def __init__(self, model: Model, invoke: Callable[[str, Fields], Reply]) -> None:
        self._model = model
        self._invoke = invoke
        self._codec = Codec(model)
        self._encoder = Encoder(model)
        self._checks: dict[str, Check] = {}
        self._prefixes = {"soap": model.envelope, "xsi": XSI, "xsd": XSD}
        self._space = f"{{{model.envelope}}}"
        self._type = "application/soap+xml" if model.envelope == SOAP_12 else "text/xml"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request of WSGI (PEP 3333)."""
        status, content = self._answer(environ)
        kind = f"{self._type}; charset=utf-8"
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, environ: WSGIEnvironment) -> Answered:
        operation = None
        try:
            body, package = self._body(environ)
            operation = self._operation(body, _action(environ))
            reply = self._invoke(operation.name, self._fields(operation, body, package))
            return self._said(operation, whole_reply(reply))
        except (Unavailable, Uncertain) as failure:
            return STATUSES[type(failure)], b""
        except Failure as failure:
            return self._fault(operation, failure)

    def _body(self, environ: WSGIEnvironment) -> tuple[etree._Element, Package | None]:
        """The Body of a request, and what came with it."""
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > MOST_BYTES:
            raise Rejected(f"The request does not say its length, or has more than {MOST_BYTES} bytes.", code="Client")
        content, kind = environ["wsgi.input"].read(int(length)), environ.get("CONTENT_TYPE", "")
        package = unpacked(kind, content) if kind.lower().startswith("multipart/") else None
        root = _parsed(content if package is None else bytes(package.root.content))
        if root is not None and package is not None:
            included(root, package, MOST_BYTES)
        body: etree._Element | None = None if root is None else root.find(f"{self._space}Body")
        if body is None:
            raise Rejected(f"The request is no SOAP envelope of {self._model.envelope}.", code="Client")
        return body, package

    def _operation(self, body: etree._Element, action: str) -> Operation:
        """The operation that a request is for: by its root, and by its action where several have that root."""
        root = next((str(child.tag) for child in body.iterchildren("*")), "")
        rooted = [one for one in self._model.operations.values() if _root(one.request, body) in (root, None)]
        acting = [one for one in rooted if one.action == action]
        exact = [one for one in acting or rooted if _root(one.request, body) == root]
        found = next(iter(exact or acting or rooted), None)
        if found is None:
            raise Rejected("The WSDL has no operation for this request.", code="Client")
        return found

    def _fields(self, operation: Operation, body: etree._Element, package: Package | None) -> Fields:
        """The fields of a request.

        Raises:
            Rejected: They are outside the contract; the message says where.
        """
        if operation.request is None:
            return {}
        if operation.rpc:
            resolve(body)
        root = body if operation.request.tag == body.tag else next(body.iterchildren("*"))
        try:
            if package is not None:
                refilled(binaries(self._model, operation.request.type, root), package, MOST_BYTES)
            fields = self._read(operation.request, root, operation.name)
        except Drifted as error:
            raise Rejected(error.message.replace("The reply", "The request"), code="Client") from None
        fault = self._check(operation).fault(fields)
        if fault is not None:
            raise Rejected(f"The request is outside the contract: {fault}.", code="Client")
        return fields

    def _check(self, operation: Operation) -> Check:
        """The schema of an operation's fields, compiled when it is first called."""
        if operation.name not in self._checks:
            self._checks[operation.name] = Check(input_schema(self._model, operation.request))
        return self._checks[operation.name]

    def _read(self, part: Part, element: etree._Element, name: str) -> dict[str, Any]:
        found = self._codec.answer(detail(self._model, part), element, name)
        return whole(self._model, found, part.type)

    def _said(self, operation: Operation, fields: Fields) -> Answered:
        if operation.reply is None:
            return "202 Accepted", b""
        root, body = self._envelope()
        try:
            self._encoder.part(operation.reply, wrapped(self._model, operation.reply, fields), body)
        except (Rejected, AttributeError, TypeError, KeyError) as error:
            words = error.message if isinstance(error, Rejected) else "it is no such object"
            raise Rejected(f"The stub's answer does not fit the WSDL: {words}", code="Stub") from None
        return "200 OK", _bytes(root)

    def _fault(self, operation: Operation | None, failure: Failure) -> Answered:
        root, body = self._envelope()
        fault = etree.SubElement(body, f"{self._space}Fault")
        holder = self._fault_12(fault, failure) if self._model.envelope == SOAP_12 else _fault_11(fault, failure)
        if operation is not None and failure.detail:
            self._detail(operation, failure, fault, holder)
        return "500 Internal Server Error", _bytes(root)

    def _fault_12(self, fault: etree._Element, failure: Failure) -> str:
        within = etree.SubElement(fault, f"{self._space}Code")
        etree.SubElement(within, f"{self._space}Value").text = "soap:Sender"
        for code in failure.code.split("/") if failure.code else ():
            within = etree.SubElement(within, f"{self._space}Subcode")
            etree.SubElement(within, f"{self._space}Value").text = code
        reason = etree.SubElement(fault, f"{self._space}Reason")
        words = etree.SubElement(reason, f"{self._space}Text")
        words.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
        words.text = failure.message
        return f"{self._space}Detail"

    def _detail(self, operation: Operation, failure: Failure, fault: etree._Element, tag: str) -> None:
        """The detail in the first declared form that is read back as the same; none where there is no such form."""
        for declared in operation.faults:
            holder = etree.SubElement(fault, tag)
            try:
                self._encoder.part(declared.part, whole(self._model, failure.detail, declared.part.type), holder)
                if said(self._codec, operation, fault).detail == failure.detail:
                    return
            except (Rejected, AttributeError, TypeError, KeyError):
                pass
            fault.remove(holder)

    def _envelope(self) -> tuple[etree._Element, etree._Element]:
        root: etree._Element = etree.Element(f"{self._space}Envelope", nsmap=self._prefixes)
        return root, etree.SubElement(root, f"{self._space}Body")


def whole_reply(reply: Reply) -> Fields:
    """A reply's fields with its rows among them."""
    return reply.fields if reply.rows is None else {**reply.fields, "items": list(reply.rows)}


def _parsed(content: bytes) -> etree._Element | None:
    """The root of a request, None when it is no XML. No DTD is read, no entity resolved."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        found: etree._Element = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return found


def _fault_11(fault: etree._Element, failure: Failure) -> str:
    etree.SubElement(fault, "faultcode").text = failure.code
    etree.SubElement(fault, "faultstring").text = failure.message
    return "detail"


def _root(part: Part | None, body: etree._Element) -> str | None:
    """The root that a request has; None where its members stand in the Body itself."""
    return "" if part is None else None if part.tag == body.tag else part.tag


def _action(environ: WSGIEnvironment) -> str:
    """The action, where SOAP 1.1 and where 1.2 says it."""
    told = environ.get("HTTP_SOAPACTION")
    found = ACTION.search(environ.get("CONTENT_TYPE", "")) if told is None else None
    return str(told).strip('" ') if told is not None else found[1] if found else ""


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
