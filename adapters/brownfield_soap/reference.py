"""The names by which the parts of a WSDL refer to each other: found, resolved, and pointed elsewhere.

A name is given in Clark notation, `{namespace}local`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from brownfield_soap.document import WSDL, XSD, Document

Kind = Literal["type", "element", "attribute", "group", "attributeGroup", "message", "portType", "binding"]
SOAPS = ("http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/")
XML = "http://www.w3.org/XML/1998/namespace"

NAMES: dict[tuple[str, str], Kind] = {
    (f"{{{XSD}}}element", "type"): "type",
    (f"{{{XSD}}}element", "ref"): "element",
    (f"{{{XSD}}}element", "substitutionGroup"): "element",
    (f"{{{XSD}}}attribute", "type"): "type",
    (f"{{{XSD}}}attribute", "ref"): "attribute",
    (f"{{{XSD}}}group", "ref"): "group",
    (f"{{{XSD}}}attributeGroup", "ref"): "attributeGroup",
    (f"{{{XSD}}}restriction", "base"): "type",
    (f"{{{XSD}}}extension", "base"): "type",
    (f"{{{XSD}}}list", "itemType"): "type",
    (f"{{{XSD}}}union", "memberTypes"): "type",
    (f"{{{WSDL}}}part", "type"): "type",
    (f"{{{WSDL}}}part", "element"): "element",
    **{(f"{{{WSDL}}}{way}", "message"): "message" for way in ("input", "output", "fault")},
    **{(f"{{{soap}}}header", "message"): "message" for soap in SOAPS},
    (f"{{{WSDL}}}binding", "type"): "portType",
    (f"{{{WSDL}}}port", "binding"): "binding",
}
"""Element and attribute → what the attribute names."""

DEFINED: dict[str, Kind] = {
    **{f"{{{XSD}}}{kind}": "type" for kind in ("complexType", "simpleType")},
    **{f"{{{XSD}}}{kind}": kind for kind in ("element", "attribute", "group", "attributeGroup")},
    **{f"{{{WSDL}}}{kind}": kind for kind in ("message", "portType", "binding")},
}
"""Element at the top of a document → what it defines."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One name in a document.

    Attributes:
        document: Where it stands.
        node: The element that holds it.
        attribute: The attribute that holds it.
        kind: What it names.
        text: As it is written.
        name: What it means, None when its prefix is declared nowhere.
        bare: It has no prefix and no default namespace applies: it may be in no namespace or in the document's own.
    """

    document: Document
    node: etree._Element
    attribute: str
    kind: Kind
    text: str
    name: str | None
    bare: bool = False


def references(document: Document) -> Iterator[Reference]:
    """Every name in a document that refers to a part of the WSDL."""
    for node in document.root.iter("{*}*"):
        for attribute in node.attrib:
            kind = NAMES.get((str(node.tag), str(attribute)))
            for text in str(node.get(attribute)).split() if kind else ():
                name, bare = _meaning(node, text)
                if kind in ("message", "portType", "binding"):
                    name, bare = named(document, node, str(attribute)), False
                yield Reference(document, node, str(attribute), kind, text, name, bare)  # type: ignore[arg-type]


def named(document: Document, node: etree._Element, attribute: str) -> str | None:
    """What an attribute means that names a part of the WSDL itself: without a prefix it is in the WSDL's namespace."""
    text = (node.get(attribute) or "").strip()
    return _meaning(node, text)[0] if ":" in text else f"{{{document.root.get('targetNamespace', '')}}}{text}"


def defined(document: Document) -> Iterator[tuple[Kind, str]]:
    """What a document defines: the kind and the name."""
    space = document.root.get("targetNamespace")
    for node in document.root:
        kind = DEFINED.get(str(node.tag))
        if kind and node.get("name"):
            name = str(node.get("name")).strip()
            yield kind, f"{{{space}}}{name}" if space else name


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def space(name: str) -> str:
    """The namespace of a name, empty when it is in none."""
    return name[1:].partition("}")[0] if name.startswith("{") else ""


class Pointing:
    """Points names elsewhere. Its prefixes are declared when all is done, for that replaces a document's root."""

    def __init__(self) -> None:
        self._prefixes: dict[str, str] = {}
        self._touched: dict[int, tuple[Document, set[str]]] = {}

    def to(self, reference: Reference, name: str) -> None:
        """The reference means `name` from now on."""
        written = local(name)
        if space(name):
            prefix = self._prefixes.setdefault(space(name), f"bf{len(self._prefixes)}")
            self._touched.setdefault(id(reference.document), (reference.document, set()))[1].add(prefix)
            written = f"{prefix}:{written}"
        elif reference.document.root.get("targetNamespace") and reference.document.root.tag == f"{{{XSD}}}schema":
            reference.document.root.insert(0, reference.document.root.makeelement(f"{{{XSD}}}import"))
        words = str(reference.node.get(reference.attribute)).split()
        reference.node.set(reference.attribute, " ".join(written if word == reference.text else word for word in words))

    def finish(self) -> None:
        """Declares the prefixes."""
        spaces = {prefix: name for name, prefix in self._prefixes.items()}
        for document, prefixes in self._touched.values():
            document.declare({prefix: spaces[prefix] for prefix in sorted(prefixes)})


def _meaning(node: etree._Element, text: str) -> tuple[str | None, bool]:
    prefix, colon, name = text.partition(":")
    if not colon:
        default = node.nsmap.get(None)
        return (f"{{{default}}}{text}", False) if default else (text, True)
    found = XML if prefix == "xml" else node.nsmap.get(prefix)
    return (f"{{{found}}}{name}" if found else None), False
