"""One call → the message to send. What is the same for each call is made once."""

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from lxml import etree

from brownfield.contract import Fields, Rejected
from brownfield_soap.addressing import VERSIONS, action, address
from brownfield_soap.attachment import binaries, may_hold_binaries, optimised, packed, referred
from brownfield_soap.check import Check
from brownfield_soap.encode import XSD, XSI, Encoder
from brownfield_soap.fault import SOAP_12
from brownfield_soap.model import Model, Operation, Part, Scalar
from brownfield_soap.schema import input_schema
from brownfield_soap.seal import Seal
from brownfield_soap.settings import SoapSettings, resolved


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent for one call.

    Attributes:
        headers: HTTP headers; SOAP 1.1 and 1.2 carry the action in different places.
        content: The body.
        id: What the reply has to relate to; empty without WS-Addressing.
    """

    headers: Mapping[str, str]
    content: bytes
    id: str = ""


@dataclass(frozen=True, slots=True)
class _Header:
    """A SOAP header that the settings give: its part, its values with names in place of secrets, what holds both."""

    part: Part
    values: dict[str, Any]
    check: Check


class Request:
    """Writes the requests of one operation. Secrets are resolved for each and kept nowhere."""

    def __init__(self, model: Model, operation: Operation, settings: SoapSettings, seal: Seal) -> None:
        _refuse_undeclared(model, settings)
        self._http_headers = _http_headers(model, operation)
        self._version = VERSIONS.get(settings.addressing)
        self._action = action(operation) if self._version else ""
        self._model = model
        self._part = operation.request
        self._has_binaries = self._part is not None and may_hold_binaries(model, self._part.type)
        self._settings = settings
        self._seal = seal
        self._encoder = Encoder(model)
        self._space = f"{{{model.envelope}}}"
        self._prefixes = _prefixes(model, operation)
        self._headers = [
            _Header(operation.headers[name], values, Check(input_schema(model, operation.headers[name])))
            for name, values in settings.headers.items()
            if name in operation.headers
        ]

    def message(self, fields: Fields, endpoint: str) -> Message:
        """The message of one call.

        Raises:
            Rejected: A field or a header cannot be written. Nothing was sent.
            Unavailable: A secret cannot be had. Nothing was sent.
        """
        root: etree._Element = etree.Element(f"{self._space}Envelope", nsmap=self._prefixes)
        header = etree.SubElement(root, f"{self._space}Header")
        id_ = address(header, self._version, self._action, endpoint) if self._version else ""
        for given in self._headers:
            self._header(given, header)
        body = etree.SubElement(root, f"{self._space}Body")
        if self._part is not None:
            self._encoder.part(self._part, fields, body)
        parts = referred(self._binaries(body))
        if parts and self._seal.closes:
            raise Rejected(UNSEALED, code="unsealed-attachment")
        issued = self._seal.close(header, body)
        if len(header) == 0:
            root.remove(header)
        parts += optimised(self._binaries(body), self._settings.mtom_from) if self._settings.mtom else []
        content = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
        content = issued.into(content) if issued else content
        if not parts and not self._settings.mtom:
            return Message(self._http_headers, content, id_)
        return Message(*packed(self._http_headers, content, parts, mtom=self._settings.mtom), id_)

    def _binaries(self, body: etree._Element) -> Iterator[tuple[etree._Element, Scalar]]:
        """The binaries in a Body, when its message has any."""
        if self._part is None or not self._has_binaries:
            return iter(())
        return binaries(self._model, self._part.type, body if self._part.tag == body.tag else body[0])

    def _header(self, given: _Header, header: etree._Element) -> None:
        values = resolved(given.values, self._seal.secret)
        fault = given.check.fault(values)
        if fault is not None:
            raise Rejected(f"The header {given.part.name} does not fit the WSDL: {fault}.", code="invalid-header")
        self._encoder.part(given.part, values, header)


UNSEALED = "A swaRef goes beside the envelope, and would be neither signed nor encrypted. Nothing was sent."


def _http_headers(model: Model, operation: Operation) -> Mapping[str, str]:
    action = quote(operation.action, safe=string.punctuation)
    if model.envelope == SOAP_12:
        with_action = f'; action="{action}"' if action else ""
        return {"Content-Type": f"application/soap+xml; charset=utf-8{with_action}"}
    return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}


def _prefixes(model: Model, operation: Operation) -> dict[str, str]:
    """Prefixes for the envelope, and for the namespaces that a SOAP-encoded array has to name in a value."""
    usual = {"soap": model.envelope, "xsi": XSI, "xsd": XSD}
    if operation.request is None or not operation.request.encoded:
        return usual
    spaces = {etree.QName(record.array_type).namespace for record in model.records.values() if record.array_type}
    named = {
        f"a{number}": space for number, space in enumerate(sorted(str(one) for one in spaces if one and one != XSD))
    }
    return usual | named


def _refuse_undeclared(model: Model, settings: SoapSettings) -> None:
    for name in settings.headers:
        if not any(name in operation.headers for operation in model.operations.values()):
            declared = {known for operation in model.operations.values() for known in operation.headers}
            offered = ", ".join(sorted(declared)) or "none"
            raise Rejected(f"The WSDL declares no SOAP header {name}. It declares: {offered}.", code="invalid-header")
