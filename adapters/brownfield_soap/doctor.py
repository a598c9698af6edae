"""Repairs of what real WSDLs get wrong, one small function each, in one table. Each says in a sentence what it did.

A repair is made only where the author's meaning can be told, or where the broken part can be left out without changing
the rest. `repair = false` in a connection's settings turns all of them off, `unrepaired` single ones by the name that
each sentence ends with; then zeep says what is wrong.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from lxml import etree

from brownfield_soap.closure import REFERENCES
from brownfield_soap.dangling import dangling_names
from brownfield_soap.document import REPAIRS as ON_READING
from brownfield_soap.document import WSDL, XSD, Document, remove
from brownfield_soap.link import Linked
from brownfield_soap.reference import SOAPS, defined, local, references, space

WORDS = frozenset(
    """
    all annotation any anyAttribute appinfo attribute attributeGroup choice complexContent complexType documentation
    element enumeration extension field fractionDigits group import include key keyref length list maxExclusive
    maxInclusive maxLength minExclusive minInclusive minLength notation override pattern redefine restriction schema
    selector sequence simpleContent simpleType totalDigits union unique whiteSpace
    """.split()  # noqa: SIM905  # a list of words reads better as words
)
"""The elements of XML Schema 1.0."""

NO_NAME = re.compile(r"[^\w.-]")
"""What a name may not hold. A digit in front is left as it is: it is the far side's to say."""
MIME = "http://schemas.xmlsoap.org/wsdl/mime/"
KNOWN = {f"{{{XSD}}}{word.lower()}": f"{{{XSD}}}{word}" for word in WORDS}


class Repair(Protocol):
    """One repair, a function."""

    __name__: str

    def __call__(self, linked: Linked, /) -> None:
        """Makes the repair, in place."""


def heal(linked: Linked, unrepaired: frozenset[str] = frozenset()) -> list[str]:
    """Repairs what can be repaired, in place, but for the repairs that are named.

    Returns:
        What was repaired here, one sentence each; what was set right on reading is told by the closure.
    """
    documents = _distinct(linked.documents)
    for document in documents:
        document.notes.clear()
    for repair in REPAIRS:
        if name(repair) not in unrepaired:
            told = [len(document.notes) for document in documents]
            repair(linked)
            for document, before in zip(documents, told, strict=True):
                document.notes[before:] = [f"{note} [{name(repair)}]" for note in document.notes[before:]]
    return [note for document in documents for note in document.notes]


def name(repair: Repair) -> str:
    """What a repair is called in settings and messages."""
    return repair.__name__.replace("_", "-")


def _elements(linked: Linked, *tags: str) -> Iterator[tuple[Document, etree._Element]]:
    for document in linked.documents:
        for node in list(document.root.iter(*tags)):
            yield document, node


def target_namespace(linked: Linked) -> None:
    """Definitions without a targetNamespace are in the one that their prefix `tns` names."""
    for document in linked.definitions.values():
        own = document.root.nsmap.get("tns")
        if not document.root.get("targetNamespace") and own:
            document.root.set("targetNamespace", own)
            document.note(document.root, f"the targetNamespace is missing; it was taken to be {own}, which `tns` names")


def foreign_elements(linked: Linked) -> None:
    """In a schema every element is one of XML Schema: a misspelt one is meant, any other is left out."""
    for document in linked.schemas:
        for node in _strangers(document.root):
            name = etree.QName(node)
            meant = KNOWN.get(f"{{{XSD}}}{name.localname.lower()}")
            if meant and meant not in REFERENCES and name.namespace in (None, WSDL, XSD):
                document.note(node, f"`{name.localname}` was read as the `{local(meant)}` of XML Schema")
                node.tag = meant
            else:
                document.note(node, f"`{name.localname}` is no element of XML Schema and was left out")
                remove(node)


def _strangers(root: etree._Element) -> Iterator[etree._Element]:
    """Elements that XML Schema does not know, outside annotations."""
    waiting = [root]
    while waiting:
        for node in list(waiting.pop().iterchildren("{*}*")):
            known = etree.QName(node).namespace == XSD and etree.QName(node).localname in WORDS
            if not known:
                yield node
            if node.tag != f"{{{XSD}}}annotation" and node.getparent() is not None:
                waiting.append(node)


def nested_all(linked: Linked) -> None:
    """`all` within another compositor, which XML Schema forbids, is a sequence whose order nobody may rely on."""
    inside = {f"{{{XSD}}}{word}" for word in ("sequence", "choice", "all")}
    for document, node in _elements(linked, f"{{{XSD}}}all"):
        parent = node.getparent()
        if parent is not None and parent.tag in inside:
            node.tag = f"{{{XSD}}}sequence"
            document.note(node, "`all` may not stand within another compositor; it was read as a sequence")


def several_compositors(linked: Linked) -> None:
    """A complex type has one compositor; several were meant to follow each other."""
    words = {f"{{{XSD}}}{word}" for word in ("sequence", "choice", "all", "group")}
    for document, node in _elements(
        linked, *(f"{{{XSD}}}{word}" for word in ("complexType", "extension", "restriction"))
    ):
        found = [child for child in node if child.tag in words]
        if len(found) > 1:
            document.note(found[1], "a type may hold one compositor only; several were read as following each other")
            whole = node.makeelement(f"{{{XSD}}}sequence")
            found[0].addprevious(whole)
            whole.extend(found)


def nameless(linked: Linked) -> None:
    """An element or attribute with an empty name cannot be sent and is left out."""
    for document, node in _elements(linked, f"{{{XSD}}}element", f"{{{XSD}}}attribute"):
        if node.get("name") == "":
            document.note(node, f"the {etree.QName(node).localname} has an empty name and was left out")
            remove(node)


def empty_namespace(linked: Linked) -> None:
    """An empty namespace of a SOAP body says nothing; zeep stumbles over it."""
    for _, node in _elements(linked, *(f"{{{soap}}}body" for soap in SOAPS)):
        if node.get("namespace") == "":
            del node.attrib["namespace"]


def missing_message(linked: Linked) -> None:
    """An input, output or fault that names no message has the message that its own name says, or is left out."""
    messages = {
        name for document in linked.definitions.values() for kind, name in defined(document) if kind == "message"
    }
    for document, node in _elements(linked, *(f"{{{WSDL}}}{way}" for way in ("input", "output", "fault"))):
        operation = node.getparent()
        holder = operation.getparent() if operation is not None else None
        if holder is None or holder.tag != f"{{{WSDL}}}portType" or node.get("message"):
            continue
        own = f"{{{document.root.get('targetNamespace')}}}{node.get('name')}"
        prefix = next((key for key, value in node.nsmap.items() if key and value == space(own)), None)
        if own in messages and prefix:
            node.set("message", f"{prefix}:{node.get('name')}")
            document.note(
                node, f"the {etree.QName(node).localname} names no message; the message of its own name was taken"
            )
        else:
            document.note(node, f"the {etree.QName(node).localname} of an operation names no message and was left out")
            remove(node)


def message_names(linked: Linked) -> None:
    """A name that only the WSDL itself uses is made one: Axis names a message after a nested class, `Bank$Error`."""
    inner = frozenset({"message", "portType", "binding"})
    for document in linked.definitions.values():
        for node in document.root.iterchildren(*(f"{{{WSDL}}}{kind}" for kind in inner)):
            given = str(node.get("name"))
            if NO_NAME.search(given):
                node.set("name", NO_NAME.sub("_", given))
                document.note(node, f"`{given}` is no XML name; it was read as {node.get('name')}")
        for reference in list(references(document)):
            prefix, colon, written = reference.text.rpartition(":")
            if reference.kind in inner and NO_NAME.search(written):
                reference.node.set(reference.attribute, f"{prefix}{colon}{NO_NAME.sub('_', written)}")


def header_use(linked: Linked) -> None:
    """A SOAP header says how it is written; one that says nothing is literal, one that names no message is left out."""
    for document, node in _elements(linked, *(f"{{{soap}}}header" for soap in SOAPS)):
        if not node.get("message") or not node.get("part"):
            document.note(node, "the SOAP header names no message or no part and was left out")
            remove(node)
        elif node.get("use") is None:
            node.set("use", "literal")
            document.note(node, "the SOAP header does not say its `use`; it was read as literal")


def simple_restriction(linked: Linked) -> None:
    """A simple type cannot restrict anyType; it was meant to hold any text."""
    for document, node in _elements(linked, f"{{{XSD}}}simpleType"):
        restriction = node.find(f"{{{XSD}}}restriction")
        prefix, _, name = (restriction.get("base") or "").rpartition(":") if restriction is not None else ("", "", "")
        if restriction is not None and name == "anyType" and restriction.nsmap.get(prefix or None) == XSD:
            restriction.set("base", f"{prefix}:string" if prefix else "string")
            document.note(node, "a simple type may not restrict anyType; it was read as text")


def multipart_bodies(linked: Linked) -> None:
    """The SOAP body of a message with attachments stands in a part of it (WSDL 1.1, 5.11), where zeep does not look."""
    for document, node in _elements(linked, f"{{{MIME}}}multipartRelated"):
        holder = node.getparent()
        if holder is not None:
            holder.extend(list(node.iter(*(f"{{{soap}}}{name}" for soap in SOAPS for name in ("body", "header")))))
            holder.remove(node)
            attached = ", ".join(sorted({str(one.get("part")) for one in node.iter(f"{{{MIME}}}content")})) or "none"
            document.note(node, f"the message's SOAP body was read; its attachments ({attached}) are not sent or read")


def header_parts(linked: Linked) -> None:
    """A header whose message has no such part is left out."""
    parts = {
        (str(message.get("name")), str(part.get("name")))
        for _, message in _elements(linked, f"{{{WSDL}}}message")
        for part in message.iterchildren(f"{{{WSDL}}}part")
    }
    for document, node in _elements(
        linked, *(f"{{{soap}}}{kind}" for soap in SOAPS for kind in ("header", "headerfault"))
    ):
        message = (node.get("message") or "").rpartition(":")[2]
        if (message, str(node.get("part"))) not in parts:
            document.note(node, f"the SOAP header's message {message} has no part {node.get('part')}; it was left out")
            remove(node)


def unknown_operations(linked: Linked) -> None:
    """A binding of an operation that its portType does not have is left out."""
    offered = {
        (str(port_type.get("name")), str(operation.get("name")))
        for _, port_type in _elements(linked, f"{{{WSDL}}}portType")
        for operation in port_type.iterchildren(f"{{{WSDL}}}operation")
    }
    for document, binding in _elements(linked, f"{{{WSDL}}}binding"):
        port_type = (binding.get("type") or "").rpartition(":")[2]
        for node in list(binding.iterchildren(f"{{{WSDL}}}operation")):
            if (port_type, str(node.get("name"))) not in offered:
                document.note(node, f"the portType {port_type} has no operation {node.get('name')}; it was left out")
                binding.remove(node)


def _distinct(documents: list[Document]) -> list[Document]:
    """Each list of notes once: the schemas of a WSDL share those of the WSDL."""
    return list({id(document.notes): document for document in documents}.values())


REPAIRS: tuple[Repair, ...] = (
    target_namespace,
    multipart_bodies,
    message_names,
    foreign_elements,
    nameless,
    several_compositors,
    nested_all,
    empty_namespace,
    missing_message,
    header_use,
    simple_restriction,
    dangling_names,
    header_parts,
    unknown_operations,
)
"""In the order in which they are made: what a later one looks at, an earlier one has set right."""

ALL = ON_READING | {name(repair) for repair in REPAIRS}
"""The names of all repairs, those that are made while a document is read included."""
