"""A WSDL somewhere → the files of a bundle: the WSDL and everything it imports, renamed to lie in one folder.

Only `brownfield new` comes here. What is fetched is capped in bytes, documents and seconds; a redirect is followed on
the same host only; a WSDL from the network may not name a local file. Standard schemas come from the catalog.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

from brownfield.contract import Rejected, Unavailable, Uncertain
from brownfield_soap import catalog
from brownfield_soap.transport import HttpReply, Transport

MOST_BYTES = 20 * 1024 * 1024
MOST_DOCUMENTS = 200
MOST_SECONDS = 60.0
MOST_REDIRECTS = 5

WSDL = "http://schemas.xmlsoap.org/wsdl/"
XSD = "http://www.w3.org/2001/XMLSchema"
REFERENCES = {
    f"{{{WSDL}}}import": "location",
    f"{{{XSD}}}import": "schemaLocation",
    f"{{{XSD}}}include": "schemaLocation",
    f"{{{XSD}}}redefine": "schemaLocation",
    f"{{{XSD}}}override": "schemaLocation",
}
ROOTS = frozenset({f"{{{WSDL}}}definitions", f"{{{XSD}}}schema"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Vendored:
    """The files of a WSDL by name; `main` is the name of the WSDL itself."""

    main: str
    files: dict[str, bytes]


@dataclass(slots=True)
class _Names:
    """A file name for each address, each once."""

    taken: dict[str, str] = field(default_factory=dict)

    def of(self, address: str, suffix: str) -> str:
        """The name for an address, the same each time."""
        if address not in self.taken:
            parts = urlsplit(address)
            stem = Path(unquote(parts.path)).stem or "service"
            query = "" if parts.query.lower() in ("", "wsdl", "singlewsdl") else f"-{parts.query}"
            stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem + query).strip("-.")[:80] or "service"
            name, number = f"{stem}{suffix}", 1
            while name in self.taken.values():
                number += 1
                name = f"{stem}-{number}{suffix}"
            self.taken[address] = name
        return self.taken[address]


def fetch(location: str) -> Vendored:
    """The WSDL at a path or an http(s) address, with everything it imports.

    Raises:
        Rejected: A document cannot be read, or a cap was reached. The message names it and says what to do.
        Unavailable: A server cannot be reached.
    """
    source = _Source()
    try:
        return _collect(location if _remote(location) else str(_local(location).resolve()), source)
    finally:
        source.close()


def _collect(location: str, source: "_Source") -> Vendored:
    names = _Names()
    main = names.of(location, ".wsdl")
    waiting, files = [location], dict[str, bytes]()
    while waiting:
        address = waiting.pop(0)
        name = names.taken[address]
        if name in files:
            continue
        root = _parsed(source.read(address), address)
        for target, suffix, node, attribute in _references(root, address):
            node.set(attribute, names.of(target, suffix))
            waiting.append(target)
        files[name] = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return Vendored(main, files)


def _references(root: etree._Element, address: str) -> Iterator[tuple[str, str, etree._Element, str]]:
    """What a document imports: the address, the kind of file, and the attribute that names it."""
    for node in list(root.iter(*REFERENCES)):
        attribute = REFERENCES[str(node.tag)]
        location = (node.get(attribute) or "").strip()
        if node.get("namespace") in catalog.FILES and attribute == "schemaLocation":
            node.attrib.pop(attribute, "")
        elif location:
            target = _resolved(location, address)
            if _remote(address) and not _remote(target):
                raise _refused(address, f"it imports {location}, and a WSDL from the network may not read local files")
            yield target, ".wsdl" if attribute == "location" else ".xsd", node, attribute


def _resolved(location: str, address: str) -> str:
    if _remote(location) or _remote(address):
        return urljoin(address, location).partition("#")[0]
    return str((Path(address).parent / _local(location)).resolve())


def _remote(location: str) -> bool:
    return urlsplit(location).scheme in ("http", "https")


def _local(location: str) -> Path:
    parts = urlsplit(location)
    return Path(unquote(parts.path)) if parts.scheme == "file" else Path(location)


def _parsed(content: bytes, address: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise _refused(address, f"it is not well-formed XML: {error.msg}", line=error.lineno) from None
    except ValueError as error:
        raise _refused(address, f"it is not XML: {error}") from None
    info: Any = etree.ElementTree(root).docinfo
    if info.doctype:
        raise _refused(address, "it carries a DOCTYPE, which is not read: remove it from a copy and use the copy")
    if root.tag not in ROOTS:
        raise _refused(address, f"it is neither a WSDL 1.1 nor a schema: its root is {etree.QName(root).localname}")
    return root


def _refused(address: str, cause: str, *, line: int | None = None) -> Rejected:
    where = f"{address}, line {line}" if line else address
    next_step = "Save a complete WSDL with its imports to a folder, correct it, and give its path"
    return Rejected(f"The WSDL cannot be read: {where}: {cause}. {next_step}.", code="unreadable-wsdl")


class _Source:
    """Reads documents from disk and network until a cap is reached."""

    def __init__(self) -> None:
        self._transport = Transport(1)
        self._end = time.monotonic() + MOST_SECONDS
        self._bytes = 0
        self._documents = 0

    def close(self) -> None:
        self._transport.close()

    def read(self, address: str) -> bytes:
        """The bytes of one document."""
        self._documents += 1
        if self._documents > MOST_DOCUMENTS:
            raise _refused(address, f"there are more than {MOST_DOCUMENTS} documents")
        content = self._get(address) if _remote(address) else self._open(address)
        self._bytes += len(content)
        if self._bytes > MOST_BYTES:
            raise _refused(address, f"the documents are larger than {MOST_BYTES} bytes together")
        return content

    def _open(self, address: str) -> bytes:
        try:
            return Path(address).read_bytes()
        except OSError as error:
            raise _refused(address, (error.strerror or "it cannot be opened").lower()) from None

    def _get(self, address: str) -> bytes:
        at = address
        for _ in range(MOST_REDIRECTS + 1):
            reply = self._request(at)
            if reply.status not in REDIRECTS:
                break
            at = _redirected(at, reply.headers.get("location", ""))
        if reply.status != 200:
            raise _refused(address, f"the server answers HTTP {reply.status}")
        return reply.body

    def _request(self, address: str) -> HttpReply:
        left = self._end - time.monotonic()
        if left <= 0:
            raise _refused(address, f"fetching took longer than {MOST_SECONDS:g} s")
        try:
            return self._transport.request("GET", address, seconds=left, max_bytes=MOST_BYTES)
        except (Uncertain, Unavailable) as error:
            raise Unavailable(f"{address} could not be fetched: {error.message}") from None


def _redirected(at: str, location: str) -> str:
    """Where a redirect leads, when it stays on the same host and does not leave TLS."""
    target = urljoin(at, location)
    old, new = urlsplit(at), urlsplit(target)
    if new.hostname != old.hostname or not _remote(target) or (old.scheme == "https" and new.scheme != "https"):
        raise _refused(at, f"it redirects to another host ({new.hostname}), which is not followed")
    return target
