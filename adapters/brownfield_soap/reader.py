"""A pinned WSDL → a `Model`, through zeep, without touching the network or anything outside the bundle.

zeep is imported by this module, `visitor`, `family` and `flatten` only, and this module is imported on first use.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import zeep.exceptions
import zeep.wsdl
from lxml import etree
from zeep.wsdl.bindings import Soap11Binding, Soap12Binding

from brownfield.contract import Rejected
from brownfield_soap.closure import Overrides, collect, remote
from brownfield_soap.doctor import heal
from brownfield_soap.document import refused
from brownfield_soap.family import Families
from brownfield_soap.flatten import Flattener
from brownfield_soap.link import Linked, link, narrow
from brownfield_soap.model import Fault, Model, Operation, Part
from brownfield_soap.undrawn import is_notice
from brownfield_soap.visitor import keeping

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
Loader: Any = zeep.wsdl.Document  # zeep is half typed; here it is Any
NEXT = "Correct the file, or ask the system's owner for its complete WSDL, and run the command again"


class BundleOnly:
    """Reads files inside one folder, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def read(self, location: str) -> bytes:
        """The bytes at `location`.

        Raises:
            Rejected: The location is outside the bundle, or not there.
        """
        if remote(location):
            raise Rejected(
                f"The WSDL refers to {location}, which is not in the bundle. Nothing is fetched to read one: "
                "draft it again with `brownfield new`, which vendors every import."
            )
        path = Path(location).resolve()
        if not path.is_relative_to(self._folder):
            raise Rejected(f"The WSDL refers to {location}, which is outside the folder {self._folder}.")
        try:
            return path.read_bytes()
        except OSError as error:
            reason = error.strerror or "it cannot be read"
            raise Rejected(f"The WSDL refers to {path}: {reason.lower()}. {NEXT}.") from None


class Loading(Loader):  # type: ignore[misc]  # the base is Any
    """zeep's reading of documents that were already fetched, linked and repaired: it opens nothing itself."""

    def __init__(self, linked: Linked) -> None:
        self._linked = linked
        nothing: Any = None  # what zeep takes for a transport is never asked
        super().__init__(linked.main, nothing)

    def load(self, location: Any) -> None:
        """All schemas first, so that no order and no import matters."""
        schemas = [self.types.create_new_document(one.root, one.address) for one in self._linked.schemas]
        for schema in schemas:
            schema.resolve()
        super().load(location)

    def _get_xml_document(self, location: Any, *, _initial: bool = False) -> Any:
        return self._linked.definitions[str(location)].root


def read(
    wsdl: Path,
    folder: Path,
    service: str | None = None,
    port: str | None = None,
    *,
    unrepaired: frozenset[str] = frozenset(),
    overrides: Overrides | None = None,
) -> Model:
    """The model of one SOAP port.

    Args:
        wsdl: The WSDL.
        folder: Nothing outside it is read.
        service: The service, None for the first with a SOAP port.
        port: The port, None for the first SOAP port.
        unrepaired: Names of the repairs that are not made; `Model.notes` says which were.
        overrides: Documents that are elsewhere than the WSDL says; see `closure`.

    Raises:
        Rejected: The WSDL cannot be read, or has no such port. The message names file, line and cause.
    """
    closure = collect(str(wsdl.resolve()), BundleOnly(folder).read, unrepaired=unrepaired, overrides=overrides)
    notes = list(closure.notes)
    linked = link(closure)
    try:
        notes += heal(linked, unrepaired)
        narrow(linked)
        document = _load(linked)
        made = _model(linked, notes, Flattener(Families(document.types)), *_choose(document, service, port))
        return replace(made, documents=tuple(closure.documents))
    except Rejected:
        raise
    except Exception as error:  # zeep fails with whatever its parser stumbles over
        raise _unreadable(wsdl, error) from error


def _load(linked: Linked) -> Any:
    if linked.main not in linked.definitions:
        raise refused(linked.main, "it is a schema, and no WSDL")
    with keeping(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zeep warns of a message it skips; the operation is then missing
        return Loading(linked)


def _unreadable(wsdl: Path, error: Exception) -> Rejected:
    """Says which file, which line when zeep knows it, what is wrong and what to do."""
    file = Path(str(getattr(error, "filename", None) or wsdl)).name
    line = getattr(error, "sourceline", None)
    cause = str(getattr(error, "message", None) or error).strip().splitlines()
    what = cause[0].rstrip(".") if cause else type(error).__name__
    if isinstance(error, RecursionError):
        what = "its types refer to each other without end"
    where = f"{file}, line {line}" if line else file
    return Rejected(f"The WSDL cannot be read: {where}: {what}. {NEXT}.", code="unreadable-wsdl")


def _choose(document: Any, service: str | None, port: str | None) -> tuple[str, str, str, Any]:
    """Service name, port name, address and binding of the first port that fits, SOAP 1.1 before 1.2."""
    ports = list(_soap_ports(document))
    fitting = [one for one in ports if service in (None, one[0]) and port in (None, one[1])]
    if fitting:
        return min(fitting, key=lambda one: isinstance(one[3], Soap12Binding))
    offered = ", ".join(f"{one[0]}/{one[1]}" for one in ports) or "none"
    raise Rejected(
        f"The WSDL has no SOAP port over HTTP for service {service or 'any'}, port {port or 'any'}. It has: {offered}. "
        "Set `service` and `port` of the connection to one of these.",
        code="no-port",
    )


def _soap_ports(document: Any) -> Iterator[tuple[str, str, str, Any]]:
    """Every port with a SOAP binding; a binding stands for itself where no port names one."""
    for name, service in document.services.items():
        for port_name, port in service.ports.items():
            if isinstance(port.binding, Soap11Binding | Soap12Binding):
                yield name, port_name, (port.binding_options or {}).get("address") or "", port.binding
    if not any(service.ports for service in document.services.values()):
        for binding in document.bindings.values():
            if isinstance(binding, Soap11Binding | Soap12Binding):
                name = binding.name.localname
                yield name, name, "", binding


def _model(
    linked: Linked, notes: list[str], types: Flattener, service: str, port: str, address: str, binding: Any
) -> Model:
    offered = dict(_offered(linked, binding.port_type.name.text))
    encoded = set(_encoded(linked, binding.name.text))
    operations = {
        name: _operation(operation, types, _documentation(offered[name]), encoded=name in encoded)
        for name, operation in sorted(binding.all().items())
        if not is_notice(offered[name])
    }
    return Model(service, port, address, binding.nsmap["soap-env"], operations, types.finish(), tuple(notes))


def _operation(operation: Any, types: Flattener, words: str, *, encoded: bool) -> Operation:
    return Operation(
        name=operation.name,
        action=operation.soapaction or "",
        rpc=operation.style == "rpc",
        request=_body(operation.input, types, encoded=encoded),
        reply=_body(operation.output, types, encoded=encoded),
        headers={part.name: part for part in _headers(operation.input, types)},
        faults=tuple(_faults(operation, types, encoded=encoded)),
        documentation=words,
    )


def _body(message: Any, types: Flattener, *, encoded: bool) -> Part | None:
    body = getattr(message, "body", None)
    return None if body is None or body.type is None else types.part(body, encoded=encoded)


def _headers(message: Any, types: Flattener) -> Iterator[Part]:
    header = getattr(message, "header", None)
    if header is not None:
        for _, element in header.type.elements:
            yield types.part(element)


def _faults(operation: Any, types: Flattener, *, encoded: bool) -> Iterator[Fault]:
    for name, message in sorted(operation.abstract.fault_messages.items(), key=lambda pair: str(pair[0])):
        for part_name, part in message.parts.items():
            if part.element is not None:
                yield Fault(name or part.element.name, types.part(part.element))
            elif part.type is not None:
                yield Fault(name or part_name, types.typed_part(part_name, part.type, encoded=encoded))


def _encoded(linked: Linked, binding: str) -> Iterator[str]:
    """The operations of a binding that use SOAP encoding."""
    for operation in _operations(linked, "binding", binding):
        if any(body.get("use") == "encoded" for body in operation.iter("{*}body")):
            yield str(operation.get("name"))


def _offered(linked: Linked, port_type: str) -> Iterator[tuple[str, etree._Element]]:
    """The operations of a portType as they are written; zeep does not keep them."""
    for operation in _operations(linked, "portType", port_type):
        yield str(operation.get("name")), operation


def _operations(linked: Linked, kind: str, name: str) -> Iterator[etree._Element]:
    """The operations of the portType or the binding with a name in Clark notation."""
    for definitions in linked.definitions.values():
        space = definitions.root.get("targetNamespace")
        for holder in definitions.root.iter(f"{WSDL}{kind}"):
            if name == (f"{{{space}}}{holder.get('name')}" if space else holder.get("name")):
                yield from holder.iterchildren(f"{WSDL}operation")


def _documentation(operation: etree._Element) -> str:
    found = operation.find(f"{WSDL}documentation")
    return "" if found is None else " ".join("".join(map(str, found.itertext())).split())
