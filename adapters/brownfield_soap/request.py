"""One call → the HTTP headers and the envelope to send."""

import string
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from lxml import etree

from brownfield.contract import Fields, Rejected, Unavailable
from brownfield_soap.check import Check
from brownfield_soap.encode import XSD, XSI, Encoder
from brownfield_soap.fault import SOAP_12
from brownfield_soap.model import Model, Operation, Part
from brownfield_soap.schema import input_schema
from brownfield_soap.security import block, timestamp, username_token
from brownfield_soap.settings import SoapSettings, resolved


class Requests:
    """Writes the requests of one connection. Secrets are resolved for each request and kept nowhere."""

    def __init__(self, model: Model, settings: SoapSettings, secret: Callable[[str], str]) -> None:
        self._model = model
        self._settings = settings
        self._secret = secret
        self._encoder = Encoder(model)
        self._prefixes = _prefixes(model)
        _refuse_undeclared(model, settings)

    def envelope(self, operation: Operation, fields: Fields) -> bytes:
        """The envelope of one call.

        Raises:
            Rejected: A field or a header cannot be written. Nothing was sent.
            Unavailable: A secret cannot be had. Nothing was sent.
        """
        space = f"{{{self._model.envelope}}}"
        root: etree._Element = etree.Element(f"{space}Envelope", nsmap=self._prefixes)
        header = etree.SubElement(root, f"{space}Header")
        self._headers(operation, header)
        self._security(header)
        if len(header) == 0:
            root.remove(header)
        body = etree.SubElement(root, f"{space}Body")
        if operation.request is not None:
            self._encoder.part(operation.request, fields, body)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def http_headers(self, operation: Operation) -> Mapping[str, str]:
        """The HTTP headers of one call: SOAP 1.1 and 1.2 carry the action in different places."""
        action = quote(operation.action, safe=string.punctuation)
        if self._model.envelope == SOAP_12:
            with_action = f'; action="{action}"' if action else ""
            return {"Content-Type": f"application/soap+xml; charset=utf-8{with_action}"}
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}

    def _headers(self, operation: Operation, header: etree._Element) -> None:
        for name, values in self._settings.headers.items():
            part = operation.headers.get(name)
            if part is not None:
                self._header(part, resolved(values, self._secret), header)

    def _header(self, part: Part, values: dict[str, Any], header: etree._Element) -> None:
        fault = Check(input_schema(self._model, part)).fault(values)
        if fault is not None:
            raise Rejected(f"The header {part.name} does not fit the WSDL: {fault}.", code="invalid-header")
        self._encoder.part(part, values, header)

    def _security(self, header: etree._Element) -> None:
        settings = self._settings
        if settings.security == "none" and not settings.timestamp:
            return
        security = block(header)
        if settings.timestamp:
            timestamp(security, settings.timestamp)
        if settings.security != "none":
            if not settings.user:
                raise Unavailable("The connection has `security` but no `user`. Set `user` in the manifest.")
            digest = settings.security == "username-token-digest"
            username_token(security, settings.user, self._secret("password"), digest=digest)


def _prefixes(model: Model) -> dict[str, str]:
    """Prefixes for the envelope, and for the namespaces that a SOAP-encoded array has to name in a value."""
    spaces = {etree.QName(record.array_type).namespace for record in model.records.values() if record.array_type}
    named = {
        f"a{number}": space for number, space in enumerate(sorted(str(one) for one in spaces if one and one != XSD))
    }
    return {"soap": model.envelope, "xsi": XSI, "xsd": XSD, **named}


def _refuse_undeclared(model: Model, settings: SoapSettings) -> None:
    declared = {name for operation in model.operations.values() for name in operation.headers}
    for name in settings.headers:
        if name not in declared:
            offered = ", ".join(sorted(declared)) or "none"
            raise Rejected(f"The WSDL declares no SOAP header {name}. It declares: {offered}.", code="invalid-header")
