"""A WSDL and everything it imports, as documents that refer to each other by address, wherever the bytes come from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

from brownfield.contract import Rejected, Unavailable
from brownfield_soap import catalog
from brownfield_soap.document import WSDL, XSD, Document, document, refused

MOST_DOCUMENTS = 500
MOST_DEPTH = 40
REFERENCES = {
    f"{{{WSDL}}}import": "location",
    f"{{{XSD}}}import": "schemaLocation",
    f"{{{XSD}}}include": "schemaLocation",
    f"{{{XSD}}}redefine": "schemaLocation",
    f"{{{XSD}}}override": "schemaLocation",
}
"""Element → the attribute that names another document."""

Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Closure:
    """Documents by address, the WSDL first. Every reference between them is an address in here, or was dropped."""

    main: str
    documents: dict[str, Document]

    @property
    def notes(self) -> list[str]:
        """What was set right in the documents."""
        return [note for one in self.documents.values() for note in one.notes]


Overrides = Mapping[str, str]
"""Where a document is instead: its location as it is written, its address, or its namespace → an absolute path."""


def collect(
    location: str, read: Read, *, unrepaired: frozenset[str] = frozenset(), overrides: Overrides | None = None
) -> Closure:
    """Reads the WSDL at a path or an address and what it imports, breadth first, each document once.

    Args:
        location: Where the WSDL is.
        read: Gives the bytes at an address.
        unrepaired: Names of the repairs that are not made; see `doctor`.
        overrides: Documents that are elsewhere than the WSDL says.

    Raises:
        Rejected: A document cannot be read, or there are too many or too deep ones.
        Unavailable: A server cannot be reached.
    """
    main = _absolute(location, "")
    documents: dict[str, Document] = {}
    level: list[tuple[str, etree._Element | None]] = [(main, None)]
    for _ in range(MOST_DEPTH + 1):
        following: list[tuple[str, etree._Element | None]] = []
        for address, node in level:
            if address in documents:
                continue
            if len(documents) == MOST_DOCUMENTS:
                raise refused(address, f"there are more than {MOST_DOCUMENTS} documents")
            found = _read(address, node, read, unrepaired)
            if found is not None:
                documents[address] = found
                following.extend(_references(found, overrides or {}))
        level = following
        if not level:
            return Closure(main, documents)
    raise refused(level[0][0], f"it is imported through more than {MOST_DEPTH} others")


def references(found: Document) -> Iterator[tuple[etree._Element, str, str]]:
    """The elements of a document that name another one: the element, the attribute, the address."""
    for node in found.root.iter(*REFERENCES):
        attribute = REFERENCES[str(node.tag)]
        if node.get(attribute):
            yield node, attribute, str(node.get(attribute))


def remote(location: str) -> bool:
    """Whether a location is an http address."""
    return urlsplit(location).scheme in ("http", "https")


def _read(address: str, node: etree._Element | None, read: Read, unrepaired: frozenset[str]) -> Document | None:
    """The document at an address; None when it cannot be had and the catalog has its namespace."""
    try:
        return document(read(address), address, unrepaired=unrepaired)
    except (Rejected, Unavailable):
        if node is None or node.get("namespace") not in catalog.FILES:
            raise
        node.attrib.pop(REFERENCES[str(node.tag)])
        return None


def _references(found: Document, overrides: Overrides) -> Iterator[tuple[str, etree._Element]]:
    """What a document imports, its references made absolute; those that the catalog answers are dropped."""
    for node in found.root.iter(*REFERENCES):
        elsewhere = _override(node, found, overrides)
        if elsewhere is not None:
            node.set(REFERENCES[str(node.tag)], elsewhere)
            yield elsewhere, node
    for node, attribute, location in list(references(found)):
        if location in overrides.values():
            continue
        if attribute == "schemaLocation" and catalog.wins(node.get("namespace") or ""):
            node.attrib.pop(attribute)
            continue
        target = _absolute(location.strip(), found.address)
        if remote(found.address) and not remote(target):
            cause = f"it imports {location}, and a WSDL from the network may not read local files"
            raise refused(found.address, cause, line=found.line(node))
        node.set(attribute, target)
        yield target, node


def _override(node: etree._Element, found: Document, overrides: Overrides) -> str | None:
    """Where what an element refers to is instead."""
    location = (node.get(REFERENCES[str(node.tag)]) or "").strip()
    names = [location, str(node.get("namespace") or "")]
    if location and (remote(location) or remote(found.address)):
        names.append(_absolute(location, found.address))
    return next((overrides[name] for name in names if name in overrides), None)


def _absolute(location: str, address: str) -> str:
    """Where a location leads from the document at an address."""
    scheme = urlsplit(location).scheme
    if remote(location) or remote(address):
        return urljoin(address, location).partition("#")[0]
    if scheme not in ("", "file") and len(scheme) > 1:
        raise refused(address or location, f"it imports {location}: only files, http and https are read")
    path = Path(unquote(urlsplit(location).path)) if scheme == "file" else Path(location)
    return str((Path(address).parent / path).resolve())
