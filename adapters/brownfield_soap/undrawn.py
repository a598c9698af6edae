"""What of a WSDL a draft leaves out, so that it does not go unseen."""

from collections import Counter
from collections.abc import Iterable, Iterator

from lxml import etree

from brownfield_soap.document import WSDL
from brownfield_soap.model import Model
from brownfield_soap.reference import SOAPS


def undrawn(model: Model, roots: Iterable[etree._Element]) -> Iterator[str]:
    """A sentence for each port with other calls, and for each operation that a client cannot make, or not wholly."""
    definitions = [root for root in roots if root.tag == f"{{{WSDL}}}definitions"]
    yield from _ports(model, definitions)
    for port_type in (one for root in definitions for one in root.iter(f"{{{WSDL}}}portType")):
        operations = list(port_type.iterchildren(f"{{{WSDL}}}operation"))
        for name, times in Counter(str(one.get("name")) for one in operations).items():
            if times > 1:
                yield (f"The operation {name} is there {times} times, with other messages: only the last is drawn. "
                       "Ask the system's owner for names that differ.")  # fmt: skip
        for one in filter(is_notice, operations):
            yield (f"The operation {one.get('name')} is a message that the system sends, not one that it takes: "
                   "it is not drawn.")  # fmt: skip


def is_notice(operation: etree._Element) -> bool:
    """Whether an operation of a portType begins with the system: its output stands first (WSDL 1.1, 2.4.3, 2.4.4)."""
    ways = list(operation.iterchildren(f"{{{WSDL}}}input", f"{{{WSDL}}}output"))
    return bool(ways) and ways[0].tag == f"{{{WSDL}}}output"


def _ports(model: Model, definitions: list[etree._Element]) -> Iterator[str]:
    """The ports of another portType than the chosen one's."""
    kinds = {
        str(binding.get("name")): str(binding.get("type")).rpartition(":")[2]
        for root in definitions
        for binding in root.iter(f"{{{WSDL}}}binding")
        if any(binding.find(f"{{{space}}}binding") is not None for space in SOAPS)
    }
    ports = {
        (str(service.get("name")), str(port.get("name"))): kinds.get(str(port.get("binding")).rpartition(":")[2])
        for root in definitions
        for service in root.iter(f"{{{WSDL}}}service")
        for port in service.iter(f"{{{WSDL}}}port")
    }
    told = {ports.get((model.service, model.port)), None}
    for (service, port), kind in ports.items():
        if kind not in told:
            told.add(kind)
            yield (f"The port {port} has other calls, which are not drawn: give it a connection of its own, "
                   f'with service = "{service}" and port = "{port}".')  # fmt: skip
