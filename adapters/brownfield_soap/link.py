"""A closure → one flat set of schemas, each with its namespace, and the definitions without them.

zeep finds a type in any schema that it was given, so nothing has to be imported once all schemas are there: files,
nested includes of files without a namespace (“chameleons”), `redefine`, `override` and the catalog are dealt with here.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from brownfield_soap import catalog
from brownfield_soap.closure import REFERENCES, Closure
from brownfield_soap.document import WSDL, XSD, Document
from brownfield_soap.document import document as read
from brownfield_soap.reference import SOAPS, Pointing, local, named, references, space

INTO = frozenset({f"{{{XSD}}}include", f"{{{XSD}}}redefine", f"{{{XSD}}}override"})
"""References to a document that takes the namespace of the one that refers to it, when it has none of its own."""

IMPORT = f"{{{XSD}}}import"
CHANGES = frozenset({f"{{{XSD}}}redefine", f"{{{XSD}}}override"})


@dataclass(frozen=True, slots=True)
class Linked:
    """Definitions by address, the WSDL itself first; all schemas, the standard ones first: zeep wants these early."""

    main: str
    definitions: dict[str, Document]
    schemas: list[Document]

    @property
    def documents(self) -> list[Document]:
        """All of them."""
        return [*self.definitions.values(), *self.schemas]


def link(closure: Closure) -> Linked:
    """See the module."""
    definitions = {key: one for key, one in closure.documents.items() if one.root.tag == f"{{{WSDL}}}definitions"}
    linker = _Linker(closure)
    for one in definitions.values():
        for schema in _taken_out(one):
            linker.follow(schema)
        for node in list(one.root.iter(f"{{{WSDL}}}import", f"{{{XSD}}}import")):
            target = node.get(REFERENCES[str(node.tag)])
            if target and target not in definitions:
                linker.add(target, node.get("namespace"))
                _parent(node).remove(node)
    if not definitions:
        linker.add(closure.main, None)
    schemas = linker.finish()
    return Linked(closure.main, definitions, [*_standard([*definitions.values(), *schemas]), *schemas])


class _Linker:
    """Follows includes and imports; a document without a namespace is copied for each that it is taken into."""

    def __init__(self, closure: Closure) -> None:
        self._closure = closure
        self._found: dict[tuple[str, str | None], Document] = {}
        self._embedded: list[Document] = []
        self._changes: list[tuple[etree._Element, Document, Document]] = []
        self._copies: list[Document] = []

    def follow(self, schema: Document) -> None:
        """Takes in an embedded schema and what it refers to."""
        self._embedded.append(schema)
        self._walk(schema)

    def add(self, address: str, namespace: str | None) -> Document:
        """The schema at an address, in a namespace if it has none of its own."""
        original = self._closure.documents[address]
        own = original.root.get("targetNamespace") or namespace
        known = self._found.get((address, own))
        if known is not None:
            return known
        schema = original
        if own and not original.root.get("targetNamespace"):
            schema = Document(address, deepcopy(original.root))
            schema.root.set("targetNamespace", own)
            self._copies.append(schema)
        self._found[address, own] = schema
        self._walk(schema)
        return schema

    def finish(self) -> list[Document]:
        """All schemas, with nothing left in them that refers to a file."""
        for node, schema, target in self._changes:
            _change(node, schema, target)
        schemas = [*self._embedded, *self._found.values()]
        for schema in schemas:
            nameless = any(node.tag == IMPORT and not node.get("namespace") for node in schema.root)
            for node in list(schema.root):
                if node.tag in REFERENCES:
                    schema.root.remove(node)
            if nameless and schema.root.get("targetNamespace"):
                schema.root.insert(0, schema.root.makeelement(IMPORT))  # so that zeep takes a bare name as it is
        _own_names(self._copies)
        return schemas

    def _walk(self, schema: Document) -> None:
        own = schema.root.get("targetNamespace")
        for node in list(schema.root.iterchildren(*REFERENCES)):
            address = node.get("schemaLocation")
            if address and self._closure.documents[address].root.tag != f"{{{WSDL}}}definitions":
                target = self.add(address, own if node.tag in INTO else node.get("namespace"))
                if node.tag in CHANGES:
                    self._changes.append((node, schema, target))


def narrow(linked: Linked) -> None:
    """Gives a body that names its parts a message of these alone: zeep does not know the `parts` of a `soap:body`."""
    offered = {
        (f"{{{document.root.get('targetNamespace')}}}{port_type.get('name')}", str(operation.get("name"))): operation
        for document in linked.definitions.values()
        for port_type in document.root.iter(f"{{{WSDL}}}portType")
        for operation in port_type.iterchildren(f"{{{WSDL}}}operation")
    }
    messages = {
        f"{{{document.root.get('targetNamespace')}}}{message.get('name')}": message
        for document in linked.definitions.values()
        for message in document.root.iter(f"{{{WSDL}}}message")
    }
    for document in linked.definitions.values():
        for body in document.root.iter(*(f"{{{soap}}}body" for soap in SOAPS)):
            way = _parent(body)
            operation = _parent(way)
            binding = _parent(operation)
            abstract = offered.get((str(named(document, binding, "type")), str(operation.get("name"))))
            holder = None if abstract is None else abstract.find(str(way.tag))
            if holder is not None and body.get("parts") is not None:
                _narrow(holder, messages.get(str(named(document, holder, "message"))), str(body.get("parts")).split())


def _narrow(holder: etree._Element, message: etree._Element | None, parts: list[str]) -> None:
    """Points an input or output at a copy of its message that has some parts only."""
    if message is None or all(part.get("name") in parts for part in message.iterchildren(f"{{{WSDL}}}part")):
        return
    copy = deepcopy(message)
    copy.set("name", f"{message.get('name')}.{'.'.join(parts)}")
    for part in list(copy.iterchildren(f"{{{WSDL}}}part")):
        if part.get("name") not in parts:
            copy.remove(part)
    message.addnext(copy)
    holder.set(
        "message", str(holder.get("message")).strip().removesuffix(str(message.get("name"))) + str(copy.get("name"))
    )


def _taken_out(definitions: Document) -> Iterator[Document]:
    """The schemas that stand in a WSDL, each as a document of its own that knows the prefixes around it."""
    for schema in list(definitions.root.iterfind(f"{{{WSDL}}}types/{{{XSD}}}schema")):
        alone = etree.fromstring(etree.tostring(schema, encoding="UTF-8", with_tail=False))
        for old, new in zip(schema.iter(), alone.iter(), strict=True):
            new.sourceline = old.sourceline
        _parent(schema).remove(schema)
        yield Document(definitions.address, alone, definitions.notes)


def _change(node: etree._Element, schema: Document, target: Document) -> None:
    """Moves what a `redefine` or `override` says into the schema; the original is renamed, or taken away."""
    redefine = node.tag == f"{{{XSD}}}redefine"
    for child in list(node.iterchildren("{*}*")):
        name = child.get("name")
        if name is None:
            continue
        original = next((one for one in target.root.iterchildren(str(child.tag)) if one.get("name") == name), None)
        if original is not None and redefine:
            original.set("name", f"{name}.redefined")
            for inner in child.iter():
                for attribute in ("base", "ref"):
                    if (inner.get(attribute) or "").rpartition(":")[2] == name:
                        inner.set(attribute, f"{inner.get(attribute)}.redefined")
        elif original is not None:
            target.root.remove(original)
        schema.root.append(child)


def _own_names(copies: list[Document]) -> None:
    """In a document that took a namespace, names without a prefix mean that namespace."""
    pointing = Pointing()
    for copy in copies:
        for reference in references(copy):
            if reference.bare:
                pointing.to(reference, f"{{{copy.root.get('targetNamespace')}}}{local(reference.text)}")
    pointing.finish()


def _standard(documents: list[Document]) -> Iterator[Document]:
    """The catalog's schemas of all namespaces that are named and that no document defines."""
    known = {document.root.get("targetNamespace") for document in documents if document.root.tag == f"{{{XSD}}}schema"}
    waiting = list(documents)
    while waiting:
        for reference in references(waiting.pop()):
            namespace = space(reference.name or "")
            content = None if namespace in known else catalog.standard(namespace)
            known.add(namespace)
            if content is not None:
                schema = read(content, namespace)
                for node in list(schema.root.iterchildren(*REFERENCES)):
                    schema.root.remove(node)
                waiting.append(schema)
                yield schema


def _parent(node: etree._Element) -> etree._Element:
    parent = node.getparent()
    if parent is None:
        raise ValueError("the root of a document has no parent")
    return parent
